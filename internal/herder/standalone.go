package herder

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// requestTimeout bounds what one request may wait for plugins (90 s in Java).
const requestTimeout = 90 * time.Second

// StandaloneConfig is what NewStandalone needs.
type StandaloneConfig struct {
	WorkerID  string // host:port of the REST listener
	Worker    WorkerRunner
	Plugins   *plugins.Registry
	Settings  config.Map // of the worker
	ClusterID string
	Log       *slog.Logger
}

// Standalone is the herder of a worker that is alone and keeps its connectors in
// memory. It is a Herder and the worker's store.Listener.
//
// Run is the one goroutine that touches the state. Requests that wait for the
// worker or for plugins run in goroutines of their own, one at a time for each
// connector, and enter the loop by closures. So a connector that hangs delays
// only requests to itself, and the loop never waits.
type Standalone struct {
	cfg      StandaloneConfig
	box      *mailbox
	snapshot atomic.Pointer[snapshot]
	health   atomic.Bool // Run has begun
	state    *state      // of the loop alone
	work     sync.WaitGroup
	stopping context.Context //nolint:containedctx // The life of Run's goroutines, set when Run begins.
}

var (
	_ Herder         = (*Standalone)(nil)
	_ store.Listener = (*Standalone)(nil)
)

// NewStandalone returns a herder without connectors. Nothing happens before Run.
func NewStandalone(cfg StandaloneConfig) *Standalone {
	h := &Standalone{cfg: cfg, box: newMailbox(), state: newState()}
	h.snapshot.Store(h.state.publish(nil))
	return h
}

// SetWorker sets the worker, which needs the herder as its listener. Call it
// before Run.
func (h *Standalone) SetWorker(w WorkerRunner) { h.cfg.Worker = w }

// Run is the loop. It returns when ctx ends: requests under way have then been
// answered, and all connectors and tasks are stopped.
func (h *Standalone) Run(ctx context.Context) error {
	h.stopping = ctx
	h.health.Store(true)
	defer h.health.Store(false)
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
	letters := h.box.take()
	for _, letter := range letters {
		letter(h.state)
	}
	h.snapshot.Store(h.state.publish(h.snapshot.Load()))
	for _, done := range h.state.answered {
		close(done)
	}
	h.state.answered = nil
}

// end lets the requests finish that have begun, with the loop still serving them.
func (h *Standalone) end(ctx context.Context) error {
	idle := make(chan struct{})
	h.state.ending = true
	go func() {
		h.work.Wait()
		close(idle)
	}()
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

var errStopping = &Error{Status: http.StatusServiceUnavailable, Message: "The worker is shutting down."}

var errTimeout = &Error{Status: http.StatusInternalServerError, Message: "Request timed out"}

// update runs f in the loop and returns when readers see what it changed. An
// ended ctx leaves f in the queue: it may still run. Operations give a ctx that
// does not end, since the loop serves them to their end and a late one must not
// stop half-way.
func (h *Standalone) update(ctx context.Context, f func(s *state)) error {
	done := make(chan struct{})
	ok := h.box.put(func(s *state) {
		f(s)
		s.answered = append(s.answered, done)
	})
	if !ok {
		return errStopping
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return timedOut(ctx)
	}
}

func timedOut(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout
	}
	return ctx.Err()
}

// exclusive runs op when no other operation on the connector runs, and waits for
// its end. If ctx ends before op has begun, op never begins; a begun op goes on
// to its end, within the request timeout, so that nothing stays half done.
func (h *Standalone) exclusive(ctx context.Context, name string, op func(ctx context.Context) error) error {
	answer := make(chan error, 1)
	ok := h.box.put(func(s *state) {
		if s.ending {
			answer <- errStopping
			return
		}
		h.enqueue(s, name, func(opCtx context.Context) {
			if ctx.Err() != nil {
				answer <- timedOut(ctx)
				return
			}
			answer <- op(opCtx)
		})
	})
	if !ok {
		return errStopping
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return timedOut(ctx)
	}
}

// enqueue is called in the loop.
func (h *Standalone) enqueue(s *state, name string, op func(ctx context.Context)) {
	s.queues[name] = append(s.queues[name], op)
	if len(s.queues[name]) == 1 {
		h.start(op, name)
	}
}

// start runs the first operation of a connector's queue, and the next one after
// it. It is called in the loop, so that work counts before Run waits.
func (h *Standalone) start(op func(ctx context.Context), name string) {
	base := context.WithoutCancel(h.stopping)
	h.work.Go(func() {
		ctx, cancel := context.WithTimeout(base, requestTimeout)
		op(ctx)
		cancel()
		// The loop is served until work is done, so this is always received.
		next := make(chan struct{})
		h.box.put(func(s *state) {
			rest := s.queues[name][1:]
			s.queues[name] = rest
			if len(rest) > 0 {
				h.start(rest[0], name)
			} else {
				delete(s.queues, name)
			}
			close(next)
		})
		<-next
	})
}

// mailbox is an unbounded queue of closures for the loop; to put one never waits.
type mailbox struct {
	ready chan struct{} // holds one token while there are letters

	mu      sync.Mutex // guards the following
	letters []func(*state)
	closed  bool
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

func (m *mailbox) put(letter func(*state)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.letters = append(m.letters, letter)
	select {
	case m.ready <- struct{}{}:
	default:
	}
	return true
}

func (m *mailbox) take() []func(*state) {
	m.mu.Lock()
	defer m.mu.Unlock()
	letters := m.letters
	m.letters = nil
	return letters
}

func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
