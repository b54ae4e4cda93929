package herder_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/store"
	"sluice/internal/store/journal"
	"sluice/internal/store/memory"
)

// cluster is a group of herders in one process: they share topics in memory, and
// a coordinator that plans as a leader does.
type cluster struct {
	t               *testing.T
	configs, status *memory.Topic
	settings        config.Map
	log             slog.Handler // of the workers; nil drops all
	mu              sync.Mutex   // guards the following
	nodes           []*node      // the first one leads
	state           assign.State
	generation      int
	wanted          bool
	stopped         bool
	rounds          int
	wake            chan struct{}
	done            chan struct{}
	refuse          map[string]bool // nodes that answer no request
	hang            chan struct{}   // requests wait for it, if it is not nil
	peers           []assign.Peer   // what all know of the members
	validated       func(url string, cfg config.Raw) (herder.ConfigInfos, error)
}

// node is a worker of a cluster.
type node struct {
	*herder.Distributed
	c        *cluster
	id       string
	worker   *fakeWorker
	configs  *journal.Configs
	statuses *journal.Statuses
	held     assign.Work
	levels   []string
	reasons  []string // of rebalances that were wanted; guarded by the worker's mu
	fenced   []string // rounds of fencing; guarded by the cluster's mu
	fencing  func()   // called in each of them; guarded by the cluster's mu
	ledger   *ledger
	stop     context.CancelFunc
	ended    chan error
}

func newCluster(t *testing.T, settings config.Map) *cluster {
	t.Helper()
	c := &cluster{
		t: t, configs: memory.NewTopic(), status: memory.NewTopic(), settings: settings, state: assign.NewState(),
		wake: make(chan struct{}, 1), done: make(chan struct{}), refuse: map[string]bool{},
	}
	go c.coordinate()
	t.Cleanup(func() {
		for _, n := range slices.Clone(c.nodes) {
			c.leave(n)
		}
		c.mu.Lock()
		c.stopped = true
		c.mu.Unlock()
		c.poke()
		<-c.done
	})
	return c
}

func (c *cluster) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// coordinate makes rounds while they are wanted.
func (c *cluster) coordinate() {
	defer close(c.done)
	for range c.wake {
		for {
			c.mu.Lock()
			if c.stopped {
				c.mu.Unlock()
				return
			}
			if !c.wanted || len(c.nodes) == 0 {
				c.mu.Unlock()
				break
			}
			c.wanted = false
			c.round()
			c.mu.Unlock()
		}
	}
}

// round is one rebalance; mu is locked.
func (c *cluster) round() {
	c.generation++
	c.rounds++
	leader := c.nodes[0]
	snapshot := leader.configs.Snapshot()
	r := assign.Round{Generation: c.generation, Completed: c.generation - 1, Now: time.Now()}
	if c.generation == 1 {
		r.Completed = -1
	}
	for name := range snapshot.Connectors() {
		r.Configured.Connectors = append(r.Configured.Connectors, name)
		r.Configured.Tasks = append(r.Configured.Tasks, snapshot.Tasks(name)...)
	}
	for _, n := range c.nodes {
		r.Members = append(r.Members, assign.Member{ID: n.id, Holds: n.held})
	}
	var plan assign.Plan
	c.state, plan = assign.Incremental(c.state, r)
	owners := assign.NewOwners()
	for _, n := range c.nodes {
		owners.Add(n.url(), plan.Next[n.id])
	}
	var revoking sync.WaitGroup
	for _, n := range c.nodes {
		if w := plan.Revoked[n.id]; !w.Empty() {
			c.wanted = true
			revoking.Add(1)
			n.Revoked(w, revoking.Done)
		}
		n.held = n.held.Minus(plan.Revoked[n.id]).Plus(plan.Assigned[n.id])
	}
	revoking.Wait()
	for _, n := range c.nodes {
		a := assign.Assignment{
			Generation: c.generation, MemberID: n.id, Leader: n == leader, LeaderURL: leader.url(),
			ConfigOffset: snapshot.Offset(), Signed: true, Held: n.held.Clone(), Peers: c.peers,
		}
		if a.Leader {
			a.Owners = owners
		}
		n.Assigned(a)
	}
}

func (n *node) url() string { return "http://" + n.id + "/" }

// Rejoin implements herder.Group.
func (n *node) Rejoin(_ int64, reason string) {
	n.worker.set(func() { n.reasons = append(n.reasons, reason) })
	n.c.poke2()
}

func (c *cluster) poke2() {
	go func() { // the coordinator may be in the middle of a round
		c.mu.Lock()
		c.wanted = true
		c.mu.Unlock()
		c.poke()
	}()
}

// SetLevel implements herder.Levels.
func (n *node) SetLevel(logger, level string) error {
	n.c.mu.Lock()
	defer n.c.mu.Unlock()
	n.levels = append(n.levels, logger+"="+level)
	return nil
}

// Send implements herder.Peers: requests go to the node of the URL.
func (n *node) Send(ctx context.Context, method, url string, body []byte, sig *herder.Signature) error {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	n.c.mu.Lock()
	i := slices.IndexFunc(n.c.nodes, func(o *node) bool { return o.id == host })
	if i < 0 || n.c.refuse[host] {
		n.c.mu.Unlock()
		return errors.New("connection refused")
	}
	to, hang := n.c.nodes[i], n.c.hang
	n.c.mu.Unlock()
	if hang != nil {
		<-hang
	}
	name := strings.Split(path, "/")[1]
	if method == http.MethodPut && path == "connectors/"+name+"/fence" && body == nil {
		return to.FenceZombies(ctx, name, sig)
	}
	if method != http.MethodPost || path != "connectors/"+name+"/tasks" {
		return fmt.Errorf("no request of Java: %s %s", method, path)
	}
	var configs []config.Map
	if err := json.Unmarshal(body, &configs); err != nil {
		return err
	}
	return to.PutTaskConfigs(ctx, name, configs, sig)
}

// Ask implements herder.Peers: only validations are asked for.
func (n *node) Ask(_ context.Context, _, url string, body []byte) ([]byte, error) {
	var cfg config.Raw
	if err := json.Unmarshal(body, &cfg); err != nil {
		return nil, err
	}
	n.c.mu.Lock()
	defer n.c.mu.Unlock()
	infos, err := n.c.validated(url, cfg)
	if err != nil {
		return nil, err
	}
	return json.Marshal(infos)
}

// join adds a worker and starts it.
func (c *cluster) join(id string) *node {
	c.t.Helper()
	log := slog.New(cmp.Or(c.log, slog.DiscardHandler))
	if os.Getenv("HERDER_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("worker", id)
	}
	n := &node{c: c, id: id, configs: c.configs.Configs(false, log), statuses: c.status.Statuses(log), ended: make(chan error, 1)}
	for _, start := range []func(context.Context) error{n.configs.Start, n.statuses.Start} {
		if err := start(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	n.worker = &fakeWorker{connectors: map[string]int{}, tasks: map[store.TaskID]int{}, targetState: map[string]store.TargetState{}}
	n.ledger = &ledger{ConfigStore: n.configs}
	settings := config.Map{"key.converter": jsonClass, "value.converter": jsonClass, "group.id": "g"}
	maps.Copy(settings, c.settings)
	h, err := herder.NewDistributed(herder.DistributedConfig{
		WorkerID: id, Worker: n.worker, Plugins: registry(), Settings: settings, ClusterID: "c",
		Configs: n.ledger, Statuses: n.statuses, Group: n, Peers: n, Levels: n, Log: log,
		Offsets: &memoryOffsets{}, Fencer: n,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	n.Distributed, n.worker.listener = h, h
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	go func() { n.ended <- h.Run(ctx) }()
	c.mu.Lock()
	c.nodes = append(c.nodes, n)
	c.mu.Unlock()
	c.poke2()
	return n
}

// leave ends a worker in order.
func (c *cluster) leave(n *node) {
	n.stop()
	if err := <-n.ended; err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	c.nodes = slices.DeleteFunc(c.nodes, func(o *node) bool { return o == n })
	c.mu.Unlock()
	_ = n.configs.Close()
	_ = n.statuses.Close()
	c.poke2()
}

// eventually waits until why returns "". What is waited for happens in other
// goroutines and tells nobody.
func (c *cluster) eventually(why func() string) {
	c.t.Helper()
	deadline := time.After(20 * time.Second)
	for why() != "" {
		select {
		case <-deadline:
			c.t.Fatal(why())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// runs says what keeps the connectors, with two tasks each, from running once.
func (c *cluster) runs(names ...string) func() string {
	return func() string {
		if names == nil {
			return ""
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		connectors, tasks := map[string]int{}, map[store.TaskID]int{}
		for _, n := range c.nodes {
			n.worker.mu.Lock()
			for name := range n.worker.connectors {
				connectors[name]++
			}
			for id := range n.worker.tasks {
				tasks[id]++
			}
			n.worker.mu.Unlock()
		}
		if len(connectors) != len(names) || len(tasks) != 2*len(names) {
			return fmt.Sprintf("connectors %v and tasks %v run", connectors, tasks)
		}
		for _, name := range names {
			if connectors[name] != 1 || tasks[store.TaskID{Connector: name}] != 1 || tasks[store.TaskID{Connector: name, Task: 1}] != 1 {
				return fmt.Sprintf("of %s runs %d, of all tasks %v", name, connectors[name], tasks)
			}
			st, ok := c.nodes[0].Status(name)
			if !ok || st.Connector.State != store.Running || len(st.Tasks) != 2 || st.Tasks[0].State != store.Running || st.Tasks[1].State != store.Running {
				return fmt.Sprintf("the status of %s is %+v", name, st)
			}
		}
		return ""
	}
}

func (c *cluster) starts() (n int) {
	for _, w := range c.nodes {
		w.worker.set(func() { n += w.worker.taskStarts + w.worker.connectorStarts })
	}
	return n
}

func (n *node) create(name string, more config.Map) {
	n.c.t.Helper()
	if _, _, err := n.Put(n.c.t.Context(), name, source(name, more), nil, true); err != nil {
		n.c.t.Fatal(err)
	}
}

// alone joins the worker a:1, which runs the connector x when it is returned.
func (c *cluster) alone() *node {
	c.t.Helper()
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	return a
}

func (n *node) isReady() string {
	if state, message := n.Health(); state != "healthy" {
		return message
	}
	return ""
}

func (c *cluster) isIn(name string, state store.State) func() string {
	return func() string {
		st, _ := c.nodes[0].Status(name)
		if st.Connector.State != state {
			return fmt.Sprintf("%s is %s, want %s", name, st.Connector.State, state)
		}
		return ""
	}
}

func (c *cluster) owner(name string) *node {
	for _, n := range c.nodes {
		found := false
		n.worker.set(func() { _, found = n.worker.connectors[name] })
		if found {
			return n
		}
	}
	c.t.Fatalf("nobody runs %s", name)
	return nil
}

func (c *cluster) ownerOf(id store.TaskID) *node {
	for _, n := range c.nodes {
		found := false
		n.worker.set(func() { _, found = n.worker.tasks[id] })
		if found {
			return n
		}
	}
	c.t.Fatalf("nobody runs %s", id)
	return nil
}
