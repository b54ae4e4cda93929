package hdfs

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/hdfs/dfs"
	"sluice/connectors/hdfs/dfs/dfstest"
)

var (
	errBroken     = fmt.Errorf("broken: %w", io.ErrUnexpectedEOF)
	errPermission = fs.ErrPermission
)

// fakeHost is the worker of one task. It obeys seeks as the worker does: the next
// records come from there.
type fakeHost struct {
	t      *testing.T
	at     map[connect.TopicPartition]int64
	paused map[connect.TopicPartition]bool
	errant []string
	// strict lets errant records fail the task.
	strict bool
}

func (h *fakeHost) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(h.t.Output(), nil)) }

func (h *fakeHost) Assignment() []connect.TopicPartition {
	return slices.Collect(maps.Keys(h.at))
}
func (h *fakeHost) Seek(p connect.TopicPartition, offset int64) { h.at[p] = offset }
func (h *fakeHost) RetryAfter(time.Duration)                    {}
func (h *fakeHost) RequestCommit()                              {}

func (h *fakeHost) Pause(partitions ...connect.TopicPartition) {
	for _, p := range partitions {
		h.paused[p] = true
	}
}

func (h *fakeHost) Resume(partitions ...connect.TopicPartition) {
	for _, p := range partitions {
		delete(h.paused, p)
	}
}

func (h *fakeHost) ReportErrant(_ context.Context, _ *connect.Record, err error) error {
	if h.strict {
		return err
	}
	h.errant = append(h.errant, err.Error())
	return nil
}

// rig is a task on a cluster in memory, with a topic that holds records.
type rig struct {
	t       *testing.T
	cluster *dfstest.Cluster
	cfg     config.Map
	task    *task
	host    *fakeHost
	// sessions are the clients that the task has made.
	sessions []*dfstest.Session
	fault    func(op, name string) error // of sessions to come
	records  map[connect.TopicPartition][]connect.Record
}

func at(partition int32) connect.TopicPartition {
	return connect.TopicPartition{Topic: "t", Partition: partition}
}

// newRig makes a cluster with a task that writes texts; more is configuration.
func newRig(t *testing.T, more ...string) *rig {
	t.Helper()
	r := &rig{t: t, cluster: dfstest.New(), records: make(map[connect.TopicPartition][]connect.Record)}
	r.cfg = config.Map{"store.url": "hdfs://node:8020", "flush.size": "3", "format.class": textClass, "name": "sink"}
	for i := 0; i < len(more); i += 2 {
		r.cfg[more[i]] = more[i+1]
	}
	return r
}

// fill adds n texts to a partition.
func (r *rig) fill(partition int32, n int) {
	for range n {
		offset := int64(len(r.records[at(partition)]))
		r.add(partition, connect.Data{Schema: &schema.Schema{Type: schema.String}, Value: schema.StringValue(fmt.Sprintf("%d@%d", partition, offset))})
	}
}

// add adds one record to a partition.
func (r *rig) add(partition int32, value connect.Data) {
	p := at(partition)
	offset := int64(len(r.records[p]))
	r.records[p] = append(r.records[p], connect.Record{
		Topic: p.Topic, Partition: partition, Timestamp: 1_750_000_000_000 + offset*1000, Value: value,
		Origin: connect.Origin{Topic: p.Topic, Partition: partition, Offset: offset},
	})
}

// sorted are the partitions that have records.
func (r *rig) sorted() []connect.TopicPartition {
	return slices.SortedFunc(maps.Keys(r.records), func(a, b connect.TopicPartition) int { return int(a.Partition - b.Partition) })
}

// start starts a task, a new one, with the partitions that have records.
func (r *rig) start() error {
	r.sessions = nil
	r.host = &fakeHost{t: r.t, at: make(map[connect.TopicPartition]int64), paused: make(map[connect.TopicPartition]bool)}
	r.task = &task{dial: func(dfs.Options) (dfs.FileSystem, error) {
		s := r.cluster.Connect()
		s.Fault(r.fault)
		r.sessions = append(r.sessions, s)
		return s, nil
	}}
	if err := r.task.Start(r.t.Context(), r.host, r.cfg); err != nil {
		return err
	}
	for p := range r.records {
		r.host.at[p] = 0
	}
	return r.task.Open(r.t.Context(), r.sorted())
}

func (r *rig) mustStart() {
	r.t.Helper()
	if err := r.start(); err != nil {
		r.t.Fatal(err)
	}
}

// breaks sets what the clients ask before each call, now and later.
func (r *rig) breaks(fault func(op, name string) error) {
	r.fault = fault
	for _, s := range r.sessions {
		s.Fault(fault)
	}
}

// put gives the task up to n records of each partition that is not paused.
func (r *rig) put(n int) error {
	var batch []connect.Record
	for _, p := range r.sorted() {
		if r.host.paused[p] {
			continue
		}
		from := min(r.host.at[p], int64(len(r.records[p])))
		to := min(from+int64(n), int64(len(r.records[p])))
		batch = append(batch, r.records[p][from:to]...)
		r.host.at[p] = max(to, r.host.at[p])
	}
	return r.task.Put(r.t.Context(), batch)
}

func (r *rig) mustPut(n int) {
	r.t.Helper()
	if err := r.put(n); err != nil {
		r.t.Fatal(err)
	}
}

// kill ends the task as the death of its process does.
func (r *rig) kill() {
	for _, s := range r.sessions {
		s.Kill()
	}
}

// names are those of the committed files, in order.
func (r *rig) names() []string {
	var out []string
	for name := range r.cluster.Files() {
		if rest, ok := strings.CutPrefix(name, "/topics/t/"); ok {
			out = append(out, rest)
		}
	}
	slices.Sort(out)
	return out
}

// lines are the texts of the committed files, in the order of their names.
func (r *rig) lines() []string {
	files := r.cluster.Files()
	var out []string
	for _, name := range r.names() {
		out = append(out, strings.Split(strings.TrimSuffix(string(files[path.Join("/topics/t", name)]), "\n"), "\n")...)
	}
	return out
}

// exactly fails the test unless the files hold the first n texts of each of the
// partitions once, in order.
func (r *rig) exactly(n int, partitions ...int32) {
	r.t.Helper()
	var want []string
	for _, p := range partitions {
		for i := range n {
			want = append(want, fmt.Sprintf("%d@%d", p, i))
		}
	}
	if got := r.lines(); !slices.Equal(got, want) {
		r.t.Errorf("the files %q hold\n%q, want\n%q", r.names(), got, want)
	}
}

// committed is the offset of a partition that is safe, -1 for none.
func (r *rig) committed(partition int32) int64 {
	safe, err := r.task.PreCommit(r.t.Context(), connect.ConsumedOffsets{at(partition): {Offset: 1 << 40}})
	if err != nil {
		r.t.Fatal(err)
	}
	if o, ok := safe[at(partition)]; ok {
		return o.Offset
	}
	return -1
}
