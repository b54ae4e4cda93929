// Package storetest holds what every variant of the stores has to do: the file,
// the memory and the topics of Kafka run the same tests. It is for tests alone.
//
// A test opens two workers' stores on the same data, where the variant can be
// shared, and looks at what one writes with the eyes of the other.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/store"
)

// limit bounds one test; it is reached only when something hangs.
const limit = 60 * time.Second

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// Offsets runs the tests of store.Offsets. open returns a store on the same data
// each time it is called; the one before may still be open where shared is true.
func Offsets(t *testing.T, shared bool, open func(t *testing.T) store.Offsets) {
	t.Run("what is written is read", func(t *testing.T) {
		s := open(t)
		defer closed(t, s)
		ctx := timeout(t)
		a, b := partition("file", "a"), partition("file", "b")
		must(t, s.Write(ctx, "c", []store.Offset{{Partition: a, Offset: position(1)}, {Partition: b, Offset: position(2)}}))
		must(t, s.Write(ctx, "other", []store.Offset{{Partition: a, Offset: position(9)}}))
		must(t, s.Write(ctx, "c", []store.Offset{{Partition: b, Offset: position(3)}}))
		got, err := s.Read(ctx, "c", []schema.Value{b, a, partition("file", "none")})
		must(t, err)
		if p := positions(got); !slices.Equal(p, []int64{3, 1, -1}) {
			t.Errorf("read %v", p)
		}
		must(t, s.Write(ctx, "c", []store.Offset{{Partition: a, Offset: schema.Null()}}))
		listed, err := s.List(ctx, "c")
		must(t, err)
		if len(listed) != 1 || !listed[0].Partition.Equal(b) || !listed[0].Offset.Equal(position(3)) {
			t.Errorf("listed %v", listed)
		}
		if none, err := s.List(ctx, "nobody"); err != nil || len(none) != 0 {
			t.Errorf("of nobody: %v, %v", none, err)
		}
	})
	t.Run("the order of a partition's entries counts", func(t *testing.T) {
		s := open(t)
		defer closed(t, s)
		ctx := timeout(t)
		xy, yx := partition("x", "1", "y", "2"), partition("y", "2", "x", "1")
		must(t, s.Write(ctx, "order", []store.Offset{{Partition: xy, Offset: position(1)}}))
		got, err := s.Read(ctx, "order", []schema.Value{xy, yx})
		must(t, err)
		if p := positions(got); !slices.Equal(p, []int64{1, -1}) {
			t.Errorf("read %v", p)
		}
	})
	t.Run("nothing is written for nothing", func(t *testing.T) {
		s := open(t)
		defer closed(t, s)
		must(t, s.Write(timeout(t), "nothing", nil))
	})
	t.Run("the next one sees it", func(t *testing.T) {
		first := open(t)
		ctx := timeout(t)
		p := partition("file", "\U0001F600 é")
		must(t, first.Write(ctx, "next \"one\"", []store.Offset{{Partition: p, Offset: position(7)}}))
		if !shared {
			closed(t, first)
		} else {
			defer closed(t, first)
		}
		second := open(t)
		defer closed(t, second)
		got, err := second.Read(ctx, "next \"one\"", []schema.Value{p})
		must(t, err)
		if p := positions(got); !slices.Equal(p, []int64{7}) {
			t.Errorf("read %v", p)
		}
		if !shared {
			return
		}
		must(t, second.Write(ctx, "next \"one\"", []store.Offset{{Partition: p, Offset: position(8)}}))
		got, err = first.Read(ctx, "next \"one\"", []schema.Value{p})
		must(t, err)
		if p := positions(got); !slices.Equal(p, []int64{8}) {
			t.Errorf("the first one reads %v", p)
		}
	})
	t.Run("an ended context ends a write", func(t *testing.T) {
		s := open(t)
		defer closed(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		done := make(chan struct{})
		go func() {
			// Some variants do not wait, and so may succeed: but they return.
			_ = s.Write(ctx, "ended", []store.Offset{{Partition: partition("p", "1"), Offset: position(1)}})
			close(done)
		}()
		select {
		case <-done:
		case <-timeout(t).Done():
			t.Error("the write does not end")
		}
	})
}

func partition(pairs ...string) schema.Value {
	var entries []schema.Entry
	for pair := range slices.Chunk(pairs, 2) {
		entries = append(entries, schema.Entry{Key: schema.StringValue(pair[0]), Value: schema.StringValue(pair[1])})
	}
	return schema.MapValue(entries)
}

func position(n int64) schema.Value {
	return schema.MapValue([]schema.Entry{{Key: schema.StringValue("position"), Value: schema.Int64Value(n)}})
}

// positions returns what position made; -1 for null.
func positions(values []schema.Value) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = -1
		if p, ok := v.Lookup("position"); ok {
			out[i] = p.Int()
		}
	}
	return out
}

// Configs runs the tests of store.ConfigStore. open returns a started store of
// another worker on the same data each time it is called, with an empty topic for
// each t at its first call. With transactions the leader has to claim.
func Configs(t *testing.T, transactions bool, open func(t *testing.T) store.ConfigStore) {
	for name, test := range map[string]func(*testing.T, bool, func(*testing.T) store.ConfigStore){
		"writes are seen by all": writesAreSeen, "requests come after the start": requests, "the leader is fenced": fencing,
		"changes are told once": told, "many writers": manyWriters,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, transactions, open)
		})
	}
}

func raw(pairs ...string) config.Raw {
	m := config.Raw{}
	for pair := range slices.Chunk(pairs, 2) {
		m[pair[0]] = &pair[1]
	}
	return m
}

func writesAreSeen(t *testing.T, transactions bool, open func(*testing.T) store.ConfigStore) {
	leader, follower := open(t), open(t)
	defer closed(t, leader)
	defer closed(t, follower)
	ctx := timeout(t)
	if got := leader.Snapshot().Offset(); got != -1 {
		t.Errorf("the offset of an empty topic is %d", got)
	}
	must(t, leader.Claim(ctx))
	must(t, leader.PutSessionKey(ctx, store.SessionKey{Key: config.NewSecret("k\x00"), Algorithm: "HmacSHA256", Created: 5}))
	must(t, leader.PutConnector(ctx, "a", raw("x", "1"), store.TargetPaused))
	must(t, leader.PutTaskConfigs(ctx, "a", []config.Raw{raw("t", "0"), raw("t", "1")}))
	must(t, leader.PutTaskCount(ctx, "a", 2))
	s := leader.Snapshot()
	if s.TargetState("a") != store.TargetPaused || len(s.Tasks("a")) != 2 || s.PendingFencing("a") || s.TaskCountRecord("a") != 2 || s.SessionKey() == nil {
		t.Errorf("after its writes the leader sees %s, %v", s.TargetState("a"), s.Tasks("a"))
	}
	must(t, follower.PutTargetState(ctx, "a", store.TargetStarted))
	must(t, leader.Refresh(ctx))
	must(t, follower.Refresh(ctx))
	equal(t, leader, follower)
	if got := follower.Snapshot().TargetState("a"); got != store.TargetStarted {
		t.Errorf("the target state is %s", got)
	}
	must(t, leader.PutTaskConfigs(ctx, "a", nil))
	must(t, leader.PutTargetState(ctx, "a", store.TargetStopped))
	if s := leader.Snapshot(); s.TaskCount("a") != 0 || s.TargetState("a") != store.TargetStopped || !s.PendingFencing("a") {
		t.Errorf("after the stop: %d tasks, %s", s.TaskCount("a"), s.TargetState("a"))
	}
	must(t, leader.PutConnector(ctx, "b", nil, ""))
	must(t, leader.RemoveConnector(ctx, "a"))
	late := open(t)
	defer closed(t, late)
	must(t, leader.Refresh(ctx))
	equal(t, leader, late)
	if got := slices.Collect(late.Snapshot().Connectors()); !slices.Equal(got, []string{"b"}) {
		t.Errorf("left are %v", got)
	}
}

// equal wants that both stores show the same and count alike.
func equal(t *testing.T, a, b store.ConfigStore) {
	t.Helper()
	show := func(s *store.ConfigSnapshot) []string {
		out := []string{strconv.FormatInt(s.Offset(), 10)}
		for name := range s.Connectors() {
			out = append(out, fmt.Sprint(name, s.Connector(name).Map(), s.TargetState(name), s.Tasks(name), s.TaskGeneration(name), s.TaskCountRecord(name), s.PendingFencing(name)))
		}
		return out
	}
	if diff := cmp.Diff(show(a.Snapshot()), show(b.Snapshot())); diff != "" {
		t.Errorf("two workers see different states: %s", diff)
	}
}

func requests(t *testing.T, _ bool, open func(*testing.T) store.ConfigStore) {
	leader := open(t)
	defer closed(t, leader)
	ctx := timeout(t)
	must(t, leader.Claim(ctx))
	must(t, leader.PutRestart(ctx, store.RestartRequest{Connector: "old"}))
	must(t, leader.PutLoggerLevel(ctx, store.LoggerLevel{Logger: "old", Level: "DEBUG"}))
	late := open(t)
	defer closed(t, late)
	if e := late.Take(); len(e.Restarts) != 0 || len(e.Levels) != 0 {
		t.Errorf("what was asked before the start is obeyed: %+v", e)
	}
	for _, r := range []store.RestartRequest{
		{Connector: "a", OnlyFailed: true},
		{Connector: "b", IncludeTasks: true},
		{Connector: "a", IncludeTasks: true},
		{Connector: "a", OnlyFailed: true, IncludeTasks: true},
		{Connector: "b"},
	} {
		must(t, leader.PutRestart(ctx, r))
	}
	must(t, late.PutLoggerLevel(ctx, store.LoggerLevel{Logger: "x", Level: "TRACE"}))
	must(t, late.Refresh(ctx))
	e := late.Take()
	want := []store.RestartRequest{{Connector: "a", IncludeTasks: true}, {Connector: "b", IncludeTasks: true}}
	if diff := cmp.Diff(want, e.Restarts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]store.LoggerLevel{{Logger: "x", Level: "TRACE"}}, e.Levels); diff != "" {
		t.Error(diff)
	}
	if again := late.Take(); len(again.Restarts)+len(again.Levels) != 0 {
		t.Errorf("taken twice: %+v", again)
	}
}

func fencing(t *testing.T, transactions bool, open func(*testing.T) store.ConfigStore) {
	old, next := open(t), open(t)
	defer closed(t, old)
	defer closed(t, next)
	ctx := timeout(t)
	err := old.PutConnector(ctx, "a", raw(), "")
	if !transactions {
		must(t, err)
		return
	}
	if !errors.Is(err, store.ErrNotClaimed) {
		t.Errorf("without Claim: %v", err)
	}
	must(t, old.Claim(ctx))
	must(t, old.Claim(ctx)) // a second time changes nothing
	must(t, old.PutConnector(ctx, "a", raw(), ""))
	must(t, next.Claim(ctx))
	if err := old.PutConnector(ctx, "late", raw(), ""); !errors.Is(err, store.ErrNotClaimed) {
		t.Errorf("a former leader writes: %v", err)
	}
	if err := old.PutConnector(ctx, "later", raw(), ""); !errors.Is(err, store.ErrNotClaimed) {
		t.Errorf("a former leader writes: %v", err)
	}
	must(t, next.PutConnector(ctx, "b", raw(), ""))
	// It leads again, and once more after a write of another leader.
	must(t, old.Claim(ctx))
	must(t, old.PutConnector(ctx, "c", raw(), ""))
	if err := next.PutConnector(ctx, "late", raw(), ""); !errors.Is(err, store.ErrNotClaimed) {
		t.Errorf("a former leader writes: %v", err)
	}
	must(t, next.Claim(ctx))
	must(t, next.PutConnector(ctx, "d", raw(), ""))
	must(t, old.Resign(ctx))
	must(t, old.Resign(ctx)) // a second time changes nothing
	must(t, old.Claim(ctx))
	must(t, old.RemoveConnector(ctx, "c"))
	must(t, next.Claim(ctx)) // a fenced one that does not know it yet
	if err := next.PutConnector(ctx, "late", raw(), ""); !errors.Is(err, store.ErrNotClaimed) {
		t.Errorf("a former leader writes: %v", err)
	}
	// What every worker may write it still may.
	must(t, old.PutTargetState(ctx, "b", store.TargetPaused))
	must(t, next.Refresh(ctx))
	equal(t, old, next)
	if got := slices.Collect(next.Snapshot().Connectors()); !slices.Equal(got, []string{"a", "b", "d"}) {
		t.Errorf("connectors are %v", got)
	}
}

func told(t *testing.T, _ bool, open func(*testing.T) store.ConfigStore) {
	s := open(t)
	defer closed(t, s)
	ctx := timeout(t)
	must(t, s.Claim(ctx))
	before := s.Take().Snapshot
	for len(s.Changed()) > 0 {
		<-s.Changed()
	}
	for i := range 5 {
		must(t, s.PutConnector(ctx, fmt.Sprint("c", i), raw(), ""))
	}
	select {
	case <-s.Changed():
	case <-ctx.Done():
		t.Fatal("nothing is told")
	}
	after := s.Take().Snapshot
	if got := after.Changes(before).Added; len(got) != 5 {
		t.Errorf("added are %v", got)
	}
	select {
	case <-s.Changed():
		t.Error("the same is told again")
	default:
	}
}

func manyWriters(t *testing.T, _ bool, open func(*testing.T) store.ConfigStore) {
	leader, follower := open(t), open(t)
	defer closed(t, leader)
	defer closed(t, follower)
	ctx := timeout(t)
	must(t, leader.Claim(ctx))
	const n = 20
	errs := make(chan error, 2*n)
	for i := range n {
		go func() { errs <- leader.PutConnector(ctx, fmt.Sprintf("c%02d", i), raw("i", strconv.Itoa(i)), "") }()
		go func() { errs <- follower.PutTargetState(ctx, fmt.Sprintf("c%02d", i), store.TargetPaused) }()
	}
	for range 2 * n {
		must(t, <-errs)
	}
	must(t, leader.Refresh(ctx))
	must(t, follower.Refresh(ctx))
	equal(t, leader, follower)
	for name := range leader.Snapshot().Connectors() {
		if leader.Snapshot().TargetState(name) != store.TargetPaused {
			t.Errorf("%s is %s", name, leader.Snapshot().TargetState(name))
		}
	}
	if leader.Snapshot().Len() != n {
		t.Errorf("%d connectors", leader.Snapshot().Len())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func closed(t *testing.T, s interface{ Close() error }) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
