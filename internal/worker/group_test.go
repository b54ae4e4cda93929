package worker

import (
	"context"
	"slices"
	"strconv"
	"testing"

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
