package journal

import (
	"context"
	"log/slog"
	"testing"

	"sluice/internal/store"
)

// sentLog acknowledges what it is sent, and keeps it.
type sentLog struct {
	Log

	sent []store.Record
}

func (l *sentLog) Send(r store.Record, done func(store.Record, error)) {
	r.Offset = int64(len(l.sent))
	l.sent = append(l.sent, r)
	done(r, nil)
}

func (*sentLog) Start(context.Context, func([]store.Record)) error { return nil }

// TestStaleRewrite has a worker read what another one wrote too late, and then say
// something else before its former status is written again: that is of no use any
// more, and would be shown from then on.
func TestStaleRewrite(t *testing.T) {
	t.Parallel()
	log := &sentLog{}
	s := NewStatuses(log, slog.New(slog.DiscardHandler))
	status := func(state store.State, worker string) store.Status {
		return store.Status{State: state, WorkerID: worker, Generation: 5}
	}
	s.PutConnector("a", status(store.Running, "w1"))
	late := status(store.Unassigned, "w2")
	written := []store.Record{store.ConnectorStatusRecord("a", &late)}
	snapshot, problem := store.FoldStatus(s.Snapshot(), written[0])
	if problem != "" {
		t.Fatal(problem)
	}

	begin := make(chan struct{})
	s.own.observe(snapshot, written, func(r store.Record) {
		<-begin
		s.rewrite(r)
	})
	s.PutConnector("a", status(store.Paused, "w1"))
	close(begin)
	s.own.close()

	paused := status(store.Paused, "w1")
	want := store.ConnectorStatusRecord("a", &paused)
	if last := log.sent[len(log.sent)-1]; string(last.Value) != string(want.Value) {
		t.Errorf("the last status that is written is %s, not %s", last.Value, want.Value)
	}
}

// TestLateRestarting has a worker read that a former owner restarts what runs here:
// it says again that it runs, unless the other is of its own generation or a newer.
func TestLateRestarting(t *testing.T) {
	t.Parallel()
	for generation, again := range map[int]bool{4: true, 5: false, 6: false} {
		s := NewStatuses(&sentLog{}, slog.New(slog.DiscardHandler))
		s.PutConnector("a", store.Status{State: store.Running, WorkerID: "w1", Generation: 5})
		late := store.Status{State: store.Restarting, WorkerID: "w2", Generation: generation}
		written := []store.Record{store.ConnectorStatusRecord("a", &late)}
		snapshot, problem := store.FoldStatus(s.Snapshot(), written[0])
		if problem != "" {
			t.Fatal(problem)
		}
		rewritten := 0
		s.own.observe(snapshot, written, func(store.Record) { rewritten++ })
		s.own.close()
		if (rewritten == 1) != again {
			t.Errorf("after a restart in generation %d the status was written again %d times", generation, rewritten)
		}
	}
}
