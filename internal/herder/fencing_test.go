package herder_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
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

// ledger notes how a worker leads, and what is in the config topic when it reads to
// the end.
type ledger struct {
	store.ConfigStore

	mu     sync.Mutex // guards the following
	claims []string
	unread func() // writes what this worker has not read yet, once
	held   string // a connector of which the next write waits for hold
	hold   func()
}

// holdOnce has the next write of a connector wait for hold.
func (l *ledger) holdOnce(connector string, hold func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held, l.hold = connector, hold
}

func (l *ledger) pass(connector string) {
	l.mu.Lock()
	hold := l.hold
	if hold == nil || l.held != connector {
		l.mu.Unlock()
		return
	}
	l.hold = nil
	l.mu.Unlock()
	hold()
}

func (l *ledger) PutConnector(ctx context.Context, name string, cfg config.Raw, target store.TargetState) error {
	l.pass(name)
	return l.ConfigStore.PutConnector(ctx, name, cfg, target)
}

func (l *ledger) RemoveConnector(ctx context.Context, name string) error {
	l.pass(name)
	return l.ConfigStore.RemoveConnector(ctx, name)
}

func (l *ledger) PutTargetState(ctx context.Context, name string, target store.TargetState) error {
	l.pass(name)
	return l.ConfigStore.PutTargetState(ctx, name, target)
}

func (l *ledger) Claim(ctx context.Context) error {
	l.note("claim")
	return l.ConfigStore.Claim(ctx)
}

func (l *ledger) Resign(ctx context.Context) error {
	l.note("resign")
	return l.ConfigStore.Resign(ctx)
}

func (l *ledger) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claims = append(l.claims, what)
}

func (l *ledger) Refresh(ctx context.Context) error {
	l.mu.Lock()
	unread := l.unread
	l.unread = nil
	l.mu.Unlock()
	if unread != nil {
		unread()
	}
	return l.ConfigStore.Refresh(ctx)
}

func (l *ledger) arrives(unread func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unread = unread
}

// TestWhoLeadsAgainClaimsAnew: while another worker has led, or may have, it has
// fenced this one, and may have left a transaction open.
func TestWhoLeadsAgainClaimsAnew(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	generation := 1000
	assigned := func(leader bool, more int) {
		generation += more
		a.Assigned(assign.Assignment{Generation: generation, MemberID: a.id, Leader: leader, LeaderURL: a.url(), Signed: true})
	}
	for _, tt := range []struct {
		why  string
		do   func()
		want string
	}{
		{"generations were missed", func() { assigned(true, 1) }, "resign claim"},
		{"it leads on", func() { assigned(true, 1) }, "claim"},
		{"a generation was missed", func() { assigned(true, 2) }, "resign claim"},
		{"another one has led", func() { assigned(false, 1); assigned(true, 1) }, "resign claim"},
		{"it was in no group", func() { a.Left(); assigned(true, 1) }, "resign claim"},
	} {
		c.eventually(a.isReady)
		a.ledger.mu.Lock()
		a.ledger.claims = nil
		a.ledger.mu.Unlock()
		tt.do()
		c.eventually(func() string {
			a.ledger.mu.Lock()
			defer a.ledger.mu.Unlock()
			if got := strings.Join(a.ledger.claims, " "); got != tt.want {
				return tt.why + ": " + got
			}
			return ""
		})
	}
}

// TestFencingReadsToTheEnd: what other workers have written counts, before the
// producers are fenced and after it; and only the leader fences.
func TestFencingReadsToTheEnd(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.alone()
	a.fence(store.TaskID{Connector: "x"})
	c.mu.Lock() // no rounds from now on
	put := func(tasks int) {
		cfgs := make([]config.Raw, tasks)
		for i := range cfgs {
			cfgs[i] = config.Map{"task.class": "T", "n": strconv.Itoa(tasks)}.Raw()
		}
		if err := a.configs.PutTaskConfigs(t.Context(), "x", cfgs); err != nil {
			t.Error(err)
		}
	}
	a.ledger.arrives(func() { put(3) })
	a.fencing = func() {
		c.mu.Lock()
		a.fencing = nil
		c.mu.Unlock()
		a.ledger.arrives(func() { put(4) })
	}
	c.mu.Unlock()
	a.fence(store.TaskID{Connector: "x"})
	// The second round is for what arrived in the first one.
	want := strings.ReplaceAll("x: 2 of C, x: 2 of C", "C", sourceClass)
	if record := a.configs.Snapshot().TaskCountRecord("x"); record != 4 || a.rounds() != want {
		t.Errorf("the record is %d, fenced were %q", record, a.rounds())
	}
	b := c.join("b:1")
	c.eventually(b.isReady)
	put(1)
	c.eventually(func() string { // rounds may come between
		b.Assigned(assign.Assignment{Generation: 9, MemberID: b.id, LeaderURL: a.url()})
		err := b.FenceZombies(t.Context(), "x", nil)
		if _, ok := errors.AsType[*herder.ForwardError](err); ok {
			return ""
		}
		return fmt.Sprintf("a follower answers %v", err)
	})
	if b.rounds() != "" {
		t.Errorf("a follower has fenced %s", b.rounds())
	}
}

// TestVerify refuses a task that is not what is to run any more.
func TestVerify(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.alone()
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
	// New task configurations that this worker has not read yet.
	c.mu.Lock() // no round takes the task away meanwhile
	defer c.mu.Unlock()
	a.ledger.arrives(func() {
		if err := a.configs.PutTaskConfigs(t.Context(), "x", []config.Raw{config.Map{"task.class": "T", "n": "new"}.Raw()}); err != nil {
			t.Error(err)
		}
	})
	if err := a.Verify(t.Context(), id, number); err == nil || !strings.Contains(err.Error(), "already generated a new set of task configs") && !strings.Contains(err.Error(), "already been revoked") {
		t.Errorf("a task whose configuration was replaced: %v", err)
	}
}

// TestOffsetsAreFencedFirst stops a connector and resets its offsets.
func TestOffsetsAreFencedFirst(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"exactly.once.source.support": "enabled"})
	a := c.alone()
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
	a := c.alone()
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
