package herder_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/store"
)

func TestGroupRunsConnectors(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	a.create("x", nil)
	// What was answered is what is read (invariant 8).
	if info, ok := a.Info("x"); !ok || info.Type != herder.TypeSource || *info.Config["topic"] != "t" {
		t.Errorf("info is %+v", info)
	}
	c.eventually(c.runs("x"))
	b := c.join("b:1")
	a.create("y", nil)
	c.eventually(c.runs("x", "y"))
	b.worker.set(func() {
		if len(b.worker.connectors) != 1 || len(b.worker.tasks) != 2 {
			t.Errorf("b runs %v and %v", b.worker.connectors, b.worker.tasks)
		}
	})
	if got, want := fmt.Sprint(b.Connectors()), "[x y]"; got != want {
		t.Errorf("b knows %s, want %s", got, want)
	}
	c.leave(a) // the leader
	c.eventually(c.runs("x", "y"))
	if err := b.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	c.eventually(c.runs("y"))
	c.eventually(func() string {
		if _, ok := b.Status("x"); ok {
			return "x has a status after its deletion"
		}
		return ""
	})
}

// TestQuietChanges counts starts: a change of one connector starts nothing of
// another.
func TestQuietChanges(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	a.create("x", nil)
	a.create("y", nil)
	c.eventually(c.runs("x", "y"))
	change := func(what string, want int, names []string, f func() error) {
		t.Helper()
		before := c.starts()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		c.eventually(func() string {
			if got := c.starts() - before; got < want {
				return fmt.Sprintf("%s starts %d instances, want %d", what, got, want)
			}
			return c.runs(names...)()
		})
		if got := c.starts() - before; got != want {
			t.Errorf("%s starts %d instances, want %d", what, got, want)
		}
	}
	change("creating z", 3, []string{"x", "y", "z"}, func() error { a.create("z", nil); return nil })
	change("changing x", 3, []string{"x", "y", "z"}, func() error { a.create("x", config.Map{"topic": "u"}); return nil })
	change("restarting x", 1, []string{"x", "y", "z"}, func() error { return c.owner("x").Restart(t.Context(), "x") })
	change("restarting a task", 1, []string{"x", "y", "z"}, func() error {
		return c.ownerOf(store.TaskID{Connector: "y"}).RestartTask(t.Context(), store.TaskID{Connector: "y"})
	})
	change("restarting y with tasks", 3, []string{"x", "y", "z"}, func() error {
		plan, err := a.RestartWith(t.Context(), "y", true, false)
		if plan.Connector.State != store.Restarting || plan.Tasks[1].State != store.Restarting {
			t.Errorf("the plan is %+v", plan)
		}
		return err
	})
	change("pausing x", 0, nil, func() error {
		if err := b.SetTarget(t.Context(), "x", store.TargetPaused); err != nil {
			return err
		}
		c.eventually(c.isIn("x", store.Paused))
		return b.SetTarget(t.Context(), "x", store.TargetStarted)
	})
	c.eventually(c.runs("x", "y", "z"))
	if err := a.SetTarget(t.Context(), "x", store.TargetStopped); err != nil {
		t.Fatal(err)
	}
	c.eventually(c.isIn("x", store.Stopped))
	change("resuming x", 2, []string{"x", "y", "z"}, func() error { return b.SetTarget(t.Context(), "x", store.TargetStarted) })
}

// TestManyConnectors creates many connectors as a script does; they settle in
// one go.
func TestManyConnectors(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	var names []string
	for i := range 300 {
		name := fmt.Sprintf("c%03d", i)
		names = append(names, name)
		a.create(name, nil)
	}
	c.eventually(c.runs(names...))
	if got, want := c.starts(), 3*len(names); got != want {
		t.Errorf("%d starts for %d instances", got, want)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("%d connectors took %d rounds", len(names), c.rounds)
}

// TestForward says where requests belong that this worker cannot answer.
func TestForward(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(a.isReady)
	b := c.join("b:1")
	c.eventually(b.isReady)
	a.create("x", nil)
	c.eventually(c.runs("x"))
	leader := "http://a:1/"
	for what, err := range map[string]error{
		"put": func() error {
			_, _, err := b.Put(t.Context(), "y", source("y", nil), nil, false)
			return err
		}(),
		"put what is wrong": func() error {
			_, _, err := b.Put(t.Context(), "y", source("y", config.Map{"tasks.max": "x"}), nil, false)
			return err
		}(),
		"patch":  func() error { _, err := b.Patch(t.Context(), "x", config.Raw{}); return err }(),
		"delete": b.Delete(t.Context(), "x"),
		"stop":   b.SetTarget(t.Context(), "x", store.TargetStopped),
		"restart with": func() error {
			_, err := b.RestartWith(t.Context(), "x", true, false)
			return err
		}(),
		"alter offsets": func() error { _, err := b.AlterOffsets(t.Context(), "x", nil); return err }(),
		"reset offsets": func() error { _, err := b.ResetOffsets(t.Context(), "x"); return err }(),
	} {
		f, ok := errors.AsType[*herder.ForwardError](err)
		if !ok || f.URL != leader {
			t.Errorf("%s: %v goes to %+v, want the leader", what, err, f)
		}
	}
	owner := c.owner("x")
	for _, n := range c.nodes {
		err := n.Restart(t.Context(), "x")
		f, forward := errors.AsType[*herder.ForwardError](err)
		switch {
		case n == owner && err != nil:
			t.Errorf("the owner answers %v", err)
		case n != owner && n == a && (!forward || f.URL != owner.url()):
			t.Errorf("the leader sends a restart to %v, want the owner %s", err, owner.url())
		case n != owner && n != a && (!forward || f.URL != leader):
			t.Errorf("a follower sends a restart to %v, want the leader", err)
		}
	}
	b.Left()
	c.eventually(func() string {
		if f, ok := errors.AsType[*herder.ForwardError](b.Delete(t.Context(), "x")); !ok || f.URL != "" {
			return "a worker in no group still forwards"
		}
		return ""
	})
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.alone()
	for _, tt := range []struct {
		what, want string
		err        error
	}{
		{"delete", "Connector no not found", a.Delete(t.Context(), "no")},
		{"pause", "Unknown connector no", a.SetTarget(t.Context(), "no", store.TargetPaused)},
		{"restart", "Unknown connector: no", a.Restart(t.Context(), "no")},
		{"restart task", "Unknown task: x-7", a.RestartTask(t.Context(), store.TaskID{Connector: "x", Task: 7})},
		{"patch", "Connector no not found", func() error { _, err := a.Patch(t.Context(), "no", nil); return err }()},
	} {
		if code, message := status(t, tt.err); code != http.StatusNotFound || message != tt.want {
			t.Errorf("%s: %d %s, want 404 %s", tt.what, code, message, tt.want)
		}
	}
	if _, _, err := a.Put(t.Context(), "x", source("x", nil), nil, false); err == nil {
		t.Error("a connector is created twice")
	} else if code, message := status(t, err); code != http.StatusConflict || message != "Connector x already exists" {
		t.Errorf("got %d %s", code, message)
	}
}

// TestInternalRequests checks signatures as KIP-507 says.
func TestInternalRequests(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	c.eventually(func() string {
		if a.configs.Snapshot().SessionKey() == nil {
			return "the leader has written no session key"
		}
		return ""
	})
	for _, tt := range []struct {
		name string
		sig  *herder.Signature
		code int
		text string
	}{
		{"none", nil, http.StatusBadRequest, "Internal request missing required signature"},
		{"another algorithm", &herder.Signature{Algorithm: "HmacMD5"}, http.StatusBadRequest, "This worker does not support the 'HmacMD5' key signing algorithm"},
		{"wrong", &herder.Signature{Algorithm: "HmacSHA256", MAC: []byte("x")}, http.StatusForbidden, "Internal request contained invalid signature."},
	} {
		code, message := status(t, a.PutTaskConfigs(t.Context(), "x", nil, tt.sig))
		if code != tt.code || !strings.HasPrefix(message, tt.text) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, code, message, tt.code, tt.text)
		}
	}
}

// TestKeyIsRotated gives the key a short life.
func TestKeyIsRotated(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"inter.worker.key.ttl.ms": "20"})
	a := c.join("a:1")
	keys := map[string]bool{}
	c.eventually(func() string {
		if k := a.configs.Snapshot().SessionKey(); k != nil {
			keys[k.Key.Reveal()] = true
		}
		if len(keys) < 3 {
			return fmt.Sprintf("%d session keys were seen", len(keys))
		}
		return ""
	})
}

// TestLeaderAway lets task configurations reach the leader later.
func TestLeaderAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	c.mu.Lock()
	c.refuse["a:1"] = true
	c.mu.Unlock()
	a.create("x", nil)
	a.create("y", nil)
	c.eventually(func() string {
		owner := 0
		b.worker.set(func() { owner = len(b.worker.connectors) })
		if owner == 0 {
			return "b runs no connector"
		}
		return ""
	})
	c.mu.Lock()
	delete(c.refuse, "a:1")
	c.mu.Unlock()
	c.eventually(c.runs("x", "y"))
}

// TestRevokedWhileTheLeaderWaits revokes a connector whose task configurations
// are on their way to the leader, which answers only when the rebalance is over:
// the revocation must not wait for that.
func TestRevokedWhileTheLeaderWaits(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	c.eventually(a.isReady)
	c.eventually(b.isReady)
	hang := make(chan struct{})
	c.mu.Lock()
	c.hang = hang
	c.mu.Unlock()
	a.create("x", nil)
	a.create("y", nil)
	var owned []string
	c.eventually(func() string {
		asked := false
		b.worker.set(func() { owned, asked = slices.Collect(maps.Keys(b.worker.connectors)), b.worker.tasksMax > 0 })
		if len(owned) == 0 || !asked {
			return "b was not asked for task configurations"
		}
		return ""
	})
	done := make(chan struct{})
	b.Revoked(assign.Work{Connectors: owned}, func() { close(done) })
	<-done
	close(hang)
}

// TestRevokedWhileAnotherOperationRuns revokes a connector and its tasks while the
// connector hangs in a restart: they are told to stop all the same, since others are
// given them when the session of this worker ends.
func TestRevokedWhileAnotherOperationRuns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.alone()
	hang := make(chan struct{})
	a.worker.set(func() { a.worker.hang = hang })
	restarted := make(chan error, 1)
	go func() { restarted <- a.Restart(context.WithoutCancel(t.Context()), "x") }()
	c.eventually(func() string {
		waiting := ""
		a.worker.set(func() {
			if _, runs := a.worker.connectors["x"]; runs {
				waiting = "the restart has not begun"
			}
		})
		return waiting
	})
	done := make(chan struct{})
	a.Revoked(assign.Work{Connectors: []string{"x"}, Tasks: []store.TaskID{{Connector: "x", Task: 1}}}, func() { close(done) })
	c.eventually(func() (told string) {
		a.worker.set(func() { told = strings.Join(a.worker.told, " ") })
		if told == "x-1 x" {
			return ""
		}
		return "told to stop: " + told
	})
	select {
	case <-done:
		t.Error("the revocation does not wait for the restart")
	default:
	}
	a.worker.set(func() { a.worker.hang = nil })
	close(hang)
	<-done
	if err := <-restarted; err == nil {
		t.Error("what was revoked has started again")
	}
}

func TestClusterLevels(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.join("a:1")
	b := c.join("b:1")
	if err := b.SetClusterLoggerLevel(t.Context(), "org.apache.kafka", "DEBUG"); err != nil {
		t.Fatal(err)
	}
	c.eventually(func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		if fmt.Sprint(a.levels, b.levels) != "[org.apache.kafka=DEBUG] [org.apache.kafka=DEBUG]" {
			return fmt.Sprint("the levels are ", a.levels, b.levels)
		}
		return ""
	})
}

func TestTopicsOfAGroup(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.alone()
	a.TopicUsed(store.TaskID{Connector: "x", Task: 1}, "t")
	a.TopicUsed(store.TaskID{Connector: "x"}, "s")
	if got := fmt.Sprint(a.Topics("x")); got != "[s t]" {
		t.Errorf("topics are %s", got)
	}
	if err := a.ResetTopics(t.Context(), "x"); err != nil || len(a.Topics("x")) != 0 {
		t.Errorf("topics after a reset are %v, %v", a.Topics("x"), err)
	}
	a.TopicUsed(store.TaskID{Connector: "x"}, "s")
	if err := a.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	c.eventually(func() string {
		if got := a.Topics("x"); len(got) > 0 {
			return fmt.Sprint("topics after the deletion are ", got)
		}
		return ""
	})
}
