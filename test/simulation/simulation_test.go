//go:build synctests

// Package simulation runs whole groups of workers in one process, on a virtual
// network and a virtual clock, and does to them what happens to groups: workers
// join, leave, die, stand still and lose their network, the coordinator is slow
// or moves, the broker goes away, while connectors come, change and go. What must
// never happen (docs/architecture.md) is looked for after every step; in the end
// all must heal, and run as configured.
//
//	go test -tags synctests ./test/simulation -seed 17 -v
//
// Real are all parts of a worker but its REST listener, and the Kafka client;
// played are the network, the group coordinator, the rest of the broker (franz-go's
// kfake) and a source connector that counts.
//
// What is done, to whom and when follows from the seed alone, and so does the
// time that each frame takes on the network. Not determined are the order of what
// happens at the same virtual instant, which Go's scheduler and its select choose,
// and the order of maps. So a seed nearly always
// goes the same way, and one that fails rarely is to be run several times:
// -count 20.
package simulation

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

var (
	seed  = flag.Int64("seed", -1, "the one seed to run")
	first = flag.Int64("first", 0, "the first seed to run")
	seeds = flag.Int("seeds", 20, "how many seeds to run")
	steps = flag.Int("steps", 30, "how many steps a seed takes")
)

func TestSimulation(t *testing.T) {
	from, to := *first, *first+int64(*seeds)
	if *seed >= 0 {
		from, to = *seed, *seed+1
	}
	began := time.Now()
	t.Cleanup(func() {
		t.Logf("seeds %d to %d, %d steps each, took %v", from, to-1, *steps, time.Since(began).Round(time.Second))
	})
	for s := from; s < to; s++ {
		t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newSim(t, s).run(*steps) })
		})
	}
}

// sim is one simulated world. The goroutine of the test takes the steps; what
// others need too is guarded.
type sim struct {
	t           *testing.T
	rand        *rand.Rand
	network     *network
	cluster     *kfake.Cluster
	broker      string
	exactlyOnce bool     // exactly.once.source.support of all workers
	protocols   []string // of which each worker has one
	began       time.Time
	made        int
	events      []event // that end faults
	observer    *observer
	running     *running
	assignments *assignments

	mu         sync.Mutex            // guards the following
	nodes      []*node               // that are up, or coming up
	gone       []*node               // that were stopped or killed
	parted     map[[2]string]bool    // workers that do not reach each other
	connectors map[string]*connector // by name, also those that were deleted
	seq        int                   // counts what is learned of connectors
	requests   sync.WaitGroup
}

// event is something that will happen.
type event struct {
	at time.Time
	do func()
}

func newSim(t *testing.T, seed int64) *sim {
	s := &sim{
		t: t, rand: rand.New(rand.NewPCG(uint64(seed), 0)), network: &network{coordinator: newCoordinator()}, began: time.Now(),
		parted: map[[2]string]bool{}, connectors: map[string]*connector{},
	}
	s.running, s.assignments = newRunning(s), newAssignments(s)
	s.exactlyOnce = s.rand.IntN(3) == 0
	s.protocols = [][]string{{"sessioned"}, {"sessioned"}, {"compatible"}, {"sessioned", "compatible"}}[s.rand.IntN(4)]
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(s.network.virtual.Listen),
		kfake.SeedTopics(1, dataTopic))
	if err != nil {
		t.Fatal(err)
	}
	s.cluster, s.broker = cluster, cluster.ListenAddrs()[0]
	s.observer = newObserver(s)
	s.say("exactly once: %v, protocols: %v", s.exactlyOnce, s.protocols)
	return s
}

// say logs what happens, with the virtual time.
func (s *sim) say(format string, args ...any) {
	s.t.Logf("%8.2f s  %s", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *sim) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%8.2f s  %s", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *sim) run(steps int) {
	defer s.end()
	s.join()
	s.join()
	for range steps {
		s.step()
		pause := 4000
		if s.rand.IntN(3) == 0 { // what comes at once hits more
			pause = 100
		}
		s.sleep(time.Duration(s.rand.IntN(pause)) * time.Millisecond)
		s.check()
		if s.t.Failed() {
			return
		}
	}
	s.say("all that is broken heals, nothing changes any more")
	s.heal()
	s.requests.Wait()
	s.settle()
	if !s.t.Failed() {
		s.quietly()
	}
}

// sleep waits, and ends faults meanwhile.
func (s *sim) sleep(d time.Duration) {
	until := time.Now().Add(d)
	for {
		next := slices.IndexFunc(s.events, func(e event) bool { return !e.at.After(until) })
		for i, e := range s.events {
			if next >= 0 && e.at.Before(s.events[next].at) {
				next = i
			}
		}
		if next < 0 {
			time.Sleep(time.Until(until))
			return
		}
		e := s.events[next]
		s.events = slices.Delete(s.events, next, next+1)
		time.Sleep(time.Until(e.at))
		e.do()
	}
}

// in has something happen later.
func (s *sim) in(d time.Duration, do func()) {
	s.events = append(s.events, event{time.Now().Add(d), do})
}

// heal ends all faults.
func (s *sim) heal() {
	for _, e := range s.events {
		e.do()
	}
	s.events = nil
	for _, n := range s.all() {
		n.mend()
	}
}

// settleLimit is longer than a session, a delayed rebalance and a rebalance that
// lasts as long as it may, one after the other.
const settleLimit = 4 * time.Minute

// settle waits until all runs as it should.
func (s *sim) settle() {
	began := time.Now()
	var wrong []string
	for time.Since(began) < settleLimit {
		time.Sleep(5 * time.Second)
		s.check()
		if wrong = s.unsettled(); len(wrong) == 0 || s.t.Failed() {
			s.say("all runs as configured: %d connectors on %d workers", len(s.up()[0].herder.Connectors()), len(s.up()))
			return
		}
	}
	for _, w := range wrong {
		s.errorf("%v after the last fault: %s", settleLimit, w)
	}
}

// quietly changes one connector of a group at rest: nothing of another one is
// started again, now or later.
func (s *sim) quietly() {
	name, ok := s.name()
	if !ok || !s.canRun(s.observer.stores.Configs.Snapshot(), name) {
		return
	}
	time.Sleep(20 * time.Second) // a rebalance may be due
	before := s.running.starts("")
	own := s.running.starts(name)
	tasks, err := strconv.Atoi(*s.observer.stores.Configs.Snapshot().Connector(name)["tasks.max"])
	if err != nil {
		s.t.Fatal(err)
	}
	s.put(name, tasks)
	s.requests.Wait()
	time.Sleep(20 * time.Second)
	s.check()
	if others := s.running.starts("") - s.running.starts(name) - (before - own); others != 0 {
		s.errorf("the change of connector %s has started %d instances of others", name, others)
	}
	for _, w := range s.unsettled() {
		s.errorf("20 s after the change of connector %s: %s", name, w)
	}
}

// end stops all workers, so that the bubble is empty.
func (s *sim) end() {
	s.heal()
	s.requests.Wait()
	for {
		s.mu.Lock()
		coming := slices.ContainsFunc(s.nodes, func(n *node) bool { return !n.ready.Load() })
		s.mu.Unlock()
		if !coming {
			break
		}
		time.Sleep(time.Second)
	}
	for _, n := range s.up() {
		s.retire(n)
		n.stop()
	}
	for _, n := range s.gone {
		<-n.ended
	}
	s.network.coordinator.close()
	s.observer.close()
	s.cluster.Close()
	s.network.wires.Wait()
}

// all returns the workers that are up or coming up, and those that are ending.
func (s *sim) all() []*node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.nodes, s.gone)
}

// up returns the workers that are up.
func (s *sim) up() []*node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.nodes), func(n *node) bool { return !n.ready.Load() })
}

// any picks a worker that is up.
func (s *sim) any() *node {
	up := s.up()
	return up[s.rand.IntN(len(up))]
}

func (s *sim) node(id string) *node {
	for _, n := range s.up() {
		if n.id == id {
			return n
		}
	}
	return nil
}

// name picks a connector that is there for sure and of which nothing is asked.
func (s *sim) name() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.connectors)), func(name string) bool {
		c := s.connectors[name]
		return c.busy || c.revision.may[absent]
	})
	if len(names) == 0 {
		return "", false
	}
	return names[s.rand.IntN(len(names))], true
}

// background is the context of what outlives a step.
func (s *sim) background() context.Context { return context.WithoutCancel(s.t.Context()) }
