package herder

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/setting"
	"sluice/internal/store"
)

// Group is the membership in the group of workers as the herder sees it. What
// happens to it is told to the herder by Assigned, Revoked and Left.
type Group interface {
	// Rejoin asks for a rebalance that takes the configuration at the offset into
	// account, and does not wait. One that does so already is enough.
	Rejoin(offset int64, reason string)
}

// Peers sends internal requests to other workers.
type Peers interface {
	// Send waits for the answer; one that is no success is an *Error.
	Send(ctx context.Context, method, url string, body []byte, sig *Signature) error
	// Ask sends a request that needs no signature, and returns the body of the
	// answer; one that is no success is an *Error.
	Ask(ctx context.Context, method, url string, body []byte) ([]byte, error)
}

// ProducerFencer fences the producers of the first so many tasks of a source
// connector, by its resolved configuration. It waits for the brokers until ctx ends.
type ProducerFencer interface {
	FenceProducers(ctx context.Context, name string, cfg config.Map, tasks int) error
}

// Levels sets the levels of loggers on this worker.
type Levels interface {
	// SetLevel sets the level of a logger and of those below it.
	SetLevel(logger, level string) error
}

// DistributedConfig is what NewDistributed needs.
type DistributedConfig struct {
	WorkerID  string // host:port of the REST listener
	Worker    WorkerRunner
	Plugins   *plugins.Registry
	Settings  config.Map            // of the worker
	Providers *properties.Providers // resolve references in configurations; nil knows none
	ClusterID string
	Offsets   store.Offsets // of source connectors
	// OpenOffsets opens those of one source connector; nil takes Offsets for all.
	OpenOffsets store.OpenOffsets
	Fencer      ProducerFencer    // of tasks of any worker of the group
	Consumed    ConsumedOffsets   // of sink connectors
	Configs     store.ConfigStore // started; the caller closes it after Run
	Statuses    store.StatusStore // started; the caller closes it after Run
	Group       Group
	Peers       Peers
	Levels      Levels // nil has none
	Log         *slog.Logger
	// Clock is that of the wall, which may jump; nil is the machine's.
	Clock func() time.Time
	// RequestTimeout bounds what a request waits for; 0 is 90 seconds, as in Java.
	RequestTimeout time.Duration
}

// Distributed is the herder of a worker that shares its work with a group. It is
// a Herder, the worker's store.Listener, and hears of the group.
//
// What is to run in the whole group is in the config store, which any worker
// reads and the leader alone writes; what this worker is to run of it, the group
// says. Run is the one goroutine that owns what runs here; it compares the two
// and has the difference started or stopped, each connector in a queue of its
// own. Writes have other queues, so that an instance that hangs here holds up no
// change of its configuration. Reads answer from the stores and wait for nobody.
type Distributed struct {
	*catalog
	*loop[*cluster]
	cfg      DistributedConfig
	signing  internalRequests
	settings distributedSettings
	names    plugins.Names // of this worker's plugins
	offsets  *offsetKeeper
	local    *queues // of what runs here
	writes   *queues // of what is written to the config store
	member   atomic.Pointer[membership]
}

// membership is what requests need to know of the group. It never changes.
type membership struct {
	assign.Assignment
	joined bool
}

type distributedSettings struct {
	Protocol    string `config:"connect.protocol"`
	TrackTopics bool   `config:"topic.tracking.enable"`
}

func distributedDef() config.Def {
	return setting.Keys(
		"connect.protocol", "topic.tracking.enable",
	)
}

var (
	_ Herder         = (*Distributed)(nil)
	_ store.Listener = (*Distributed)(nil)
)

// NewDistributed returns a herder that runs nothing yet. Nothing happens before
// Run. A setting that cannot be obeyed is an error.
func NewDistributed(cfg DistributedConfig) (*Distributed, error) {
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = requestTimeout
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	signing, err := readInternalRequests(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of the worker: %w", err)
	}
	settings, err := config.Decode[distributedSettings](distributedDef(), cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of the worker: %w", err)
	}
	if cfg.OpenOffsets == nil {
		cfg.OpenOffsets = store.Shared(cfg.Offsets)
	}
	h := &Distributed{
		catalog: &catalog{plugins: cfg.Plugins, settings: cfg.Settings, providers: cfg.Providers, clusterID: cfg.ClusterID, group: cfg.Settings["group.id"], timeout: cfg.RequestTimeout, log: cfg.Log},
		cfg:     cfg, signing: signing, settings: settings, names: plugins.NamesOf(cfg.Plugins.Classes()),
		local: newQueues(cfg.RequestTimeout), writes: newQueues(cfg.RequestTimeout),
	}
	h.offsets = &offsetKeeper{h.catalog, cfg.OpenOffsets, cfg.Consumed}
	h.loop = newLoop(newCluster(), cfg.RequestTimeout, func(*cluster) {})
	h.member.Store(&membership{Assignment: assign.Assignment{Signed: settings.Protocol == "sessioned"}})
	return h, nil
}

// Run is the loop. It returns when ctx ends: requests under way have then been
// answered, all connectors and tasks are stopped, and their statuses written.
// The worker is still a member of the group.
func (h *Distributed) Run(ctx context.Context) error {
	defer h.pulse.end()
	h.takeConfigs(h.state.init(h.cfg.Configs.Snapshot()))
	for {
		select {
		case <-ctx.Done():
			return h.end(context.WithoutCancel(ctx))
		case <-h.box.ready:
			h.drain()
		case <-h.cfg.Configs.Changed():
			h.pulse.begin()
			h.takeConfigs(h.state)
			h.pulse.rest()
		}
	}
}

// end lets what has begun finish, with the loop still serving it, and stops all
// that runs here as soon as nothing is done with it any more; writes may take longer.
func (h *Distributed) end(ctx context.Context) error {
	idle, idleWrites := h.local.end(), h.writes.end()
	stopped := make(chan error, 1)
	var err error
	for stopped != nil || idleWrites != nil {
		select {
		case <-h.box.ready:
			h.drain()
		case <-idleWrites:
			idleWrites = nil
		case <-idle:
			idle = nil
			h.stopAll(ctx, stopped)
		case err = <-stopped:
			stopped = nil
			h.drain()
			h.state.tellStopped()
		}
	}
	h.box.close()
	h.drain()
	h.state.tellStopped()
	h.flush(ctx)
	return err
}

func (h *Distributed) stopAll(ctx context.Context, stopped chan<- error) {
	go func() { stopped <- h.cfg.Worker.Close(ctx) }()
}

// flushLimit bounds the wait for statuses to be written.
const flushLimit = 5 * time.Second

// flush waits until the statuses are written.
func (h *Distributed) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if err := h.cfg.Statuses.Flush(ctx); err != nil {
		h.cfg.Log.Warn("statuses are not all written yet", slog.Any("error", err))
	}
}

const conflicting = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"

// errStale is the answer while a rebalance is expected.
func errStale() error {
	return conflict("Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)")
}

// lead returns nil on the leader, and elsewhere the error that sends the request
// there.
func (h *Distributed) lead() error {
	m := h.member.Load()
	switch {
	case !m.joined:
		return &ForwardError{Message: conflicting}
	case m.Leader:
		return nil
	default:
		return &ForwardError{URL: m.LeaderURL, Message: conflicting}
	}
}
