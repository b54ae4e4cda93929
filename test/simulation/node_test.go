//go:build synctests

package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/connect/plugin"
	connectors "sluice/connectors/all"
	converters "sluice/converters/all"
	"sluice/internal/group"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/store/kafka"
	"sluice/internal/worker"
)

// node is a worker with all its parts but the REST listener.
type node struct {
	sim    *sim
	id     string
	link   *link
	stores *kafka.Stores
	herder *herder.Distributed
	stop   context.CancelFunc
	ended  chan struct{}
	ready  atomic.Bool // the fields above are there
	// frozen is shut while the worker stands still; its timers go on, but
	// nothing that it does is seen until it is open again.
	frozen gate
	thawed atomic.Int64 // nanoseconds since the epoch: when it was last opened
	until  time.Time    // when the last fault ends
	// offset is how far the node was last seen to have read the config topic.
	offset int64
	skew   atomic.Int64 // nanoseconds that the worker's clock of the wall is ahead
	able   bool         // it has the plugin that not all workers have
	// dead says that what the node does is not seen by anybody any more.
	dead atomic.Bool
}

// settings are those of all workers.
func (s *sim) settings() config.Map {
	settings := config.Map{
		"bootstrap.servers": s.broker, "group.id": "g", "scheduled.rebalance.max.delay.ms": "10000",
		"key.converter": "StringConverter", "value.converter": "StringConverter",
		"offset.flush.interval.ms": "3000", "inter.worker.key.ttl.ms": "30000",
	}
	for _, kind := range []string{"config", "offset", "status"} {
		settings[kind+".storage.topic"] = kind
		settings[kind+".storage.replication.factor"] = "1"
	}
	if s.exactlyOnce {
		settings["exactly.once.source.support"] = "enabled"
	}
	return settings
}

func newNode(s *sim, id string) *node {
	return &node{sim: s, id: id, link: s.network.link(), offset: -1, ended: make(chan struct{})}
}

// start starts the worker; it waits until the internal topics are read.
func (n *node) start(protocol string) {
	if err := n.run(protocol); err != nil {
		n.sim.errorf("worker %s does not start: %v", n.id, err)
		n.sim.retire(n)
		close(n.ended)
		return
	}
	n.ready.Store(true)
}

func (n *node) run(protocol string) (err error) {
	s, id := n.sim, n.id
	settings := s.settings()
	settings["connect.protocol"] = protocol
	log, opts := logger(id), n.link.opts()
	if n.stores, err = kafka.New(kafka.Config{Worker: settings, Log: log, Opts: opts}); err != nil {
		return err
	}
	base := context.WithoutCancel(s.t.Context())
	if err := n.stores.Start(base); err != nil {
		return err
	}
	registry := plugins.New(plugin.Join(connectors.Plugins(), converters.Plugins(), counting(n, n.able)))
	news := &relay{node: n}
	var exactlyOnce *worker.ExactlyOnce
	if s.exactlyOnce {
		exactlyOnce = &worker.ExactlyOnce{Fencing: news}
	}
	run, err := worker.New(worker.Config{
		ID: id, Settings: settings, Plugins: registry, Offsets: n.stores.Offsets, OpenOffsets: n.stores.OpenOffsets,
		ExactlyOnce: exactlyOnce, Listener: news, Log: log, Opts: opts,
	})
	if err != nil {
		return err
	}
	member, err := group.New(group.Config{
		Settings: settings, URL: "http://" + id + "/", WorkerID: id, Configs: group.FromStore(n.stores.Configs, lacking), Plugins: registry.Classes(),
		Listener: news, Log: log, Opts: opts,
	})
	if err != nil {
		return err
	}
	n.herder, err = herder.NewDistributed(herder.DistributedConfig{
		WorkerID: id, Worker: run, Plugins: registry, Settings: settings, Offsets: n.stores.Offsets, OpenOffsets: n.stores.OpenOffsets,
		Configs: n.stores.Configs, Statuses: n.stores.Statuses, Group: member, Peers: n, Consumed: run, Fencer: run, Log: log,
		Clock: func() time.Time { return time.Now().Add(time.Duration(n.skew.Load())) },
	})
	if err != nil {
		return err
	}
	news.Distributed = n.herder
	ctx, stop := context.WithCancel(base)
	n.stop = stop
	go func() {
		defer close(n.ended)
		herding, joined := make(chan error, 1), make(chan error, 1)
		membership, leave := context.WithCancel(base)
		defer leave()
		go func() { herding <- n.herder.Run(ctx) }()
		go func() { joined <- member.Run(membership) }()
		if err := <-herding; err != nil { // tasks that did not stop in time, as they are abandoned (invariant 4)
			s.say("the herder of %s has ended: %v", id, err)
		}
		leave()
		if err := <-joined; err != nil {
			s.errorf("the membership of %s ended with %v", id, err)
		}
		_ = n.stores.Close() //nolint:contextcheck // its context is over; and a dead worker cannot say everything
	}()
	return nil
}

// reaches tells whether a request from one worker gets to another.
func (n *node) reaches(o *node) bool {
	return n == o || !n.link.silent() && !o.link.silent() && !n.sim.apart(n, o)
}

// Send implements herder.Peers: it finds the worker of the URL.
func (n *node) Send(ctx context.Context, _, url string, body []byte, sig *herder.Signature) error {
	_, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	time.Sleep(2 * n.link.latency)
	to := n.sim.node(hostOf(url))
	if to == nil || !n.reaches(to) {
		return errNoRoute
	}
	parts := strings.Split(path, "/")
	if parts[len(parts)-1] == "fence" {
		return to.herder.FenceZombies(ctx, parts[1], sig)
	}
	var configs []config.Map
	if err := json.Unmarshal(body, &configs); err != nil {
		return err
	}
	return to.herder.PutTaskConfigs(ctx, parts[1], configs, sig)
}

// Ask implements herder.Peers: the validation of a configuration by a worker that
// has the plugins.
func (n *node) Ask(ctx context.Context, _, url string, body []byte) ([]byte, error) {
	time.Sleep(2 * n.link.latency)
	to := n.sim.node(hostOf(url))
	if to == nil || !n.reaches(to) {
		return nil, errNoRoute
	}
	var cfg config.Raw
	if err := json.Unmarshal(body, &cfg); err != nil {
		return nil, err
	}
	infos, err := to.herder.Validate(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return json.Marshal(infos)
}

// lacking is the group's question about plugins.
func lacking(classes []string) func(config.Raw) []string { return plugins.NamesOf(classes).Lacking }

// hostOf returns the worker that a URL names.
func hostOf(url string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	return host
}

// relay breaks the circle of herder, member and worker, and sees what is assigned.
type relay struct {
	*herder.Distributed
	node *node
}

func (r *relay) Assigned(a assign.Assignment) {
	r.node.awake()
	r.node.sim.assignments.note(r.node, a)
	r.Distributed.Assigned(a)
}

func (r *relay) Revoked(w assign.Work, done func()) {
	r.node.awake()
	r.Distributed.Revoked(w, done)
}

func (r *relay) Left() {
	r.node.awake()
	r.Distributed.Left()
}

// awake returns when the worker does not stand still.
func (n *node) awake() { _ = n.frozen.wait(context.Background()) }

// freeze makes the worker stand still, as a process that is stopped does.
func (n *node) freeze() {
	n.frozen.shut()
	n.link.gate.shut()
}

// trouble notes a fault that lasts for some time, and ends all that is wrong with
// the worker when that and all other faults are over.
func (n *node) trouble(d time.Duration) {
	if until := time.Now().Add(d); until.After(n.until) {
		n.until = until
	}
	n.sim.in(d, func() {
		if !time.Now().Before(n.until) {
			n.mend()
		}
	})
}

// mend ends all that is wrong with the worker.
func (n *node) mend() {
	if !n.dead.Load() {
		n.thaw()
		n.link.heal()
	}
}

func (n *node) thaw() {
	if !n.frozen.isShut() {
		return
	}
	n.thawed.Store(time.Now().UnixNano())
	n.frozen.open()
	n.link.gate.open()
}

// zombieGrace is how long a worker that has stood still may go on with what
// others have been given meanwhile: it stops that as soon as it notices, within
// task.shutdown.graceful.timeout.ms.
const zombieGrace = 6 * time.Second

// zombie tells whether the worker may do what is not its to do any more.
func (n *node) zombie() bool {
	return n.frozen.isShut() || time.Since(time.Unix(0, n.thawed.Load())) < zombieGrace
}

// call sends a request to the worker as a client does: it is forwarded as the
// REST listener would, and answered when the worker shows what it has answered.
func (n *node) call(ctx context.Context, do func(ctx context.Context, on *node) error) (answered *node, err error) {
	on := n
	for range 3 {
		err = do(ctx, on)
		forward, elsewhere := errors.AsType[*herder.ForwardError](err)
		if !elsewhere {
			break
		}
		to := n.sim.node(hostOf(forward.URL))
		if forward.URL == "" || to == nil || !n.reaches(to) {
			return nil, err
		}
		on = to
	}
	if err == nil && on != n {
		n.herder.CatchUp(ctx)
	}
	return on, err
}

func logger(id string) *slog.Logger {
	if os.Getenv("SIM_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("worker", id)
}
