//go:build synctests

package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/connect/plugin"
	connectors "sluice/connectors/all"
	converters "sluice/converters/all"
	"sluice/internal/group"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/store/kafka"
)

// node is a worker: real but for what its connectors and tasks do.
type node struct {
	sim    *sim
	id     string
	link   *link
	herder *herder.Distributed
	stop   context.CancelFunc
	ended  chan struct{}
	died   time.Time // or left
}

func (s *sim) start(id string) *node {
	n := &node{sim: s, id: id, link: &link{dial: s.network.DialContext, conns: map[net.Conn]bool{}}, ended: make(chan struct{})}
	settings := config.Map{
		"bootstrap.servers": s.broker, "group.id": "g", "scheduled.rebalance.max.delay.ms": "10000",
		"key.converter": "StringConverter", "value.converter": "StringConverter",
	}
	for _, kind := range []string{"config", "offset", "status"} {
		settings[kind+".storage.topic"] = kind
		settings[kind+".storage.replication.factor"] = "1"
	}
	log, opts := logger(id), []kgo.Opt{kgo.Dialer(n.link.connect)}
	stores, err := kafka.New(kafka.Config{Worker: settings, Log: log, Opts: opts})
	if err != nil {
		s.t.Fatal(err)
	}
	base := context.WithoutCancel(s.t.Context())
	if err := stores.Start(base); err != nil {
		s.t.Fatal(err)
	}
	run := &runner{node: n, units: map[string]bool{}}
	news := &relay{}
	member, err := group.New(group.Config{
		Settings: settings, URL: "http://" + id + "/", WorkerID: id, Configs: group.FromStore(stores.Configs, func(classes []string) func(config.Raw) []string { return plugins.NamesOf(classes).Lacking }), Listener: news, Log: log, Opts: opts,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	n.herder, err = herder.NewDistributed(herder.DistributedConfig{
		WorkerID: id, Worker: run, Plugins: plugins.New(plugin.Join(connectors.Plugins(), converters.Plugins())), Settings: settings,
		Configs: stores.Configs, Statuses: stores.Statuses, Group: member, Peers: n, Log: log,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	news.Distributed, run.listener = n.herder, n.herder
	ctx, stop := context.WithCancel(base)
	n.stop = stop
	go func() {
		defer close(n.ended)
		herding := make(chan error, 1)
		membership, leave := context.WithCancel(base)
		defer leave()
		joined := make(chan error, 1)
		go func() { herding <- n.herder.Run(ctx) }()
		go func() { joined <- member.Run(membership) }()
		if err := <-herding; err != nil {
			s.t.Errorf("the herder of %s ended with %v", id, err)
		}
		leave()
		if err := <-joined; err != nil {
			s.t.Errorf("the membership of %s ended with %v", id, err)
		}
		_ = stores.Close() //nolint:contextcheck // its context is over; and a dead worker cannot say everything
	}()
	return n
}

// Ask implements herder.Peers; all workers have the same plugins, so none asks.
func (n *node) Ask(context.Context, string, string, []byte) ([]byte, error) {
	return nil, errors.New("a validation is asked of another worker")
}

// Send implements herder.Peers: it finds the worker of the URL.
func (n *node) Send(ctx context.Context, _, url string, body []byte, sig *herder.Signature) error {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	time.Sleep(5 * time.Millisecond)
	i := slices.IndexFunc(n.sim.live, func(o *node) bool { return o.id == host })
	if i < 0 || n.link.isCut() || n.sim.live[i].link.isCut() {
		return errors.New("no route to host")
	}
	var configs []config.Map
	if err := json.Unmarshal(body, &configs); err != nil {
		return err
	}
	return n.sim.live[i].herder.PutTaskConfigs(ctx, strings.Split(path, "/")[1], configs, sig)
}

// relay breaks the circle of member and herder.
type relay struct{ *herder.Distributed }

func (r *relay) Assigned(a assign.Assignment)       { r.Distributed.Assigned(a) }
func (r *relay) Revoked(w assign.Work, done func()) { r.Distributed.Revoked(w, done) }
func (r *relay) Left()                              { r.Distributed.Left() }

// link is the network of a worker, which can be cut.
type link struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex // guards the following
	broken bool
	conns  map[net.Conn]bool
}

func (l *link) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if l.isCut() {
		return nil, errors.New("no route to host")
	}
	c, err := l.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		_ = c.Close()
		return nil, errors.New("no route to host")
	}
	l.conns[c] = true
	return c, nil
}

func (l *link) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = false
}

// running notes where each connector and task runs.
type running struct {
	t *testing.T

	mu    sync.Mutex // guards the following
	where map[string]*node
}

// start notes a start; the same unit elsewhere is an error (invariant 2).
func (r *running) start(unit string, n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.where[unit]; other != nil {
		r.t.Errorf("%8.2f s  %s is started on %s and runs on %s", time.Since(n.sim.began).Seconds(), unit, n.id, other.id)
	}
	r.where[unit] = n
}

func (r *running) stop(unit string, n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.where[unit] == n {
		delete(r.where, unit)
	}
}

// forget notes that a worker is dead.
func (r *running) forget(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.where, func(_ string, at *node) bool { return at == n })
}

func (r *running) at(unit string) *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.where[unit]
}

func (r *running) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.where))
}

// runner is a herder.WorkerRunner whose connectors and tasks do nothing.
type runner struct {
	node     *node
	listener store.Listener

	mu    sync.Mutex // guards the following
	units map[string]bool
}

func (r *runner) start(unit string) {
	r.mu.Lock()
	r.units[unit] = true
	r.mu.Unlock()
	r.node.sim.running.start(unit, r.node)
}

func (r *runner) stop(unit string) bool {
	r.mu.Lock()
	ran := r.units[unit]
	delete(r.units, unit)
	r.mu.Unlock()
	if ran {
		time.Sleep(50 * time.Millisecond) // it has something to finish
		r.node.sim.running.stop(unit, r.node)
	}
	return ran
}

func (r *runner) status(target store.TargetState, number int) store.Status {
	state := map[store.TargetState]store.State{
		store.TargetStarted: store.Running, store.TargetPaused: store.Paused, store.TargetStopped: store.Stopped,
	}[target]
	return store.Status{State: state, WorkerID: r.node.id, Generation: number}
}

func (r *runner) StartConnector(name string, _ config.Map, target store.TargetState, number int) {
	r.start(name)
	r.listener.ConnectorStatus(name, r.status(target, number))
	if target == store.TargetStarted {
		r.listener.TaskConfigsChanged(name)
	}
}

const latest = 1 << 30 // a status of whatever start is the last

func (r *runner) StopConnector(_ context.Context, name string) error {
	if r.stop(name) {
		r.listener.ConnectorStatus(name, store.Status{State: store.Unassigned, WorkerID: r.node.id, Generation: latest})
	}
	return nil
}

func (r *runner) TaskConfigs(_ context.Context, _ string, most int) ([]config.Map, error) {
	out := make([]config.Map, most)
	for i := range out {
		out[i] = config.Map{"task.class": "T", "of": strconv.Itoa(most)}
	}
	return out, nil
}

func (r *runner) StartTask(id store.TaskID, _, _ config.Map, target store.TargetState, number int) {
	r.start(id.String())
	r.listener.TaskStatus(id, r.status(target, number))
}

func (r *runner) StopTasks(_ context.Context, ids []store.TaskID) error {
	for _, id := range ids {
		if r.stop(id.String()) {
			r.listener.TaskStatus(id, store.Status{State: store.Unassigned, WorkerID: r.node.id, Generation: latest})
		}
	}
	return nil
}

func (r *runner) SetTargetState(name string, target store.TargetState) {
	r.mu.Lock()
	own := r.units[name]
	r.mu.Unlock()
	if own {
		r.listener.ConnectorStatus(name, r.status(target, latest))
	}
}

func (r *runner) Close(ctx context.Context) error {
	r.mu.Lock()
	units := slices.Collect(maps.Keys(r.units))
	r.mu.Unlock()
	for _, u := range units {
		r.stop(u)
	}
	return nil
}
