package herder

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/connect"
	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// exactlyOnce tells whether source tasks write in transactions here.
func (h *Distributed) exactlyOnce() bool {
	return strings.EqualFold(strings.TrimSpace(h.cfg.Settings[workerExactOnce]), "enabled")
}

// FenceZombies implements Herder. The leader does it, for a task of its own or of
// another worker, before the task makes its transactional producer (KIP-618).
func (h *Distributed) FenceZombies(ctx context.Context, name string, sig *Signature) error {
	if err := h.verify(sig); err != nil {
		return err
	}
	if err := h.lead(); err != nil {
		return err
	}
	return h.fenceAsLeader(ctx, name)
}

func (h *Distributed) fenceAsLeader(ctx context.Context, name string) error {
	return h.writes.do(ctx, name, "fencing the former tasks of connector "+name, false, func(ctx context.Context) error {
		return h.fence(h.writes.patience(ctx, name), name)
	})
}

// fence fences the producers of the tasks before the last task configurations, if
// that was not done since, and notes how many there may be from now on. It runs in
// the queue of writes of the connector: requests of many tasks come one after the
// other, and the first one does the work.
func (h *Distributed) fence(ctx context.Context, name string) error {
	if err := h.cfg.Configs.Refresh(ctx); err != nil {
		return internal("Failed to read to end of config topic before performing zombie fencing: " + err.Error())
	}
	s := h.cfg.Configs.Snapshot()
	count, record, generation := s.TaskCount(name), s.TaskCountRecord(name), s.TaskGeneration(name)
	switch {
	case !s.Contains(name):
		return notFound("Connector %s not found", name)
	case h.kind(s.Connector(name)) == TypeSink:
		return badRequest("Connector " + name + " is not a source connector")
	case !s.PendingFencing(name):
		return nil
	case record >= 0 && (record != 1 || count != 1): // a single task fences itself
		if err := h.fenceProducers(ctx, name, record); err != nil {
			return err
		}
		if h.cfg.Configs.Snapshot().TaskGeneration(name) > generation {
			return conflict("Fencing failed because new task configurations were generated for the connector")
		}
	}
	return h.write(ctx, func(ctx context.Context) error { return h.cfg.Configs.PutTaskCount(ctx, name, count) })
}

func (h *Distributed) fenceProducers(ctx context.Context, name string, tasks int) error {
	if h.cfg.Fencer == nil {
		return internal("Failed to perform zombie fencing: this worker has no exactly-once source support")
	}
	cfg, _, err := resolveReferences(h.providers, h.cfg.Configs.Snapshot().Connector(name))
	if err != nil {
		return err
	}
	h.writes.enter(name, "fencing the producers of former tasks of connector "+name)
	if err := h.cfg.Fencer.FenceProducers(ctx, name, cfg.Map(), tasks); err != nil {
		h.cfg.Log.Error("producers of former tasks are not fenced", slog.String("connector", name), slog.Any("error", err))
		return internal("Failed to perform zombie fencing: " + err.Error())
	}
	if err := h.cfg.Configs.Refresh(ctx); err != nil {
		return internal("Failed to read to end of config topic: " + err.Error())
	}
	return nil
}

// Fence has the leader fence what ran before a task, and waits for that. While no
// leader can do it, as in a rebalance, it asks again; Java fails the task then.
func (h *Distributed) Fence(ctx context.Context, id store.TaskID) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.RequestTimeout)
	defer cancel()
	return fenceUntilDone(ctx, h.cfg.Log, id, func() (again bool, err error) {
		err = h.askToFence(ctx, id.Connector)
		return !final(err), err
	})
}

// fenceUntilDone has the former tasks of a task's connector fenced, again and again
// as long as that may help, until ctx ends.
func fenceUntilDone(ctx context.Context, log *slog.Logger, id store.TaskID, fence func() (again bool, err error)) error {
	for pause := retryFirst; ; pause = min(2*pause, fenceRetryMost) {
		again, err := fence()
		if err == nil || ctx.Err() != nil || !again {
			return err
		}
		log.Warn("former tasks are not fenced yet; it is tried again", slog.String("task", id.String()), slog.Duration("in", pause), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

const (
	fenceRetryMost = 5 * time.Second
	// fenceAttempt bounds one request: a leader that is silent may be none any more.
	// One that is busy goes on without its asker, and answers the next request.
	fenceAttempt = 5 * time.Second
)

// final tells whether the answer to a request to fence stays as it is.
func final(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest)
}

func (h *Distributed) askToFence(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, fenceAttempt)
	defer cancel()
	err := h.lead()
	if err == nil {
		return h.fenceAsLeader(ctx, name)
	}
	forward, ok := errors.AsType[*ForwardError](err)
	if !ok || forward.URL == "" {
		return errors.New("the leader of the group is not known")
	}
	var sig *Signature
	if h.member.Load().Signed {
		sig = h.signing.sign(h.cfg.Configs.Snapshot().SessionKey(), nil)
	}
	return h.cfg.Peers.Send(ctx, http.MethodPut, forward.URL+"connectors/"+url.PathEscape(name)+"/fence", nil, sig)
}

// Verify refuses a task whose producer is ready, but which was replaced or taken
// away meanwhile; start is the number that StartTask was given (invariant 2).
func (h *Distributed) Verify(ctx context.Context, id store.TaskID, start int) error {
	if err := h.cfg.Configs.Refresh(ctx); err != nil {
		return connect.Errorf("Failed to read to end of config topic: %w", err)
	}
	refusal, err := updateFor(ctx, h.loop, func(s *cluster) error {
		h.takeConfigs(s)
		var t *instance
		if l := s.here[id.Connector]; l != nil {
			t = l.tasks[id.Task]
		}
		switch {
		case t == nil || t.number != start || !s.tasks[id.Connector][id.Task]:
			return connect.Errorf("Cannot start source task %s as it has already been revoked from this worker", id)
		case t.generation != s.configs.TaskGeneration(id.Connector):
			return connect.Errorf("Cannot start source task %s with exactly-once support as the connector has already generated a new set of task configs", id)
		}
		return nil
	})
	return errors.Join(err, refusal)
}

// succeed has exactly-once tasks started again where the group had lost this
// worker: others may have run them meanwhile, and have fenced their producers. It
// is called in the loop, before the assignment is taken in.
func (h *Distributed) succeed(s *cluster, a assign.Assignment) {
	if !h.exactlyOnce() || s.assignment.MemberID == "" || s.assignment.MemberID == a.MemberID {
		return
	}
	for name, l := range s.here {
		if cfg := s.configs.Connector(name); cfg == nil || h.kind(cfg) != TypeSource {
			continue
		}
		for _, t := range l.tasks {
			t.restart = true
		}
	}
}
