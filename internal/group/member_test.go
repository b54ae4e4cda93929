package group

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// topic is a config topic that all workers of a test share.
type topic struct {
	mu     sync.Mutex
	offset int64
	counts map[string]int // tasks of each connector
}

func (p *topic) set(name string, tasks int) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset++
	if tasks < 0 {
		delete(p.counts, name)
	} else {
		p.counts[name] = tasks
	}
	return p.offset
}

func (p *topic) read() (assign.Work, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var w assign.Work
	for name, n := range p.counts {
		w.Connectors = append(w.Connectors, name)
		for i := range n {
			w.Tasks = append(w.Tasks, store.TaskID{Connector: name, Task: i})
		}
	}
	return w, p.offset
}

// worker is a fake herder with its own, perhaps late, view of the topic.
type worker struct {
	t       *testing.T
	name    string
	topic   *topic
	member  *Member
	stop    context.CancelFunc
	done    chan error
	changed chan struct{} // holds a token when something has changed

	mu       sync.Mutex
	view     assign.Work
	offset   int64
	running  assign.Work
	stopped  int // units that were revoked
	unread   bool
	leaver   bool
	cares    bool // about who has the plugins
	lastSeen assign.Assignment
}

func (w *worker) Offset() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offset
}

func (w *worker) Configured() (assign.Work, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view.Clone(), w.offset
}

func (w *worker) Lacking(classes []string) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]bool{}
	for _, c := range w.view.Connectors {
		out[c] = w.cares && !slices.Contains(classes, c) // a connector's class is its name
	}
	return out
}

// careless has the worker, when it leads, give work to those that lack the plugins.
func (w *worker) careless() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cares = false
}

func (w *worker) Refresh(ctx context.Context) error {
	w.mu.Lock()
	unread := w.unread
	w.mu.Unlock()
	if unread {
		<-ctx.Done()
		return ctx.Err()
	}
	w.look()
	return nil
}

// look reads the topic to its end.
func (w *worker) look() {
	view, offset := w.topic.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view, w.offset = view, offset
}

func (w *worker) Assigned(a assign.Assignment) {
	w.mu.Lock()
	w.running, w.lastSeen, w.leaver = a.Held, a, false
	w.mu.Unlock()
	w.tell()
}

func (w *worker) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *worker) Revoked(work assign.Work, done func()) {
	w.mu.Lock()
	w.running = w.running.Minus(work)
	w.stopped += len(work.Connectors) + len(work.Tasks)
	w.mu.Unlock()
	done()
	w.tell()
}

func (w *worker) Left() {
	w.mu.Lock()
	w.leaver = true
	w.mu.Unlock()
	w.tell()
}

// cluster is a group of workers on a fake broker.
type cluster struct {
	t       *testing.T
	fake    *kfake.Cluster
	topic   *topic
	workers map[string]*worker
	changed chan struct{}
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	return &cluster{t: t, fake: fake, topic: &topic{counts: map[string]int{}}, workers: map[string]*worker{}, changed: make(chan struct{}, 1)}
}

func (c *cluster) join(name string, settings config.Map) *worker {
	c.t.Helper()
	return c.joinWith(name, settings, nil)
}

// joinWith adds a worker that has the plugins; nil does not say.
func (c *cluster) joinWith(name string, settings config.Map, plugins []string) *worker {
	c.t.Helper()
	all := config.Map{
		"bootstrap.servers": c.fake.ListenAddrs()[0], "group.id": "g", "client.id": name,
		"scheduled.rebalance.max.delay.ms": "0", "heartbeat.interval.ms": "50", "session.timeout.ms": "6000",
	}
	maps.Copy(all, settings)
	w := &worker{t: c.t, name: name, topic: c.topic, changed: c.changed, done: make(chan error, 1), cares: true}
	w.look()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("GROUP_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("worker", name)
	}
	member, err := New(Config{Settings: all, URL: "http://" + name + "/", WorkerID: name + ":1", Configs: w, Listener: w, Log: log, Plugins: plugins})
	if err != nil {
		c.t.Fatal(err)
	}
	w.member = member
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() { w.done <- member.Run(ctx) }()
	c.t.Cleanup(func() { c.leave(name) })
	c.workers[name] = w
	return w
}

func (c *cluster) leave(name string) {
	w := c.workers[name]
	if w == nil {
		return
	}
	w.stop()
	if err := <-w.done; err != nil {
		c.t.Errorf("worker %s ended with %v", name, err)
	}
	delete(c.workers, name)
}

// configure changes the topic; all workers read it and ask for a rebalance.
func (c *cluster) configure(name string, tasks int) {
	offset := c.topic.set(name, tasks)
	for _, w := range c.workers {
		w.look()
		w.member.Rejoin(offset, "configured")
	}
}

// settled waits until every configured unit runs once, shared equally.
func (c *cluster) settled() {
	c.t.Helper()
	c.until(c.unsettled)
}

// until waits until why returns "", and fails the test of a group that hangs.
func (c *cluster) until(why func() string) {
	c.t.Helper()
	deadline := time.After(30 * time.Second)
	for why() != "" {
		select {
		case <-deadline:
			c.t.Fatalf("the group hangs: %s", why())
		case <-c.changed:
		}
	}
}

func (c *cluster) unsettled() string {
	configured, offset := c.topic.read()
	var all assign.Work
	total, least, most, leaders := 0, 1<<30, 0, 0
	for _, w := range c.workers {
		w.mu.Lock()
		running, seen, left := w.running, w.lastSeen, w.leaver
		w.mu.Unlock()
		if seen.ConfigOffset != offset || left {
			return fmt.Sprintf("%s has an assignment for %d, the topic is at %d", w.name, seen.ConfigOffset, offset)
		}
		n := len(running.Tasks)
		total += n
		least, most = min(least, n), max(most, n)
		all = all.Plus(running)
		if seen.Leader {
			leaders++
			if got := len(seen.Owners.Connectors); got != len(configured.Connectors) {
				return fmt.Sprintf("the leader knows owners of %d connectors of %d", got, len(configured.Connectors))
			}
		}
	}
	switch {
	case len(all.Tasks) != len(configured.Tasks) || len(all.Connectors) != len(configured.Connectors):
		return fmt.Sprintf("%d tasks and %d connectors run, %d and %d are configured", len(all.Tasks), len(all.Connectors), len(configured.Tasks), len(configured.Connectors))
	case total != len(all.Tasks):
		return "a task runs twice"
	case most-least > 1:
		return fmt.Sprintf("one runs %d tasks, another %d", least, most)
	case leaders != 1:
		return fmt.Sprintf("%d workers lead", leaders)
	}
	return ""
}

func TestGroupGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{sessioned, compatible, eager} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			settings := config.Map{"connect.protocol": protocol}
			c.join("a", settings)
			c.configure("x", 4)
			c.configure("y", 5)
			c.settled()
			c.join("b", settings)
			c.settled()
			c.join("c", settings)
			c.settled()
			c.configure("z", 3)
			c.configure("x", -1)
			c.settled()
			c.leave("a") // it may have led
			c.settled()
			for _, w := range c.workers {
				if w.lastSeen.Signed != (protocol == sessioned) {
					t.Errorf("%s: requests are signed is %v", protocol, w.lastSeen.Signed)
				}
			}
			c.leave("b")
			c.settled()
		})
	}
}

// TestNothingMovesWithoutNeed counts what a new connector stops elsewhere.
func TestNothingMovesWithoutNeed(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.join("a", nil)
	c.join("b", nil)
	c.configure("x", 4)
	c.configure("y", 4)
	c.settled()
	before := c.stops()
	c.configure("z", 2)
	c.settled()
	if got := c.stops() - before; got != 0 {
		t.Errorf("a new connector stopped %d units of others", got)
	}
}

func (c *cluster) stops() int {
	n := 0
	for _, w := range c.workers {
		w.mu.Lock()
		n += w.stopped
		w.mu.Unlock()
	}
	return n
}

// TestManyWishesMakeFewRounds configures a thousand connectors one after the
// other, as a script does.
func TestManyWishesMakeFewRounds(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a, b := c.join("a", nil), c.join("b", nil)
	c.settled()
	before := a.generation()
	for i := range 1000 {
		c.configure(fmt.Sprintf("c%03d", i), 1)
	}
	c.settled()
	rounds := max(a.generation(), b.generation()) - before
	t.Logf("1000 connectors took %d rounds", rounds)
	if rounds > 100 {
		t.Errorf("1000 connectors took %d rounds", rounds)
	}
}

func (w *worker) generation() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lastSeen.Generation
}

// TestMixedProtocols has one eager worker bring all to its protocol.
func TestMixedProtocols(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.join("a", nil)
	c.configure("x", 4)
	c.settled()
	c.join("b", config.Map{"connect.protocol": eager})
	c.settled()
	if a.lastSeen.Signed {
		t.Error("requests are still signed with an eager worker in the group")
	}
	c.leave("b")
	c.settled()
	if !a.lastSeen.Signed {
		t.Error("requests are not signed after the eager worker has left")
	}
}

// TestBehindTheTopic has a worker that is told of a configuration which it
// cannot read: it leaves, so that nobody waits, and comes back when it can.
func TestBehindTheTopic(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.join("a", nil)
	c.configure("x", 2)
	c.settled()
	settings := config.Map{"worker.sync.timeout.ms": "50"}
	b := c.join("b", settings)
	c.settled()
	b.mu.Lock()
	b.unread = true
	b.mu.Unlock()
	offset := c.topic.set("y", 4)
	c.workers["a"].look()
	c.workers["a"].member.Rejoin(offset, "configured")
	c.until(b.notOut)
	b.mu.Lock()
	b.unread = false
	b.mu.Unlock()
	c.settled()
}

func (w *worker) notOut() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.leaver {
		return ""
	}
	return w.name + " is still a member"
}

// TestSilentCoordinator cuts the broker off: what runs is stopped, and runs
// again when the broker is back.
func TestSilentCoordinator(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.join("a", nil)
	c.configure("x", 2)
	c.settled()
	c.fake.Close()
	c.until(func() string {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.leaver || !a.running.Empty() {
			return fmt.Sprintf("%v still runs without a group", a.running)
		}
		return ""
	})
	a.stop() // ends although nobody answers
	if err := <-a.done; err != nil {
		t.Error(err)
	}
	delete(c.workers, "a")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := config.Map{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}
	for _, tt := range []struct {
		name  string
		set   config.Map
		wrong bool
	}{
		{"defaults", nil, false},
		{"no group", config.Map{"group.id": ""}, false}, // the broker refuses it
		{"protocol", config.Map{"connect.protocol": "lazy"}, true},
		{"heartbeat as long as the session", config.Map{"heartbeat.interval.ms": "10000"}, true},
		{"no number", config.Map{"session.timeout.ms": "ten"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := maps.Clone(good)
			maps.Copy(all, tt.set)
			m, err := New(Config{Settings: all, Log: slog.New(slog.DiscardHandler)})
			if (err != nil) != tt.wrong {
				t.Errorf("got %v", err)
			}
			if m != nil {
				m.client.Close()
			}
		})
	}
	if _, err := New(Config{Settings: config.Map{"bootstrap.servers": "127.0.0.1:1"}, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a worker without group.id is made")
	}
}
