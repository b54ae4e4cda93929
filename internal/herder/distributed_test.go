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

func TestGroupRunsConnectors(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	// What was answered is what is read (invariant 8).
	if info, ok := a.Info("x"); !ok || info.Type != herder.TypeSource || *info.Config["topic"] != "t" {
		t.Errorf("info is %+v", info)
	}
	c.eventually(c.runs("x"))
	b := c.join("b:1")
	a.create("y", nil)
	c.eventually(c.runs("x", "y"))
	b.worker.set(func() {
		if len(b.worker.connectors) != 1 || len(b.worker.tasks) != 2 {
			t.Errorf("b runs %v and %v", b.worker.connectors, b.worker.tasks)
		}
	})
	if got, want := fmt.Sprint(b.Connectors()), "[x y]"; got != want {
		t.Errorf("b knows %s, want %s", got, want)
	}
	c.leave(a) // the leader
	c.eventually(c.runs("x", "y"))
	if err := b.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	c.eventually(c.runs("y"))
	c.eventually(func() string {
		if _, ok := b.Status("x"); ok {
			return "x has a status after its deletion"
		}
		return ""
	})
}

func (n *node) isReady() string {
	if state, message := n.Health(); state != "healthy" {
		return message
	}
	return ""
}

// TestQuietChanges counts starts: a change of one connector starts nothing of
// another.
func TestQuietChanges(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	a.create("x", nil)
	a.create("y", nil)
	c.eventually(c.runs("x", "y"))
	change := func(what string, want int, names []string, f func() error) {
		t.Helper()
		before := c.starts()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		c.eventually(func() string {
			if got := c.starts() - before; got < want {
				return fmt.Sprintf("%s starts %d instances, want %d", what, got, want)
			}
			return c.runs(names...)()
		})
		if got := c.starts() - before; got != want {
			t.Errorf("%s starts %d instances, want %d", what, got, want)
		}
	}
	change("creating z", 3, []string{"x", "y", "z"}, func() error { a.create("z", nil); return nil })
	change("changing x", 3, []string{"x", "y", "z"}, func() error { a.create("x", config.Map{"topic": "u"}); return nil })
	change("restarting x", 1, []string{"x", "y", "z"}, func() error { return c.owner("x").Restart(t.Context(), "x") })
	change("restarting a task", 1, []string{"x", "y", "z"}, func() error {
		return c.ownerOf(store.TaskID{Connector: "y"}).RestartTask(t.Context(), store.TaskID{Connector: "y"})
	})
	change("restarting y with tasks", 3, []string{"x", "y", "z"}, func() error {
		plan, err := a.RestartWith(t.Context(), "y", true, false)
		if plan.Connector.State != store.Restarting || plan.Tasks[1].State != store.Restarting {
			t.Errorf("the plan is %+v", plan)
		}
		return err
	})
	change("pausing x", 0, nil, func() error {
		if err := b.SetTarget(t.Context(), "x", store.TargetPaused); err != nil {
			return err
		}
		c.eventually(c.isIn("x", store.Paused))
		return b.SetTarget(t.Context(), "x", store.TargetStarted)
	})
	c.eventually(c.runs("x", "y", "z"))
	if err := a.SetTarget(t.Context(), "x", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	c.eventually(c.isIn("x", store.Stopped))
	change("resuming x", 2, []string{"x", "y", "z"}, func() error { return b.SetTarget(t.Context(), "x", store.TargetStarted) })
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

// TestManyConnectors creates many connectors as a script does; they settle in
// one go.
func TestManyConnectors(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	var names []string
	for i := range 300 {
		name := fmt.Sprintf("c%03d", i)
		names = append(names, name)
		a.create(name, nil)
	}
	c.eventually(c.runs(names...))
	if got, want := c.starts(), 3*len(names); got != want {
		t.Errorf("%d starts for %d instances", got, want)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("%d connectors took %d rounds", len(names), c.rounds)
}

// TestForward says where requests belong that this worker cannot answer.
func TestForward(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	b := c.join("b:1")
	c.eventually(b.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	leader := "http://a:1/"
	for what, err := range map[string]error{
		"put": func() error {
			_, _, err := b.Put(t.Context(), "y", source("y", nil), nil, false)
			return err
		}(),
		"put what is wrong": func() error {
			_, _, err := b.Put(t.Context(), "y", source("y", config.Map{"tasks.max": "x"}), nil, false)
			return err
		}(),
		"patch":  func() error { _, err := b.Patch(t.Context(), "x", config.Raw{}); return err }(),
		"delete": b.Delete(t.Context(), "x"),
		"stop":   b.SetTarget(t.Context(), "x", store.TargetStopped),
		"restart with": func() error {
			_, err := b.RestartWith(t.Context(), "x", true, false)
			return err
		}(),
		"alter offsets": func() error { _, err := b.AlterOffsets(t.Context(), "x", nil); return err }(),
		"reset offsets": func() error { _, err := b.ResetOffsets(t.Context(), "x"); return err }(),
	} {
		f, ok := errors.AsType[*herder.ForwardError](err)
		if !ok || f.URL != leader {
			t.Errorf("%s: %v goes to %+v, want the leader", what, err, f)
		}
	}
	owner := c.owner("x")
	for _, n := range c.nodes {
		err := n.Restart(t.Context(), "x")
		f, forward := errors.AsType[*herder.ForwardError](err)
		switch {
		case n == owner && err != nil:
			t.Errorf("the owner answers %v", err)
		case n != owner && n == a && (!forward || f.URL != owner.url()):
			t.Errorf("the leader sends a restart to %v, want the owner %s", err, owner.url())
		case n != owner && n != a && (!forward || f.URL != leader):
			t.Errorf("a follower sends a restart to %v, want the leader", err)
		}
	}
	b.Left()
	c.eventually(func() string {
		if f, ok := errors.AsType[*herder.ForwardError](b.Delete(t.Context(), "x")); !ok || f.URL != "" {
			return "a worker in no group still forwards"
		}
		return ""
	})
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	for _, tt := range []struct {
		what, want string
		err        error
	}{
		{"delete", "Connector no not found", a.Delete(t.Context(), "no")},
		{"pause", "Unknown connector no", a.SetTarget(t.Context(), "no", store.TargetPaused)},
		{"restart", "Unknown connector: no", a.Restart(t.Context(), "no")},
		{"restart task", "Unknown task: x-7", a.RestartTask(t.Context(), store.TaskID{Connector: "x", Task: 7})},
		{"patch", "Connector no not found", func() error { _, err := a.Patch(t.Context(), "no", nil); return err }()},
	} {
		if code, message := status(t, tt.err); code != http.StatusNotFound || message != tt.want {
			t.Errorf("%s: %d %s, want 404 %s", tt.what, code, message, tt.want)
		}
	}
	if _, _, err := a.Put(t.Context(), "x", source("x", nil), nil, false); err == nil {
		t.Error("a connector is created twice")
	} else if code, message := status(t, err); code != http.StatusConflict || message != "Connector x already exists" {
		t.Errorf("got %d %s", code, message)
	}
}

// TestInternalRequests checks signatures as KIP-507 says.
func TestInternalRequests(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(func() string {
		if a.configs.Snapshot().SessionKey() == nil {
			return "the leader has written no session key"
		}
		return ""
	})
	for _, tt := range []struct {
		name string
		sig  *herder.Signature
		code int
		text string
	}{
		{"none", nil, http.StatusBadRequest, "Internal request missing required signature"},
		{"another algorithm", &herder.Signature{Algorithm: "HmacMD5"}, http.StatusBadRequest, "This worker does not support the 'HmacMD5' key signing algorithm"},
		{"wrong", &herder.Signature{Algorithm: "HmacSHA256", MAC: []byte("x")}, http.StatusForbidden, "Internal request contained invalid signature."},
	} {
		code, message := status(t, a.PutTaskConfigs(t.Context(), "x", nil, tt.sig))
		if code != tt.code || !strings.HasPrefix(message, tt.text) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, code, message, tt.code, tt.text)
		}
	}
}

// TestKeyIsRotated gives the key a short life.
func TestKeyIsRotated(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"inter.worker.key.ttl.ms": "20"})
	a := c.join("a:1")
	keys := map[string]bool{}
	c.eventually(func() string {
		if k := a.configs.Snapshot().SessionKey(); k != nil {
			keys[k.Key.Reveal()] = true
		}
		if len(keys) < 3 {
			return fmt.Sprintf("%d session keys were seen", len(keys))
		}
		return ""
	})
}

// TestLeaderAway lets task configurations reach the leader later.
func TestLeaderAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	c.mu.Lock()
	c.refuse["a:1"] = true
	c.mu.Unlock()
	a.create("x", nil)
	a.create("y", nil)
	c.eventually(func() string {
		owner := 0
		b.worker.set(func() { owner = len(b.worker.connectors) })
		if owner == 0 {
			return "b runs no connector"
		}
		return ""
	})
	c.mu.Lock()
	delete(c.refuse, "a:1")
	c.mu.Unlock()
	c.eventually(c.runs("x", "y"))
}

// TestRevokedWhileTheLeaderWaits revokes a connector whose task configurations
// are on their way to the leader, which answers only when the rebalance is over:
// the revocation must not wait for that.
func TestRevokedWhileTheLeaderWaits(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	hang := make(chan struct{})
	c.mu.Lock()
	c.hang = hang
	c.mu.Unlock()
	a.create("x", nil)
	a.create("y", nil)
	var owned []string
	c.eventually(func() string {
		asked := false
		b.worker.set(func() { owned, asked = slices.Collect(maps.Keys(b.worker.connectors)), b.worker.tasksMax > 0 })
		if len(owned) == 0 || !asked {
			return "b was not asked for task configurations"
		}
		return ""
	})
	done := make(chan struct{})
	b.Revoked(assign.Work{Connectors: owned}, func() { close(done) })
	<-done
	close(hang)
}

// TestRevokedWhileAnotherOperationRuns revokes a connector and its tasks while the
// connector hangs in a restart: they are told to stop all the same, since others are
// given them when the session of this worker ends.
func TestRevokedWhileAnotherOperationRuns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	hang := make(chan struct{})
	a.worker.set(func() { a.worker.hang = hang })
	restarted := make(chan error, 1)
	go func() { restarted <- a.Restart(context.WithoutCancel(t.Context()), "x") }()
	c.eventually(func() string {
		waiting := ""
		a.worker.set(func() {
			if _, runs := a.worker.connectors["x"]; runs {
				waiting = "the restart has not begun"
			}
		})
		return waiting
	})
	done := make(chan struct{})
	a.Revoked(assign.Work{Connectors: []string{"x"}, Tasks: []store.TaskID{{Connector: "x", Task: 1}}}, func() { close(done) })
	c.eventually(func() (told string) {
		a.worker.set(func() { told = strings.Join(a.worker.told, " ") })
		if told == "x-1 x" {
			return ""
		}
		return "told to stop: " + told
	})
	select {
	case <-done:
		t.Error("the revocation does not wait for the restart")
	default:
	}
	a.worker.set(func() { a.worker.hang = nil })
	close(hang)
	<-done
	if err := <-restarted; err == nil {
		t.Error("what was revoked has started again")
	}
}

func TestClusterLevels(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	if err := b.SetClusterLoggerLevel(t.Context(), "org.apache.kafka", "DEBUG"); err != nil {
		t.Fatal(err)
	}
	c.eventually(func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		if fmt.Sprint(a.levels, b.levels) != "[org.apache.kafka=DEBUG] [org.apache.kafka=DEBUG]" {
			return fmt.Sprint("the levels are ", a.levels, b.levels)
		}
		return ""
	})
}

func TestTopicsOfAGroup(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	a.TopicUsed(store.TaskID{Connector: "x", Task: 1}, "t")
	a.TopicUsed(store.TaskID{Connector: "x"}, "s")
	if got := fmt.Sprint(a.Topics("x")); got != "[s t]" {
		t.Errorf("topics are %s", got)
	}
	if err := a.ResetTopics(t.Context(), "x"); err != nil || len(a.Topics("x")) != 0 {
		t.Errorf("topics after a reset are %v, %v", a.Topics("x"), err)
	}
	a.TopicUsed(store.TaskID{Connector: "x"}, "s")
	if err := a.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	c.eventually(func() string {
		if got := a.Topics("x"); len(got) > 0 {
			return fmt.Sprint("topics after the deletion are ", got)
		}
		return ""
	})
}
