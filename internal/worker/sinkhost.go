package worker

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
)

// sinkHost is what the plugin sees of the worker. What it asks for is kept and
// takes effect when its call has returned.
type sinkHost struct {
	task *sinkTask

	mu       sync.Mutex
	assigned []connect.TopicPartition            // guarded by mu
	flowing  map[connect.TopicPartition]bool     // partitions that can be sought; guarded by mu
	seeks    map[connect.TopicPartition]int64    // to do; guarded by mu
	paused   map[connect.TopicPartition]struct{} // by the plugin; guarded by mu
	changed  bool                                // paused has changed; guarded by mu
	retry    time.Duration                       // guarded by mu
	commit   bool                                // guarded by mu
}

func newSinkHost(s *sinkTask) *sinkHost {
	return &sinkHost{
		task: s, flowing: make(map[connect.TopicPartition]bool),
		seeks: make(map[connect.TopicPartition]int64), paused: make(map[connect.TopicPartition]struct{}),
	}
}

func (h *sinkHost) Logger() *slog.Logger { return h.task.log }

func (h *sinkHost) Assignment() []connect.TopicPartition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.assigned)
}

func (h *sinkHost) Seek(p connect.TopicPartition, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seeks[p] = offset
}

func (h *sinkHost) Pause(partitions ...connect.TopicPartition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range partitions {
		h.paused[p] = struct{}{}
	}
	h.changed = true
}

func (h *sinkHost) Resume(partitions ...connect.TopicPartition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range partitions {
		delete(h.paused, p)
	}
	h.changed = true
}

func (h *sinkHost) RetryAfter(wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.retry = wait
}

func (h *sinkHost) RequestCommit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commit = true
}

func (h *sinkHost) ReportErrant(ctx context.Context, r *connect.Record, err error) error {
	return h.task.pipeline.ReportErrant(ctx, r, err)
}

func (h *sinkHost) takeCommitRequest() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.commit
	h.commit = false
	return asked
}

// takeRetry returns the wait that the plugin has asked for.
func (h *sinkHost) takeRetry(other time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := h.retry
	h.retry = 0
	if wait <= 0 {
		return other
	}
	return wait
}

func (h *sinkHost) assign(now map[connect.TopicPartition]struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.assigned = slices.Collect(maps.Keys(now))
}

// forget drops what was asked for partitions that are gone.
func (h *sinkHost) forget(partitions []connect.TopicPartition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range partitions {
		delete(h.flowing, p)
		delete(h.seeks, p)
		delete(h.paused, p)
	}
}

// adjust is called by the client before new partitions begin to flow: here
// earlier seeks take effect.
func (h *sinkHost) adjust(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for topic, partitions := range offsets {
		for n := range partitions {
			p := connect.TopicPartition{Topic: topic, Partition: n}
			h.flowing[p] = true
			if at, ok := h.seeks[p]; ok {
				partitions[n] = kgo.NewOffset().At(at)
				delete(h.seeks, p)
			}
		}
	}
	return offsets, nil
}

// apply does what the plugin has asked for in the call that has returned. The
// task's goroutine calls it.
func (h *sinkHost) apply() {
	h.mu.Lock()
	seeks := make(map[connect.TopicPartition]int64)
	for p, at := range h.seeks {
		if !h.flowing[p] {
			continue
		}
		seeks[p] = at
		h.task.consumed[p] = connect.ConsumedOffset{Offset: at}
		delete(h.seeks, p)
	}
	changed := h.changed
	h.changed = false
	h.mu.Unlock()
	if len(seeks) > 0 {
		h.task.seek(seeks)
	}
	if changed {
		h.flow()
	}
}

// flow makes the client fetch the partitions that neither the plugin nor the
// user has paused.
func (h *sinkHost) flow() {
	h.mu.Lock()
	stop, run := make(map[string][]int32), make(map[string][]int32)
	for p := range h.task.assigned {
		to := run
		if _, paused := h.paused[p]; paused || h.task.paused {
			to = stop
		}
		to[p.Topic] = append(to[p.Topic], p.Partition)
	}
	h.mu.Unlock()
	h.task.consumer.client.PauseFetchPartitions(stop)
	h.task.consumer.client.ResumeFetchPartitions(run)
}
