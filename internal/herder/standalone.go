package herder

import (
	"context"
	"log/slog"
	"time"

	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/store"
)

// StandaloneConfig is what NewStandalone needs.
type StandaloneConfig struct {
	WorkerID  string // host:port of the REST listener
	Worker    WorkerRunner
	Plugins   *plugins.Registry
	Settings  config.Map            // of the worker
	Providers *properties.Providers // resolve references in configurations; nil knows none
	ClusterID string
	Offsets   store.Offsets // of source connectors
	// OpenOffsets opens those of one source connector; nil takes Offsets for all.
	OpenOffsets store.OpenOffsets
	Consumed    ConsumedOffsets // of sink connectors
	// Fencer fences former tasks where source tasks write in transactions; nil where
	// they do not.
	Fencer FormerFencer
	Levels Levels // nil has none
	Log    *slog.Logger
	// RequestTimeout bounds what a request waits for; 0 is 90 seconds, as in Java.
	RequestTimeout time.Duration
}

// Standalone is the herder of a worker that is alone and keeps its connectors in
// memory. It is a Herder and the worker's store.Listener.
//
// Run is the one goroutine that touches the state. Requests that wait for the
// worker or for plugins run in the queue of their connector, and enter the loop
// by closures. So a connector that hangs delays only requests to itself, and the
// loop never waits.
type Standalone struct {
	*catalog
	*views
	*loop[*state]
	cfg     StandaloneConfig
	queues  *queues
	offsets *offsetKeeper
}

var (
	_ Herder         = (*Standalone)(nil)
	_ store.Listener = (*Standalone)(nil)
)

// NewStandalone returns a herder without connectors. Nothing happens before Run.
func NewStandalone(cfg StandaloneConfig) *Standalone {
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = requestTimeout
	}
	h := &Standalone{
		catalog: &catalog{plugins: cfg.Plugins, settings: cfg.Settings, providers: cfg.Providers, clusterID: cfg.ClusterID, timeout: cfg.RequestTimeout, log: cfg.Log},
		views:   newViews(), cfg: cfg, queues: newQueues(cfg.RequestTimeout),
	}
	if cfg.OpenOffsets == nil {
		cfg.OpenOffsets = store.Shared(cfg.Offsets)
	}
	h.offsets = &offsetKeeper{h.catalog, cfg.OpenOffsets, cfg.Consumed}
	h.loop = newLoop(newState(), cfg.RequestTimeout, func(s *state) { s.publish(h.views) })
	return h
}

// Run is the loop. It returns when ctx ends: requests under way have then been
// answered, and all connectors and tasks are stopped.
func (h *Standalone) Run(ctx context.Context) error {
	defer h.pulse.end()
	for {
		select {
		case <-ctx.Done():
			return h.end(ctx)
		case <-h.box.ready:
			h.drain()
		}
	}
}

// end lets the requests finish that have begun, with the loop still serving them.
func (h *Standalone) end(ctx context.Context) error {
	idle := h.queues.end()
	for {
		select {
		case <-h.box.ready:
			h.drain()
		case <-idle:
			h.box.close()
			h.drain()
			return h.cfg.Worker.Close(context.WithoutCancel(ctx))
		}
	}
}
