package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/internal/store"
	"sluice/internal/worker/pipeline"
)

// life is the one goroutine of an instance: how it begins, is asked to end,
// and is abandoned when it does not.
type life struct {
	soft   context.Context //nolint:containedctx // the span of the instance itself: ends when it is to stop
	stop   context.CancelCauseFunc
	hard   context.Context //nolint:containedctx // as above: ends when it is abandoned, or is over
	end    context.CancelCauseFunc
	done   chan struct{}
	told   sync.Once // to stop
	log    *slog.Logger
	report *reporter
}

func newLife(log *slog.Logger, report *reporter) *life {
	l := &life{done: make(chan struct{}), log: log, report: report}
	//nolint:forbidigo // an instance outlives the request that starts it
	l.hard, l.end = context.WithCancelCause(context.Background())
	l.soft, l.stop = context.WithCancelCause(l.hard)
	return l
}

// start runs the function; its error, or its panic, fails the instance.
func (l *life) start(run func() error) {
	go func() {
		defer close(l.done)
		defer l.end(errStopped)
		err := pipeline.Guard(run)
		if err == nil || l.hard.Err() != nil {
			l.report.send(store.Unassigned, "")
			return
		}
		text := pipeline.Trace(err)
		l.log.Error("instance failed", "trace", text)
		l.report.send(store.Failed, text)
	}()
}

// beginStop tells the instance to stop, and abandons it when it has not ended
// within the grace. It does not wait. What counts is the first call.
func (l *life) beginStop(grace time.Duration, what string) {
	l.told.Do(func() {
		l.stop(errStopped)
		late := time.AfterFunc(grace, func() { l.abandon(what, context.DeadlineExceeded) })
		context.AfterFunc(l.hard, func() { late.Stop() })
	})
}

// wait returns when the goroutine has ended, or with an error when it is
// abandoned, as it is when ctx ends first.
func (l *life) wait(ctx context.Context, what string) error {
	select {
	case <-l.hard.Done():
	case <-ctx.Done():
		l.abandon(what, context.Cause(ctx))
	}
	if err := context.Cause(l.hard); !errors.Is(err, errStopped) {
		return err
	}
	<-l.done
	return nil
}

// abandon leaves the instance to itself, unless it has ended.
func (l *life) abandon(what string, cause error) {
	if l.hard.Err() != nil {
		return
	}
	l.report.mute()
	err := fmt.Errorf("%s did not stop in time and is abandoned: %w", what, cause)
	l.end(err)
	if errors.Is(context.Cause(l.hard), err) { // neither ended just now, nor abandoned by somebody else
		l.log.Error("instance does not stop and is abandoned: its goroutine stays until its plugin returns")
	}
}

// reporter tells the listener the statuses of one instance until it is muted,
// so that an abandoned instance cannot speak for its successor.
type reporter struct {
	tell func(store.Status)
	base store.Status // what all statuses of the instance share

	mu    sync.Mutex
	muted bool // guarded by mu
}

func (r *reporter) send(state store.State, trace string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.muted {
		return
	}
	s := r.base
	s.State, s.Trace = state, trace
	r.tell(s) // does not block, by its contract
}

func (r *reporter) mute() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = true
}

// gate holds the target state of an instance and tells of its changes.
type gate struct {
	mu      sync.Mutex
	target  store.TargetState // guarded by mu
	changed chan struct{}     // closed at the next change; guarded by mu
}

func newGate(target store.TargetState) *gate {
	return &gate{target: target, changed: make(chan struct{})}
}

func (g *gate) set(target store.TargetState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.target != target {
		g.target = target
		close(g.changed)
		g.changed = make(chan struct{})
	}
}

// get returns the target and what is closed when it changes.
func (g *gate) get() (store.TargetState, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.target, g.changed
}
