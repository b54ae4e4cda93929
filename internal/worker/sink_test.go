package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// What was fetched ahead of a seek must not pass for what comes after it: the
// task would commit beyond records that it has asked for again.
func TestSeekTakesBackWhatWasFetched(t *testing.T) {
	t.Parallel()
	r := newRig(t, "consumer.max.poll.records", "10")
	r.produce(t, numbers(0, 200)...)
	const rounds = 30
	firsts := make(chan string, rounds+1)
	asked, round := true, 0 // of the task's goroutine
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) == 0 {
			return nil
		}
		if asked && round <= rounds {
			asked = false
			firsts <- strings.Clone(records[0].Value.Value.Text())
		}
		r.script.host.RequestCommit()
		return nil
	}
	refuse := false
	ctx, over := context.WithCancel(deadline(t))
	r.script.preCommit = func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
		if round++; round > rounds {
			return consumed, nil
		}
		asked = true
		// All 200 are fetched, 10 were put, and the next 10 are on their way.
		for client := r.script.host.(*sinkHost).task.consumer.client; client.BufferedFetchRecords() != 180 && ctx.Err() == nil; {
			runtime.Gosched()
		}
		if refuse = !refuse; refuse {
			return nil, errors.New("cannot flush") // the worker goes back by itself
		}
		for p := range consumed {
			r.script.host.Seek(p, 0)
		}
		return nil, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
	for range rounds {
		select {
		case first := <-firsts:
			if first != "0" {
				t.Fatalf("after a seek to the start the first record is %s", first)
			}
		case <-deadline(t).Done():
			t.Fatal("no records come after a seek")
		}
	}
	over()
	r.stop(t, task0())
}

// A put longer than max.poll.interval.ms loses the partitions: another task goes
// on with them, and what the slow one was given comes again.
func TestSlowPutGivesUpItsPartitions(t *testing.T) {
	t.Parallel()
	r := newRig(t, "consumer.max.poll.interval.ms", "300", "consumer.heartbeat.interval.ms", "100", "offset.flush.interval.ms", "50")
	r.produce(t, "0", "1")
	hang, hangs := make(chan struct{}), make(chan struct{})
	got := make(chan []string, 10)
	first := true // of the one task that has the partition
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) == 0 {
			return nil
		}
		var values []string
		for i := range records {
			values = append(values, strings.Clone(records[i].Value.Value.Text()))
		}
		if first {
			first = false
			close(hangs)
			<-hang
			return nil // it was put, too late
		}
		got <- values
		return nil
	}
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	<-hangs
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for members := 1; members > 0; { // it leaves by itself
		groups, err := kadm.NewClient(cl).DescribeGroups(deadline(t), "connect-c")
		if err != nil {
			t.Fatal(err)
		}
		members = len(groups["connect-c"].Members)
	}
	other := store.TaskID{Connector: "c", Task: 1}
	r.StartTask(other, cfg, nil, store.TargetStarted, 1)
	var again []string
	for len(again) < 2 {
		select {
		case v := <-got:
			again = append(again, v...)
		case <-deadline(t).Done():
			t.Fatal("the other task gets nothing while the first one hangs")
		}
	}
	if diff := cmp.Diff(numbers(0, 2), again); diff != "" {
		t.Errorf("the other task: %s", diff)
	}
	close(hang)
	r.stop(t, other)
	r.produce(t, "2")
	select { // the slow one is back in the group
	case v := <-got:
		if !slices.Contains(v, "2") {
			t.Errorf("the slow task, back in the group, gets %v", v)
		}
	case <-deadline(t).Done():
		t.Fatal("the slow task has not joined again")
	}
	if s := r.ears.last("c-0"); s.State != store.Running {
		t.Errorf("the slow task is %s: %s", s.State, s.Trace)
	}
	r.stop(t, task0())
}

// A partition that goes while its records wait for another try, and comes back
// before that try, counts as not put.
func TestSurrenderForgetsWhatWasNotPut(t *testing.T) {
	t.Parallel()
	gone, stays := connect.TopicPartition{Topic: "t"}, connect.TopicPartition{Topic: "t", Partition: 1}
	s := &sinkTask{
		task:     &task{log: slog.New(slog.DiscardHandler), metrics: telemetry.NewMetrics(telemetry.MetricsConfig{Windows: telemetry.Windows{Samples: 2, Length: time.Second}}).Task("c", 0, telemetry.Sink)},
		assigned: map[connect.TopicPartition]struct{}{gone: {}, stays: {}},
		consumed: connect.ConsumedOffsets{gone: {Offset: 5}}, committed: connect.ConsumedOffsets{gone: {Offset: 5}},
		next: []nextOffset{{gone, 10}, {stays, 20}},
	}
	s.host = newSinkHost(s)
	for _, p := range []connect.TopicPartition{gone, stays} {
		s.pending = append(s.pending, connect.Record{Origin: connect.Origin{Topic: p.Topic, Partition: p.Partition}})
	}
	if err := s.surrender([]connect.TopicPartition{gone}, false); err != nil {
		t.Fatal(err)
	}
	if len(s.pending) != 1 || s.pending[0].Origin.Partition != stays.Partition || len(s.consumed)+len(s.committed) > 0 {
		t.Errorf("of the lost partition %v, %v and %v are kept", s.pending, s.consumed, s.committed)
	}
	s.assigned[gone] = struct{}{}
	s.markConsumed()
	if diff := cmp.Diff(connect.ConsumedOffsets{stays: {Offset: 20}}, s.consumed); diff != "" {
		t.Errorf("consumed: %s", diff)
	}
}

func TestFetchErrors(t *testing.T) {
	t.Parallel()
	s := &sinkTask{task: &task{log: slog.New(slog.DiscardHandler), id: task0()}}
	for _, tt := range []struct {
		err   error
		fatal bool
	}{
		{context.Canceled, false},
		{kgo.ErrClientClosed, false},
		{kerr.NotLeaderForPartition, false},
		{kerr.TopicAuthorizationFailed, true},
		{kerr.OffsetOutOfRange, true}, // with auto.offset.reset=none
		{&kgo.ErrGroupSession{Err: kerr.UnknownMemberID}, false},
		{&kgo.ErrGroupSession{Err: kerr.IllegalGeneration}, false},
		{&kgo.ErrGroupSession{Err: fmt.Errorf("dial: %w", errors.New("connection refused"))}, false},
		{&kgo.ErrGroupSession{Err: kerr.GroupAuthorizationFailed}, true},
		{&kgo.ErrGroupSession{Err: kerr.FencedInstanceID}, true},
	} {
		if err := s.fetchError(kgo.FetchError{Topic: "t", Err: tt.err}); (err != nil) != tt.fatal {
			t.Errorf("%v becomes %v, fatal %v", tt.err, err, tt.fatal)
		}
	}
}
