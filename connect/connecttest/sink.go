package connecttest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Sink is a sink connector with what the suite must know of it.
type Sink struct {
	Plugin plugin.Sink
	// Setup makes an outside system of its own for one test.
	Setup func(t *testing.T) SinkSystem
	// Idempotent says that a record that is put twice is there once, as with an
	// upsert by key.
	Idempotent bool
	// Lingering are parts of the names of functions whose goroutines may outlive
	// a task.
	Lingering []string
}

// SinkSystem is an outside system to write to.
type SinkSystem struct {
	// Config is that of a connector that writes to the system.
	Config config.Map
	// Fill sets topic, key, value and headers of the record number i, with memory
	// from the arena. The worker's part is set already. nil makes texts "record-i"
	// in the topic "contract".
	Fill func(i int, r *connect.Record, arena *schema.Arena)
	// Read returns one text for each record that the system holds: that of the
	// record number i is Text(i). It sees what is there while tasks run.
	Read func(t *testing.T) []string
	// Text says how Read shows the record number i; nil is "record-i".
	Text func(i int) string
}

// SinkTask runs the contract suite of sink connectors: task plans, delivery with
// memory that is used again, what an answer of PreCommit promises, records that
// come again, contexts that end at any call, two tasks at once, and goroutines.
func SinkTask(t *testing.T, s Sink) {
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
	sub("delivery", s.delivery)
	sub("redelivery", s.redelivery)
	sub("stop at any call", s.stops)
	sub("tasks at once", s.tasks)
}

// delivery puts batches of several sizes from two partitions. What PreCommit
// calls safe must be in the system at that moment: if the worker died then, those
// records would not come again.
func (s Sink) delivery(t *testing.T) {
	sys := s.Setup(t)
	f := s.start(t, sys, 0, 1)
	f.put(t, 0) // there may be nothing for a while
	f.preCommit(t)
	for _, n := range []int{1, 2, 17, 100, 3} {
		f.put(t, n)
		f.preCommit(t)
	}
	f.put(t, 5)
	f.put(t, 5)
	f.host.requestsOnly(t)
	f.preCommit(t)
	f.close(t)
	if len(f.committed) == 0 {
		t.Errorf("after %d records PreCommit has called none safe", f.next)
	}
	if got := len(sys.Read(t)); f.whole() && got != f.next {
		t.Errorf("the system holds %d records and was given %d, each once", got, f.next)
	}
}

// redelivery stops a task with records that it was given and that were not
// committed, and lets another one have them again.
func (s Sink) redelivery(t *testing.T) {
	sys := s.Setup(t)
	first := s.start(t, sys, 0)
	first.put(t, 10)
	first.preCommit(t)
	first.put(t, 10)
	first.close(t)

	second := s.start(t, sys, 0)
	second.resume(first)
	second.put(t, first.next-second.next)
	second.put(t, 10)
	second.preCommit(t)
	second.close(t)
	if missing := second.missing(t, second.next); second.whole() && len(missing) > 0 {
		t.Errorf("after a restart the system lacks %d records, such as %q", len(missing), missing[0])
	}
	if got := len(sys.Read(t)); s.Idempotent && got != second.next {
		t.Errorf("the system holds %d records after some came again, want %d: Sink.Idempotent says that each is there once", got, second.next)
	}
}

// stops ends the context at each call of a task.
func (s Sink) stops(t *testing.T) {
	never := s.Plugin.NewTask()
	_ = call(t, "Stop of a task that did not start", func() error { return never.Stop(t.Context()) })

	gone := ended(t)
	sys := s.Setup(t)
	late := s.feed(t, sys, 0)
	err := call(t, "Start whose context has ended", func() error { return late.task.Start(gone, late.host, late.cfg) })
	if err == nil {
		_ = call(t, "Put whose context has ended", func() error { return late.task.Put(gone, late.batch(3)) })
		_ = call(t, "PreCommit whose context has ended", func() error {
			_, err := late.task.PreCommit(gone, late.consumed())
			return err
		})
	}
	_ = call(t, "Stop whose context has ended", func() error { return late.task.Stop(gone) })

	busy := s.start(t, s.Setup(t), 0)
	ctx := stopSoon(t)
	err = call(t, "Put in a context that ends", func() error {
		for ctx.Err() == nil {
			if err := busy.task.Put(ctx, busy.batch(20)); err != nil {
				return err
			}
			spoil(busy.records, &busy.arena)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		t.Errorf("Put: %v", err)
	}
	must(t, "Stop", func() error { return busy.task.Stop(t.Context()) })
}

// tasks runs as many tasks as the connector plans, at most three, at the same
// time, each with a partition of its own.
func (s Sink) tasks(t *testing.T) {
	sys := s.Setup(t)
	configs := plan(t, s.Plugin.New(), sys.Config, 3)
	feeds := make([]*feed, len(configs))
	for i, cfg := range configs {
		feeds[i] = s.feed(t, sys, int32(i))
		feeds[i].cfg, feeds[i].next = cfg, i*100
	}
	var group sync.WaitGroup
	errs := make(chan error, len(feeds))
	for _, f := range feeds {
		group.Go(func() { errs <- f.all(t.Context()) })
	}
	must(t, "tasks at once", func() error { group.Wait(); return nil })
	for range feeds {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	held := make(map[string]bool)
	for _, text := range sys.Read(t) {
		held[text] = true
	}
	for i, f := range feeds {
		for n := i * 100; n < f.next && f.safe; n++ {
			if !held[f.text(n)] {
				t.Errorf("of %d tasks at once, the record %q of task %d is missing", len(feeds), f.text(n), i)
				return
			}
		}
	}
}

// feed is the worker's side of one sink task. Records are numbered; they go to
// its partitions in turn.
type feed struct {
	sys        SinkSystem
	task       connect.SinkTask
	host       *sinkHost
	cfg        config.Map
	partitions []int32
	next       int              // the number of the next record
	at         map[int32]int64  // the next offset of each partition
	numbers    map[int32][]int  // of the records by partition; the place is the offset
	committed  map[int32]int64  // what PreCommit called safe
	records    []connect.Record // of the last batch
	arena      schema.Arena
	safe       bool // PreCommit has called everything safe, in all
}

func (s Sink) feed(t *testing.T, sys SinkSystem, partitions ...int32) *feed {
	t.Helper()
	configs := plan(t, s.Plugin.New(), sys.Config, 1)
	if len(configs) != 1 {
		t.Fatalf("TaskConfigs(1) returns %d configurations, and the suite needs one", len(configs))
	}
	f := &feed{
		sys: sys, task: s.Plugin.NewTask(), cfg: configs[0], partitions: partitions,
		at: make(map[int32]int64), numbers: make(map[int32][]int), committed: make(map[int32]int64),
	}
	f.host = &sinkHost{log: logger(t), assigned: f.assignment()}
	return f
}

// start starts a task and opens its partitions.
func (s Sink) start(t *testing.T, sys SinkSystem, partitions ...int32) *feed {
	t.Helper()
	f := s.feed(t, sys, partitions...)
	must(t, "Start", func() error { return f.task.Start(t.Context(), f.host, f.cfg) })
	if l, ok := f.task.(connect.PartitionListener); ok {
		must(t, "Open", func() error { return l.Open(t.Context(), f.assignment()) })
	}
	return f
}

// close closes the partitions and stops the task; nothing is committed.
func (f *feed) close(t *testing.T) {
	t.Helper()
	if l, ok := f.task.(connect.PartitionListener); ok {
		must(t, "Close", func() error { return l.Close(t.Context(), f.assignment()) })
	}
	must(t, "Stop", func() error { return f.task.Stop(t.Context()) })
}

// all is the whole life of a task, for one that runs beside others.
func (f *feed) all(ctx context.Context) error {
	if err := f.task.Start(ctx, f.host, f.cfg); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	l, listens := f.task.(connect.PartitionListener)
	var errs []error
	if listens {
		errs = append(errs, l.Open(ctx, f.assignment()))
	}
	for range 10 {
		errs = append(errs, f.task.Put(ctx, f.batch(5)))
		spoil(f.records, &f.arena)
	}
	safe, err := f.task.PreCommit(ctx, f.consumed())
	f.safe = maps.Equal(safe, f.consumed())
	errs = append(errs, err)
	if listens {
		errs = append(errs, l.Close(ctx, f.assignment()))
	}
	return errors.Join(append(errs, f.task.Stop(ctx))...)
}

func (f *feed) topic() string {
	var r connect.Record
	f.fill(0, &r)
	return r.Topic
}

func (f *feed) assignment() []connect.TopicPartition {
	out := make([]connect.TopicPartition, len(f.partitions))
	for i, p := range f.partitions {
		out[i] = connect.TopicPartition{Topic: f.topic(), Partition: p}
	}
	return out
}

func (f *feed) fill(i int, r *connect.Record) {
	if f.sys.Fill != nil {
		f.sys.Fill(i, r, &f.arena)
		return
	}
	r.Topic = "contract"
	r.Value = connect.Data{Schema: &schema.Schema{Type: schema.String}, Value: f.arena.CopyText(fmt.Appendf(nil, "record-%d", i))}
}

func (f *feed) text(i int) string {
	if f.sys.Text != nil {
		return f.sys.Text(i)
	}
	return "record-" + strconv.Itoa(i)
}

// batch makes the next n records.
func (f *feed) batch(n int) []connect.Record {
	f.records = f.records[:0]
	for range n {
		p := f.partitions[f.next%len(f.partitions)]
		r := connect.Record{Partition: p, Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli() + int64(f.next)}
		f.fill(f.next, &r)
		r.Origin = connect.Origin{Topic: r.Topic, Partition: p, Offset: f.at[p], TimestampType: connect.CreateTime}
		f.numbers[p] = append(f.numbers[p], f.next)
		f.at[p]++
		f.next++
		f.records = append(f.records, r)
	}
	return f.records
}

// put gives the next n records, once more where the task asks for it.
func (f *feed) put(t *testing.T, n int) {
	t.Helper()
	records := f.batch(n)
	must(t, fmt.Sprintf("Put of %d records", n), func() error {
		err := f.task.Put(t.Context(), records)
		for tries := 0; connect.IsRetriable(err) && tries < 10; tries++ {
			err = f.task.Put(t.Context(), records)
		}
		return err
	})
	spoil(records, &f.arena)
}

// consumed is what the worker offers to PreCommit.
func (f *feed) consumed() connect.ConsumedOffsets {
	out := make(connect.ConsumedOffsets)
	for p, n := range f.at {
		out[connect.TopicPartition{Topic: f.topic(), Partition: p}] = connect.ConsumedOffset{Offset: n}
	}
	return out
}

// preCommit asks what is safe and looks whether it is in the system.
func (f *feed) preCommit(t *testing.T) {
	t.Helper()
	offered := f.consumed()
	kept := maps.Clone(offered)
	var safe connect.ConsumedOffsets
	must(t, "PreCommit", func() (err error) {
		safe, err = f.task.PreCommit(t.Context(), offered)
		return err
	})
	held := make(map[string]bool)
	for _, text := range f.sys.Read(t) {
		held[text] = true
	}
	for p, o := range safe {
		if _, ok := kept[p]; !ok {
			t.Fatalf("PreCommit answers with the partition %s-%d, which was not offered", p.Topic, p.Partition)
		}
		if o.Offset > kept[p].Offset || o.Offset < f.committed[p.Partition] {
			t.Fatalf("PreCommit answers with the offset %d of %s-%d: %d was offered, and %d was safe before", o.Offset, p.Topic, p.Partition, kept[p].Offset, f.committed[p.Partition])
		}
		f.committed[p.Partition] = o.Offset
		for _, n := range f.numbers[p.Partition][:o.Offset] {
			if !held[f.text(n)] {
				t.Fatalf("PreCommit calls the offset %d of %s-%d safe, and the system does not hold %q", o.Offset, p.Topic, p.Partition, f.text(n))
			}
		}
	}
}

// whole reports whether the task has called everything safe.
func (f *feed) whole() bool {
	for p, n := range f.at {
		if f.committed[p] < n {
			return false
		}
	}
	return true
}

// resume makes this feed go on where the worker would after the other one.
func (f *feed) resume(other *feed) {
	f.next = 0
	for _, p := range f.partitions {
		f.at[p] = other.committed[p]
		f.numbers[p] = slices.Clone(other.numbers[p][:f.at[p]])
		f.next = max(f.next, int(f.at[p]))
	}
}

// missing returns the texts of the first n records that the system does not hold.
func (f *feed) missing(t *testing.T, n int) []string {
	t.Helper()
	held := make(map[string]bool)
	for _, text := range f.sys.Read(t) {
		held[text] = true
	}
	var out []string
	for i := range n {
		if !held[f.text(i)] {
			out = append(out, f.text(i))
		}
	}
	return out
}

// sinkHost is the worker as a sink task sees it.
type sinkHost struct {
	log      *slog.Logger
	assigned []connect.TopicPartition

	mu     sync.Mutex
	errant []string // guarded by mu
	seeks  int      // guarded by mu
}

func (h *sinkHost) Logger() *slog.Logger                 { return h.log }
func (h *sinkHost) Assignment() []connect.TopicPartition { return slices.Clone(h.assigned) }
func (h *sinkHost) Pause(...connect.TopicPartition)      {}
func (h *sinkHost) Resume(...connect.TopicPartition)     {}
func (h *sinkHost) RetryAfter(time.Duration)             {}
func (h *sinkHost) RequestCommit()                       {}

func (h *sinkHost) Seek(connect.TopicPartition, int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seeks++
}

func (h *sinkHost) ReportErrant(_ context.Context, _ *connect.Record, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.errant = append(h.errant, fmt.Sprint(err))
	return err
}

// requestsOnly fails the test for a task that refuses records which fit.
func (h *sinkHost) requestsOnly(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.errant) > 0 {
		t.Errorf("the task reports records that fit as errant: %s", h.errant[0])
	}
}
