package group

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/internal/group/assign"
)

// slowToStop is a worker whose revoked work has stopped when it is released.
type slowToStop struct {
	*worker
	stopping chan func()
}

func (s slowToStop) Revoked(w assign.Work, done func()) {
	s.stopping <- func() { s.worker.Revoked(w, done) }
}

// TestRevokedWorkIsGivenAwayWhenItHasStopped: until then nobody else runs it
// (invariant 2), however long that takes.
func TestRevokedWorkIsGivenAwayWhenItHasStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen),
			kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
		if err != nil {
			t.Fatal(err)
		}
		defer fake.Close()
		shared := &topic{counts: map[string]int{}}
		shared.set("x", 4)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		join := func(name string, w *worker, l Listener) {
			w.look()
			member, err := New(Config{
				Settings: config.Map{"bootstrap.servers": fake.ListenAddrs()[0], "group.id": "g", "scheduled.rebalance.max.delay.ms": "0"},
				URL:      "http://" + name + "/", WorkerID: name + ":1", Configs: w, Listener: l, Log: slog.New(slog.DiscardHandler),
				Opts: []kgo.Opt{kgo.Dialer(network.DialContext)},
			})
			if err != nil {
				t.Fatal(err)
			}
			go func() { ended <- member.Run(ctx) }()
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		a := &worker{t: t, name: "a", topic: shared, changed: make(chan struct{}, 1)}
		b := &worker{t: t, name: "b", topic: shared, changed: make(chan struct{}, 1)}
		slow := slowToStop{a, make(chan func(), 1)}
		join("a", a, slow)
		if len(a.running.Tasks) != 4 {
			t.Fatalf("a runs %v", a.running)
		}
		join("b", b, b)
		release := <-slow.stopping
		if !b.running.Empty() {
			t.Errorf("b runs %v, and a has not stopped it", b.running)
		}
		release()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(a.running.Tasks) != 2 || len(b.running.Tasks) != 2 {
			t.Errorf("then a runs %v and b %v", a.running, b.running)
		}
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTheSessionIsAsOldAsTheRequest: an answer that was long under way says that the
// session was held when it was asked for; a refusal says nothing.
func TestTheSessionIsAsOldAsTheRequest(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := &Member{log: slog.New(slog.DiscardHandler)}
	for _, tt := range []struct {
		err        error
		sent, want int // seconds
	}{
		{nil, 1, 1},
		{kerr.RebalanceInProgress, 2, 2},
		{kerr.UnknownMemberID, 3, 2},
		{kerr.IllegalGeneration, 4, 2},
		{nil, 1, 2}, // overtaken
		{nil, 5, 5},
	} {
		m.note(tt.err, now.Add(time.Duration(tt.sent)*time.Second))
		if got := m.contact.Sub(now); got != time.Duration(tt.want)*time.Second {
			t.Errorf("after the answer %v to what was sent at %ds the session is of %s", tt.err, tt.sent, got)
		}
	}
}
