package worker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func task0() store.TaskID { return store.TaskID{Connector: "c", Task: 0} }

func TestSourceMovesAndResumes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id, cfg := task0(), config.Map{"connector.class": "FakeSource"}
	r.script.poll = count(25)
	r.StartTask(id, cfg, config.Map{}, store.TargetStarted, 3)
	if s := r.ears.await(t, "c-0", store.Running); s.WorkerID != "w:1" || s.Generation != 3 || s.Version != "1.2" {
		t.Errorf("status %+v lacks worker, generation or version", s)
	}
	if diff := cmp.Diff(numbers(0, 25), r.consume(t, 25)); diff != "" {
		t.Fatal(diff)
	}
	r.stop(t, id)
	r.ears.await(t, "c-0", store.Unassigned)
	if diff := cmp.Diff(numbers(0, 25), r.script.acked); diff != "" {
		t.Errorf("acknowledged: %s", diff)
	}
	if r.script.commits == 0 {
		t.Error("the task was told of no commit")
	}
	r.script.poll = count(40)
	r.StartTask(id, cfg, config.Map{}, store.TargetStarted, 3)
	if diff := cmp.Diff(numbers(0, 40), r.consume(t, 40)); diff != "" {
		t.Errorf("after the restart: %s", diff)
	}
	r.stop(t, id)
	if diff := cmp.Diff([]string{"numbers", "numbers"}, r.ears.topics); diff != "" {
		t.Errorf("topics used: %s", diff)
	}
}

func TestSourceDropsUnderTolerance(t *testing.T) {
	t.Parallel()
	for tolerance, want := range map[string]store.State{"all": store.Running, "none": store.Failed} {
		r := newRig(t)
		sent := false
		r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
			if sent {
				<-ctx.Done()
				return from, nil
			}
			sent = true
			for n, text := range []string{"1", "bad", "3"} {
				addNumber(into, p, n, text)
			}
			return 3, nil
		}
		r.StartTask(task0(), config.Map{"connector.class": "FakeSource", "errors.tolerance": tolerance}, nil, store.TargetStarted, 1)
		if want == store.Running {
			if diff := cmp.Diff([]string{"1", "3"}, r.consume(t, 2)); diff != "" {
				t.Error(diff)
			}
		} else {
			s := r.ears.await(t, "c-0", want)
			first, rest, _ := strings.Cut(s.Trace, "\n")
			if first != "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler" || !strings.HasPrefix(rest, "Record for topic numbers of source partition {p=x} at source offset {n=2}, stage VALUE_CONVERTER (TextConverter): bad text; look at value.converter\n") || !strings.HasSuffix(rest, "\nCaused by: org.apache.kafka.connect.errors.DataException: bad text") {
				t.Errorf("trace %q", s.Trace)
			}
		}
		r.stop(t, task0())
		if got := len(r.offsets.offsets); (got == 1) != (want == store.Running) {
			t.Errorf("tolerance %s: %d offsets are committed", tolerance, got)
		}
	}
}

func TestSourceTransforms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.script.poll = count(7)
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource", "transforms": "odd", "transforms.odd.type": "DropEven"}, nil, store.TargetStarted, 1)
	if diff := cmp.Diff([]string{"1", "3", "5"}, r.consume(t, 3)); diff != "" {
		t.Error(diff)
	}
	r.stop(t, task0())
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource", "transforms": "odd", "transforms.odd.type": "DropOdd"}, nil, store.TargetStarted, 1)
	if s := r.ears.await(t, "c-0", store.Failed); !strings.Contains(s.Trace, `"transforms.odd.type" has the value "DropOdd"`) {
		t.Errorf("trace %q does not name the key", s.Trace)
	}
	r.stop(t, task0())
}

func TestPanicFailsTheTask(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.script.poll = func(context.Context, int, *connect.Batch, *connect.SourcePartition) (int, error) { panic("on fire") }
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	s := r.ears.await(t, "c-0", store.Failed)
	if !strings.HasPrefix(s.Trace, "org.apache.kafka.connect.errors.ConnectException: panic: on fire\n") || !strings.Contains(s.Trace, "worker_test.go") {
		t.Errorf("trace %q", s.Trace)
	}
	r.stop(t, task0())
}

func TestHangingTaskIsAbandoned(t *testing.T) {
	t.Parallel()
	r := newRig(t, "task.shutdown.graceful.timeout.ms", "20")
	hang := make(chan struct{})
	r.script.poll = func(_ context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		<-hang
		addNumber(into, p, from, "zombie")
		return from + 1, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Running)
	r.mu.Lock()
	life := r.tasks[task0()].life
	r.mu.Unlock()
	err := r.StopTasks(deadline(t), []store.TaskID{task0()})
	if err == nil || !strings.Contains(err.Error(), "task c-0 did not stop in time and is abandoned") {
		t.Errorf("error %v", err)
	}
	close(hang)
	<-life.done
	if s := r.ears.last("c-0"); s.State != store.Running {
		t.Errorf("the abandoned task has reported %s", s.State)
	}
	if len(r.offsets.offsets) != 0 {
		t.Error("the abandoned task has committed an offset")
	}
}

// TestHangingTaskIsAbandonedByItself has a task that hangs told to stop: its time
// runs although nobody waits for it.
func TestHangingTaskIsAbandonedByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t, "task.shutdown.graceful.timeout.ms", "20")
	hang := make(chan struct{})
	r.script.poll = func(_ context.Context, from int, _ *connect.Batch, _ *connect.SourcePartition) (int, error) {
		<-hang
		return from, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Running)
	r.mu.Lock()
	life := r.tasks[task0()].life
	r.mu.Unlock()
	r.BeginStop([]string{"nobody"}, []store.TaskID{task0(), {Connector: "nobody"}})
	select {
	case <-life.hard.Done():
	case <-deadline(t).Done():
		t.Fatal("the task is not abandoned")
	}
	err := r.StopTasks(deadline(t), []store.TaskID{task0()})
	if err == nil || !strings.Contains(err.Error(), "task c-0 did not stop in time and is abandoned: context deadline exceeded") {
		t.Errorf("error %v", err)
	}
	close(hang)
	<-life.done
}

func TestHangingSinkIsAbandoned(t *testing.T) {
	t.Parallel()
	r := newRig(t, "task.shutdown.graceful.timeout.ms", "30000")
	r.produce(t, "0")
	hang, hangs := make(chan struct{}), make(chan struct{}, 1)
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) > 0 {
			hangs <- struct{}{}
			<-hang
		}
		return nil
	}
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	<-hangs
	r.mu.Lock()
	life := r.tasks[task0()].life
	r.mu.Unlock()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.StopTasks(over, []store.TaskID{task0()}); err == nil {
		t.Error("a hanging task has stopped")
	}
	close(hang)
	<-life.done
	// The abandoned task has committed nothing: its successor gets the record.
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 2)
	select {
	case <-hangs:
	case <-deadline(t).Done():
		t.Error("the record does not come again")
	}
	r.stop(t, task0())
}

func TestSourcePausesAndCommitsRegularly(t *testing.T) {
	t.Parallel()
	r := newRig(t, "offset.flush.interval.ms", "10")
	polls := make(chan struct{})
	r.script.poll = func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		select {
		case polls <- struct{}{}:
		case <-ctx.Done():
			return from, nil
		}
		if from == 1 {
			return 2, connect.RetryAfter(errors.New("busy"), 1)
		}
		addNumber(into, p, from, "x")
		return from + 1, nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSource"}, nil, store.TargetPaused, 1)
	r.ears.await(t, "c-0", store.Paused)
	r.SetTargetState("c", store.TargetStarted)
	for committed := 0; committed < 3; {
		select {
		case <-polls:
		case <-deadline(t).Done():
			t.Fatal("no poll")
		}
		r.script.mu.Lock()
		committed = r.script.commits
		r.script.mu.Unlock()
	}
	r.SetTargetState("c", store.TargetPaused)
	go func() { <-polls }() // the one that may be waiting
	r.ears.await(t, "c-0", store.Paused)
	r.stop(t, task0())
	close(polls)
	if len(r.offsets.offsets) != 1 {
		t.Error("no offset is committed")
	}
}

func TestSinkPutsAgainAndCommits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, "0", "1", "2")
	got := make(chan []string, 100)
	tries := 0
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) == 0 {
			return nil
		}
		if tries++; tries < 3 {
			return connect.RetryAfter(errors.New("busy"), 1)
		}
		var values []string
		for i := range records {
			values = append(values, strings.Clone(records[i].Value.Value.Text()))
		}
		got <- values
		return nil
	}
	collect := func(n int) (all []string) {
		for len(all) < n {
			select {
			case v := <-got:
				all = append(all, v...)
			case <-deadline(t).Done():
				t.Fatalf("only %v came", all)
			}
		}
		return all
	}
	cfg := config.Map{"connector.class": "FakeSink", "topics": "numbers"}
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	if diff := cmp.Diff(numbers(0, 3), collect(3)); diff != "" {
		t.Fatal(diff)
	}
	r.stop(t, task0())
	r.ears.await(t, "c-0", store.Unassigned)
	if r.script.opened != 1 || r.script.closed != 1 {
		t.Errorf("opened %d and closed %d partitions, want 1 and 1", r.script.opened, r.script.closed)
	}
	r.produce(t, "3", "4")
	r.StartTask(task0(), cfg, nil, store.TargetStarted, 1)
	if diff := cmp.Diff(numbers(3, 5), collect(2)); diff != "" {
		t.Errorf("after the restart: %s", diff)
	}
	r.SetTargetState("c", store.TargetPaused)
	r.ears.await(t, "c-0", store.Paused)
	r.SetTargetState("c", store.TargetStarted)
	r.ears.await(t, "c-0", store.Running)
	r.produce(t, "5")
	if diff := cmp.Diff(numbers(5, 6), collect(1)); diff != "" {
		t.Errorf("after the pause: %s", diff)
	}
	r.stop(t, task0())
}

func TestSinkFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, "0")
	r.script.put = func(_ context.Context, records []connect.Record) error {
		if len(records) > 0 {
			return errors.New("disk full")
		}
		return nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics.regex": "num.*"}, nil, store.TargetStarted, 1)
	s := r.ears.await(t, "c-0", store.Failed)
	if !strings.HasPrefix(s.Trace, "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\nCaused by: ") || !strings.Contains(s.Trace, "disk full") {
		t.Errorf("trace %q", s.Trace)
	}
	r.stop(t, task0())
}

func TestConnector(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := deadline(t)
	r.StartConnector("c", config.Map{"connector.class": "FakeSource", "tasks": "3"}, store.TargetPaused, 1)
	r.ears.await(t, "c", store.Paused)
	if _, err := r.TaskConfigs(ctx, "c", 3); err == nil {
		t.Error("a paused connector gives task configurations")
	}
	r.SetTargetState("c", store.TargetStarted)
	r.ears.await(t, "c", store.Running)
	got, err := r.TaskConfigs(ctx, "c", 3)
	if want := (config.Map{"task.class": "FakeSourceTask"}); err != nil || len(got) != 3 || !cmp.Equal(got[2], want) {
		t.Errorf("task configurations %v, %v", got, err)
	}
	if _, err := r.TaskConfigs(ctx, "c", 2); err == nil || !strings.HasPrefix(err.Error(), "The connector c has generated 3 tasks, which is greater than 2, the maximum") {
		t.Errorf("too many tasks: %v", err)
	}
	r.StartConnector("e", config.Map{"connector.class": "FakeSource", "tasks": "3", "tasks.max.enforce": "false"}, store.TargetStarted, 1)
	r.ears.await(t, "e", store.Running)
	if got, err := r.TaskConfigs(ctx, "e", 2); err != nil || len(got) != 3 {
		t.Errorf("tasks.max.enforce=false: %d task configurations, %v", len(got), err)
	}
	for name, do := range map[string]string{"p": "panic", "q": "raise"} {
		r.StartConnector(name, config.Map{"connector.class": "FakeSink", "do": do}, store.TargetStarted, 1)
		r.ears.await(t, name, store.Failed)
	}
	r.StartConnector("h", config.Map{"connector.class": "FakeSink", "do": "hang"}, store.TargetStarted, 1)
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
	r.ears.await(t, "c", store.Unassigned)
}
