package group

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/group/assign"
)

// TestStopsBeforeTheSessionEnds has the coordinator fall silent at several moments
// between two heartbeats, or refuse heartbeats and answer to nothing else: what runs is told to stop early enough that
// task.shutdown.graceful.timeout.ms, 5 seconds, is over before others are given it.
func TestStopsBeforeTheSessionEnds(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]config.Map{
		"default heartbeats": {}, "Java's heartbeats": {"heartbeat.interval.ms": "3000"}, "quick ones": {"heartbeat.interval.ms": "100"},
	} {
		for _, into := range []time.Duration{0, 10 * time.Millisecond, 490 * time.Millisecond, 2990 * time.Millisecond} {
			for _, refuses := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %v, refuses %v", name, into, refuses), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { stopsInTime(t, set, into, refuses) })
				})
			}
		}
	}
}

// stopNotes notes when work is revoked.
type stopNotes struct {
	*worker
	revoked time.Time
}

func (n *stopNotes) Revoked(w assign.Work, done func()) {
	n.revoked = time.Now()
	n.worker.Revoked(w, done)
}

func stopsInTime(t *testing.T, set config.Map, into time.Duration, refuses bool) {
	const session, grace = 10 * time.Second, 5 * time.Second
	network := &kfake.VirtualNetwork{}
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	settings := config.Map{"bootstrap.servers": fake.ListenAddrs()[0], "group.id": "g"}
	maps.Copy(settings, set)
	w := &stopNotes{worker: &worker{t: t, name: "a", topic: &topic{counts: map[string]int{}}, changed: make(chan struct{}, 1)}}
	w.topic.set("x", 2)
	w.look()
	member, err := New(Config{
		Settings: settings, URL: "http://a/", WorkerID: "a:1", Configs: w, Listener: w, Log: slog.New(slog.DiscardHandler),
		Opts: []kgo.Opt{kgo.Dialer(network.DialContext)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- member.Run(ctx) }()
	time.Sleep(10*time.Second + into)
	synctest.Wait()
	if w.running.Empty() {
		t.Fatal("nothing runs")
	}
	var last atomic.Pointer[time.Time] // the last heartbeat that was answered
	var silent atomic.Bool
	fake.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		if !silent.Load() && req.Key() == int16(kmsg.Heartbeat) {
			now := time.Now()
			last.Store(&now)
		}
		if silent.Load() && refuses && req.Key() == int16(kmsg.Heartbeat) {
			resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
			resp.ErrorCode = kerr.IllegalGeneration.Code
			return resp, nil, true
		}
		return nil, nil, silent.Load()
	})
	time.Sleep(3 * time.Second)
	silent.Store(true)
	time.Sleep(session)
	synctest.Wait()
	if w.revoked.IsZero() {
		t.Fatal("all still runs when the session has ended")
	}
	took := w.revoked.Sub(*last.Load())
	if late := took + grace; late > session {
		t.Errorf("what runs is told to stop %v after the last answer, and has stopped by %v", took, late)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
