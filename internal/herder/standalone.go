package herder

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// StandaloneConfig is what NewStandalone needs.
type StandaloneConfig struct {
	WorkerID  string // host:port of the REST listener
	Worker    WorkerRunner
	Plugins   *plugins.Registry
	Settings  config.Map // of the worker
	ClusterID string
	Log       *slog.Logger
	// RequestTimeout bounds what a request waits for; 0 is 90 seconds, as in Java.
	RequestTimeout time.Duration
}

// Standalone is the herder of a worker that is alone and keeps its connectors in
// memory. It is a Herder and the worker's store.Listener.
//
// Run is the one goroutine that touches the state. Requests that wait for the
// worker or for plugins run in the queue of their connector, and enter the loop
// by closures. So a connector that hangs delays only requests to itself, and the
// loop never waits.
type Standalone struct {
	*catalog
	*views
	cfg    StandaloneConfig
	box    *mailbox[*state]
	queues *queues
	pulse  pulse
	state  *state // of the loop alone
}

var (
	_ Herder         = (*Standalone)(nil)
	_ store.Listener = (*Standalone)(nil)
)

// NewStandalone returns a herder without connectors. Nothing happens before Run.
func NewStandalone(cfg StandaloneConfig) *Standalone {
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = requestTimeout
	}
	return &Standalone{
		catalog: &catalog{plugins: cfg.Plugins, settings: cfg.Settings, clusterID: cfg.ClusterID, timeout: cfg.RequestTimeout, log: cfg.Log},
		views:   newViews(), cfg: cfg, box: newMailbox[*state](), queues: newQueues(cfg.RequestTimeout), state: newState(),
	}
}

// Run is the loop. It returns when ctx ends: requests under way have then been
// answered, and all connectors and tasks are stopped.
func (h *Standalone) Run(ctx context.Context) error {
	defer h.pulse.end()
	for {
		select {
		case <-ctx.Done():
			return h.end(ctx)
		case <-h.box.ready:
			h.drain()
		}
	}
}

func (h *Standalone) drain() {
	h.pulse.begin()
	for _, letter := range h.box.take() {
		letter(h.state)
	}
	h.state.publish(h.views)
	for _, done := range h.state.answered {
		close(done)
	}
	h.state.answered = nil
	h.pulse.rest()
}

// end lets the requests finish that have begun, with the loop still serving them.
func (h *Standalone) end(ctx context.Context) error {
	idle := h.queues.end()
	for {
		select {
		case <-h.box.ready:
			h.drain()
		case <-idle:
			h.box.close()
			h.drain()
			return h.cfg.Worker.Close(context.WithoutCancel(ctx))
		}
	}
}

// update runs f in the loop and returns when readers see what it changed. When
// ctx or the time of a request ends first, f may still run.
func (h *Standalone) update(ctx context.Context, f func(s *state)) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.RequestTimeout)
	defer cancel()
	done, ok := h.post(f)
	if !ok {
		return errStopping
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return h.pulse.timedOut(ctx)
	}
}

// change is update for operations: the loop serves them to their end, so it
// always succeeds.
func (h *Standalone) change(f func(s *state)) {
	if done, ok := h.post(f); ok {
		<-done
	}
}

func (h *Standalone) post(f func(s *state)) (done <-chan struct{}, ok bool) {
	seen := make(chan struct{})
	ok = h.box.put(func(s *state) {
		f(s)
		s.answered = append(s.answered, seen)
	})
	return seen, ok
}

// Ready says that the worker is ready to serve: its first connectors are there.
// Before it, Health answers that the worker is starting.
func (h *Standalone) Ready() { h.pulse.ready.Store(true) }

// Health implements Herder.
func (h *Standalone) Health() (state, message string) { return h.pulse.health(time.Now()) }

// pulse watches a loop, so that others know that it turns.
type pulse struct {
	ready atomic.Bool
	ended atomic.Bool
	busy  atomic.Pointer[stage] // what the loop is busy with; nil while it waits
}

// pulseLimit is how long a loop may be busy and healthy: the time of a health
// check in Java.
const pulseLimit = 10 * time.Second

func (p *pulse) begin() { p.busy.Store(&stage{"handling a request in the herder's loop", time.Now()}) }
func (p *pulse) rest()  { p.busy.Store(nil) }
func (p *pulse) end()   { p.ended.Store(true) }

// health returns the words of KIP-1017.
func (p *pulse) health(now time.Time) (state, message string) {
	busy := p.busy.Load()
	stuck := busy != nil && now.Sub(busy.since) > pulseLimit
	switch {
	case !p.ready.Load() && stuck:
		return "starting", "Worker is still starting up. " + busy.summary()
	case !p.ready.Load():
		return "starting", "Worker is still starting up."
	case p.ended.Load():
		return "unhealthy", "Worker was unable to handle this request and may be unable to handle other requests. The herder has ended."
	case stuck:
		return "unhealthy", "Worker was unable to handle this request and may be unable to handle other requests. " + busy.summary()
	}
	return "healthy", "Worker has completed startup and is ready to handle requests."
}

// timedOut returns the error of a request that waited for the loop.
func (p *pulse) timedOut(ctx context.Context) error {
	if context.Cause(ctx) != context.DeadlineExceeded {
		return context.Cause(ctx)
	}
	if busy := p.busy.Load(); busy != nil {
		return errTimedOut(*busy)
	}
	return errTimedOut(stage{})
}
