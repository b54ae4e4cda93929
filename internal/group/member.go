package group

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/kafka"
	"sluice/internal/telemetry"
)

// Wishes for a rebalance are collected until none has come for quiet, and no
// longer than mostQuiet, so that many changes make few rebalances.
const (
	quiet     = 10 * time.Millisecond
	mostQuiet = 100 * time.Millisecond
)

// Pauses between attempts that failed.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = time.Second
)

// unsyncRetries is how often a worker that cannot read the config topic backs
// off before it gives up what it runs, as in Java.
const unsyncRetries = 5

// Listener hears of the membership. Its methods are called one at a time and do
// not wait.
type Listener interface {
	// Assigned says what this worker is to run from now on: all of it, also what
	// it runs already.
	Assigned(a assign.Assignment)
	// Revoked asks to stop work. done is called once, from any goroutine, when it
	// has stopped and its statuses are written; until then nobody else starts it.
	Revoked(w assign.Work, done func())
	// Left says that the worker is not a member at the moment: it does not lead,
	// and knows no leader, until the next Assigned.
	Left()
}

// Config is what a member needs.
type Config struct {
	Settings config.Map // the worker's properties
	URL      string     // of the worker's REST listener as others reach it, with a slash at the end
	WorkerID string     // host:port of it; the client id where client.id is not set
	Configs  Configs
	Listener Listener
	// Plugins are the classes of all plugins that this worker has, sorted. Other
	// Sluice workers give it nothing else while somebody else can run it. nil says
	// nothing, as Java workers do, and is given everything.
	Plugins []string
	Log     *slog.Logger
	// Metrics measures the membership; nil measures for nobody.
	Metrics *telemetry.Metrics
	// Opts are added to those of the client; for tests.
	Opts []kgo.Opt
}

// Member is this worker's membership in the group. Run speaks the protocol;
// Rejoin may be called from any goroutine.
type Member struct {
	cfg      Config
	settings settings
	beat     time.Duration
	client   *kgo.Client
	log      *slog.Logger
	metrics  *telemetry.Rebalance
	asked    sync.WaitGroup
	wake     chan struct{} // holds one token while there may be a wish

	mu      sync.Mutex // guards the following
	wished  bool       // a rebalance is wanted
	wishAt  int64      // for the configuration at this offset
	reason  string
	settled int64 // the offset of the last assignment

	// The rest belongs to Run.
	memberID   string
	member     bool // the listener was told of an assignment since it left
	generation int
	version    int16     // of the group's protocol
	held       *mine     // nil where nothing was assigned since it was lost
	completed  int       // the last generation whose assignment has arrived
	contact    time.Time // when the last request was sent that has held the session
	rejoin     bool      // the coordinator, or the protocol, wants a rebalance
	delayed    time.Time // when to rejoin because of a delay; zero is never
	trouble    string    // why the group was not joined, as logged
	retries    int       // left before unsynced work is given up
	leading    assign.State
	owners     assign.Owners // of the last plan that this worker made
	peers      []assign.Peer // of that plan
}

// mine is the last assignment with all that is held since.
type mine struct {
	assignment
	work assign.Work
}

// New makes a member. It connects to nothing yet. A setting that cannot be
// obeyed is an error.
func New(cfg Config) (*Member, error) {
	s, err := readSettings(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of the worker: %w", err)
	}
	set := map[string]string{}
	if cfg.Settings["client.id"] == "" {
		set["client.id"] = "connect-" + cfg.WorkerID
	}
	if cfg.Metrics == nil {
		cfg.Metrics = telemetry.NewMetrics(telemetry.MetricsConfig{})
	}
	metrics := cfg.Metrics.Rebalance(strings.ToUpper(s.Protocol))
	client, err := kafka.NewClient(kafka.Settings{
		Role: kafka.AdminRole, Values: kafka.WorkerSettings(kafka.AdminRole, cfg.Settings, set),
	}, cfg.Log, append([]kgo.Opt{kafka.MeasuredNetwork(&metrics.Network)}, cfg.Opts...)...)
	if err != nil {
		return nil, fmt.Errorf("group member: %w", err)
	}
	m := &Member{
		metrics: metrics,
		cfg:     cfg, settings: s, beat: beatInterval(s, cfg.Settings), client: client, log: cfg.Log,
		wake: make(chan struct{}, 1), generation: -1, completed: -1, retries: unsyncRetries, leading: assign.NewState(),
		version: v2, settled: -2,
	}
	if s.Protocol != sessioned {
		m.log.Warn("requests between workers are not signed and not checked: connect.protocol is not sessioned", "connect.protocol", s.Protocol)
		m.version = map[string]int16{compatible: v1, eager: v0}[s.Protocol]
	}
	return m, nil
}

// Rejoin asks for a rebalance that takes the configuration at the offset into
// account. One that does so already is enough. It does not wait.
func (m *Member) Rejoin(offset int64, reason string) {
	m.mu.Lock()
	known := offset <= m.settled
	if !known {
		m.wished, m.wishAt, m.reason = true, max(m.wishAt, offset), reason
	}
	m.mu.Unlock()
	if known {
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// wish returns why a rebalance is wanted.
func (m *Member) wish() (reason string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason, m.wished
}

// fulfil forgets wishes that an assignment for the offset fulfils.
func (m *Member) fulfil(offset int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = offset
	if m.wishAt <= offset {
		m.wished = false
	}
}

// Run is a member of the group until ctx ends, then leaves it. Before, the
// caller has stopped what the worker runs. It returns an error, and gives up,
// where the group can never be joined with these settings.
func (m *Member) Run(ctx context.Context) error {
	defer m.asked.Wait() // closing the client ends what it was asked
	defer m.client.Close()
	defer m.leave(ctx, "the worker stops")
	m.contact = time.Now()
	pause := firstPause
	for ctx.Err() == nil {
		err := m.round(ctx)
		if err == nil {
			pause, m.trouble = firstPause, ""
			m.stay(ctx)
			continue
		}
		if fatal := m.fatal(err); fatal != nil {
			return fatal
		}
		if ctx.Err() != nil {
			break
		}
		m.report(ctx, err)
		m.loseIfSilent(ctx)
		sleep(ctx, pause)
		pause = min(2*pause, mostPause)
	}
	return nil
}

// report logs why the group is not joined, once for the same reason.
func (m *Member) report(ctx context.Context, err error) {
	level := slog.LevelWarn
	if m.trouble == err.Error() {
		level = slog.LevelDebug
	}
	m.trouble = err.Error()
	m.log.Log(ctx, level, "the group is not joined yet", "error", err)
}

// fatal returns the error of an answer that will not change.
func (m *Member) fatal(err error) error {
	for _, e := range []struct {
		answer *kerr.Error
		right  string
	}{
		{kerr.InvalidSessionTimeout, "session.timeout.ms must be between group.min.session.timeout.ms and group.max.session.timeout.ms of the broker"},
		{kerr.InconsistentGroupProtocol, "the group is used by clients that are no Connect workers, or whose connect.protocol does not go with this worker's"},
		{kerr.InvalidGroupID, "group.id must not be empty"},
		{kerr.GroupAuthorizationFailed, "this worker's principal needs READ on the group"},
		{kerr.GroupMaxSizeReached, "group.max.size of the broker allows no more workers"},
	} {
		if errors.Is(err, e.answer) {
			return fmt.Errorf("group %q cannot be joined: %w: %s", m.settings.GroupID, err, e.right)
		}
	}
	return nil
}

// stay keeps the membership alive until a rebalance is needed.
func (m *Member) stay(ctx context.Context) {
	ticker := time.NewTicker(m.beat)
	defer ticker.Stop()
	var delayed <-chan time.Time
	if !m.delayed.IsZero() {
		timer := time.NewTimer(time.Until(m.delayed))
		defer timer.Stop()
		delayed = timer.C
	}
	for !m.rejoin {
		if reason, ok := m.wish(); ok {
			m.log.Debug("a rebalance is wanted", "reason", reason)
			m.settle(ctx)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-delayed:
			m.log.Info("the delay of the rebalance is over")
			return
		case <-ticker.C:
			m.heartbeat(ctx)
			m.loseIfSilent(ctx)
		}
	}
}

// settle waits until no wish has come for a moment.
func (m *Member) settle(ctx context.Context) {
	end := time.NewTimer(mostQuiet)
	defer end.Stop()
	for {
		timer := time.NewTimer(quiet)
		select {
		case <-m.wake:
			timer.Stop()
			continue
		case <-timer.C:
		case <-end.C:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
		}
		return
	}
}

// revokeAll gives up all that is held.
func (m *Member) revokeAll(ctx context.Context) {
	held := m.held
	m.held = nil
	if held != nil {
		m.revoke(ctx, held.work)
	}
}

// revoke has work stopped and waits for that, with the membership kept alive. When
// the coordinator is silent meanwhile, the rest is given up too. A worker that takes
// longer than a rebalance may last leaves the group until it is done.
func (m *Member) revoke(ctx context.Context, w assign.Work) {
	if w.Empty() {
		return
	}
	m.log.Info("work is revoked", "connectors", len(w.Connectors), "tasks", len(w.Tasks))
	done := make(chan struct{})
	m.cfg.Listener.Revoked(w, sync.OnceFunc(func() { close(done) }))
	ticker := time.NewTicker(m.beat)
	defer ticker.Stop()
	late := time.NewTimer(m.settings.RebalanceTimeout)
	defer late.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done(): // the herder has ended, and stopped everything
			return
		case <-ticker.C:
			if m.memberID != "" {
				m.heartbeat(ctx)
			}
			if m.silent() && m.held != nil {
				m.lose(ctx)
			}
		case <-late.C:
			m.log.Warn("what was revoked has not stopped within rebalance.timeout.ms; the worker leaves the group until it has")
			m.leave(ctx, "revoked work does not stop")
		}
	}
}

// leave leaves the group, so that others need not wait for the session to end.
func (m *Member) leave(ctx context.Context, why string) {
	if m.memberID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.silence())
	defer cancel()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = m.settings.GroupID, m.memberID
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID, member.Reason = m.memberID, &why
	req.Members = append(req.Members, member)
	err := m.ask(ctx, func(ctx context.Context) error {
		resp, err := req.RequestWith(ctx, m.client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.ErrorCode)
	})
	if err != nil {
		m.log.Warn("the group could not be left; it notices when the session ends", "error", err)
	} else {
		m.log.Info("the worker has left the group", "reason", why)
	}
	m.memberID, m.generation, m.rejoin = "", -1, true
	m.left()
}

// left tells the listener once that the worker is no member.
func (m *Member) left() {
	if m.member {
		m.member = false
		m.cfg.Listener.Left()
	}
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
