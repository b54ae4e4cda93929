//go:build synctests

// Package simulation runs whole groups of workers in one process, on a virtual
// network and a virtual clock, and does to them what happens to groups: workers
// join, leave, die and lose their network while connectors come, change and go.
// All that happens follows from a seed, so a seed is a bug report:
//
//	go test -tags synctests ./test/simulation -seed 17 -v
//
// Real are the stores on a fake Kafka cluster, the group protocol and the herder;
// connectors and tasks run nothing, but it is noted where they do.
package simulation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

var (
	seed  = flag.Int64("seed", -1, "the one seed to run")
	seeds = flag.Int("seeds", 20, "how many seeds to run")
	steps = flag.Int("steps", 25, "how many steps a seed takes")
)

func TestSimulation(t *testing.T) {
	first, last := int64(0), int64(*seeds)
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	began := time.Now()
	t.Cleanup(func() {
		t.Logf("seeds %d to %d, %d steps each, took %v", first, last-1, *steps, time.Since(began).Round(time.Second))
	})
	for s := first; s < last; s++ {
		t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newSim(t, s).run(*steps) })
		})
	}
}

// sim is one simulated world.
type sim struct {
	t       *testing.T
	rand    *rand.Rand
	network *kfake.VirtualNetwork
	broker  string
	began   time.Time
	made    int
	live    []*node
	gone    []*node
	running *running
	admin   *kadm.Client
	client  *kgo.Client
	// preparing is when the group was last seen not to rebalance.
	preparing time.Time
	// accepted are the connectors whose configuration was answered as accepted,
	// with the number of tasks; doubtful those of which a later answer failed.
	accepted map[string]int
	doubtful map[string]bool
}

func newSim(t *testing.T, seed int64) *sim {
	network := &kfake.VirtualNetwork{}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &sim{
		admin: kadm.NewClient(client), client: client, preparing: time.Now(),
		t: t, rand: rand.New(rand.NewPCG(uint64(seed), 0)), network: network, broker: cluster.ListenAddrs()[0], began: time.Now(),
		running: &running{t: t, where: map[string]*node{}}, accepted: map[string]int{}, doubtful: map[string]bool{},
	}
}

// say logs what happens, with the virtual time.
func (s *sim) say(format string, args ...any) {
	s.t.Logf("%8.2f s  %s", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *sim) run(steps int) {
	defer s.end()
	s.join()
	s.join()
	for range steps {
		s.step()
		time.Sleep(time.Duration(s.rand.IntN(4000)) * time.Millisecond)
		s.expire()
		if s.t.Failed() {
			return
		}
	}
	s.say("all networks heal, nothing changes any more")
	for _, n := range s.live {
		n.link.heal()
	}
	for range 30 {
		time.Sleep(10 * time.Second)
		s.expire()
	}
	s.check()
}

// expire does what a real coordinator does and the fake one forgets where a
// connection breaks in a JoinGroup: it ends the sessions of dead workers, and a
// rebalance that has lasted longer than rebalance.timeout.ms, for which every
// JoinGroup starts the fake one's timer anew.
func (s *sim) expire() {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	described, err := s.admin.DescribeGroups(ctx, "g")
	if err != nil {
		s.t.Fatalf("%8.2f s  the fake coordinator does not describe its group: %v", time.Since(s.began).Seconds(), err)
	}
	group := described["g"]
	if group.State != "PreparingRebalance" {
		s.preparing = time.Now()
	}
	stuck := time.Since(s.preparing) > 70*time.Second
	if stuck {
		s.say("the coordinator ends a rebalance without end")
		s.preparing = time.Now()
	}
	for _, m := range group.Members {
		dead := slices.ContainsFunc(s.gone, func(n *node) bool { return m.ClientID == "connect-"+n.id && time.Since(n.died) > 10*time.Second })
		if !dead && !stuck {
			continue
		}
		s.say("the session of %s ends", m.ClientID)
		req := kmsg.NewPtrLeaveGroupRequest()
		req.Group = "g"
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		req.Members = append(req.Members, member)
		if _, err := req.RequestWith(ctx, s.client); err != nil {
			s.say("that failed: %v", err)
		}
	}
}

// end stops all workers, so that the bubble is empty.
func (s *sim) end() {
	for len(s.live) > 0 {
		s.leave(s.live[0])
	}
	for _, n := range s.gone {
		<-n.ended
	}
}

func (s *sim) step() {
	switch d := s.rand.IntN(100); {
	case d < 30:
		s.create()
	case d < 45:
		s.change()
	case d < 52:
		s.remove()
	case d < 60:
		s.pauseAndResume()
	case d < 65:
		s.restart()
	case d < 75 && len(s.live) < 5:
		s.join()
	case d < 82 && len(s.live) > 1:
		s.leave(s.any())
	case d < 90 && len(s.live) > 1:
		s.kill(s.any())
	case d < 100:
		s.partition(s.any())
	}
}

func (s *sim) any() *node { return s.live[s.rand.IntN(len(s.live))] }

// name returns one of the accepted connectors.
func (s *sim) name() (string, bool) {
	var names []string
	for name := range s.accepted {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "", false
	}
	slices.Sort(names)
	return names[s.rand.IntN(len(names))], true
}

func source(name string, tasks int) config.Raw {
	return config.Map{
		"name": name, "connector.class": "FileStreamSource", "file": "f", "topic": "t", "tasks.max": strconv.Itoa(tasks),
	}.Raw()
}

func (s *sim) create() {
	s.made++
	name, tasks := fmt.Sprintf("c%d", s.made), 1+s.rand.IntN(3)
	s.put(name, tasks)
}

func (s *sim) change() {
	if name, ok := s.name(); ok {
		s.put(name, 1+s.rand.IntN(3))
	}
}

func (s *sim) put(name string, tasks int) {
	err := s.ask(func(n *node) error {
		_, _, err := n.herder.Put(s.t.Context(), name, source(name, tasks), nil, true)
		return err
	})
	s.say("connector %s with %d tasks is put: %v", name, tasks, err)
	if err != nil {
		s.doubtful[name] = true
		return
	}
	s.accepted[name] = tasks
	delete(s.doubtful, name)
}

func (s *sim) remove() {
	name, ok := s.name()
	if !ok {
		return
	}
	err := s.ask(func(n *node) error { return n.herder.Delete(s.t.Context(), name) })
	s.say("connector %s is deleted: %v", name, err)
	if err != nil {
		s.doubtful[name] = true
		return
	}
	delete(s.accepted, name)
}

func (s *sim) pauseAndResume() {
	name, ok := s.name()
	if !ok {
		return
	}
	for _, target := range []store.TargetState{store.TargetPaused, store.TargetStarted} {
		err := s.ask(func(n *node) error { return n.herder.SetTarget(s.t.Context(), name, target) })
		s.say("connector %s is to be %s: %v", name, target, err)
		if err != nil {
			s.doubtful[name] = true
		}
		time.Sleep(time.Duration(s.rand.IntN(2000)) * time.Millisecond)
	}
}

func (s *sim) restart() {
	if name, ok := s.name(); ok {
		err := s.ask(func(n *node) error {
			_, err := n.herder.RestartWith(s.t.Context(), name, true, false)
			return err
		})
		s.say("connector %s and its tasks are restarted: %v", name, err)
	}
}

// ask asks workers until one does it; the last error counts.
func (s *sim) ask(do func(n *node) error) error {
	var err error
	for range 3 {
		for _, n := range s.live {
			err = do(n)
			if _, elsewhere := errors.AsType[*herder.ForwardError](err); !elsewhere {
				return err
			}
		}
		time.Sleep(time.Second)
	}
	return err
}

func (s *sim) join() {
	s.made++
	n := s.start(fmt.Sprintf("w%d", s.made))
	s.live = append(s.live, n)
	s.say("worker %s joins", n.id)
}

func (s *sim) leave(n *node) {
	s.say("worker %s leaves", n.id)
	s.remaining(n)
	n.stop()
	<-n.ended
}

// kill ends a worker with no chance to say goodbye.
func (s *sim) kill(n *node) {
	s.say("worker %s dies", n.id)
	s.remaining(n)
	n.link.cut()
	s.running.forget(n)
	n.stop() // what it tries to say is not heard
}

func (s *sim) remaining(n *node) {
	s.live = slices.DeleteFunc(s.live, func(o *node) bool { return o == n })
	s.gone = append(s.gone, n)
	n.died = time.Now()
}

func (s *sim) partition(n *node) {
	d := time.Duration(s.rand.IntN(20_000)) * time.Millisecond
	s.say("worker %s loses its network for %v", n.id, d)
	n.link.cut()
	time.AfterFunc(d, n.link.heal)
}

// check compares what was accepted with what is configured, runs and is shown.
func (s *sim) check() {
	s.t.Helper()
	want := map[string]bool{}
	for name, tasks := range s.accepted {
		if s.doubtful[name] {
			continue
		}
		info, ok := s.live[0].herder.Info(name)
		if !ok || len(info.Tasks) != tasks { // Invariant 3.
			s.t.Errorf("connector %s was accepted with %d tasks, and has %d (there: %v)", name, tasks, len(info.Tasks), ok)
		}
	}
	for _, name := range s.live[0].herder.Connectors() {
		info, _ := s.live[0].herder.Info(name)
		units := []string{name}
		for _, id := range info.Tasks {
			units = append(units, id.String())
		}
		for _, u := range units {
			want[u] = true
			if n := s.running.at(u); n == nil {
				s.t.Errorf("%s runs nowhere", u)
			}
		}
		for _, n := range s.live {
			status, ok := n.herder.Status(name)
			paused := *info.Config["tasks.max"] != "" && s.doubtful[name]
			if !ok || len(status.Tasks) != len(info.Tasks) || status.Connector.State != store.Running && !paused {
				s.t.Errorf("%s shows %s as %s with %d tasks of %d", n.id, name, status.Connector.State, len(status.Tasks), len(info.Tasks))
			}
			if at := s.running.at(name); at != nil && status.Connector.WorkerID != at.id {
				s.t.Errorf("%s shows %s on %s, it runs on %s", n.id, name, status.Connector.WorkerID, at.id)
			}
		}
	}
	for _, u := range s.running.all() {
		if !want[u] {
			s.t.Errorf("%s runs on %s and is not configured", u, s.running.at(u).id)
		}
	}
	s.say("%d connectors on %d workers", len(s.live[0].herder.Connectors()), len(s.live))
}

func logger(id string) *slog.Logger {
	if os.Getenv("SIM_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("worker", id)
}
