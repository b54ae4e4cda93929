package wal_test

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connectors/hdfs/dfs"
	"sluice/connectors/hdfs/dfs/dfstest"
	"sluice/connectors/hdfs/wal"
)

func open(files dfs.FileSystem) *wal.Log {
	return wal.New(files, "/logs/t/0", "hdfs://node:8020", slog.New(slog.DiscardHandler))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func recoverLog(t *testing.T, l *wal.Log) wal.Block {
	t.Helper()
	b, err := l.Recover()
	must(t, err)
	return b
}

func has(c *dfstest.Cluster, name string) bool {
	_, ok := c.Files()[name]
	return ok
}

func TestCommitAndRecover(t *testing.T) {
	t.Parallel()
	c := dfstest.New()
	l := open(c.Connect())
	if b := recoverLog(t, l); b != nil {
		t.Errorf("a new log holds %v", b)
	}
	first, second := wal.Block{{Temp: "/tmp/a", Final: "/topics/t/a"}}, wal.Block{{Temp: "/tmp/b", Final: "/topics/t/b"}}
	for _, b := range []wal.Block{first, second} {
		c.Put(b[0].Temp, []byte("data of "+b[0].Temp))
		must(t, l.Commit(b))
	}
	// The task dies before it renames: the first block was applied when the second
	// one was written.
	if got := recoverLog(t, open(c.Connect())); !cmp.Equal(got, second) {
		t.Errorf("recovered %v, want %v", got, second)
	}
	if !has(c, "/topics/t/b") || has(c, "/tmp/b") {
		t.Errorf("the file of the last block has not got its name")
	}
	if raw := string(c.Files()["/logs/t/0/log.1"]); !strings.Contains(raw, "hdfs://node:8020/topics/t/b") {
		t.Errorf("names are not full ones, as the original reads them: %q", raw)
	}
	// The next ones find it in log.1, however often.
	for range 3 {
		if got := recoverLog(t, open(c.Connect())); !cmp.Equal(got, second) {
			t.Errorf("recovered again %v, want %v", got, second)
		}
	}
}

// TestTwoTasks: one that has lost its partition without knowing cannot commit.
func TestTwoTasks(t *testing.T) {
	t.Parallel()
	c := dfstest.New()
	old := open(c.Connect())
	recoverLog(t, old)
	must(t, old.Commit(wal.Block{{Temp: "/tmp/0", Final: "/f0"}}))
	next := open(c.Connect())
	recoverLog(t, next)
	if err := old.Commit(wal.Block{{Temp: "/tmp/1", Final: "/f1"}}); !errors.Is(err, wal.ErrMoved) {
		t.Errorf("a commit after another task recovered the log: %v", err)
	}
	must(t, next.Commit(wal.Block{{Temp: "/tmp/2", Final: "/f2"}}))
	if err := old.Commit(wal.Block{{Temp: "/tmp/3", Final: "/f3"}}); !errors.Is(err, wal.ErrMoved) {
		t.Errorf("a commit after another task's: %v", err)
	}
}

// TestRace: the other one writes between our look and our lease.
func TestRace(t *testing.T) {
	t.Parallel()
	c := dfstest.New()
	s := c.Connect()
	l := open(s)
	recoverLog(t, l)
	rival := open(c.Connect())
	s.Fault(func(op, _ string) error {
		if op == "append" {
			s.Fault(nil)
			recoverLog(t, rival)
			must(t, rival.Commit(wal.Block{{Temp: "/tmp/r", Final: "/r"}}))
		}
		return nil
	})
	if err := l.Commit(wal.Block{{Temp: "/tmp/l", Final: "/l"}}); !errors.Is(err, wal.ErrMoved) {
		t.Errorf("a commit in the middle of another task's: %v", err)
	}
	if got := recoverLog(t, rival); got[0].Final != "/r" {
		t.Errorf("the log ends with %v", got)
	}
}

func TestLeases(t *testing.T) {
	t.Parallel()
	c := dfstest.New()
	dead := c.Connect()
	l := open(dead)
	recoverLog(t, l)
	must(t, l.Commit(wal.Block{{Temp: "/tmp/0", Final: "/f0"}}))
	dead.Fault(func(op, name string) error {
		if op == "close" && strings.HasSuffix(name, "log") {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	if err := l.Commit(wal.Block{{Temp: "/tmp/1", Final: "/f1"}}); err == nil {
		t.Error("a commit whose log was not closed")
	}
	dead.Kill()
	next := open(c.Connect())
	if _, err := next.Recover(); !errors.Is(err, dfs.ErrLease) {
		t.Errorf("recovery while the lease is held: %v", err)
	}
	c.ExpireLeases()
	// Half of the second block is there: it counts for nothing.
	if got := recoverLog(t, next); len(got) != 1 || got[0].Final != "/f0" {
		t.Errorf("recovered %v", got)
	}
}

// TestDamagedLog: what is whole counts, and what follows it is put aside.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	c := dfstest.New()
	l := open(c.Connect())
	recoverLog(t, l)
	must(t, l.Commit(wal.Block{{Temp: "/tmp/0", Final: "/f0"}}))
	c.Put("/logs/t/0/log", append(c.Files()["/logs/t/0/log"], "rubbish"...))
	if got := recoverLog(t, open(c.Connect())); len(got) != 1 || got[0].Final != "/f0" {
		t.Errorf("recovered %v", got)
	}
	c.Put("/logs/t/0/log", []byte("nothing but rubbish"))
	if got := recoverLog(t, open(c.Connect())); len(got) != 1 || got[0].Final != "/f0" {
		t.Errorf("recovered %v from log.1", got)
	}
	again := open(c.Connect())
	recoverLog(t, again)
	must(t, again.Commit(wal.Block{{Temp: "/tmp/1", Final: "/f1"}}))
}

// TestFaults breaks one call after the other: each time recovery finds the state
// before the commit or after it, never half of it.
func TestFaults(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for n := range 40 {
		c := dfstest.New()
		l := open(c.Connect())
		recoverLog(t, l)
		must(t, l.Commit(wal.Block{{Temp: "/tmp/0", Final: "/f0"}}))
		s := c.Connect()
		calls := 0
		s.Fault(func(string, string) error {
			if calls++; calls > n {
				return broken
			}
			return nil
		})
		l = open(s)
		_, err := l.Recover()
		committed := false
		if err == nil {
			err = l.Commit(wal.Block{{Temp: "/tmp/1", Final: "/f1"}})
			committed = err == nil
		}
		if err == nil && calls <= n {
			return // no call is left to break
		}
		s.Kill()
		c.ExpireLeases()
		got := recoverLog(t, open(c.Connect()))
		if len(got) != 1 || committed && got[0].Final != "/f1" || got[0].Final != "/f0" && got[0].Final != "/f1" {
			t.Errorf("after a fault at call %d recovery finds %v; committed: %v", n, got, committed)
		}
	}
	t.Error("there is always a call to break")
}

func TestPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"hdfs://host:8020/topics//+tmp/t/x_tmp.avro": "/topics/+tmp/t/x_tmp.avro", "/a/b": "/a/b", "hdfs://host": "/", "a": "/a", "hdfs:///x": "/x",
	} {
		if got := wal.Path(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
