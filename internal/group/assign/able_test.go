package assign

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sluice/internal/store"
)

// TestAbilitiesAreObeyed has random groups come to rest: each unit runs once, where
// it can if it can anywhere, nothing moves any more, and members that can run the
// same run as much, one unit aside.
func TestAbilitiesAreObeyed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		g := &randomGroup{rand: rand.New(rand.NewPCG(seed, 5)), state: NewState(), now: time.UnixMilli(1), held: map[string]Work{}, lacks: map[string]map[string]bool{}}
		for range 4 {
			g.change()
			if err := g.settle(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

type randomGroup struct {
	rand       *rand.Rand
	state      State
	now        time.Time
	generation int
	configured Work
	held       map[string]Work
	lacks      map[string]map[string]bool
}

// change has members come, go and lack other plugins, and configures other work.
func (g *randomGroup) change() {
	g.configured = Work{}
	for i := range 1 + g.rand.IntN(6) {
		name := fmt.Sprintf("c%d", i)
		g.configured.Connectors = append(g.configured.Connectors, name)
		for n := range g.rand.IntN(4) {
			g.configured.Tasks = append(g.configured.Tasks, store.TaskID{Connector: name, Task: n})
		}
	}
	for i := range 5 {
		id := fmt.Sprintf("m%d", i)
		if _, in := g.held[id]; in == (g.rand.IntN(3) == 0) || len(g.held) == 0 {
			delete(g.held, id)
			if !in {
				g.held[id] = Work{}
			}
		}
		if g.rand.IntN(2) == 0 {
			g.lacks[id] = map[string]bool{}
			for c := range 6 {
				if g.rand.IntN(2) == 0 {
					g.lacks[id][fmt.Sprintf("c%d", c)] = true
				}
			}
		}
	}
	if len(g.held) == 0 {
		g.held["m9"] = Work{}
	}
}

// settle goes from round to round until two in a row change nothing.
func (g *randomGroup) settle() error {
	for quiet := 0; quiet < 2; {
		if g.generation++; g.generation > 400 {
			return fmt.Errorf("it never comes to rest: %v", g.held)
		}
		r := Round{Configured: g.configured, Generation: g.generation, Completed: g.generation - 1, Now: g.now}
		for _, id := range slices.Sorted(maps.Keys(g.held)) {
			r.Members = append(r.Members, Member{ID: id, Holds: g.held[id], Lacks: g.lacks[id]})
		}
		var plan Plan
		g.state, plan = Incremental(g.state, r)
		g.now = g.now.Add(plan.Delay)
		quiet++
		for _, m := range r.Members {
			if extra := plan.Revoked[m.ID].Minus(m.Holds); !extra.Empty() {
				return fmt.Errorf("%s is to stop %v, which it does not run", m.ID, extra)
			}
			if !plan.Revoked[m.ID].Empty() || !plan.Assigned[m.ID].Empty() || plan.Delay > 0 {
				quiet = 0
			}
			g.held[m.ID] = m.Holds.Minus(plan.Revoked[m.ID]).Plus(plan.Assigned[m.ID])
		}
	}
	return g.check()
}

func (g *randomGroup) check() error {
	var all Work
	units := 0
	for id, w := range g.held {
		all = all.Plus(w)
		units += len(w.Connectors) + len(w.Tasks)
		for _, c := range append(slices.Clone(w.Connectors), connectorsOf(w.Tasks)...) {
			for other := range g.held {
				if g.lacks[id][c] && !g.lacks[other][c] {
					return fmt.Errorf("%s runs %s, which %s could", id, c, other)
				}
			}
		}
	}
	if units != len(g.configured.Connectors)+len(g.configured.Tasks) || !g.configured.Minus(all).Empty() {
		return fmt.Errorf("%v is configured, and runs: %v", g.configured, g.held)
	}
	least, most := len(all.Tasks), 0
	for id, w := range g.held {
		if len(g.lacks[id]) > 0 {
			return nil // not all can run all
		}
		least, most = min(least, len(w.Tasks)), max(most, len(w.Tasks))
	}
	if most > least+1 {
		return fmt.Errorf("members run %d to %d tasks", least, most)
	}
	return nil
}

func connectorsOf(tasks []store.TaskID) []string {
	var out []string
	for _, t := range tasks {
		out = append(out, t.Connector)
	}
	return out
}

// TestAbleOfBoundWork keeps the balance among those that can run something: two
// can run two bound connectors, a third one has the free ones.
func TestAbleOfBoundWork(t *testing.T) {
	t.Parallel()
	lacks := map[string]bool{"j1": true, "j2": true, "j3": true, "j4": true}
	configured := Work{Connectors: []string{"f1", "f2", "j1", "j2", "j3", "j4"}}
	_, plan := Incremental(NewState(), Round{
		Members:    []Member{{ID: "a"}, {ID: "b"}, {ID: "go", Lacks: lacks}},
		Configured: configured, Completed: -1, Generation: 1,
	})
	for id, want := range map[string]int{"a": 2, "b": 2, "go": 2} {
		if got := plan.Next[id].Connectors; len(got) != want {
			t.Errorf("%s runs %v, want %d", id, got, want)
		}
	}
}
