package group

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
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
	hang    chan struct{} // what is revoked has stopped when it is closed; nil stops at once
}

func (n *stopNotes) Revoked(w assign.Work, done func()) {
	n.revoked = time.Now()
	if hang := n.hang; hang != nil {
		n.worker.Revoked(w, func() {})
		go func() {
			<-hang
			done()
		}()
		return
	}
	n.worker.Revoked(w, done)
}

// silence is one worker in a group of its own, which runs a connector with two
// tasks, on a virtual network and clock.
type silence struct {
	*stopNotes
	fake *kfake.Cluster
	end  func()
}

func newSilence(t *testing.T, set config.Map) *silence {
	t.Helper()
	network := &kfake.VirtualNetwork{}
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	settings := config.Map{"bootstrap.servers": fake.ListenAddrs()[0], "group.id": "g"}
	maps.Copy(settings, set)
	w := &stopNotes{worker: &worker{t: t, name: "a", topic: &topic{counts: map[string]int{}}, changed: make(chan struct{}, 1)}}
	w.topic.set("x", 2)
	w.look()
	w.member, err = New(Config{
		Settings: settings, URL: "http://a/", WorkerID: "a:1", Configs: w, Listener: w, Log: slog.New(slog.DiscardHandler),
		Opts: []kgo.Opt{kgo.Dialer(network.DialContext)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.member.Run(ctx) }()
	return &silence{w, fake, func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		fake.Close()
	}}
}

// after returns what runs after some time.
func (s *silence) after(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.running.Sorted())
}

func stopsInTime(t *testing.T, set config.Map, into time.Duration, refuses bool) {
	const session, grace = 10 * time.Second, 5 * time.Second
	w := newSilence(t, set)
	defer w.end()
	if got := w.after(10*time.Second + into); got != "{[x] [x-0 x-1]}" {
		t.Fatal("what runs is ", got)
	}
	var last atomic.Pointer[time.Time] // the last heartbeat that was answered
	var silent atomic.Bool
	w.fake.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.KeepControl()
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
}

// TestStopsTheRestDuringARevocation has the coordinator fall silent while a task
// that was revoked does not stop: the others must not wait for it. What the
// assignment gave is not taken any more.
func TestStopsTheRestDuringARevocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSilence(t, config.Map{"scheduled.rebalance.max.delay.ms": "0"})
		defer w.end()
		w.after(10 * time.Second)
		hang := make(chan struct{})
		w.hang = hang
		w.topic.set("x", 1)
		offset := w.topic.set("y", 1)
		w.look()
		w.member.Rejoin(offset, "a task less")
		if got := w.after(time.Second); got != "{[x] [x-0]}" {
			t.Fatal("what runs during the revocation is ", got)
		}
		var silent atomic.Bool
		silent.Store(true)
		w.fake.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			return nil, nil, silent.Load()
		})
		if got := w.after(4 * time.Second); got != "{[] []}" {
			t.Error("what runs 4 s after the last answer is ", got)
		}
		close(hang)
		if got := w.after(time.Second); got != "{[] []}" {
			t.Error("what runs after the revocation, with no session, is ", got)
		}
		silent.Store(false)
		if got := w.after(time.Minute); got != "{[x y] [x-0 y-0]}" {
			t.Error("what runs in the end is ", got)
		}
	})
}

// TestSlowJoin has the coordinator answer a worker's wish to join late, and no
// heartbeat meanwhile. The worker gives up what it runs, and asks once: a request
// that was given up could come late, and say what does not run any more. When the
// answer comes it says at once that it runs nothing.
func TestSlowJoin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSilence(t, nil)
		defer w.end()
		w.after(10 * time.Second)
		var slow atomic.Bool
		slow.Store(true)
		var mu sync.Mutex
		var joins []string // what they say
		w.fake.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			if join, ok := req.(*kmsg.JoinGroupRequest); ok {
				said, err := readMetadata(join.Protocols[0].Metadata)
				if err != nil {
					t.Error(err)
				}
				holds := "nothing"
				if said.holds != nil {
					holds = fmt.Sprint(work(said.holds.assigned).Sorted())
				}
				mu.Lock()
				joins = append(joins, holds)
				mu.Unlock()
				if slow.Load() {
					w.fake.SleepControl(func() { time.Sleep(8 * time.Second) })
				}
				return nil, nil, false
			}
			return nil, nil, slow.Load() && req.Key() == int16(kmsg.Heartbeat)
		})
		w.member.Rejoin(w.topic.set("y", 1), "a connector more")
		w.look()
		if got := w.after(7 * time.Second); got != "{[] []}" {
			t.Error("what runs while nothing is heard is ", got)
		}
		slow.Store(false)
		if got := w.after(5 * time.Second); got != "{[x y] [x-0 x-1 y-0]}" {
			t.Error("what runs in the end is ", got)
		}
		mu.Lock()
		defer mu.Unlock()
		if got := fmt.Sprint(joins); !strings.HasPrefix(got, "[{[x] [x-0 x-1]} nothing") {
			t.Error("the requests to join have said: ", got)
		}
	})
}
