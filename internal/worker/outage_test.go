package worker

import (
	"context"
	"errors"
	"maps"
	"net"
	"runtime"
	"strconv"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka/embedded"
	"sluice/internal/store"
)

// numbersOut puts what a sink gets into a channel.
func numbersOut(got chan<- int) func(context.Context, []connect.Record) error {
	return func(_ context.Context, records []connect.Record) error {
		for i := range records {
			n, err := strconv.Atoi(records[i].Value.Value.Text())
			if err != nil {
				return err
			}
			got <- n
		}
		return nil
	}
}

// The broker goes away in the middle of the work, and comes back: no task fails
// and nothing is lost. Records come to the sink in order, apart from repeats of
// what was put and not committed.
func TestBrokerGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "20", "offset.flush.timeout.ms", "200", "consumer.heartbeat.interval.ms", "100")
	const polls, total = 300, 3000
	allow := make(chan struct{}, polls)
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		select {
		case <-allow:
			return count(total)(ctx, from, into, p)
		case <-ctx.Done():
			return from, nil
		}
	}
	got := make(chan int, 10*total)
	r.script.put = numbersOut(got)
	source, sink := store.TaskID{Connector: "source"}, store.TaskID{Connector: "sink"}
	r.StartTask(source, config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	r.StartTask(sink, config.Map{"connector.class": "FakeSink", "topics": "numbers"}, nil, store.TargetStarted, 1)
	next := 0
	move := func(count int) {
		for range count {
			allow <- struct{}{}
		}
	}
	await := func(until int) {
		t.Helper()
		ctx := deadline(t)
		for next < until {
			select {
			case n := <-got:
				if n > next {
					t.Fatalf("record %d comes before %d", n, next)
				}
				next = max(next, n+1)
			case <-ctx.Done():
				t.Fatalf("record %d does not come; source %+v, sink %+v", next, r.ears.last("source-0"), r.ears.last("sink-0"))
			}
		}
	}
	move(50)
	await(500)
	r.restartBroker(t, func() {
		move(50)
		for len(allow) > 0 { // polled, and handed to the producer
			runtime.Gosched()
		}
	})
	move(polls - 100)
	await(total)
	for _, name := range []string{"source-0", "sink-0"} {
		if s := r.ears.last(name); s.State != store.Running {
			t.Errorf("%s is %s: %s", name, s.State, s.Trace)
		}
	}
	r.stop(t, source)
	r.stop(t, sink)
	offset := r.offsets.offsets["source{p=x}"].Offset
	if at, _ := offset.Lookup("n"); at.Int() != total {
		t.Errorf("the committed offset is %s, want %d", offset, total)
	}
}

// Tasks that start while the broker is away wait for it.
func TestTasksWaitForTheBroker(t *testing.T) {
	t.Parallel()
	r := newRig(t, "consumer.heartbeat.interval.ms", "100")
	r.script.poll = count(20)
	got := make(chan int, 100)
	r.script.put = numbersOut(got)
	source, sink, stopped := store.TaskID{Connector: "source"}, store.TaskID{Connector: "sink"}, store.TaskID{Connector: "stopped"}
	plain := store.TaskID{Connector: "plain"}
	queued := config.Map{"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dead", "errors.deadletterqueue.topic.replication.factor": "1"}
	with := func(m config.Map) config.Map {
		maps.Copy(m, queued)
		return m
	}
	r.restartBroker(t, func() {
		r.StartTask(source, with(config.Map{"connector.class": "FakeSource"}), nil, store.TargetStarted, 1)
		r.StartTask(sink, with(config.Map{"connector.class": "FakeSink", "topics": "numbers"}), nil, store.TargetStarted, 1)
		r.StartTask(stopped, with(config.Map{"connector.class": "FakeSource"}), nil, store.TargetStarted, 1)
		r.StartTask(plain, config.Map{"connector.class": "FakeSink", "topics": "others"}, nil, store.TargetStarted, 1)
		r.ears.await(t, "plain-0", store.Running)
		r.stop(t, stopped) // while it waits
		r.ears.await(t, "stopped-0", store.Unassigned)
	})
	for n := range 20 {
		select {
		case m := <-got:
			if m != n {
				t.Fatalf("record %d in the place of %d", m, n)
			}
		case <-deadline(t).Done():
			t.Fatalf("record %d does not come; source %+v", n, r.ears.last("source-0"))
		}
	}
	r.stop(t, source)
	r.stop(t, sink)
	r.stop(t, plain)
}

// Offsets that cannot be stored, as on a full disk, are taken again by the next
// commit; the records go on.
func TestOffsetsAreCommittedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "10")
	r.offsets.fail = 3
	r.script.poll = count(30)
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	r.consume(t, 30)
	for failing, ctx := true, deadline(t); failing; { // only records make commits write
		r.offsets.mu.Lock()
		failing = r.offsets.fail > 0
		r.offsets.mu.Unlock()
		if ctx.Err() != nil {
			t.Fatal("offsets are not committed again")
		}
		runtime.Gosched()
	}
	r.stop(t, task0())
	offset := r.offsets.offsets["c{p=x}"].Offset
	if at, _ := offset.Lookup("n"); at.Int() != 30 {
		t.Errorf("the committed offset is %s, want 30", offset)
	}
	if s := r.ears.last("c-0"); s.State != store.Unassigned {
		t.Errorf("the task is %s: %s", s.State, s.Trace)
	}
}

// restartBroker ends the broker, calls meanwhile, and starts it again in its place.
func (r *rig) restartBroker(t *testing.T, meanwhile func()) {
	t.Helper()
	if err := r.broker.Close(); err != nil {
		t.Fatal(err)
	}
	meanwhile()
	_, text, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	var b *embedded.Broker
	for ctx := deadline(t); ; runtime.Gosched() {
		b, err = embedded.Start(t.Context(), embedded.Config{Dir: r.dir, Port: port})
		// A connection of another test may have the port for a moment.
		if _, taken := errors.AsType[*embedded.PortInUseError](err); !taken || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}
