package herder_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// await reads the snapshot until the condition holds; the test's deadline ends it.
func await(t *testing.T, h *herder.Standalone, name string, holds func(herder.ConnectorStatus) bool) herder.ConnectorStatus {
	t.Helper()
	for t.Context().Err() == nil {
		if s, _ := h.Status(name); holds(s) {
			return s
		}
		runtime.Gosched()
	}
	t.Fatal("the status never came")
	return herder.ConnectorStatus{}
}

func taskStates(s herder.ConnectorStatus) []store.State {
	out := []store.State{}
	for _, t := range s.Tasks {
		out = append(out, t.State)
	}
	return out
}

func TestPutAnswersWithTheTasks(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	info := put(t, h, "a", nil)
	want := []store.TaskID{{Connector: "a", Task: 0}, {Connector: "a", Task: 1}}
	if diff := cmp.Diff(want, info.Tasks); diff != "" || info.Type != "source" {
		t.Error(diff, info.Type)
	}
	s := await(t, h, "a", func(s herder.ConnectorStatus) bool {
		return slices.Equal(taskStates(s), []store.State{store.Running, store.Running})
	})
	if s.Connector.State != store.Running || s.Connector.WorkerID != "w:1" || s.Version != "4.3.1" {
		t.Errorf("status %+v", s)
	}
	configs, _ := h.TaskConfigs("a")
	if len(configs) != 2 || configs[1].Config["task.class"] != "T" {
		t.Errorf("task configurations %v", configs)
	}
	if diff := cmp.Diff([]string{"a"}, h.Connectors()); diff != "" {
		t.Error(diff)
	}
}

func TestInitialStates(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	for target, want := range map[store.TargetState]store.State{store.TargetPaused: store.Paused, store.TargetStopped: store.Stopped} {
		name := string(target)
		created, info, err := h.Put(t.Context(), name, source(name, nil), &target, false)
		s, _ := h.Status(name)
		if err != nil || !created || len(info.Tasks) != 0 || s.Connector.State != want {
			t.Errorf("%s: %v %v %v %v", target, err, created, info.Tasks, s)
		}
		if err := h.SetTarget(t.Context(), name, store.TargetStarted); err != nil {
			t.Fatal(err)
		}
		await(t, h, name, func(s herder.ConnectorStatus) bool {
			return slices.Equal(taskStates(s), []store.State{store.Running, store.Running})
		})
	}
}

func TestReplaceRestartsTasksOfAChangedConfiguration(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	put(t, h, "a", nil)
	put(t, h, "a", nil)
	w.set(func() {
		if w.taskStarts != 2 {
			t.Errorf("%d task starts of an unchanged configuration, want 2", w.taskStarts)
		}
	})
	info := put(t, h, "a", config.Map{"tasks.max": "1"})
	if len(info.Tasks) != 1 {
		t.Errorf("tasks %v", info.Tasks)
	}
	w.set(func() {
		if w.taskStarts != 3 || w.tasksMax != 1 || len(w.tasks) != 1 {
			t.Errorf("%d task starts, at most %d tasks, %v", w.taskStarts, w.tasksMax, w.tasks)
		}
	})
	s := await(t, h, "a", func(s herder.ConnectorStatus) bool { return len(s.Tasks) == 1 })
	// A status of a start before the last one is not believed.
	h.TaskStatus(store.TaskID{Connector: "a"}, store.Status{State: store.Failed, Generation: 1})
	h.ConnectorStatus("a", store.Status{State: store.Failed, Generation: 1})
	if err := h.ResetTopics(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	now, _ := h.Status("a")
	if diff := cmp.Diff(s, now); diff != "" {
		t.Error(diff)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	put(t, h, "a", config.Map{"extra": "1"})
	info, err := h.Patch(t.Context(), "a", config.Raw{"extra": nil, "batch.size": new("9"), "absent": nil})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Map{"name": "a", "connector.class": sourceClass, "topic": "t", "tasks.max": "2", "batch.size": "9"}
	if diff := cmp.Diff(want, info.Config.Map()); diff != "" {
		t.Error(diff)
	}
	_, err = h.Patch(t.Context(), "a", config.Raw{"topic": nil})
	if code, text := status(t, err); code != 400 || !strings.Contains(text, `Missing required configuration "topic" which has no default value.`) {
		t.Error(code, text)
	}
	if now, _ := h.Info("a"); !cmp.Equal(now, info) {
		t.Error("a refused patch changed the connector")
	}
}

func TestStopDeleteAndTopics(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	put(t, h, "a", nil)
	h.TopicUsed(store.TaskID{Connector: "a"}, "t2")
	h.TopicUsed(store.TaskID{Connector: "a"}, "t1")
	if err := h.SetTarget(t.Context(), "a", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	s := await(t, h, "a", func(s herder.ConnectorStatus) bool { return s.Connector.State == store.Stopped })
	if len(s.Tasks) != 0 {
		t.Errorf("tasks %v of a stopped connector", s.Tasks)
	}
	w.set(func() {
		if len(w.tasks) != 0 {
			t.Errorf("tasks %v run on", w.tasks)
		}
	})
	if err := h.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.Status("a"); ok || len(h.Connectors()) != 0 {
		t.Error("a deleted connector is still there")
	}
	if diff := cmp.Diff([]string{"t1", "t2"}, h.Topics("a")); diff != "" {
		t.Error(diff)
	}
	if err := h.ResetTopics(t.Context(), "a"); err != nil || len(h.Topics("a")) != 0 {
		t.Error(err, h.Topics("a"))
	}
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	w.set(func() { w.failTasks = true })
	put(t, h, "a", nil)
	failed := []store.State{store.Failed, store.Failed}
	await(t, h, "a", func(s herder.ConnectorStatus) bool { return slices.Equal(taskStates(s), failed) })

	plan, err := h.RestartWith(t.Context(), "a", false, true)
	if err != nil || plan.Connector.State != store.Running || !slices.Equal(taskStates(plan), failed) {
		t.Errorf("only a failed connector: %v %v", plan, err)
	}
	w.set(func() { w.failTasks = false })
	plan, err = h.RestartWith(t.Context(), "a", true, true)
	if err != nil || plan.Connector.State != store.Running || plan.Tasks[0].State != store.Restarting || plan.Tasks[0].Trace != "boom" {
		t.Errorf("failed tasks: %v %v", plan, err)
	}
	running := []store.State{store.Running, store.Running}
	await(t, h, "a", func(s herder.ConnectorStatus) bool { return slices.Equal(taskStates(s), running) })
	plan, err = h.RestartWith(t.Context(), "a", true, false)
	if err != nil || plan.Connector.State != store.Restarting {
		t.Errorf("all: %v %v", plan, err)
	}
	await(t, h, "a", func(s herder.ConnectorStatus) bool {
		return s.Connector.State == store.Running && slices.Equal(taskStates(s), running)
	})
	if err := h.Restart(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := h.RestartTask(t.Context(), store.TaskID{Connector: "a", Task: 1}); err != nil {
		t.Error(err)
	}
}

// A failed task of a paused connector is still shown with what is wrong, as Java
// does; the PAUSED that was recorded once was a task caught while it started.
func TestPauseLeavesFailures(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	w.set(func() { w.failTasks = true })
	put(t, h, "a", config.Map{"tasks.max": "1"})
	failed := []store.State{store.Failed}
	await(t, h, "a", func(s herder.ConnectorStatus) bool { return slices.Equal(taskStates(s), failed) })
	for target, want := range map[store.TargetState]store.State{store.TargetPaused: store.Paused, store.TargetStarted: store.Running} {
		if err := h.SetTarget(t.Context(), "a", target); err != nil {
			t.Fatal(err)
		}
		await(t, h, "a", func(s herder.ConnectorStatus) bool {
			return s.Connector.State == want && slices.Equal(taskStates(s), failed) && s.Tasks[0].Trace != ""
		})
	}
}

func TestAFailedStartIsAnswered(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	w.set(func() { w.failStart = true })
	_, _, err := h.Put(t.Context(), "a", source("a", nil), nil, false)
	if code, text := status(t, err); code != 500 || text != "Failed to transition connector a to state STARTED" {
		t.Error(code, text)
	}
	if s, _ := h.Status("a"); s.Connector.State != store.Failed || s.Connector.Trace != "boom" {
		t.Error(s)
	}
}

func TestAHangingConnectorDelaysNoOther(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	put(t, h, "a", nil)
	hang := make(chan struct{})
	w.set(func() { w.hang = hang })
	restarted := make(chan error)
	go func() { restarted <- h.Restart(t.Context(), "a") }()
	put(t, h, "b", nil) // creates: it does not stop anything
	close(hang)
	if err := <-restarted; err != nil {
		t.Error(err)
	}
}

func TestErrorsOfUnknownConnectors(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	ctx := t.Context()
	put(t, h, "r", nil)
	_, _, exists := h.Put(ctx, "r", source("r", nil), nil, false)
	_, patch := h.Patch(ctx, "n", config.Raw{"a": new("b")})
	_, restartWith := h.RestartWith(ctx, "n", true, false)
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{exists, 409, "Connector r already exists"},
		{patch, 404, "Connector n not found"},
		{restartWith, 404, "Unknown connector: n"},
		{h.Delete(ctx, "n"), 404, "Connector n not found"},
		{h.SetTarget(ctx, "n", store.TargetPaused), 404, "Unknown connector n"},
		{h.SetTarget(ctx, "n", store.TargetStarted), 404, "Unknown connector n"},
		{h.SetTarget(ctx, "n", store.TargetStopped), 500, "No connector `n` configured"},
		{h.Restart(ctx, "n"), 500, `Cannot invoke "java.util.Map.get(Object)" because "connProps" is null`},
		{h.RestartTask(ctx, store.TaskID{Connector: "n"}), 500, "Failed to start task n-0 since it is not a recognizable type (source or sink)"},
		{h.RestartTask(ctx, store.TaskID{Connector: "r", Task: 7}), 404, "Task r-7 not found"},
		{h.RestartTask(ctx, store.TaskID{Connector: "r", Task: -1}), 404, "Task r--1 not found"},
	} {
		if code, text := status(t, c.err); code != c.code || text != c.text {
			t.Errorf("got %d %q, want %d %q", code, text, c.code, c.text)
		}
	}
}
