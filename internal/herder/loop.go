package herder

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// loop is what the loops of all herders share: one goroutine, that of Run, owns
// the state S; others enter it by closures, and none of these waits.
type loop[S any] struct {
	box      *mailbox[S]
	pulse    pulse
	timeout  time.Duration   // of a request that waits for the loop
	publish  func(S)         // shows the changes to readers
	state    S               // of the loop alone
	answered []chan struct{} // of the loop alone: closed when readers see the changes
}

func newLoop[S any](s S, timeout time.Duration, publish func(S)) *loop[S] {
	return &loop[S]{box: newMailbox[S](), timeout: timeout, publish: publish, state: s}
}

// drain handles what is in the mailbox.
func (l *loop[S]) drain() {
	l.pulse.begin()
	for _, letter := range l.box.take() {
		letter(l.state)
	}
	l.publish(l.state)
	for _, done := range l.answered {
		close(done)
	}
	l.answered = nil
	l.pulse.rest()
}

// updateFor is update with what f returns.
func updateFor[S, T any](ctx context.Context, l *loop[S], f func(s S) T) (T, error) {
	result := make(chan T, 1)
	var none T
	if err := l.update(ctx, func(s S) { result <- f(s) }); err != nil {
		return none, err
	}
	return <-result, nil
}

// update runs f in the loop and returns when readers see what it changed. When
// ctx or the time of a request ends first, f may still run; so it must write to
// nothing of the caller's.
func (l *loop[S]) update(ctx context.Context, f func(s S)) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	done, ok := l.post(f)
	if !ok {
		return errStopping
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return l.pulse.timedOut(ctx)
	}
}

// change is update for operations: the loop serves them to their end, so it
// always succeeds.
func (l *loop[S]) change(f func(s S)) {
	if done, ok := l.post(f); ok {
		<-done
	}
}

func (l *loop[S]) post(f func(s S)) (done <-chan struct{}, ok bool) {
	seen := make(chan struct{})
	ok = l.box.put(func(s S) {
		f(s)
		l.answered = append(l.answered, seen)
	})
	return seen, ok
}

// Ready says that the worker is ready to serve: its first connectors are there.
// Before it, Health answers that the worker is starting.
func (l *loop[S]) Ready() { l.pulse.ready.Store(true) }

// Health implements Herder.
func (l *loop[S]) Health() (state, message string) { return l.pulse.health(time.Now()) }

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
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	if busy := p.busy.Load(); busy != nil {
		return errTimedOut(*busy)
	}
	return errTimedOut(stage{})
}
