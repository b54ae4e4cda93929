package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
)

// gatekeeper is a Fencing that notes its calls.
type gatekeeper struct {
	mu             sync.Mutex
	calls          []string // guarded by mu
	fence, refusal error
}

func (g *gatekeeper) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, fmt.Sprintf(format, args...))
}

func (g *gatekeeper) Fence(_ context.Context, id store.TaskID) error {
	g.note("fence %s", id)
	return g.fence
}

func (g *gatekeeper) Verify(_ context.Context, id store.TaskID, start int) error {
	g.note("verify %s %d", id, start)
	return g.refusal
}

// inTopic is a store of offsets in a topic, of which the tasks write alone.
type inTopic struct {
	store.Offsets
	topic string
}

func (o inTopic) Topic() string { return o.topic }
func (o inTopic) Around(ctx context.Context, _ string, _ []store.Offset, write func(context.Context) error) error {
	return write(ctx)
}
func (o inTopic) Close() error { return nil }

// newExactlyOnce is a rig whose source tasks write in transactions, with their
// offsets in the topic "offsets".
func newExactlyOnce(t *testing.T) (*rig, *gatekeeper) {
	t.Helper()
	r, g := newRig(t, "offset.flush.interval.ms", "3600000", "group.id", "g"), &gatekeeper{}
	r.ExactlyOnce = &ExactlyOnce{Fencing: g}
	r.OpenOffsets = func(context.Context, string, map[string]string) (store.ConnectorOffsets, error) {
		g.note("open offsets")
		return inTopic{r.offsets, "offsets"}, nil
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, topic := range []string{"offsets", "numbers"} {
		if _, err := kadm.NewClient(cl).CreateTopic(deadline(t), 1, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	return r, g
}

// committed reads what is committed in a topic.
func (r *rig) committed(t *testing.T, topic string) (values []string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(deadline(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	for at := int64(0); at < end.Offset; {
		f := cl.PollFetches(deadline(t))
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(rec *kgo.Record) {
			if at = rec.Offset + 1; !rec.Attrs.IsControl() {
				values = append(values, string(rec.Value))
			}
		})
	}
	return values
}

// steps makes the polls give the numbers of one step after the other, then wait;
// by then the channel is closed.
func (r *rig) steps(do ...func(tx connect.TransactionContext, add func(n ...int))) (done <-chan struct{}) {
	i, all := 0, make(chan struct{})
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		if i == len(do) {
			close(all)
			<-ctx.Done()
			return from, nil
		}
		i++
		do[i-1](r.script.source.Transactions(), func(ns ...int) {
			for _, n := range ns {
				addNumber(into, p, n, strconv.Itoa(n))
				from = n + 1
			}
		})
		return from, nil
	}
	return all
}

// TestBoundaries runs tasks to their stop and looks at what is committed then.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	type tx = connect.TransactionContext
	type add = func(n ...int)
	plain := []func(tx, add){func(_ tx, a add) { a(0, 1) }, func(_ tx, a add) { a(2) }}
	for _, tt := range []struct {
		name, boundary  string
		steps           []func(tx, add)
		cfg             config.Map
		values, offsets string
		acked           string
	}{
		{"poll", "poll", plain, nil, "0 1 2", "2 3", "0 1 2"},
		{"interval, at the stop", "INTERVAL", plain, nil, "0 1 2", "3", "0 1 2"},
		{"interval of no time", "interval", plain, config.Map{"transaction.boundary.interval.ms": "0"}, "0 1 2", "2 3", "0 1 2"},
		{"dropped records", "poll", plain, config.Map{"transforms": "d", "transforms.d.type": "DropEven"}, "1", "2 3", "0 1 2"},
		{"the connector asks for nothing", "connector", plain, nil, "", "", ""},
		{"batches", "connector", []func(tx, add){
			func(_ tx, a add) { a(0) },
			func(x tx, a add) { a(1); x.CommitBatch() },
			func(x tx, a add) { a(2); x.AbortBatch() },
			func(x tx, a add) { a(3, 4); x.CommitBatch(); x.AbortBatch() },
			func(x tx, a add) { a(5); x.CommitBatch() },
			func(_ tx, a add) { a(6) },
		}, nil, "0 1 5", "2 3 5 6", "0 1 2 3 4 5"},
		{"records", "connector", []func(tx, add){
			func(x tx, a add) { a(0, 1, 2, 3, 4); x.CommitRecord(0); x.AbortRecord(2); x.CommitRecord(3) },
			func(x tx, a add) { a(5, 6); x.CommitRecord(1) },
			func(x tx, a add) { a(7, 8); x.CommitRecord(5) },
		}, nil, "0 3 4 5 6", "1 3 4 7", "0 1 2 3 4 5 6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, g := newExactlyOnce(t)
			done := r.steps(tt.steps...)
			cfg := config.Map{"connector.class": "FakeSource", "transaction.boundary": tt.boundary}
			maps.Copy(cfg, tt.cfg)
			if tt.cfg["transaction.boundary.interval.ms"] == "" && strings.EqualFold(tt.boundary, "interval") {
				cfg["transaction.boundary.interval.ms"] = "3600000"
			}
			r.StartTask(task0(), cfg, nil, store.TargetStarted, 5)
			select {
			case <-done:
			case <-deadline(t).Done():
				t.Fatal(r.ears.last("c-0"))
			}
			r.stop(t, task0())
			var positions []string
			for _, o := range r.committed(t, "offsets") {
				positions = append(positions, strings.TrimSuffix(strings.TrimPrefix(o, `{"n":`), "}"))
			}
			got := []string{strings.Join(r.committed(t, "numbers"), " "), strings.Join(positions, " "), strings.Join(r.script.acked, " ")}
			if diff := cmp.Diff([]string{tt.values, tt.offsets, tt.acked}, got); diff != "" {
				t.Errorf("values, offsets, acknowledged: %s", diff)
			}
			if diff := cmp.Diff([]string{"fence c-0", "verify c-0 5", "open offsets"}, g.calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTransactionFails: of a task that fails nothing is committed that was open.
func TestTransactionFails(t *testing.T) {
	t.Parallel()
	r, _ := newExactlyOnce(t)
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		if from > 0 { // when Kafka has the record
			return from, errors.Join(r.script.source.(*sourceHost).source.flights.room(ctx, 0), errors.New("the source is gone"))
		}
		addNumber(into, p, 0, "0")
		return 1, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource", "transaction.boundary": "interval"}, nil, store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Failed)
	r.stop(t, task0())
	if got := append(r.committed(t, "numbers"), r.committed(t, "offsets")...); len(got) > 0 {
		t.Errorf("committed are %v", got)
	}
}

// TestZombieIsFenced fences a task that writes on: it fails, and no record of it
// is committed any more.
func TestZombieIsFenced(t *testing.T) {
	t.Parallel()
	r, _ := newExactlyOnce(t)
	more := make(chan struct{})
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		select {
		case <-more:
		case <-ctx.Done():
			return from, nil
		}
		addNumber(into, p, from, strconv.Itoa(from))
		return from + 1, nil
	}
	cfg := config.Map{"connector.class": "FakeSource"}
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	more <- struct{}{}
	more <- struct{}{} // the first batch is committed
	// The leader fences for other workers, whether or not it is enabled itself.
	leader, err := New(Config{Settings: r.Settings, Plugins: r.Plugins, Offsets: r.offsets, Listener: r.ears})
	if err != nil {
		t.Fatal(err)
	}
	if err := leader.FenceProducers(deadline(t), "c", cfg, 1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"c": 1, "c-0": 0, "": 0, "x": 0} {
		if n, err := leader.FormerTasks(deadline(t), name, cfg); err != nil || n != want {
			t.Errorf("the brokers know of %d former tasks of %q, %v; want %d", n, name, err, want)
		}
	}
	if listed, err := r.admin(t).ListTransactions(deadline(t), nil, nil); err != nil || !slices.Equal(listed.TransactionalIDs(), []string{"g-c-0"}) {
		t.Errorf("the transactional ids are %v, %v", listed.TransactionalIDs(), err)
	}
	close(more)
	r.ears.await(t, "c-0", store.Failed)
	r.stop(t, task0())
	// The second batch was before the fencing, or was open then.
	if got := r.committed(t, "numbers"); len(got) < 1 || got[0] != "0" || len(got) > 2 {
		t.Errorf("committed are %v", got)
	}
}

// TestFencingRefusesATask covers what the herder says before and after the
// producer is made, and the topic that a task must not write to.
func TestFencingRefusesATask(t *testing.T) {
	t.Parallel()
	for text, set := range map[string]func(*rig, *gatekeeper){
		"Failed to perform round of zombie fencing: no leader": func(_ *rig, g *gatekeeper) { g.fence = errors.New("no leader") },
		"was revoked": func(_ *rig, g *gatekeeper) { g.refusal = errors.New("was revoked") },
		"Source tasks may not produce to their own offsets topics when exactly-once support is enabled": func(r *rig, _ *gatekeeper) {
			r.OpenOffsets = func(context.Context, string, map[string]string) (store.ConnectorOffsets, error) {
				return inTopic{r.offsets, "numbers"}, nil
			}
		},
	} {
		r, g := newExactlyOnce(t)
		set(r, g)
		r.script.poll = count(10)
		r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
		if s := r.ears.await(t, "c-0", store.Failed); !strings.Contains(s.Trace, text) {
			t.Errorf("trace %q, want %q", s.Trace, text)
		}
		r.stop(t, task0())
		if got := r.committed(t, "numbers"); len(got) > 0 {
			t.Errorf("%s: committed are %v", text, got)
		}
	}
}
