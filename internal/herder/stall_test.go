package herder_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	converters "sluice/converters/all"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/testkit"
	"sluice/internal/worker"
)

// misbehave runs a herder with a real worker and connectors that misbehave, on a
// clock of its own.
func misbehave(t *testing.T, f func(t *testing.T, h *herder.Standalone)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kit := testkit.NewMisbehaving()
		h, stop := misbehaving(t, kit)
		f(t, h)
		kit.Release()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func misbehaving(t *testing.T, kit *testkit.Misbehaving) (h *herder.Standalone, stop func() error) {
	t.Helper()
	registry := plugins.New(plugin.Join(kit.Plugins(), converters.Plugins()))
	settings := config.Map{"key.converter": jsonClass, "value.converter": jsonClass, "bootstrap.servers": "127.0.0.1:1"}
	w, err := worker.New(worker.Config{ID: "w:1", Settings: settings, Plugins: registry, Offsets: &memoryOffsets{}})
	if err != nil {
		t.Fatal(err)
	}
	h = herder.NewStandalone(herder.StandaloneConfig{
		WorkerID: "w:1", Worker: w, Plugins: registry, Settings: settings, Offsets: &memoryOffsets{}, Log: slog.New(slog.DiscardHandler),
	})
	w.Listener = h
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	h.Ready()
	return h, func() error {
		cancel()
		return <-ended
	}
}

func faulty(name, fault string) config.Raw {
	return config.Map{"name": name, "connector.class": testkit.SourceClass, testkit.FaultKey: fault}.Raw()
}

// putFaulty creates the connector a, or replaces it, and returns what it took.
func putFaulty(t *testing.T, h *herder.Standalone, fault string) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	_, _, err := h.Put(t.Context(), "a", faulty("a", fault), nil, true)
	return time.Since(began), err
}

// others makes sure that a connector that stalls is in nobody's way.
func others(t *testing.T, h *herder.Standalone) {
	t.Helper()
	began := time.Now()
	stopped := store.TargetStopped
	if _, _, err := h.Put(t.Context(), "other", faulty("other", ""), &stopped, false); err != nil {
		t.Error(err)
	}
	h.Connectors()
	h.Status("a")
	if state, text := h.Health(); state != "healthy" {
		t.Error(state, text)
	}
	if err := h.Delete(t.Context(), "other"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took != 0 {
		t.Errorf("others waited %s", took)
	}
}

// TestAStallIsNamed holds the text of the error of each place where a connector
// can stall, and that nobody else waits meanwhile.
func TestAStallIsNamed(t *testing.T) {
	for fault, doing := range map[string]string{
		"start=hang":       "starting connector a",
		"start=slow":       "", // a minute is in time
		"taskConfigs=hang": "generating task configs for connector a",
		"validate=hang":    "validating the configuration of the connector",
	} {
		t.Run(fault, func(t *testing.T) {
			misbehave(t, func(t *testing.T, h *herder.Standalone) {
				// Without tasks there is no need of a Kafka.
				more := fault
				if !strings.HasPrefix(fault, "taskConfigs") {
					more += ",taskConfigs=error"
				}
				began := time.Now().UTC()
				type answer struct {
					took time.Duration
					err  error
				}
				answered := make(chan answer)
				go func() {
					took, err := putFaulty(t, h, more)
					answered <- answer{took, err}
				}()
				synctest.Wait()
				others(t, h)
				a := <-answered
				code, text := status(t, a.err)
				if doing == "" {
					if a.took != time.Minute || text != "the connector fails in taskConfigs" {
						t.Errorf("after %s: %s", a.took, text)
					}
					return
				}
				want := "Request timed out. The worker is currently " + doing + ", which began at " + began.Format("2006-01-02T15:04:05Z") + "."
				if code != 500 || text != want || a.took != 90*time.Second {
					t.Errorf("after %s: %d %q, want %q", a.took, code, text, want)
				}
			})
		})
	}
}

// TestAHangingStartCanBeDeleted: the start is waited for no longer than a stop
// would be, and both requests are answered.
func TestAHangingStartCanBeDeleted(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		created := make(chan error)
		go func() {
			_, err := putFaulty(t, h, "start=hang")
			created <- err
		}()
		synctest.Wait()
		began := time.Now()
		if err := h.SetTarget(t.Context(), "a", store.TargetPaused); err != nil || time.Since(began) != 0 {
			t.Errorf("a pause waited %s: %v", time.Since(began), err)
		}
		deleted := make(chan error)
		go func() { deleted <- h.Delete(t.Context(), "a") }()
		if code, text := status(t, <-created); code != 500 || !strings.HasPrefix(text, "Request was given up, since a later request stops connector a. The worker is currently starting connector a, which began at ") {
			t.Errorf("%d %q", code, text)
		}
		if err := <-deleted; err != nil || time.Since(began) != 10*time.Second {
			t.Errorf("deleted after %s: %v", time.Since(began), err)
		}
		if names := h.Connectors(); len(names) != 0 {
			t.Errorf("%v are still there", names)
		}
	})
}

// TestAQueuedRequestSaysWhatItWaitsFor: a request behind another one times out
// with the operation in its way, and never begins.
func TestAQueuedRequestSaysWhatItWaitsFor(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		created := make(chan error)
		go func() {
			_, err := putFaulty(t, h, "start=hang")
			created <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := h.RestartTask(ctx, store.TaskID{Connector: "a"})
		if code, text := status(t, err); code != 500 || !strings.HasPrefix(text, "Request timed out. The worker is currently starting connector a, which began at ") {
			t.Errorf("%d %q", code, text)
		}
		if err := <-created; err == nil {
			t.Error("the start did not time out")
		}
	})
}

// TestAStallDoesNotHoldUpTheEnd: requests under way are answered when the worker
// stops, and those that have not begun never do.
func TestAStallDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kit := testkit.NewMisbehaving()
		h, stop := misbehaving(t, kit)
		answers := make(chan error, 2)
		go func() {
			_, err := putFaulty(t, h, "start=hang")
			answers <- err
		}()
		synctest.Wait()
		go func() { answers <- h.RestartTask(t.Context(), store.TaskID{Connector: "a"}) }()
		synctest.Wait()
		began := time.Now()
		ended := make(chan error)
		go func() { ended <- stop() }()
		for range 2 {
			if code, text := status(t, <-answers); code != 503 {
				t.Errorf("%d %q", code, text)
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("answered after %s", time.Since(began))
		}
		if err := <-ended; err == nil || time.Since(began) != 5*time.Second {
			t.Errorf("ended after %s: %v, want a word of the connector that was abandoned", time.Since(began), err)
		}
		kit.Release()
	})
}

func TestAHangingStopIsAbandoned(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		if _, err := putFaulty(t, h, "taskConfigs=error,stop=hang"); err == nil {
			t.Fatal("it has tasks")
		}
		began := time.Now()
		if err := h.Delete(t.Context(), "a"); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("deleted after %s: %v", time.Since(began), err)
		}
		if _, err := putFaulty(t, h, "taskConfigs=error"); err == nil {
			t.Error("it has tasks")
		}
		if s, _ := h.Status("a"); s.Connector.State != store.Running {
			t.Errorf("its successor is %v", s.Connector)
		}
	})
}

func TestPanicsFailTheirConnectorAlone(t *testing.T) {
	for fault, want := range map[string]string{
		"start=panic":       "Failed to transition connector a to state STARTED",
		"taskConfigs=panic": "panic: the connector panics in taskConfigs",
		"validate=panic":    "the validation of the connector's configuration panicked: the connector panics in validate",
		"validate=error":    "Connector configuration is invalid and contains the following 1 error(s):\nthe connector fails in validate\nYou can also find",
	} {
		t.Run(fault, func(t *testing.T) {
			misbehave(t, func(t *testing.T, h *herder.Standalone) {
				_, err := putFaulty(t, h, fault)
				if _, text := status(t, err); !strings.HasPrefix(text, want) {
					t.Errorf("%q, want %q", text, want)
				}
				if s, ok := h.Status("a"); fault == "start=panic" && (!ok || s.Connector.State != store.Failed || !strings.Contains(s.Connector.Trace, "panics in start")) {
					t.Errorf("%+v", s)
				}
				others(t, h)
			})
		})
	}
}

// TestAFailedConnectorRestarts: a restart makes a new instance of one that failed.
func TestAFailedConnectorRestarts(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		if _, err := putFaulty(t, h, "start=error"); err == nil {
			t.Fatal("it has started")
		}
		if err := h.Restart(t.Context(), "a"); err == nil {
			t.Error("it starts")
		}
		plan, err := h.RestartWith(t.Context(), "a", true, true)
		if err != nil || plan.Connector.State != store.Restarting {
			t.Errorf("%v %v", plan, err)
		}
		synctest.Wait()
		if s, _ := h.Status("a"); s.Connector.State != store.Failed {
			t.Errorf("%+v", s)
		}
		if _, err := putFaulty(t, h, "taskConfigs=error"); err == nil {
			t.Error("it has tasks")
		}
		if s, _ := h.Status("a"); s.Connector.State != store.Running || s.Connector.Trace != "" {
			t.Errorf("%+v", s)
		}
	})
}

// TestStartsThatAreRefused: what Java finds out only when it starts a connector
// fails it, and the answer says why.
func TestStartsThatAreRefused(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		for _, c := range []struct{ key, value, text, class string }{
			{testkit.FaultKey, "taskConfigs=many", "The connector a has generated 2 tasks, which is greater than 1, the maximum number of tasks it is configured to create.", "org.apache.kafka.connect.runtime.TooManyTasksException"},
			{"topic.creation.groups", "g", `Missing required configuration "topic.creation.default.replication.factor" which has no default value.`, "org.apache.kafka.common.config.ConfigException"},
		} {
			cfg := config.Map{"name": "a", "connector.class": testkit.SourceClass, c.key: c.value}
			_, _, err := h.Put(t.Context(), "a", cfg.Raw(), nil, true)
			if code, text := status(t, err); code != 500 || !strings.HasPrefix(text, c.text) {
				t.Errorf("%d %q, want %q", code, text, c.text)
			}
			if s, _ := h.Status("a"); s.Connector.State != store.Failed || !strings.HasPrefix(s.Connector.Trace, c.class+": "+c.text) {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestStoppedConnectorsAreCheckedToo: Java builds the settings of a connector
// before it looks at the target state.
func TestStoppedConnectorsAreCheckedToo(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		stopped := store.TargetStopped
		cfg := config.Map{"name": "a", "connector.class": testkit.SourceClass, "topic.creation.default.partitions": "0", "topic.creation.default.replication.factor": "1"}
		_, _, err := h.Put(t.Context(), "a", cfg.Raw(), &stopped, true)
		if code, text := status(t, err); code != 500 || text != "Invalid value 0 for configuration partitions: Number of partitions must be positive, or -1 to use the broker's default" {
			t.Errorf("%d %q", code, text)
		}
		if s, _ := h.Status("a"); s.Connector.State != store.Failed {
			t.Errorf("%+v", s)
		}
	})
}

// TestAFailedConnectorStops: and starts anew when it is resumed, as in Java.
func TestAFailedConnectorStops(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		for _, fault := range []string{"start=error", "taskConfigs=many", "taskConfigs=error,stop=error", "taskConfigs=error,stop=panic"} {
			if _, err := putFaulty(t, h, fault); err == nil {
				t.Fatal("it has started with tasks")
			}
			before, _ := h.Status("a")
			for _, step := range []struct {
				target store.TargetState
				want   store.State
			}{{store.TargetStopped, store.Stopped}, {store.TargetStarted, before.Connector.State}} {
				if err := h.SetTarget(t.Context(), "a", step.target); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if s, _ := h.Status("a"); s.Connector.State != step.want {
					t.Errorf("%s: %s after %s, want %s", fault, s.Connector.State, step.target, step.want)
				}
			}
		}
	})
}

func TestHangingOffsetsAreAnswered(t *testing.T) {
	misbehave(t, func(t *testing.T, h *herder.Standalone) {
		stopped := store.TargetStopped
		for fault, want := range map[string]string{
			"alterOffsets=hang":  "Request timed out. The worker is currently ",
			"alterOffsets=panic": "Failed to modify offsets for source connector a",
			"alterOffsets=error": "the connector fails in alterOffsets",
		} {
			if _, _, err := h.Put(t.Context(), "a", faulty("a", fault), &stopped, true); err != nil {
				t.Fatal(err)
			}
			_, err := h.AlterOffsets(t.Context(), "a", []store.Offset{{Partition: schema.MapValue(nil), Offset: schema.MapValue(nil)}})
			if code, text := status(t, err); code != 500 || !strings.HasPrefix(text, want) {
				t.Errorf("%s: %d %q", fault, code, text)
			}
		}
	})
}

// TestHealth forces each answer of KIP-1017.
func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		w := &fakeWorker{connectors: map[string]int{}, tasks: map[store.TaskID]int{}, targetState: map[string]store.TargetState{}}
		h := herder.NewStandalone(herder.StandaloneConfig{Worker: &stuckWorker{w, stuck}, Plugins: registry(), Log: slog.New(slog.DiscardHandler)})
		w.listener = h
		health := func(want, text string) {
			t.Helper()
			if state, message := h.Health(); state != want || !strings.HasPrefix(message, text) {
				t.Errorf("%s %q, want %s %q", state, message, want, text)
			}
		}
		health("starting", "Worker is still starting up.")
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- h.Run(ctx) }()
		health("starting", "Worker is still starting up.")
		h.Ready()
		health("healthy", "Worker has completed startup and is ready to handle requests.")

		// The loop itself hangs: StartConnector breaks its promise to return at once.
		put := make(chan error)
		go func() {
			_, _, err := h.Put(t.Context(), "a", source("a", nil), nil, false)
			put <- err
		}()
		time.Sleep(9 * time.Second)
		health("healthy", "Worker has")
		time.Sleep(2 * time.Second)
		health("unhealthy", "Worker was unable to handle this request and may be unable to handle other requests. The worker is currently handling a request in the herder's loop, which began at ")
		err := h.ResetTopics(t.Context(), "a")
		if code, text := status(t, err); code != 500 || !strings.HasPrefix(text, "Request timed out. The worker is currently handling a request in the herder's loop") {
			t.Errorf("%d %q", code, text)
		}
		close(stuck)
		if err := <-put; err == nil {
			t.Error("the request was in time")
		}
		synctest.Wait()
		health("healthy", "Worker has")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		health("unhealthy", "Worker was unable to handle this request and may be unable to handle other requests.")
	})
}

// stuckWorker starts connectors only once the channel is closed.
type stuckWorker struct {
	*fakeWorker
	stuck <-chan struct{}
}

func (w *stuckWorker) StartConnector(name string, cfg config.Map, target store.TargetState, generation int) {
	<-w.stuck
	w.fakeWorker.StartConnector(name, cfg, target, generation)
}
