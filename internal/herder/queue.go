package herder

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// requestTimeout bounds what one request may wait for plugins (90 s in Java).
const requestTimeout = 90 * time.Second

// startGrace is how long an operation that stops the connector waits for a start
// before it, which then is given up. A stop waits as long (5 s in Java).
const startGrace = 5 * time.Second

// queues runs the operations on connectors: those on one connector one at a time
// and in order, those on different connectors beside each other. So a connector
// that hangs holds up the writes to itself alone. Safe for concurrent use.
type queues struct {
	timeout time.Duration // of one operation
	grace   time.Duration // startGrace, but for tests

	mu    sync.Mutex // guards the following
	lanes map[string]*lane
	ended bool
	work  sync.WaitGroup // one for each lane
}

// lane is the queue of one connector; it exists while it has an operation.
type lane struct {
	waiting []operation // the first one runs
	stage   stage
	// patience ends with the time of the running operation, or when it is given up.
	patience context.Context //nolint:containedctx // of the running operation
	giveUp   context.CancelCauseFunc
}

// stage is what is being done, in the words of "the worker is currently ...".
type stage struct {
	what  string
	since time.Time
}

// operation is a piece of work on one connector. run gets a context that ends
// with the operation's time, and with nothing else: what has begun must not
// stop half-way.
type operation struct {
	what  string // such as "restarting connector a"
	stops bool   // it stops the connector, so that no start before it matters
	run   func(ctx context.Context)
}

func newQueues(timeout time.Duration) *queues {
	return &queues{timeout: timeout, grace: startGrace, lanes: map[string]*lane{}}
}

var errStopping = &Error{Status: http.StatusServiceUnavailable, Message: "The worker is shutting down."}

var errGivenUp = errors.New("a later request stops the connector")

// do is doFor of an operation without a result.
func (q *queues) do(ctx context.Context, name, what string, stops bool, run func(ctx context.Context) error) error {
	_, err := doFor(ctx, q, name, what, stops, func(ctx context.Context) (struct{}, error) { return struct{}{}, run(ctx) })
	return err
}

// doFor runs the operation when its turn comes, and returns its result. If ctx or
// the time of a request ends first, the operation either never begins, or goes
// on to its end without its caller; so run must write to nothing of the caller's.
func doFor[T any](ctx context.Context, q *queues, name, what string, stops bool, run func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	type answer struct {
		result T
		err    error
	}
	answers := make(chan answer, 1)
	ok := q.add(ctx, name, operation{what, stops, func(opCtx context.Context) {
		var a answer
		switch {
		case q.stopping():
			a.err = errStopping
		case ctx.Err() != nil:
			a.err = q.timedOut(ctx, name)
		default:
			a.result, a.err = run(opCtx)
		}
		answers <- a
	}})
	var none T
	if !ok {
		return none, errStopping
	}
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
		err := q.timedOut(ctx, name)
		select {
		case a := <-answers: // it ended just now: what is in the queue now was not in the way
			return a.result, a.err
		default:
			return none, err
		}
	}
}

// add queues an operation. It does not wait; false means that the queues have
// ended. ctx gives values alone.
func (q *queues) add(ctx context.Context, name string, op operation) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	l := q.lanes[name]
	if l == nil {
		l = &lane{}
		q.lanes[name] = l
		base := context.WithoutCancel(ctx)
		q.work.Go(func() { q.serve(base, name, l) })
	}
	l.waiting = append(l.waiting, op)
	if op.stops && l.giveUp != nil {
		q.hurry(l)
	}
	return true
}

// hurry gives up what the running operation waits for, after the grace. It is
// called with the lock held.
func (q *queues) hurry(l *lane) {
	giveUp := l.giveUp
	time.AfterFunc(q.grace, func() { giveUp(errGivenUp) })
}

// serve runs the operations of a lane until there is none.
func (q *queues) serve(base context.Context, name string, l *lane) {
	for {
		q.mu.Lock()
		op := l.waiting[0]
		ctx, cancel := context.WithTimeout(base, q.timeout)
		l.patience, l.giveUp = context.WithCancelCause(ctx) //nolint:fatcontext // each operation has its own
		l.stage = stage{op.what, time.Now()}
		if slices.ContainsFunc(l.waiting[1:], func(later operation) bool { return later.stops }) {
			q.hurry(l)
		}
		q.mu.Unlock()

		op.run(ctx)

		q.mu.Lock()
		l.giveUp(nil)
		cancel()
		l.giveUp = nil
		l.waiting = l.waiting[1:]
		last := len(l.waiting) == 0
		if last {
			delete(q.lanes, name)
		}
		q.mu.Unlock()
		if last {
			return
		}
	}
}

// enter says what the running operation of a connector does from now on.
func (q *queues) enter(name, what string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lanes[name]; l != nil {
		l.stage = stage{what, time.Now()}
	}
}

// patience returns the context with which the running operation of a connector
// waits for its plugin: it also ends when a later operation will stop the
// connector anyway.
func (q *queues) patience(ctx context.Context, name string) context.Context {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lanes[name]; l != nil {
		return l.patience
	}
	return ctx
}

// timedOut returns the error for a client whose time has ended, in Java's words.
func (q *queues) timedOut(ctx context.Context, name string) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errGivenUp):
		q.mu.Lock()
		defer q.mu.Unlock()
		text := "Request was given up, since a later request stops connector " + name + "."
		if l := q.lanes[name]; l != nil {
			text += " " + l.stage.summary()
		}
		return internal(text)
	case !errors.Is(cause, context.DeadlineExceeded):
		return cause
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lanes[name]; l != nil {
		return errTimedOut(l.stage)
	}
	return errTimedOut(stage{})
}

// errTimedOut is what Java answers when the time of a request has ended.
func errTimedOut(at stage) error {
	if at.what == "" {
		return internal("Request timed out")
	}
	return internal("Request timed out. " + at.summary())
}

// summary is Stage.summarize of Java.
func (s stage) summary() string {
	return "The worker is currently " + s.what + ", which began at " + s.since.UTC().Format("2006-01-02T15:04:05.999Z") + "."
}

// stopping reports whether the queues have been ended.
func (q *queues) stopping() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

// end refuses further operations, and requests that have not begun; what runs
// waits for no plugin any more. The channel is closed when all have ended.
func (q *queues) end() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for _, l := range q.lanes {
		if l.giveUp != nil {
			l.giveUp(errStopping)
		}
	}
	idle := make(chan struct{})
	go func() {
		q.work.Wait()
		close(idle)
	}()
	return idle
}
