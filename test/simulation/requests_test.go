//go:build synctests

package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// patience is how long a client waits for an answer.
const patience = 30 * time.Second

// absent is the revision of a connector that does not exist.
const absent = 0

// connector is what the clients of the group know of a connector.
type connector struct {
	class    string
	revision fact[int] // of its configuration
	target   fact[store.TargetState]
	tasks    map[int]int // tasks.max of each revision
	busy     bool        // a request is under way
	learned  int         // the number of the last answer
}

// fact is what the answers to requests say about a value that is stored.
type fact[T comparable] struct {
	may  map[T]bool // what it may be
	late map[T]bool // what it may become, since it was asked for and never answered
}

func newFact[T comparable](v T) fact[T] {
	return fact[T]{may: map[T]bool{v: true}, late: map[T]bool{}}
}

// accepted takes in that a value is stored for good (invariant 3).
func (f *fact[T]) accepted(v T) {
	f.may = maps.Clone(f.late)
	f.may[v] = true
}

// outcome is what a client learns from the answer.
type outcome uint8

const (
	done    outcome = iota // it is stored
	refused                // it is not, and will not be
	unknown                // nobody knows
)

func outcomeOf(err error) outcome {
	if err == nil {
		return done
	}
	if _, ok := errors.AsType[*herder.ForwardError](err); ok {
		return refused
	}
	if e, ok := errors.AsType[*herder.Error](err); ok && e.Status < 500 {
		return refused
	}
	return unknown
}

// set changes a fact: it may be v from now on, and what the answer says then.
func set[T comparable](s *sim, c *connector, f *fact[T], v T, fenced bool) func(outcome) {
	was := f.may[v]
	f.may[v] = true
	return func(o outcome) {
		switch {
		case o == done:
			f.accepted(v)
		case o == refused && !was:
			delete(f.may, v)
		case o == unknown && !fenced:
			f.late[v] = true
		}
		s.seq++
		c.learned = s.seq
	}
}

func (s *sim) create() {
	s.made++
	s.put(fmt.Sprintf("c%d", s.made), 1+s.rand.IntN(3))
}

func (s *sim) change() {
	if name, ok := s.name(); ok {
		s.put(name, 1+s.rand.IntN(3))
	}
}

// put creates a connector, or changes it.
func (s *sim) put(name string, tasks int) {
	s.made++
	revision := s.made
	s.mu.Lock()
	c := s.connectors[name]
	if c == nil {
		c = &connector{class: countingClass, revision: newFact(absent), target: newFact(store.TargetStarted), tasks: map[int]int{}}
		if s.rand.IntN(4) == 0 {
			c.class = rareClass
		}
		s.connectors[name] = c
	}
	cfg := config.Map{
		"name": name, "connector.class": c.class, "tasks.max": strconv.Itoa(tasks), revisionKey: strconv.Itoa(revision),
	}.Raw()
	c.tasks[revision] = tasks
	learn := set(s, c, &c.revision, revision, s.exactlyOnce)
	s.mu.Unlock()
	s.request(fmt.Sprintf("put revision %d of connector %s with %d tasks", revision, name, tasks), c, learn,
		func(ctx context.Context, n *node) error {
			_, _, err := n.herder.Put(ctx, name, cfg, nil, true)
			return err
		},
		func(n *node) string {
			if got := n.revision(name); got != revision {
				return fmt.Sprintf("revision %d", got)
			}
			return ""
		})
}

func (s *sim) remove() {
	name, ok := s.name()
	if !ok {
		return
	}
	s.mu.Lock()
	c := s.connectors[name]
	learn := set(s, c, &c.revision, absent, s.exactlyOnce)
	s.mu.Unlock()
	s.request("delete connector "+name, c, learn,
		func(ctx context.Context, n *node) error { return n.herder.Delete(ctx, name) },
		func(n *node) string {
			if got := n.revision(name); got != absent {
				return fmt.Sprintf("revision %d", got)
			}
			return ""
		})
}

func (s *sim) retarget() {
	name, ok := s.name()
	if !ok {
		return
	}
	target := []store.TargetState{store.TargetPaused, store.TargetStarted, store.TargetStopped, store.TargetStarted}[s.rand.IntN(4)]
	s.mu.Lock()
	c := s.connectors[name]
	learn := set(s, c, &c.target, target, false) // any worker writes it, with a producer that nobody fences
	s.mu.Unlock()
	s.request(fmt.Sprintf("have connector %s %s", name, target), c, learn,
		func(ctx context.Context, n *node) error { return n.herder.SetTarget(ctx, name, target) },
		func(n *node) string {
			if got := n.stores.Configs.Snapshot().TargetState(name); got != target {
				return string(got)
			}
			return ""
		})
}

func (s *sim) restart() {
	name, ok := s.name()
	if !ok {
		return
	}
	s.mu.Lock()
	c := s.connectors[name]
	s.mu.Unlock()
	what := s.rand.IntN(3)
	s.request("restart connector "+name+[]string{" alone", " with its tasks", "'s first task"}[what], c, func(outcome) {},
		func(ctx context.Context, n *node) error {
			switch what {
			case 0:
				return n.herder.Restart(ctx, name)
			case 1:
				_, err := n.herder.RestartWith(ctx, name, true, false)
				return err
			default:
				return n.herder.RestartTask(ctx, store.TaskID{Connector: name})
			}
		}, func(*node) string { return "" })
}

// request has a client ask some worker, while the steps go on. stale returns what
// a worker shows that is older than the answer.
func (s *sim) request(what string, c *connector, learn func(outcome), do func(ctx context.Context, on *node) error, stale func(on *node) string) {
	entry := s.any()
	s.mu.Lock()
	c.busy = true
	s.mu.Unlock()
	s.say("a client asks %s to %s", entry.id, what)
	s.requests.Go(func() {
		ctx, cancel := context.WithTimeout(s.background(), patience)
		defer cancel()
		var answered *node
		var err error
		for range 3 {
			if entry.frozen.wait(ctx) == nil {
				answered, err = entry.call(ctx, do)
			}
			if outcomeOf(err) != refused || ctx.Err() != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if ctx.Err() != nil && answered == nil && err == nil {
			err = ctx.Err()
		}
		s.say("%s was asked to %s: %v", entry.id, what, err)
		s.mu.Lock()
		late := len(c.revision.late)+len(c.target.late) > 0
		s.mu.Unlock()
		if err == nil && !late { // Invariant 8.
			for _, n := range []*node{answered, entry} {
				if n.link.silent() || s.node(n.id) != n {
					continue // it says that it could not read, or nobody asks it any more
				}
				if old := stale(n); old != "" {
					s.errorf("%s shows %s after the answer to: %s", n.id, old, what)
				}
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		learn(outcomeOf(err))
		c.busy = false
	})
}
