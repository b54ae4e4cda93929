package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// admin is a client of the rig's broker.
func (r *rig) admin(t *testing.T) *kadm.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}

// sunk returns the offsets that the sink has committed, by topic.
func (r *rig) sunk(t *testing.T) map[string]int64 {
	t.Helper()
	all, err := r.admin(t).FetchOffsets(deadline(t), "connect-c")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	all.Each(func(o kadm.OffsetResponse) { out[o.Topic] = o.At })
	return out
}

// TestOnlyWhatWasPutIsCommitted covers what a sink task may answer to PreCommit, and
// how it may end: no offset is committed that it did not call safe, or that is
// beyond what it was given (invariant 1).
func TestOnlyWhatWasPutIsCommitted(t *testing.T) {
	t.Parallel()
	numbers := connect.TopicPartition{Topic: "numbers"}
	all := func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) { return consumed, nil }
	for name, tt := range map[string]struct {
		answer func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error)
		put    error // of the last record
		panics bool  // with it
		want   map[string]int64
	}{
		"all": {answer: all, want: map[string]int64{"numbers": 3}},
		"less": {answer: func(connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
			return connect.ConsumedOffsets{numbers: {Offset: 1}}, nil
		}, want: map[string]int64{"numbers": 1}},
		"more": {answer: func(connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
			return connect.ConsumedOffsets{numbers: {Offset: 4}}, nil
		}},
		"a partition that it has not": {answer: func(connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
			return connect.ConsumedOffsets{numbers: {Offset: 2}, {Topic: "others"}: {Offset: 0}}, nil
		}, want: map[string]int64{"numbers": 2}},
		"an error":        {answer: func(connect.ConsumedOffsets) (connect.ConsumedOffsets, error) { return nil, errors.New("cannot flush") }},
		"a failure later": {answer: all, put: errors.New("disk full"), want: map[string]int64{"numbers": 2}},
		"a panic later":   {answer: all, panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "consumer.max.poll.records", "1", "offset.flush.interval.ms", "3600000")
			if _, err := r.admin(t).CreateTopic(deadline(t), 1, 1, nil, "others"); err != nil {
				t.Fatal(err)
			}
			r.produce(t, "0", "1", "2")
			done := make(chan struct{})
			r.script.preCommit = tt.answer
			r.script.put = func(_ context.Context, records []connect.Record) error {
				if len(records) == 0 || records[0].Origin.Offset < 2 {
					return nil
				}
				close(done)
				if tt.panics {
					panic("on fire")
				}
				return tt.put
			}
			r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
			select {
			case <-done:
			case <-deadline(t).Done():
				t.Fatal("the records do not come")
			}
			if tt.panics || tt.put != nil {
				r.ears.await(t, "c-0", store.Failed)
			}
			r.stop(t, task0())
			got := r.sunk(t)
			if len(got) != len(tt.want) || got["numbers"] != tt.want["numbers"] {
				t.Errorf("committed are %v, want %v", got, tt.want)
			}
		})
	}
}

// TestRecordsOfOthersAreNotPut: what was on its way when its partition went to
// another task is not for this one.
func TestRecordsOfOthersAreNotPut(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "3600000")
	r.produce(t, "0")
	type left struct{ pending, next, consumed int }
	got := make(chan left, 1)
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) > 0 {
			r.script.host.RequestCommit()
		}
		return nil
	}
	r.script.preCommit = func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
		s := r.script.host.(*sinkHost).task // this is its goroutine, between two puts
		err := s.decode(kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "numbers", Partitions: []kgo.FetchPartition{
			{Partition: 7, Records: []*kgo.Record{{Topic: "numbers", Partition: 7, Value: []byte("9")}}},
		}}}}})
		if err != nil {
			return nil, err
		}
		s.next = append(s.next, nextOffset{connect.TopicPartition{Topic: "numbers", Partition: 7}, 1})
		n := len(s.next) - 1
		pending := len(s.pending)
		s.markConsumed()
		select {
		case got <- left{pending, n, len(s.consumed)}:
		default:
		}
		return consumed, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
	select {
	case l := <-got:
		if diff := cmp.Diff(left{0, 0, 1}, l, cmp.AllowUnexported(left{})); diff != "" {
			t.Error(diff)
		}
	case <-deadline(t).Done():
		t.Fatal("nothing is committed")
	}
	r.stop(t, task0())
}

// TestARetryDoesNotHoldUpTheGroup has a task wait for another try of its put for
// ever, while a second one comes.
func TestARetryDoesNotHoldUpTheGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "20", "consumer.heartbeat.interval.ms", "100")
	if _, err := r.admin(t).CreateTopic(deadline(t), 2, 1, nil, "numbers"); err != nil {
		t.Fatal(err)
	}
	r.produce(t, numbers(0, 50)...)
	waits := make(chan struct{}, 100)
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) == 0 {
			return nil
		}
		waits <- struct{}{}
		return connect.RetryAfter(errors.New("busy"), time.Hour)
	}
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	other := store.TaskID{Connector: "c", Task: 1}
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	<-waits
	r.StartTask(other, cfg, nil, store.TargetStarted, 1)
	for ctx, admin := deadline(t), r.admin(t); ; {
		groups, err := admin.DescribeGroups(ctx, "connect-c")
		if err != nil {
			t.Fatal(err)
		}
		if g := groups["connect-c"]; g.State == "Stable" && len(g.Members) == 2 {
			break
		}
	}
	r.stop(t, task0())
	r.stop(t, other)
	if got := r.sunk(t); len(got) > 0 {
		t.Errorf("committed are %v, and nothing was put", got)
	}
}

// TestRefusedRecordsHoldBackTheOffsets: a batch with records that Kafka did not take
// is not over until they are dealt with, be that tolerated or not.
func TestRefusedRecordsHoldBackTheOffsets(t *testing.T) {
	t.Parallel()
	fs := newFlights(telemetry.NewMetrics(telemetry.MetricsConfig{}).Task("c", 0, telemetry.Source))
	fs.tolerant = true
	f := fly(fs, 1, partition("a"))
	f.done(&kgo.Record{}, kerr.MessageTooLarge)
	if offsets, _ := fs.offsets(); len(offsets) > 0 || fs.landed() != nil {
		t.Errorf("%v can be committed", offsets)
	}
	fs.resolve(fs.refusing())
	if offsets, _ := fs.offsets(); committable(offsets)["a"] != 1 {
		t.Errorf("then %v can be committed", offsets)
	}
}

// TestAnAbandonedSourceCommitsNothing: what Kafka has acknowledged of a task that
// hung at its stop is for its successor to send again.
func TestAnAbandonedSourceCommitsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, "task.shutdown.graceful.timeout.ms", "20", "offset.flush.interval.ms", "3600000")
	hang := make(chan struct{})
	r.script.poll = func(_ context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		if from > 0 {
			<-hang
			return from, nil
		}
		addNumber(into, p, from, "0")
		return 1, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	r.consume(t, 1)
	r.mu.Lock()
	life := r.tasks[task0()].life
	r.mu.Unlock()
	if err := r.StopTasks(deadline(t), []store.TaskID{task0()}); err == nil {
		t.Error("a hanging task has stopped")
	}
	close(hang)
	<-life.done
	if len(r.offsets.offsets) != 0 {
		t.Errorf("the abandoned task has committed %v", r.offsets.offsets)
	}
}

// TestAnOpenTransactionIsNotTold: records of it are acknowledged to the plugin when
// it is committed, which a pause does.
func TestAnOpenTransactionIsNotTold(t *testing.T) {
	t.Parallel()
	r, _ := newExactlyOnce(t)
	looked := make(chan []string, 1)
	polls := 0
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		switch polls++; polls {
		case 1:
			addNumber(into, p, 0, "0")
			return 1, nil
		case 2: // until Kafka has the record
			return from, r.script.source.(*sourceHost).source.flights.room(ctx, 0)
		case 3:
			r.script.mu.Lock()
			looked <- slices.Clone(r.script.acked)
			r.script.mu.Unlock()
			return from, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond): // so that the pause is seen
		}
		return from, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource", "transaction.boundary": "interval"}, nil, store.TargetStarted, 1)
	select {
	case acked := <-looked:
		if len(acked) > 0 {
			t.Errorf("%v are acknowledged in an open transaction", acked)
		}
	case <-deadline(t).Done():
		t.Fatal(r.ears.last("c-0"))
	}
	if got := r.committed(t, "numbers"); len(got) > 0 {
		t.Errorf("%v are committed before the interval is over", got)
	}
	r.SetTargetState("c", store.TargetPaused)
	r.ears.await(t, "c-0", store.Paused)
	if got := append(r.committed(t, "numbers"), r.committed(t, "offsets")...); !slices.Equal(got, []string{"0", `{"n":1}`}) {
		t.Errorf("of a paused task %v are committed", got)
	}
	r.stop(t, task0())
	if !slices.Equal(r.script.acked, []string{"0"}) {
		t.Errorf("acknowledged are %v", r.script.acked)
	}
}

// TestRefusedOffsetsFailTheTransaction: records are never committed without their
// offsets.
func TestRefusedOffsetsFailTheTransaction(t *testing.T) {
	t.Parallel()
	r, _ := newExactlyOnce(t)
	small := "1"
	if _, err := r.admin(t).CreateTopic(deadline(t), 1, 1, map[string]*string{"max.message.bytes": &small}, "small"); err != nil {
		t.Fatal(err)
	}
	r.OpenOffsets = func(context.Context, string, map[string]string) (store.ConnectorOffsets, error) {
		return inTopic{r.offsets, "small"}, nil
	}
	r.script.poll = count(1)
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	if s := r.ears.await(t, "c-0", store.Failed); !strings.Contains(s.Trace, "MESSAGE_TOO_LARGE") {
		t.Errorf("trace %s", s.Trace)
	}
	r.stop(t, task0())
	if got := r.committed(t, "numbers"); len(got) > 0 {
		t.Errorf("%v are committed without their offsets", got)
	}
}

// TestFenceAwaitsTheAbort: while the broker ends what a former producer has left
// open it asks to come again.
func TestFenceAwaitsTheAbort(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	busy := 3
	c.ControlKey(int16(kmsg.InitProducerID), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if busy--; busy < 0 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
		resp.ErrorCode = kerr.ConcurrentTransactions.Code
		return resp, nil, true
	})
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := fence(deadline(t), cl, "id"); err != nil {
		t.Fatal(err)
	}
	if listed, err := kadm.NewClient(cl).ListTransactions(deadline(t), nil, nil); err != nil || !slices.Equal(listed.TransactionalIDs(), []string{"id"}) {
		t.Errorf("the broker knows of %v, %v", listed.TransactionalIDs(), err)
	}
}

// TestLostPartitionsCommitNothing: a task whose membership was lost is not even asked
// what is safe. Another one may have gone on with the partitions.
func TestLostPartitionsCommitNothing(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *rig){
		// The coordinator takes the member out, as it does when a session ends.
		"the session": func(t *testing.T, r *rig) {
			groups, err := r.admin(t).DescribeGroups(deadline(t), "connect-c")
			if err != nil {
				t.Fatal(err)
			}
			req := kmsg.NewPtrLeaveGroupRequest()
			req.Group = "connect-c"
			for _, m := range groups["connect-c"].Members {
				member := kmsg.NewLeaveGroupRequestMember()
				member.MemberID = m.MemberID
				req.Members = append(req.Members, member)
			}
			cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			if _, err := req.RequestWith(deadline(t), cl); err != nil {
				t.Fatal(err)
			}
		},
		// The put takes longer than max.poll.interval.ms.
		"the time for a put": func(t *testing.T, r *rig) {
			for members, admin := 1, r.admin(t); members > 0; {
				groups, err := admin.DescribeGroups(deadline(t), "connect-c")
				if err != nil {
					t.Fatal(err)
				}
				members = len(groups["connect-c"].Members)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			interval := "3600000"
			if name == "the time for a put" {
				interval = "300"
			}
			r := newRig(t, "consumer.max.poll.interval.ms", interval, "consumer.heartbeat.interval.ms", "50", "offset.flush.interval.ms", "3600000")
			r.produce(t, "0")
			puts, lost, end := make(chan int, 100), make(chan struct{}), make(chan struct{})
			asked, n := 0, 0 // of the task's goroutine
			r.script.put = func(_ context.Context, records []connect.Record) error {
				if len(records) == 0 {
					return nil
				}
				n++
				puts <- asked
				if n == 1 {
					<-lost
				} else {
					<-end
				}
				return nil
			}
			r.script.preCommit = func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
				asked++
				return consumed, nil
			}
			r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
			<-puts
			lose(t, r)
			close(lost)
			select {
			case asked := <-puts: // the record comes again
				if asked > 0 {
					t.Error("the task was asked what is safe of a partition that it has lost")
				}
			case <-deadline(t).Done():
				t.Fatal("the record does not come again")
			}
			close(end)
			r.stop(t, task0())
		})
	}
}
