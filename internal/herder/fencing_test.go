package herder_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// FenceProducers implements herder.ProducerFencer.
func (n *node) FenceProducers(_ context.Context, name string, cfg config.Map, tasks int) error {
	n.c.mu.Lock()
	n.fenced = append(n.fenced, fmt.Sprintf("%s: %d of %s", name, tasks, cfg["connector.class"]))
	fencing := n.fencing
	n.c.mu.Unlock()
	if fencing != nil {
		fencing()
	}
	return nil
}

func (n *node) rounds() string {
	n.c.mu.Lock()
	defer n.c.mu.Unlock()
	return strings.Join(n.fenced, ", ")
}

func (n *node) fence(id store.TaskID) {
	n.c.t.Helper()
	if err := n.Fence(n.c.t.Context(), id); err != nil {
		n.c.t.Fatal(err)
	}
}

// TestFencing has tasks of two workers ask for it: the leader fences as many
// producers as there may be, once for all tasks of a generation.
func TestFencing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a, b := c.join("a:1"), c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	task := func(n int) store.TaskID { return store.TaskID{Connector: "x", Task: n} }
	record := func() int { return a.configs.Snapshot().TaskCountRecord("x") }

	b.fence(task(1))
	a.fence(task(0))
	if record() != 2 || a.rounds() != "" {
		t.Errorf("the first tasks: the record is %d, fenced were %q", record(), a.rounds())
	}
	put := func(tasks int) {
		t.Helper()
		cfgs := make([]config.Raw, tasks)
		for i := range cfgs {
			cfgs[i] = config.Map{"task.class": "T", "n": strconv.Itoa(tasks)}.Raw()
		}
		if err := a.configs.PutTaskConfigs(t.Context(), "x", cfgs); err != nil {
			t.Fatal(err)
		}
	}
	put(1)
	b.fence(task(0))
	a.fence(task(0))
	if want := "x: 2 of " + sourceClass; record() != 1 || a.rounds() != want || b.rounds() != "" {
		t.Errorf("fewer tasks: the record is %d, fenced were %q and %q, want %q", record(), a.rounds(), b.rounds(), want)
	}
	put(1)
	a.fence(task(0))
	if want := "x: 2 of " + sourceClass; record() != 1 || a.configs.Snapshot().PendingFencing("x") || a.rounds() != want {
		t.Errorf("one task fences itself: the record is %d, fenced were %q", record(), a.rounds())
	}

	// New task configurations in the middle of it: this round does not count.
	put(3)
	c.mu.Lock()
	a.fencing = func() {
		c.mu.Lock()
		a.fencing = nil
		c.mu.Unlock()
		put(2)
	}
	c.mu.Unlock()
	key := a.configs.Snapshot().SessionKey()
	if key == nil {
		t.Fatal("there is no session key")
	}
	a.fence(task(0)) // the first answer is 409, and it asks again
	if want := "x: 2 of C, x: 1 of C, x: 1 of C"; record() != 2 || a.rounds() != strings.ReplaceAll(want, "C", sourceClass) {
		t.Errorf("with new task configurations: the record is %d, fenced were %q", record(), a.rounds())
	}
	for name, want := range map[string]int{"no": http.StatusNotFound} {
		code, message := status(t, a.Fence(t.Context(), store.TaskID{Connector: name}))
		if code != want {
			t.Errorf("fencing %s: %d %s", name, code, message)
		}
	}
	if code, message := status(t, b.FenceZombies(t.Context(), "x", nil)); code != http.StatusBadRequest {
		t.Errorf("a request without a signature: %d %s", code, message)
	}
}

// TestVerify refuses a task that is not what is to run any more.
func TestVerify(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	id, number := store.TaskID{Connector: "x"}, 0
	a.worker.set(func() { number = a.worker.tasks[id] })
	if err := a.Verify(t.Context(), id, number); err != nil {
		t.Errorf("a task that runs: %v", err)
	}
	if err := a.Verify(t.Context(), id, number-1); err == nil || !strings.Contains(err.Error(), "already been revoked") {
		t.Errorf("a former start of it: %v", err)
	}
	if err := a.Verify(t.Context(), store.TaskID{Connector: "x", Task: 7}, number); err == nil {
		t.Error("a task that never was is not refused")
	}
}

// TestOffsetsAreFencedFirst stops a connector and resets its offsets.
func TestOffsetsAreFencedFirst(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	a.fence(store.TaskID{Connector: "x"})
	if err := a.SetTarget(t.Context(), "x", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	if _, err := a.ResetOffsets(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if got, record := a.rounds(), a.configs.Snapshot().TaskCountRecord("x"); got != "x: 2 of "+sourceClass || record != 0 {
		t.Errorf("fenced were %q, the record is %d", got, record)
	}
}

// TestTasksOfALostWorkerStartAgain gives a worker its work back under another
// member id: by then another worker may have fenced the producers of its tasks.
func TestTasksOfALostWorkerStartAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	c.mu.Lock()
	again := assign.Assignment{
		Generation: c.generation, MemberID: "anew", Leader: true, LeaderURL: a.url(),
		ConfigOffset: a.configs.Snapshot().Offset(), Signed: true, Held: a.held.Clone(),
	}
	c.mu.Unlock()
	starts := 0
	a.worker.set(func() { starts = a.worker.taskStarts })
	a.Assigned(again)
	c.eventually(func() string {
		now := 0
		a.worker.set(func() { now = a.worker.taskStarts })
		if now != starts+2 {
			return fmt.Sprintf("%d tasks were started again, want 2", now-starts)
		}
		return ""
	})
	c.eventually(c.runs("x"))
}
