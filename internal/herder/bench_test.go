package herder_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// many runs a herder with n connectors of two tasks each.
func many(b *testing.B, n int) *herder.Standalone {
	b.Helper()
	w := &fakeWorker{connectors: map[string]int{}, tasks: map[store.TaskID]int{}, targetState: map[string]store.TargetState{}}
	h := herder.NewStandalone(herder.StandaloneConfig{
		Worker: w, Plugins: registry(), Log: slog.New(slog.DiscardHandler),
		Settings: config.Map{"key.converter": jsonClass, "value.converter": jsonClass},
	})
	w.listener = h
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	for i := range n {
		name := fmt.Sprint("c", i)
		if _, _, err := h.Put(b.Context(), name, source(name, nil), nil, false); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

// BenchmarkChange is the cost of the status of one task, until readers see it:
// the same whatever the number of connectors.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint("connectors=", n), func(b *testing.B) {
			h := many(b, n)
			id := store.TaskID{Connector: "c0", Task: 1}
			b.ReportAllocs()
			for b.Loop() {
				h.TaskStatus(id, store.Status{State: store.Running, WorkerID: "w:1", Generation: 1 << 30})
				if err := h.ResetTopics(b.Context(), "none"); err != nil { // waits until readers see both
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead reads one connector of 1,000 while the statuses of tasks change,
// and reports the 99th percentile.
func BenchmarkRead(b *testing.B) {
	h := many(b, 1000)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			h.TaskStatus(store.TaskID{Connector: fmt.Sprint("c", i%1000)}, store.Status{State: store.Running, Generation: 1 << 30})
			if i%100 == 0 {
				_ = h.ResetTopics(ctx, "none") // so that the queue stays short; it fails when ctx has ended
			}
		}
	}()
	took := make([]time.Duration, 0, 1<<20)
	i := 0
	for b.Loop() {
		name := fmt.Sprint("c", i%1000)
		began := time.Now()
		if _, ok := h.Status(name); !ok {
			b.Fatal(name)
		}
		if _, ok := h.Info(name); !ok {
			b.Fatal(name)
		}
		if len(h.Connectors()) != 1000 {
			b.Fatal("connectors are missing")
		}
		took = append(took, time.Since(began))
		i++
	}
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
