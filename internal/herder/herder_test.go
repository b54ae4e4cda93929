package herder_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sourceClass = "org.apache.kafka.connect.file.FileStreamSourceConnector"
	sinkClass   = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	jsonClass   = "org.apache.kafka.connect.json.JsonConverter"
)

type noSource struct{ connect.SourceConnector }

type noSink struct{ connect.SinkConnector }

func registry() *plugins.Registry {
	info := func(class string, def config.Def) plugin.Info {
		return plugin.Info{Class: class, Version: "4.3.1", Config: def}
	}
	return plugins.New(plugin.Set{
		Sources: []plugin.Source{{
			Info: info(sourceClass, config.Def{
				{Name: "file", Type: config.String, Importance: config.High},
				{Name: "topic", Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.High},
				{Name: "batch.size", Type: config.Int, Default: int32(2000), Importance: config.Low},
			}),
			New: func() connect.SourceConnector { return noSource{} },
		}},
		Sinks: []plugin.Sink{{
			Info: info(sinkClass, config.Def{{Name: "file", Type: config.String, Importance: config.High}}),
			New:  func() connect.SinkConnector { return noSink{} },
		}},
		Converters: []plugin.Converter{{
			Info: info(jsonClass, config.Def{
				{Name: "converter.type", Type: config.String, Required: true, Validator: config.OneOf{"key", "value", "header"}, Importance: config.Low},
				{Name: "schemas.enable", Type: config.Boolean, Default: true, Importance: config.High, Group: "Schemas", Order: 1},
			}),
		}},
		HeaderConverters: []plugin.HeaderConverter{{Info: info("org.apache.kafka.connect.storage.SimpleHeaderConverter", nil)}},
		Transforms: []plugin.Transform{{
			Info: info("org.apache.kafka.connect.transforms.InsertField$Value", config.Def{
				{Name: "static.field", Type: config.String, Validator: config.NonEmpty{}, Importance: config.Medium},
			}),
		}},
	})
}

// fakeWorker runs nothing, but tells its listener what a worker would.
type fakeWorker struct {
	listener store.Listener
	offsets  *memoryOffsets
	groups   *groups

	mu              sync.Mutex // guards the following
	connectors      map[string]int
	tasks           map[store.TaskID]int
	taskStarts      int
	connectorStarts int
	tasksMax        int
	failStart       bool
	failTasks       bool
	planErr         error
	told            []string      // to stop, by BeginStop
	hang            chan struct{} // StopConnector waits for it, if it is not nil
	targetState     map[string]store.TargetState
	closed          bool
}

func states(target store.TargetState) store.State {
	return map[store.TargetState]store.State{
		store.TargetStarted: store.Running, store.TargetPaused: store.Paused, store.TargetStopped: store.Stopped,
	}[target]
}

func (w *fakeWorker) StartConnector(name string, _ config.Map, target store.TargetState, generation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connectors[name] = generation
	w.connectorStarts++
	status := store.Status{State: states(target), WorkerID: "w:1", Generation: generation, Version: "4.3.1"}
	if w.failStart {
		status.State, status.Trace = store.Failed, "boom"
	}
	w.listener.ConnectorStatus(name, status)
	if status.State == store.Running {
		w.listener.TaskConfigsChanged(name)
	}
}

func (w *fakeWorker) StopConnector(ctx context.Context, name string) error {
	w.mu.Lock()
	hang := w.hang
	delete(w.connectors, name)
	w.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *fakeWorker) TaskConfigs(_ context.Context, _ string, maxTasks int) ([]config.Map, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasksMax = maxTasks
	configs := make([]config.Map, maxTasks)
	for i := range configs {
		configs[i] = config.Map{"task.class": "T"}
	}
	return configs, w.planErr
}

func (w *fakeWorker) StartTask(id store.TaskID, _, _ config.Map, target store.TargetState, generation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasks[id] = generation
	w.taskStarts++
	status := store.Status{State: states(target), WorkerID: "w:1", Generation: generation, Version: "4.3.1"}
	if w.failTasks {
		status.State, status.Trace = store.Failed, "boom"
	}
	w.listener.TaskStatus(id, status)
}

func (w *fakeWorker) StopTasks(_ context.Context, ids []store.TaskID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		delete(w.tasks, id)
	}
	return nil
}

func (w *fakeWorker) BeginStop(names []string, ids []store.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.told = append(w.told, id.String())
	}
	w.told = append(w.told, names...)
}

func (w *fakeWorker) SetTargetState(name string, target store.TargetState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.targetState[name] = target
	w.listener.ConnectorStatus(name, store.Status{State: states(target), WorkerID: "w:1", Generation: w.connectors[name], Version: "4.3.1"})
}

func (w *fakeWorker) Close(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}

func (w *fakeWorker) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// start runs a herder until the test ends.
func start(t *testing.T) (*herder.Standalone, *fakeWorker) { return startWith(t, nil) }

func startWith(t *testing.T, fencer herder.FormerFencer) (*herder.Standalone, *fakeWorker) {
	t.Helper()
	w := &fakeWorker{
		connectors: map[string]int{}, tasks: map[store.TaskID]int{}, targetState: map[string]store.TargetState{},
		offsets: &memoryOffsets{}, groups: &groups{kept: map[string]map[connect.TopicPartition]int64{}},
	}
	h := herder.NewStandalone(herder.StandaloneConfig{
		WorkerID: "w:1", Worker: w, Plugins: registry(), Log: slog.New(slog.DiscardHandler), ClusterID: "c",
		Settings: config.Map{"key.converter": jsonClass, "value.converter": jsonClass}, Offsets: w.offsets, Consumed: w.groups,
		Fencer: fencer,
	})
	w.listener = h
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if !w.closed {
			t.Error("the worker was not closed")
		}
	})
	return h, w
}

func source(name string, more config.Map) config.Raw {
	m := config.Map{"name": name, "connector.class": sourceClass, "topic": "t", "tasks.max": "2"}
	maps.Copy(m, more)
	return m.Raw()
}

func put(t *testing.T, h *herder.Standalone, name string, more config.Map) herder.ConnectorInfo {
	t.Helper()
	_, info, err := h.Put(t.Context(), name, source(name, more), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// status returns what a client is told.
func status(t *testing.T, err error) (int, string) {
	t.Helper()
	var e *herder.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not of the herder", err)
	}
	return e.Status, e.Message
}
