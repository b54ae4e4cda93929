package storetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/store"
)

// Statuses runs the tests of store.StatusStore. open returns a started store of
// another worker on the same data each time it is called, with an empty topic for
// each t at its first call.
func Statuses(t *testing.T, open func(t *testing.T) store.StatusStore) {
	for name, test := range map[string]func(*testing.T, func(*testing.T) store.StatusStore){
		"statuses are seen by all": statusesAreSeen, "safe writes": safeWrites, "topics": topics, "order": order, "late statuses": lateStatuses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func status(state store.State, worker string, generation int) store.Status {
	return store.Status{State: state, WorkerID: worker, Generation: generation, Version: "1"}
}

// settle returns when both stores have read what the first has put.
func settle(t *testing.T, stores ...store.StatusStore) {
	t.Helper()
	for _, s := range stores {
		must(t, s.Flush(timeout(t)))
	}
	for _, s := range stores {
		must(t, s.Refresh(timeout(t)))
	}
}

func statusesAreSeen(t *testing.T, open func(*testing.T) store.StatusStore) {
	a, b := open(t), open(t)
	defer closed(t, a)
	defer closed(t, b)
	failed := status(store.Failed, "a:1", 3)
	failed.Trace = "org.x.Exception: \"é\"\n\tat x"
	a.PutConnector("c", status(store.Running, "a:1", 3))
	a.PutTask(store.TaskID{Connector: "c", Task: 0}, failed)
	b.PutTask(store.TaskID{Connector: "c", Task: 1}, status(store.Running, "b:1", 3))
	settle(t, a, b)
	for _, s := range []store.StatusStore{a, b} {
		got := maps.Collect(s.Snapshot().Tasks("c"))
		if diff := cmp.Diff(map[int]store.Status{0: failed, 1: status(store.Running, "b:1", 3)}, got); diff != "" {
			t.Error(diff)
		}
		if c, ok := s.Snapshot().Connector("c"); !ok || c != status(store.Running, "a:1", 3) {
			t.Errorf("%+v", c)
		}
	}
	b.RemoveTask(store.TaskID{Connector: "c", Task: 1})
	settle(t, b, a)
	if _, ok := a.Snapshot().Task(store.TaskID{Connector: "c", Task: 1}); ok {
		t.Error("the task is still there")
	}
	a.RemoveConnector("c")
	settle(t, a, b)
	if got := slices.Collect(b.Snapshot().Connectors()); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}

func safeWrites(t *testing.T, open func(*testing.T) store.StatusStore) {
	a, b := open(t), open(t)
	defer closed(t, a)
	defer closed(t, b)
	id := store.TaskID{Connector: "c", Task: 0}
	for i, step := range []struct {
		by         store.StatusStore
		safe       bool
		state      store.State
		worker     string
		generation int
		want       store.State
	}{
		{a, true, store.Failed, "a", 5, store.Failed},         // nothing known
		{a, false, store.Running, "a", 5, store.Running},      // always written
		{b, true, store.Unassigned, "b", 4, store.Running},    // an older one of another worker
		{b, true, store.Failed, "b", 5, store.Failed},         // no older
		{b, true, store.Paused, "b", 1, store.Paused},         // one's own, however old
		{a, false, store.Running, "a", 0, store.Running},      // always written
		{b, true, store.Unassigned, "b", 0, store.Running},    // passed over by the readers
		{b, true, store.Restarting, "b", 9, store.Restarting}, // newer
	} {
		s := status(step.state, step.worker, step.generation)
		if step.safe {
			step.by.PutTaskSafe(id, s)
			step.by.PutConnectorSafe("d", s)
		} else {
			step.by.PutTask(id, s)
			step.by.PutConnector("d", s)
		}
		settle(t, a, b)
		if got, _ := a.Snapshot().Task(id); got.State != step.want {
			t.Errorf("step %d: the task is %s, want %s", i, got.State, step.want)
		}
		// A connector's owner has to write its status again: only tasks have that guard.
		for ctx := timeout(t); ; settle(t, a, b) {
			got, _ := a.Snapshot().Connector("d")
			if got.State == step.want {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("step %d: the connector is %s, want %s", i, got.State, step.want)
			}
		}
	}
}

func topics(t *testing.T, open func(*testing.T) store.StatusStore) {
	a, b := open(t), open(t)
	defer closed(t, a)
	defer closed(t, b)
	for i := range 3 {
		a.PutTopic(store.TopicStatus{Topic: "t1", Connector: "c", Task: i, Discovered: int64(i)}) // the first one counts
	}
	a.PutTopic(store.TopicStatus{Topic: "t2", Connector: "c", Task: 7, Discovered: 7})
	settle(t, a, b)
	b.PutTopic(store.TopicStatus{Topic: "t2", Connector: "c", Task: 8, Discovered: 8}) // known
	settle(t, b, a)
	got := map[string]int{}
	for topic, used := range a.Snapshot().Topics("c") {
		got[topic] = used.Task
	}
	if diff := cmp.Diff(map[string]int{"t1": 0, "t2": 7}, got); diff != "" {
		t.Error(diff)
	}
	// Forgotten and used again at once, before anything is read back.
	b.RemoveTopic("c", "t1")
	b.PutTopic(store.TopicStatus{Topic: "t1", Connector: "c", Task: 4, Discovered: 9})
	b.RemoveTopic("c", "t2")
	settle(t, b, a)
	if used, ok := a.Snapshot().Topic("c", "t1"); !ok || used.Task != 4 {
		t.Errorf("t1: %+v, %v", used, ok)
	}
	if _, ok := a.Snapshot().Topic("c", "t2"); ok {
		t.Error("t2 is not forgotten")
	}
}

// order writes one key many times without waiting: the last one wins.
func order(t *testing.T, open func(*testing.T) store.StatusStore) {
	a, b := open(t), open(t)
	defer closed(t, a)
	defer closed(t, b)
	for round := range 20 {
		for i := range 50 {
			a.PutConnector("c", status(store.Running, "a", round*50+i))
		}
		settle(t, a, b)
		if got, _ := b.Snapshot().Connector("c"); got.Generation != round*50+49 {
			t.Fatalf("round %d ends with %d", round, got.Generation)
		}
	}
}

// lateStatuses has a worker that was cut off write what it gave up, after another
// one has started it: that one's status comes back.
func lateStatuses(t *testing.T, open func(*testing.T) store.StatusStore) {
	old, owner := open(t), open(t)
	defer closed(t, old)
	defer closed(t, owner)
	id := store.TaskID{Connector: "c", Task: 0}
	owner.PutConnector("c", status(store.Running, "b:1", 4))
	owner.PutTask(id, status(store.Running, "b:1", 4))
	settle(t, owner)
	old.PutConnector("c", status(store.Unassigned, "a:1", 3))
	old.PutTask(id, status(store.Unassigned, "a:1", 3))
	for ctx := timeout(t); ; {
		settle(t, old, owner)
		must(t, ctx.Err())
		c, _ := old.Snapshot().Connector("c")
		task, _ := old.Snapshot().Task(id)
		if c.WorkerID == "b:1" && task.WorkerID == "b:1" {
			break
		}
	}
	// What a newer one writes stays, and what is given up is not written again.
	old.PutTask(id, status(store.Running, "a:1", 5))
	settle(t, old, owner)
	owner.PutConnector("c", status(store.Unassigned, "b:1", 4))
	settle(t, owner)
	old.PutConnector("c", status(store.Failed, "a:1", 2))
	settle(t, old, owner)
	if c, _ := owner.Snapshot().Connector("c"); c.WorkerID != "a:1" {
		t.Errorf("what was given up shows as %+v", c)
	}
	if task, _ := owner.Snapshot().Task(id); task.WorkerID != "a:1" {
		t.Errorf("what a newer generation runs shows as %+v", task)
	}
}
