package herder_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluice/connect/config"
	"sluice/internal/store"
)

// former is the brokers' view of three tasks of a former run.
type former struct {
	mu     sync.Mutex
	rounds []string // guarded by mu
	fails  int      // so many rounds from now on; guarded by mu
}

func (f *former) FormerTasks(context.Context, string, config.Map) (int, error) { return 3, nil }

func (f *former) FenceProducers(_ context.Context, name string, cfg config.Map, tasks int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rounds = append(f.rounds, fmt.Sprintf("%s: %d of %s", name, tasks, cfg["connector.class"]))
	if f.fails--; f.fails >= 0 {
		return errors.New("no brokers")
	}
	return nil
}

func (f *former) fail(rounds int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = rounds
}

func (f *former) want(t *testing.T, when string, rounds int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rounds) != rounds || rounds > 0 && f.rounds[0] != "x: 3 of "+sourceClass {
		t.Errorf("%s: fenced were %q, want %d rounds", when, f.rounds, rounds)
	}
}

// TestStandaloneFencing fences what a former run may have left, once for each set
// of task configurations, and before offsets are changed.
func TestStandaloneFencing(t *testing.T) {
	t.Parallel()
	f := &former{}
	h, w := startWith(t, f)
	put(t, h, "x", nil)
	id := func(n int) store.TaskID { return store.TaskID{Connector: "x", Task: n} }
	f.fail(1)
	for _, n := range []int{1, 0, 1} {
		if err := h.Fence(t.Context(), id(n)); err != nil {
			t.Fatal(err)
		}
	}
	f.want(t, "two tasks, one of them again, and a round that fails", 2)

	var number int
	w.set(func() { number = w.tasks[id(1)] })
	if err := h.Verify(t.Context(), id(1), number); err != nil {
		t.Errorf("a task that is to run: %v", err)
	}
	put(t, h, "x", config.Map{"tasks.max": "1"})
	if err := h.Verify(t.Context(), id(1), number); err == nil || !strings.Contains(err.Error(), "x-1 as it has already been replaced") {
		t.Errorf("a task that is no more: %v", err)
	}
	if err := h.Fence(t.Context(), id(0)); err != nil {
		t.Fatal(err)
	}
	f.want(t, "new task configurations", 3)

	if err := h.SetTarget(t.Context(), "x", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ResetOffsets(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	f.want(t, "a reset of offsets", 4)
	put(t, h, "x", nil) // that it is stopped stays
	f.fail(1)
	if err := h.SetTarget(t.Context(), "x", store.TargetStarted); err != nil {
		t.Fatal(err)
	}
	if err := h.SetTarget(t.Context(), "x", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	code, message := status(t, func() error { _, err := h.ResetOffsets(t.Context(), "x"); return err }())
	if code != http.StatusInternalServerError || message != "Failed to perform zombie fencing for source connector prior to modifying offsets" {
		t.Errorf("a reset that cannot fence: %d %s", code, message)
	}
	if err := h.Fence(t.Context(), store.TaskID{Connector: "no"}); err != nil {
		t.Errorf("a connector that is deleted has nothing to fence: %v", err)
	}
}
