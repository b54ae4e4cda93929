package worker

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/store"
)

// letters reads n records of the dead letter queue.
func (r *rig) letters(t *testing.T, n int) []*kgo.Record {
	t.Helper()
	cl, err := kafka.NewClient(kafka.Settings{Role: kafka.ConsumerRole, Values: config.Map{"bootstrap.servers": r.addr, "auto.offset.reset": "earliest"}}, nil, kgo.ConsumeTopics("dead"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var out []*kgo.Record
	for len(out) < n {
		f := cl.PollFetches(deadline(t))
		if err := f.Err(); err != nil {
			t.Fatalf("after %d dead letters: %v", len(out), err)
		}
		out = append(out, f.Records()...)
	}
	return out
}

func headersOf(r *kgo.Record) map[string]string {
	m := make(map[string]string)
	for _, h := range r.Headers {
		m[h.Key] = string(h.Value)
	}
	delete(m, "__connect.errors.exception.stacktrace")
	return m
}

func queued(cfg config.Map) config.Map {
	cfg["errors.tolerance"] = "all"
	cfg["errors.deadletterqueue.topic.name"] = "dead"
	cfg["errors.deadletterqueue.context.headers.enable"] = "true"
	return cfg
}

// TestSourceHasADeadLetterQueue covers what Java has for sinks alone: a record
// that a transformation fails on comes as the converters make it, one that a
// converter fails on as JSON, and one that Kafka refuses as it was sent,
// here without the value, since that is what is too large.
func TestSourceHasADeadLetterQueue(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("5", 2<<20) // beyond max.request.size
	r := newRig(t)
	sent := false
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		if sent {
			<-ctx.Done()
			return from, nil
		}
		sent = true
		for n, text := range []string{"1", "x", "3", "bad"} {
			addNumber(into, p, n, text)
		}
		addNumber(into, p, 4, "5")
		into.Records[4].Value.Value = textOf(large)
		return 5, nil
	}
	r.StartTask(task0(), queued(config.Map{"connector.class": "FakeSource", "transforms": "odd", "transforms.odd.type": "PassBad"}), nil, store.TargetStarted, 1)
	if diff := cmp.Diff([]string{"1", "3"}, r.consume(t, 2)); diff != "" {
		t.Error(diff)
	}
	got := make(map[string]map[string]string)
	for _, l := range r.letters(t, 3) {
		got[string(l.Value)] = headersOf(l)
	}
	common := func(offset, stage, class, exception, message string) map[string]string {
		return map[string]string{
			"h": "v", "__connect.errors.topic": "numbers", "__connect.errors.connector.name": "c", "__connect.errors.task.id": "0",
			"__connect.errors.stage": stage, "__connect.errors.class.name": class, "__connect.errors.exception.class.name": exception,
			"__connect.errors.exception.message": message, "__connect.errors.source.partition": `{"p":"x"}`, "__connect.errors.source.offset": `{"n":` + offset + `}`,
		}
	}
	rendered := common("4", "VALUE_CONVERTER", "TextConverter", connect.DataException, "bad text")
	rendered["__connect.errors.rendered"] = "value"
	refused := common("5", "KAFKA_PRODUCE", "org.apache.kafka.connect.runtime.WorkerSourceTask", "org.apache.kafka.common.errors.RecordTooLargeException", got[""]["__connect.errors.exception.message"])
	refused["__connect.errors.value.omitted.bytes"] = "2097152"
	want := map[string]map[string]string{
		"x":     common("2", "TRANSFORMATION", "PassBad", connect.ConnectException, `strconv.Atoi: parsing "x": invalid syntax`),
		`"bad"`: rendered,
		"":      refused,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dead letters:\n%s", diff)
	}
	r.stop(t, task0())
	if offset := r.offsets.offsets; len(offset) != 1 {
		t.Errorf("offsets %v", offset)
	} else {
		for _, o := range offset {
			if n, _ := o.Offset.Lookup("n"); n.Int() != 5 {
				t.Errorf("offset %s: dead letters count as dealt with", o.Offset)
			}
		}
	}
	if diff := cmp.Diff([]string{"1", "x", "3", "bad", large}, r.script.acked); diff != "" {
		t.Errorf("acknowledged: %s", diff)
	}
}

// TestSinkReportsErrantRecords has a task that reports from a Put and goes on.
func TestSinkReportsErrantRecords(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "50")
	put := make(chan string, 10)
	var late connect.Record
	r.script.put = func(ctx context.Context, records []connect.Record) error {
		for i := range records {
			switch text := records[i].Value.Value.Text(); text {
			case "2":
				if err := r.script.host.ReportErrant(ctx, &records[i], connect.DataErrorf("two is too much")); err != nil {
					return err
				}
			case "3":
				late = records[i].Clone()
				late.Value.Value = records[0].Value.Value.Clone() // the letter must hold what was consumed
			default:
				put <- strings.Clone(text)
			}
		}
		return nil
	}
	r.StartTask(task0(), queued(config.Map{"connector.class": "FakeSink", "topics": "numbers"}), nil, store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Running)
	r.produce(t, "1", "2", "bad", "3", "4")
	for _, want := range []string{"1", "4"} {
		if got := <-put; got != want {
			t.Errorf("put %s, want %s", got, want)
		}
	}
	if err := r.script.host.ReportErrant(t.Context(), &late, connect.DataErrorf("known late")); err != nil {
		t.Error(err)
	}
	var got []string
	for _, l := range r.letters(t, 3) {
		h := headersOf(l)
		got = append(got, strings.Join([]string{string(l.Value), h["__connect.errors.offset"], h["__connect.errors.stage"], h["__connect.errors.class.name"], h["__connect.errors.exception.message"]}, " "))
	}
	slices.Sort(got)
	want := []string{
		"2 1 TASK_PUT org.apache.kafka.connect.sink.SinkTask two is too much",
		"3 3 TASK_PUT org.apache.kafka.connect.sink.SinkTask known late",
		"bad 2 VALUE_CONVERTER TextConverter bad text",
	}
	if late := "1" + strings.TrimPrefix(want[1], "3"); got[0] == late {
		want[0], want[1] = late, want[0] // the offsets were committed before: the record is converted back
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.stop(t, task0())
}

// TestADeadLetterThatIsRefusedFailsTheTask: the task was told that its record
// is dealt with, so its offset must not be committed.
func TestADeadLetterThatIsRefusedFailsTheTask(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "50")
	r.script.put = func(ctx context.Context, records []connect.Record) error {
		for i := range records {
			big := records[i].Clone()
			big.Origin.Offset = -1 // not one of Kafka's: it is converted back
			big.Value.Value = textOf(strings.Repeat("x", 2<<20))
			if err := r.script.host.ReportErrant(ctx, &big, connect.DataErrorf("no")); err != nil {
				return err
			}
		}
		return nil
	}
	r.StartTask(task0(), queued(config.Map{"connector.class": "FakeSink", "topics": "numbers"}), nil, store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Running)
	r.produce(t, "1")
	s := r.ears.await(t, "c-0", store.Failed)
	if first, _, _ := strings.Cut(s.Trace, "\n"); !strings.HasPrefix(first, "org.apache.kafka.connect.errors.ConnectException: org.apache.kafka.common.errors.RecordTooLargeException: ") {
		t.Errorf("trace %s", s.Trace)
	}
	r.stop(t, task0())
}

// TestTheOffsetOfALostLetterIsNotCommitted: of a source, in transactions or not. The
// record is neither in its topic nor in the queue, so it has to come again.
func TestTheOffsetOfALostLetterIsNotCommitted(t *testing.T) {
	t.Parallel()
	for name, rigged := range map[string]func(*testing.T) *rig{
		"at least once": func(t *testing.T) *rig { return newRig(t, "offset.flush.interval.ms", "3600000") },
		"exactly once":  func(t *testing.T) *rig { r, _ := newExactlyOnce(t); return r },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, tiny := rigged(t), "1"
			if _, err := r.admin(t).CreateTopic(deadline(t), 1, 1, map[string]*string{"max.message.bytes": &tiny}, "dead"); err != nil {
				t.Fatal(err)
			}
			r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
				if from == 0 {
					addNumber(into, p, 0, "x")
					return 1, nil
				}
				select { // the loop notices by itself that the letter is lost
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
				return from, nil
			}
			r.StartTask(task0(), queued(config.Map{"connector.class": "FakeSource", "transforms": "odd", "transforms.odd.type": "PassBad"}), nil, store.TargetStarted, 1)
			r.ears.await(t, "c-0", store.Failed)
			r.stop(t, task0())
			if len(r.offsets.offsets) > 0 {
				t.Errorf("committed are %v", r.offsets.offsets)
			}
			if name == "exactly once" {
				if got := r.committed(t, "offsets"); len(got) > 0 {
					t.Errorf("committed are %v", got)
				}
			}
		})
	}
}

// TestDeadLettersWithExactlyOnce: what cannot be transformed or converted goes to
// the queue, and its offset is committed with the records around it.
func TestDeadLettersWithExactlyOnce(t *testing.T) {
	t.Parallel()
	r, _ := newExactlyOnce(t)
	polls := 0
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		switch polls++; polls {
		case 1:
			for n, text := range []string{"1", "x", "3", "bad"} {
				addNumber(into, p, n, text)
			}
			return 4, nil
		case 2:
			addNumber(into, p, 4, "y") // a transaction of letters alone
			return 5, nil
		default:
			<-ctx.Done()
			return from, nil
		}
	}
	r.StartTask(task0(), queued(config.Map{"connector.class": "FakeSource", "transforms": "odd", "transforms.odd.type": "PassBad"}), nil, store.TargetStarted, 1)
	got := make(map[string]string)
	for _, l := range r.letters(t, 3) {
		h := headersOf(l)
		got[string(l.Value)] = h["__connect.errors.stage"] + " " + h["__connect.errors.source.offset"]
	}
	want := map[string]string{"x": `TRANSFORMATION {"n":2}`, `"bad"`: `VALUE_CONVERTER {"n":4}`, "y": `TRANSFORMATION {"n":5}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dead letters:\n%s", diff)
	}
	r.stop(t, task0())
	if diff := cmp.Diff([]string{"1", "3"}, r.committed(t, "numbers")); diff != "" {
		t.Errorf("committed: %s", diff)
	}
	if diff := cmp.Diff([]string{`{"n":4}`, `{"n":5}`}, r.committed(t, "offsets")); diff != "" {
		t.Errorf("committed offsets: %s", diff)
	}
}

// TestARefusedRecordFailsTheTask: without tolerance, and in transactions whatever
// the tolerance, as in Java: their other records would be lost with them. The trace
// says which record it was.
func TestARefusedRecordFailsTheTask(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{
		"none":         "Unrecoverable exception from producer send callback",
		"exactly once": "Failed to flush offsets and/or records for task c-0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, cfg := newRig(t), config.Map{"connector.class": "FakeSource"}
			if name != "none" {
				r, _ = newExactlyOnce(t)
				cfg = queued(cfg)
			}
			sent := false
			r.script.poll = func(_ context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
				if sent {
					return from, nil
				}
				sent = true
				addNumber(into, p, 0, "1")
				addNumber(into, p, 1, "2")
				into.Records[1].Value.Value = textOf(strings.Repeat("5", 2<<20)) // beyond max.request.size
				return 2, nil
			}
			r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
			s := r.ears.await(t, "c-0", store.Failed)
			want := "org.apache.kafka.connect.errors.ConnectException: " + first + "\n" +
				"Record for topic numbers of 2097152 bytes, in the batch up to source offset {n=2} of source partition {p=x}, stage KAFKA_PRODUCE (WorkerSourceTask): MESSAGE_TOO_LARGE: "
			if !strings.HasPrefix(s.Trace, want) || !strings.Contains(s.Trace, "; look at producer.override.max.request.size, and max.message.bytes of the topic\nCaused by: org.apache.kafka.common.errors.RecordTooLargeException: ") {
				t.Errorf("trace %s\nwant %s", s.Trace, want)
			}
			r.stop(t, task0())
			if name == "none" {
				if len(r.offsets.offsets) > 0 {
					t.Errorf("offsets %v are committed", r.offsets.offsets)
				}
				return // the record before may be there
			}
			for _, topic := range []string{"numbers", "offsets", "dead"} {
				if got := r.committed(t, topic); len(got) > 0 {
					t.Errorf("%d records are committed in %s", len(got), topic)
				}
			}
		})
	}
}
