package connecttest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Source is a source connector with what the suite must know of it.
type Source struct {
	Plugin plugin.Source
	// Setup makes an outside system of its own for one test. Tasks that read it
	// from the start must all give the same records: a generator has a fixed seed.
	Setup func(t *testing.T) SourceSystem
	// Repeats says that records before a committed offset may come again, as
	// with a connector that reads a whole table each time.
	Repeats bool
	// Lingering are parts of the names of functions whose goroutines may outlive
	// a task, such as a reader of standard input.
	Lingering []string
}

// SourceSystem is an outside system to read from.
type SourceSystem struct {
	// Config is that of a connector that reads the system.
	Config config.Map
	// Append makes n more records in the system. It is nil where the connector
	// makes its records itself, without end.
	Append func(t *testing.T, n int)
}

// total is the number of records that a test has in the system.
const total = 40

// SourceTask runs the contract suite of source connectors: task plans, restart
// from every committed offset, memory that is used again, contexts that end at
// any call, offsets that cannot be read, two tasks at once, and goroutines.
func SourceTask(t *testing.T, s Source) {
	t.Helper()
	CheckDef(t, s.Plugin.Config)
	r := &runs{}
	sub := func(name string, f func(t *testing.T)) {
		t.Helper()
		r.sub(t, name, s.Lingering, f)
	}
	connector := func() planner { return s.Plugin.New() }
	sub("plan", func(t *testing.T) { checkPlan(t, connector, s.Setup(t).Config) })
	sub("connector ends", func(t *testing.T) { checkConnectorEnds(t, connector, s.Setup(t).Config) })
	sub("memory", s.memory)
	sub("restart", s.restart)
	sub("stop at any call", s.stops)
	sub("offset cannot be read", s.offsetFails)
	sub("tasks at once", s.tasks)
}

// memory compares the records of a task whose batches are fresh with those of
// one whose batch is used again and poisoned in between.
func (s Source) memory(t *testing.T) {
	sys := s.filled(t)
	want := s.read(t, sys, nil, total, false)
	got := s.read(t, sys, nil, total, true)
	compare(t, "with its memory used again", want, got)
}

// restart stops after a number of records, commits the last offset of each
// partition, and wants the rest from a new task.
func (s Source) restart(t *testing.T) {
	for _, cut := range []int{0, 1, 7, total / 2, total - 1} {
		sys := s.filled(t)
		before := s.read(t, sys, nil, total, true)
		if len(before) < total {
			t.Fatalf("of %d records only %d come", total, len(before))
		}
		committed := lastOffsets(t, before[:cut])
		after := s.read(t, sys, committed, total-cut, true)
		what := fmt.Sprintf("restarted after %d records", cut)
		switch {
		case s.Repeats && len(after) < total-cut: // which ones is the connector's
			t.Errorf("%s: only %d of %d come", what, len(after), total-cut)
		case !s.Repeats:
			compare(t, what, before[cut:], after)
		}
		if t.Failed() {
			return
		}
	}
	sys := s.filled(t)
	if sys.Append == nil || s.Repeats {
		return
	}
	all := s.read(t, sys, nil, total, true)
	sys.Append(t, 5)
	more := s.read(t, sys, lastOffsets(t, all), 5, true)
	seen := make(map[string]bool)
	for _, r := range all {
		seen[position(r)] = true
	}
	for _, r := range more {
		if seen[position(r)] {
			t.Errorf("restarted after all records, this one comes again: %s at %s", describe(r.Value), position(r))
		}
	}
}

// stops ends the context at each call of a task.
func (s Source) stops(t *testing.T) {
	never := s.Plugin.NewTask()
	_ = call(t, "Stop of a task that did not start", func() error { return never.Stop(t.Context()) })

	sys := s.Setup(t) // empty, so that Poll waits
	cfg := s.taskConfig(t, sys)
	late := s.Plugin.NewTask()
	gone := ended(t)
	host := newSourceHost(t, nil)
	if err := call(t, "Start whose context has ended", func() error { return late.Start(gone, host, cfg) }); err == nil {
		checkEnd(t, "Poll whose context has ended", call(t, "Poll whose context has ended", func() error {
			return late.Poll(gone, &connect.Batch{})
		}))
	}
	_ = call(t, "Stop whose context has ended", func() error { return late.Stop(gone) })

	// The store of offsets hangs until the task is stopped.
	slow, ctx := s.Plugin.NewTask(), stopSoon(t)
	host = newSourceHost(t, nil)
	host.read = func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	err := call(t, "Start or Poll that waits for an offset", func() error {
		if err := slow.Start(ctx, host, cfg); err != nil {
			return err
		}
		return pollUntil(ctx, slow)
	})
	if err != nil && ctx.Err() == nil {
		t.Errorf("the task fails while it waits for an offset: %v", err)
	}
	_ = call(t, "Stop after a Start that was stopped", func() error { return slow.Stop(t.Context()) })

	// Poll waits for data.
	idle, ctx := s.Plugin.NewTask(), stopSoon(t)
	must(t, "Start", func() error { return idle.Start(ctx, newSourceHost(t, nil), cfg) })
	checkEnd(t, "Poll that waits", call(t, "Poll that waits", func() error { return pollUntil(ctx, idle) }))
	must(t, "Stop", func() error { return idle.Stop(t.Context()) })
}

// pollUntil polls until the context ends.
func pollUntil(ctx context.Context, task connect.SourceTask) error {
	var batch connect.Batch
	for ctx.Err() == nil {
		if err := task.Poll(ctx, &batch); err != nil {
			return err
		}
		batch.Reset()
	}
	return nil
}

// checkEnd wants no error of a call whose context has ended, or that of the context.
func checkEnd(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("%s returns the error %q: a stop is no error", what, err)
	}
}

// offsetFails makes sure that no task starts from the beginning because the
// committed offset cannot be read.
func (s Source) offsetFails(t *testing.T) {
	sys := s.filled(t)
	host := newSourceHost(t, nil)
	lost := errors.New("the store of offsets is away")
	host.read = func(context.Context) error { return lost }
	task, cfg := s.Plugin.NewTask(), s.taskConfig(t, sys)
	var batch connect.Batch
	err := call(t, "Start without offsets", func() error {
		if err := task.Start(t.Context(), host, cfg); err != nil {
			return err
		}
		return task.Poll(t.Context(), &batch)
	})
	tracked := false
	for _, r := range batch.Records {
		tracked = tracked || r.Origin.SourcePartition != nil && !r.Origin.SourceOffset.IsNull()
	}
	if err == nil && tracked && host.asked() {
		t.Error("the task goes on although its committed offset cannot be read")
	}
	_ = call(t, "Stop", func() error { return task.Stop(t.Context()) })
}

// tasks runs as many tasks as the connector plans, at most three, at the same
// time: they must not share what they change.
func (s Source) tasks(t *testing.T) {
	sys := s.filled(t)
	configs := plan(t, s.Plugin.New(), sys.Config, 3)
	if len(configs) == 0 {
		t.Skip("the connector plans no task")
	}
	var group sync.WaitGroup
	errs := make(chan error, len(configs))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, cfg := range configs {
		host := newSourceHost(t, nil)
		group.Go(func() {
			task := s.Plugin.NewTask()
			err := task.Start(ctx, host, cfg)
			var batch connect.Batch
			if err == nil {
				err = task.Poll(ctx, &batch)
			}
			errs <- errors.Join(err, task.Stop(context.WithoutCancel(ctx)))
		})
	}
	must(t, "the first of the tasks", func() error { return <-errs })
	cancel() // the others may have nothing to do
	must(t, "tasks at once", func() error { group.Wait(); return nil })
}

func (s Source) filled(t *testing.T) SourceSystem {
	t.Helper()
	sys := s.Setup(t)
	if sys.Append != nil {
		sys.Append(t, total)
	}
	return sys
}

func (s Source) taskConfig(t *testing.T, sys SourceSystem) config.Map {
	t.Helper()
	configs := plan(t, s.Plugin.New(), sys.Config, 1)
	if len(configs) != 1 {
		t.Fatalf("TaskConfigs(1) returns %d configurations, and the suite needs one", len(configs))
	}
	return configs[0]
}

// read runs a task until it has given so many records, or none for long, and
// returns copies.
func (s Source) read(t *testing.T, sys SourceSystem, committed offsets, n int, reuse bool) []connect.Record {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	task, cfg, host := s.Plugin.NewTask(), s.taskConfig(t, sys), newSourceHost(t, committed)
	must(t, "Start", func() error { return task.Start(ctx, host, cfg) })
	acker, _ := task.(connect.Acknowledger)
	committer, _ := task.(connect.Committer)
	var got []connect.Record
	batch := &connect.Batch{}
	limit := time.Now().Add(patience(t) / 4)
	for len(got) < n && time.Now().Before(limit) {
		must(t, "Poll", func() error { return task.Poll(ctx, batch) })
		for i := range batch.Records {
			host.check(t, &batch.Records[i])
			got = append(got, batch.Records[i].Clone())
		}
		if acker != nil && len(batch.Records) > 0 {
			must(t, "Acknowledge", func() error { return acker.Acknowledge(t.Context(), batch.Records) })
		}
		if committer != nil {
			must(t, "Commit", func() error { return committer.Commit(t.Context()) })
		}
		if !reuse {
			batch = &connect.Batch{}
			continue
		}
		spoil(batch.Records, &batch.Arena)
		batch.Reset()
	}
	cancel()
	must(t, "Stop", func() error { return task.Stop(t.Context()) })
	return got[:min(n, len(got))]
}

// compare wants the same records of each source partition, in order.
func compare(t *testing.T, what string, want, got []connect.Record) {
	t.Helper()
	wanted, given := byPartition(want), byPartition(got)
	for p, records := range wanted {
		for i, w := range records {
			if i >= len(given[p]) {
				t.Errorf("%s: record %d of the source partition %s is missing: %s", what, i, p, describe(w.Value))
				return
			}
			g := given[p][i]
			if w.Topic != g.Topic || !sameData(w.Key, g.Key) || !sameData(w.Value, g.Value) {
				t.Errorf("%s: record %d of the source partition %s is\n%s: %s, %s, want\n%s: %s, %s", what, i, p,
					g.Topic, describe(g.Key), describe(g.Value), w.Topic, describe(w.Key), describe(w.Value))
				return
			}
		}
	}
}

func byPartition(records []connect.Record) map[string][]connect.Record {
	m := make(map[string][]connect.Record)
	for _, r := range records {
		m[partitionOf(r)] = append(m[partitionOf(r)], r)
	}
	return m
}

func partitionOf(r connect.Record) string {
	if r.Origin.SourcePartition == nil {
		return "(none)"
	}
	return r.Origin.SourcePartition.Fields.String()
}

func position(r connect.Record) string { return partitionOf(r) + " " + r.Origin.SourceOffset.String() }

// offsets maps the text of a source partition to its committed offset.
type offsets map[string]schema.Value

func lastOffsets(t *testing.T, records []connect.Record) offsets {
	t.Helper()
	last := make(offsets)
	for _, r := range records {
		last[partitionOf(r)] = stored(t, r.Origin.SourceOffset)
	}
	return last
}

// stored is what a store gives back of an offset: it keeps JSON, so integers are
// int64 and floats are float64.
func stored(t *testing.T, v schema.Value) schema.Value {
	t.Helper()
	switch v.Kind() {
	case schema.KindNull, schema.KindBoolean, schema.KindInt64, schema.KindFloat64, schema.KindString:
		return v
	case schema.KindInt8, schema.KindInt16, schema.KindInt32:
		return schema.Int64Value(v.Int())
	case schema.KindFloat32:
		return schema.Float64Value(v.Float())
	case schema.KindMap:
		entries := make([]schema.Entry, len(v.Map()))
		for i, e := range v.Map() {
			entries[i] = schema.Entry{Key: e.Key, Value: stored(t, e.Value)}
		}
		return schema.MapValue(entries)
	default:
		t.Fatalf("a source offset holds a %s, which no store keeps: give text, numbers and booleans", v.Kind())
		return schema.Null()
	}
}

// sourceHost is the worker as a source task sees it.
type sourceHost struct {
	log       *slog.Logger
	committed offsets
	read      func(ctx context.Context) error // nil is no error

	mu         sync.Mutex
	partitions map[string]*connect.SourcePartition // guarded by mu
	reads      int                                 // guarded by mu
}

func newSourceHost(t *testing.T, committed offsets) *sourceHost {
	t.Helper()
	return &sourceHost{
		log: logger(t), committed: committed, partitions: make(map[string]*connect.SourcePartition),
	}
}

func (h *sourceHost) Logger() *slog.Logger { return h.log }

func (h *sourceHost) Partition(fields ...schema.Entry) *connect.SourcePartition {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := schema.MapValue(fields).Clone()
	id := v.String()
	if h.partitions[id] == nil {
		h.partitions[id] = &connect.SourcePartition{Fields: v}
	}
	return h.partitions[id]
}

func (h *sourceHost) Transactions() connect.TransactionContext { return nil }

func (h *sourceHost) Offset(ctx context.Context, p *connect.SourcePartition) (schema.Value, error) {
	h.mu.Lock()
	h.reads++
	h.mu.Unlock()
	if h.read != nil {
		if err := h.read(ctx); err != nil {
			return schema.Null(), err
		}
	}
	return h.committed[p.Fields.String()].Clone(), nil
}

func (h *sourceHost) asked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads > 0
}

// check looks at what every record of a task must have.
func (h *sourceHost) check(t *testing.T, r *connect.Record) {
	t.Helper()
	if r.Topic == "" {
		t.Fatal("a record has no topic")
	}
	if r.Partition < connect.NoPartition {
		t.Fatalf("a record has the partition %d", r.Partition)
	}
	for name, d := range map[string]connect.Data{"key": r.Key, "value": r.Value} {
		if err := schema.Check(d.Schema, d.Value); err != nil {
			t.Fatalf("the %s of a record does not fit its schema: %v", name, err)
		}
	}
	p := r.Origin.SourcePartition
	if p == nil {
		return
	}
	h.mu.Lock()
	known := h.partitions[p.Fields.String()] == p
	h.mu.Unlock()
	if !known {
		t.Fatalf("the source partition %s of a record is not one that SourceHost.Partition has made", p.Fields)
	}
	if o := r.Origin.SourceOffset; o.Kind() != schema.KindMap && !o.IsNull() {
		t.Fatalf("the source offset of a record is a %s and not a map", o.Kind())
	}
	stored(t, r.Origin.SourceOffset)
}
