package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
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

// TestSinkTasksShareTheGroup starts a second task while the first one puts:
// partitions move, and no record is lost or put twice.
func TestSinkTasksShareTheGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "20", "consumer.heartbeat.interval.ms", "100")
	ctx := deadline(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, 4, 1, nil, "numbers"); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 10_000)
	r.script.put = func(_ context.Context, records []connect.Record) error {
		for i := range records {
			n, err := strconv.Atoi(records[i].Value.Value.Text())
			if err != nil {
				return err
			}
			got <- n
		}
		return nil
	}
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	ids := []store.TaskID{{Connector: "c", Task: 0}, {Connector: "c", Task: 1}}
	r.StartTask(ids[0], cfg, nil, store.TargetStarted, 1)
	var all []int
	send := func(from, to int) {
		for n := from; n < to; n++ {
			cl.Produce(ctx, &kgo.Record{Topic: "numbers", Key: []byte(strconv.Itoa(n)), Value: []byte(strconv.Itoa(n))}, nil)
		}
		if err := cl.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		for len(all) < to {
			select {
			case n := <-got:
				all = append(all, n)
			case <-ctx.Done():
				t.Fatalf("%d of %d came", len(all), to)
			}
		}
	}
	send(0, 500)
	r.StartTask(ids[1], cfg, nil, store.TargetStarted, 1)
	shared := func() bool {
		r.script.mu.Lock()
		defer r.script.mu.Unlock()
		return r.script.opened > 4 && r.script.opened-r.script.closed == 4
	}
	to := 500
	for !shared() {
		to += 100
		send(to-100, to)
	}
	send(to, to+500)
	if err := r.StopTasks(ctx, ids); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	want := make([]int, to+500)
	for i := range want {
		want[i] = i
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
}

func TestSinkSeeks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, "0", "1", "2")
	got := make(chan string, 100)
	sought := false
	r.script.put = func(_ context.Context, records []connect.Record) error {
		for i := range records {
			got <- string(records[i].Value.Value.Bytes())
			if records[i].Origin.Offset == 2 && !sought {
				sought = true
				r.script.host.Seek(r.script.host.Assignment()[0], 1)
				r.script.host.RequestCommit()
			}
		}
		return nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
	var all []string
	for len(all) < 5 {
		select {
		case v := <-got:
			all = append(all, v)
		case <-deadline(t).Done():
			t.Fatalf("only %v came", all)
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "1", "2"}, all); diff != "" {
		t.Error(diff)
	}
	r.stop(t, task0())
}

// shelf is a sink that has safe what fills whole shelves of seven records. It
// checks that each partition goes on where it was or at the edge of a shelf, which
// is what may be committed.
type shelf struct {
	mu    sync.Mutex
	next  map[int32]int64 // offset expected of each partition; guarded by mu
	calls int             // guarded by mu
	wrong []string        // guarded by mu
}

const shelfSize = 7

func (s *shelf) put(_ context.Context, records []connect.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls%5 == 0 && len(records) > 0 {
		return connect.RetryAfter(errors.New("the shelf is busy"), 5*time.Millisecond)
	}
	for i := range records {
		p, at := records[i].Origin.Partition, records[i].Origin.Offset
		if want := s.next[p]; at != want && (at > want || at%shelfSize != 0) {
			s.wrong = append(s.wrong, fmt.Sprintf("partition %d goes on at %d, expected was %d", p, at, want))
		}
		s.next[p] = at + 1
	}
	return nil
}

func (s *shelf) safe(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	out := connect.ConsumedOffsets{}
	for p, o := range consumed {
		out[p] = connect.ConsumedOffset{Offset: o.Offset - o.Offset%shelfSize}
	}
	return out, nil
}

// full tells whether so many records of each of the partitions were put.
func (s *shelf) full(partitions int, records int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, next := range s.next {
		if next >= records {
			n++
		}
	}
	return n == partitions
}

// TestRebalanceCommitsOnlyWhatIsSafe has a task come and go in the middle of
// batches, some of which wait for another try: what the tasks did not call safe
// comes again, and nothing else is committed.
func TestRebalanceCommitsOnlyWhatIsSafe(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "20", "consumer.heartbeat.interval.ms", "100", "consumer.max.poll.records", "10")
	ctx := deadline(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	admin := kadm.NewClient(cl)
	const partitions = 4
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, "numbers"); err != nil {
		t.Fatal(err)
	}
	s := &shelf{next: map[int32]int64{}}
	r.script.put, r.script.preCommit = s.put, s.safe
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	ids := []store.TaskID{{Connector: "c", Task: 0}, {Connector: "c", Task: 1}}
	r.StartTask(ids[0], cfg, nil, store.TargetStarted, 1)
	sent := int64(0)
	send := func() {
		for range 50 {
			for p := range int32(partitions) {
				cl.Produce(ctx, &kgo.Record{Topic: "numbers", Partition: p, Value: []byte("x")}, nil)
			}
			sent++
		}
		if err := cl.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send()
		r.StartTask(ids[1], cfg, nil, store.TargetStarted, 1)
		r.ears.await(t, "c-1", store.Running)
		send()
		for !s.full(partitions, sent-30) && ctx.Err() == nil { // in the middle of what was sent
			runtime.Gosched()
		}
		r.stop(t, ids[1])
	}
	for !s.full(partitions, sent) && ctx.Err() == nil {
		runtime.Gosched()
	}
	r.stop(t, ids[0])
	committed, err := admin.FetchOffsets(ctx, "connect-c")
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(partitions) {
		if o, _ := committed.Lookup("numbers", p); o.At != sent-sent%shelfSize {
			t.Errorf("partition %d: %d is committed of %d", p, o.At, sent)
		}
	}
	for _, text := range s.wrong {
		t.Error(text)
	}
}
