package herder_test

import (
	"fmt"
	"log/slog"
	"testing"

	"sluice/internal/store"
)

// TestZombieStatuses has a worker that had lost a connector and its task say that
// both have failed: who runs them says again that they run.
func TestZombieStatuses(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	c.alone()
	zombie := c.status.Statuses(slog.New(slog.DiscardHandler))
	if err := zombie.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = zombie.Close() }()
	failed := store.Status{State: store.Failed, Trace: "a.B: stale", WorkerID: "z:1"}
	zombie.PutTask(store.TaskID{Connector: "x", Task: 1}, failed)
	zombie.PutConnector("x", failed)
	if err := zombie.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.eventually(c.runs("x"))
	if got := c.starts(); got != 3 {
		t.Errorf("%d starts of 3 instances", got)
	}
}

// TestZombieCommit has a leader that was cut off write the commit of task
// configurations late, after another one has written and committed them: with
// nothing to commit the connector has no tasks, until it is asked for them again.
func TestZombieCommit(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	a := c.alone()
	c.configs.Append(store.CommitRecord("x", 2))
	c.eventually(func() string {
		if snapshot := a.configs.Snapshot(); snapshot.Inconsistent("x") || len(snapshot.Tasks("x")) != 2 {
			return fmt.Sprint("the tasks are ", snapshot.Tasks("x"))
		}
		return ""
	})
	c.eventually(c.runs("x"))
}
