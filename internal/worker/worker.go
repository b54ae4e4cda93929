// Package worker runs connectors and tasks, each on a goroutine of its own,
// and moves the records between tasks and Kafka.
//
// It owns the life of every instance (start, pause, stop, abandonment), the
// record path in both directions, and when offsets are committed. It never
// decides which instances run or with what configuration: that is the
// herder's. What happens is told to a store.Listener. Start reading at Worker,
// then source.go or sink.go.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// Config is what a worker needs.
type Config struct {
	// ID is the host:port of the worker's REST listener; it stands in statuses.
	ID string
	// Settings are the worker's properties.
	Settings config.Map
	Plugins  *plugins.Registry
	// Offsets holds the offsets of source connectors. The caller closes it
	// after the worker.
	Offsets store.Offsets
	// OpenOffsets opens those of one connector; nil takes Offsets for all.
	OpenOffsets store.OpenOffsets
	// ExactlyOnce makes source tasks write in transactions; nil does not.
	ExactlyOnce *ExactlyOnce
	Listener    store.Listener
	Log         *slog.Logger // nil is silent
	// Metrics measures what runs here; nil measures for nobody.
	Metrics *telemetry.Metrics
	// Providers resolve the references in configurations when an instance starts
	// (KIP-297); nil knows none.
	Providers *properties.Providers
	// Secrets learns the values that were put in; nil keeps none.
	Secrets *telemetry.Secrets
	// Embedded makes source tasks create every topic before they write to it.
	Embedded bool
	// Opts are added to those of the clients of connectors; tests give a network here.
	Opts []kgo.Opt
}

// Worker runs connectors and tasks. Its methods are safe for concurrent use;
// only those with a context wait, and no longer than it allows.
type Worker struct {
	Config
	settings settings
	log      *slog.Logger
	warned   warned

	mu         sync.Mutex
	closed     bool                   // guarded by mu
	connectors map[string]*connector  // guarded by mu
	tasks      map[store.TaskID]*task // guarded by mu
}

// New makes a worker. It runs nothing yet and connects to nothing. A setting
// that cannot be obeyed is an error.
func New(cfg Config) (*Worker, error) {
	s, err := readSettings(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of the worker: %w", err)
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = telemetry.NewMetrics(telemetry.MetricsConfig{})
	}
	if cfg.OpenOffsets == nil {
		cfg.OpenOffsets = store.Shared(cfg.Offsets)
	}
	return &Worker{
		Config: cfg, settings: s, log: log,
		connectors: make(map[string]*connector),
		tasks:      make(map[store.TaskID]*task),
	}, nil
}

// StartConnector makes a connector and starts it in the background, unless its
// target is to be paused or stopped. The listener hears the outcome, and then
// that task configurations are to be asked for. A connector of that name that
// is still here is a mistake of the caller: it is logged and nothing starts.
func (w *Worker) StartConnector(name string, cfg config.Map, target store.TargetState, generation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, here := w.connectors[name]; here || w.closed {
		w.log.Error("connector is not started: it runs already, or the worker is closed", "connector", name)
		return
	}
	c := newConnector(w, name, cfg, target, generation)
	w.connectors[name] = c
	c.life.start(c.run)
}

// StopConnector stops a connector and waits for its end, at most five seconds
// (as Java) from when it was told first. One that does not end is abandoned, which the error says; nothing
// is heard of it any more. An unknown name is no error.
func (w *Worker) StopConnector(ctx context.Context, name string) error {
	w.mu.Lock()
	c, ok := w.connectors[name]
	w.mu.Unlock()
	if !ok {
		return nil
	}
	c.beginStop()
	err := c.life.wait(ctx, "connector "+name)
	w.mu.Lock()
	w.Metrics.RemoveConnector(name, c.metrics)
	if w.connectors[name] == c {
		delete(w.connectors, name)
	}
	w.mu.Unlock()
	return err
}

// StartTask makes a task and runs it in the background; the listener hears how
// it goes. A task of that id that is still here is a mistake of the caller: it
// is logged and nothing starts.
func (w *Worker) StartTask(id store.TaskID, connectorCfg, taskCfg config.Map, target store.TargetState, generation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, here := w.tasks[id]; here || w.closed {
		w.log.Error("task is not started: it runs already, or the worker is closed", "task", id.String())
		return
	}
	t := newTask(w, id, connectorCfg, taskCfg, target, generation)
	w.tasks[id] = t
	t.life.start(t.run)
}

// StopTasks stops the tasks and waits for their end, at most
// task.shutdown.graceful.timeout.ms from when they were told first. Those that do
// not end are abandoned: their clients are closed, so that they write and
// commit nothing more, and the error names them. Unknown ids are no error.
func (w *Worker) StopTasks(ctx context.Context, ids []store.TaskID) error {
	var stopping []*task
	w.mu.Lock()
	for _, id := range ids {
		if t, ok := w.tasks[id]; ok {
			t.beginStop()
			stopping = append(stopping, t)
		}
	}
	w.mu.Unlock()
	var errs []error
	for _, t := range stopping {
		errs = append(errs, t.life.wait(ctx, "task "+t.id.String()))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range stopping {
		w.Metrics.RemoveTask(t.id.Connector, t.id.Task, t.metrics)
		if w.tasks[t.id] == t {
			delete(w.tasks, t.id)
		}
	}
	return errors.Join(errs...)
}

// BeginStop tells connectors and tasks to stop, and does not wait for their end:
// StopConnector and StopTasks do. Their time runs from now on, and those that have
// not ended by then are abandoned. Unknown ones are no error.
func (w *Worker) BeginStop(names []string, ids []store.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if t, ok := w.tasks[id]; ok {
			t.beginStop()
		}
	}
	for _, name := range names {
		if c, ok := w.connectors[name]; ok {
			c.beginStop()
		}
	}
}

func (t *task) beginStop() { t.life.beginStop(t.worker.settings.taskGrace, "task "+t.id.String()) }

func (c *connector) beginStop() { c.life.beginStop(connectorGrace, "connector "+c.name) }

// SetTargetState pauses or resumes a connector and its tasks. Stopped stops
// the connector; its tasks are the caller's to stop. It does not wait.
func (w *Worker) SetTargetState(name string, target store.TargetState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, ok := w.connectors[name]; ok {
		c.gate.set(target)
	}
	for id, t := range w.tasks {
		if id.Connector == name {
			t.gate.set(target)
		}
	}
}

// Close stops all tasks, then all connectors, and starts none any more. What
// does not end in its time is abandoned, which the error says.
func (w *Worker) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	var ids []store.TaskID
	for id := range w.tasks {
		ids = append(ids, id)
	}
	var names []string
	for name := range w.connectors {
		names = append(names, name)
	}
	w.mu.Unlock()
	errs := []error{w.StopTasks(ctx, ids)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, name := range names {
		wg.Go(func() {
			err := w.StopConnector(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// connectorGrace is the time that a connector has to stop, as in Java.
const connectorGrace = 5 * time.Second

var errStopped = errors.New("stopped")
