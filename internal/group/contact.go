package group

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeat tells the coordinator that the worker lives, and notes what it wants.
func (m *Member) heartbeat(ctx context.Context) {
	if m.memberID == "" {
		m.rejoin = true
		return
	}
	if time.Since(m.contact) >= m.settings.SessionTimeout {
		m.loseIfSilent(ctx) // the process stood still: whatever the answer, others have its work
		return
	}
	// The answer counts as long as there is time to stop before the session ends.
	ctx, cancel := context.WithTimeout(ctx, max(time.Until(m.contact.Add(m.silence())), min(m.beat, m.settings.SessionTimeout/10)))
	defer cancel()
	sent := time.Now()
	err := m.beatOnce(ctx)
	m.note(err, sent)
	if err != nil && ctx.Err() == nil {
		m.log.Debug("heartbeat", "error", err)
	}
}

// note takes the coordinator's answer into account, whatever was asked, and sent
// when.
func (m *Member) note(err error, sent time.Time) {
	switch {
	case err == nil:
		m.heard(sent)
	case errors.Is(err, kerr.RebalanceInProgress):
		m.heard(sent)
		m.rejoin = true
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.FencedInstanceID):
		m.log.Warn("the group does not know this worker any more; it joins anew with what it runs")
		m.rejoin, m.memberID, m.generation = true, "", -1
	case errors.Is(err, kerr.IllegalGeneration):
		m.rejoin, m.generation = true, -1
	}
}

// heard notes that the coordinator holds a session for this worker, by its answer to
// what was sent then: the session is no older than that, but may be much older than
// the arrival of the answer. A refusal says nothing of a session.
func (m *Member) heard(sent time.Time) {
	if sent.After(m.contact) {
		m.contact = sent
	}
}

// await runs f, which touches no state of the member, and keeps asking the
// coordinator meanwhile. When that is silent for too long, what is held is given up,
// and f's context ends.
func (m *Member) await(ctx context.Context, f func(ctx context.Context) error) error {
	return m.awaitWhile(ctx, f, func(error) bool { return !m.silent() })
}

// awaitWhile is await, where f's context ends when more says so, by the outcome of
// each probe.
func (m *Member) awaitWhile(ctx context.Context, f func(ctx context.Context) error, more func(probed error) bool) error {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	outcome := m.begin(asking, f)
	ticker := time.NewTicker(m.beat)
	defer ticker.Stop()
	for {
		select {
		case err := <-outcome:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			ended := !more(m.probe(ctx))
			if ended {
				cancel()
			}
			m.loseIfSilent(ctx)
			if ended {
				return errSilent
			}
		}
	}
}

// untilLost returns what awaitWhile needs for a request to join: that is given up
// only when probes say for some time that nobody waits for this worker, since the
// request, or its answer, was lost. To ask again helps nobody while the coordinator
// is slow or out of reach, and a request that was given up may come late, in the
// place of a newer one: it says that this worker runs what it ran then.
func (m *Member) untilLost() func(probed error) bool {
	var since time.Time
	return func(probed error) bool {
		lost := probed == nil || errors.Is(probed, kerr.UnknownMemberID) ||
			m.generation >= 0 && errors.Is(probed, kerr.IllegalGeneration) // without a generation, it is refused always
		switch {
		case !lost:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		return !lost || time.Since(since) < m.silence()
	}
}

var errSilent = errors.New("the group coordinator does not answer")

// begin runs f. A request of the Kafka client outlasts its context while a
// connection is being made, or a request before it is written.
func (m *Member) begin(ctx context.Context, f func(ctx context.Context) error) <-chan error {
	outcome := make(chan error, 1)
	m.asked.Go(func() { outcome <- f(ctx) })
	return outcome
}

// ask runs f, but no longer than until ctx ends.
func (m *Member) ask(ctx context.Context, f func(ctx context.Context) error) error {
	select {
	case err := <-m.begin(ctx, f):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// probe is a heartbeat for the session alone. One that is refused holds none: the
// answer to what this worker waits for may have gone to a connection that broke, and
// the group goes on without it.
func (m *Member) probe(ctx context.Context) error {
	if m.memberID == "" {
		return nil // nobody is asked for
	}
	ctx, cancel := context.WithTimeout(ctx, m.beat)
	defer cancel()
	sent := time.Now()
	err := m.beatOnce(ctx)
	if err == nil || errors.Is(err, kerr.RebalanceInProgress) {
		m.heard(sent)
	}
	return err
}

func (m *Member) beatOnce(ctx context.Context) error {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.settings.GroupID, m.memberID, int32(m.generation)
	return m.ask(ctx, func(ctx context.Context) error {
		began := time.Now()
		resp, err := req.RequestWith(ctx, m.client)
		if err != nil {
			return err
		}
		m.metrics.Heartbeat(time.Since(began))
		return kerr.ErrorForCode(resp.ErrorCode)
	})
}

// silence is how long the coordinator may not answer before the worker stops
// what it runs: others may be given it soon. It is heartbeat.interval.ms, as in
// Java, but not so short that a moment's load costs all work.
func (m *Member) silence() time.Duration {
	return max(min(m.settings.HeartbeatInterval, m.settings.SessionTimeout), m.settings.SessionTimeout/10)
}

// silent tells whether the coordinator has not answered for too long.
func (m *Member) silent() bool { return time.Since(m.contact) >= m.silence() }

// loseIfSilent gives up everything when the coordinator has not answered for too
// long.
func (m *Member) loseIfSilent(ctx context.Context) {
	if m.silent() && m.member {
		m.lose(ctx)
	}
}

// lose gives up everything, and has the worker join with nothing.
func (m *Member) lose(ctx context.Context) {
	m.rejoin = true
	m.left()
	if m.held != nil && !m.held.work.Empty() {
		m.log.Warn("the group coordinator does not answer; what this worker runs is stopped, since another may be given it",
			"silent", time.Since(m.contact).Round(time.Millisecond))
	}
	m.revokeAll(ctx)
}
