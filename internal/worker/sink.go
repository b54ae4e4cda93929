package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/store"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
)

const (
	putRetry = 3 * time.Second // Java waits for the next poll, at most about this
	idlePut  = time.Second     // between two Puts without records
)

// sinkTask is the record path of a sink task: fetch, convert, transform, put,
// commit. Its goroutine makes all calls of the plugin; a second one fetches,
// and the group's callbacks hand over to the first.
type sinkTask struct {
	*task
	plugin   connect.SinkTask
	listener connect.PartitionListener // nil where the plugin is none
	pipeline *pipeline.Pipeline
	consumer *consumer
	host     *sinkHost
	batch    pipeline.Decoded
	next     []nextOffset     // after the batch
	pending  []connect.Record // records that Put did not take yet
	fetched  int              // records of Kafka that pending was made of
	oldest   time.Time        // of them; zero without a timestamp
	commits  int              // begun
	retry    <-chan time.Time // of the next try of pending
	held     bool             // no poll is under way: the fetcher waits for the end of pending
	called   bool             // a callback of the group runs: no poll is under way then, either

	stopFetch func()
	leave     func() // the group
	assigned  map[connect.TopicPartition]struct{}
	consumed  connect.ConsumedOffsets // what was put
	committed connect.ConsumedOffsets // what Kafka has, or where the flow began
	paused    bool
}

func runSink(t *task, plugin connect.SinkTask) (err error) {
	s := &sinkTask{
		task: t, plugin: plugin,
		assigned: make(map[connect.TopicPartition]struct{}),
		consumed: make(connect.ConsumedOffsets), committed: make(connect.ConsumedOffsets),
	}
	s.listener, _ = plugin.(connect.PartitionListener)
	if s.pipeline, err = t.newPipeline(); err != nil {
		return err
	}
	defer s.pipeline.Close()
	release, err := s.openQueue(s.pipeline)
	if err != nil {
		if t.life.soft.Err() != nil {
			return nil
		}
		return err
	}
	defer release()
	s.host = newSinkHost(s)
	// The group is joined after Start: a slow one must not hold it up.
	err = pipeline.Guard(func() error { return plugin.Start(t.life.soft, s.host, t.cfg) })
	if err == nil {
		err = s.consume()
	} else if t.life.soft.Err() != nil {
		err = nil
	}
	if stopErr := t.stopPlugin(plugin.Stop); stopErr != nil {
		t.log.Error("sink task does not stop cleanly", "error", stopErr)
	}
	return err
}

// consume runs the loop with the fetcher beside it; after a clean end it commits.
func (s *sinkTask) consume() (err error) {
	if err := s.join(); err != nil {
		return err
	}
	defer func() { s.leave() }()
	s.life.report.send(store.Running, "")
	err = pipeline.Guard(s.loop)
	s.stopFetch()
	s.held = true
	// What was put before a failure can be committed, but not on the word of a
	// task that has panicked.
	_, panicked := errors.AsType[*pipeline.PanicError](err)
	if finishErr := pipeline.Guard(func() error { return s.surrender(slices.Collect(maps.Keys(s.assigned)), !panicked) }); err == nil {
		err = finishErr
	}
	return err
}

// join makes the consumer and starts to fetch. leave ends both.
func (s *sinkTask) join() (err error) {
	if s.consumer, err = newConsumer(s); err != nil {
		return err
	}
	// An abandoned task commits nothing more.
	untie := context.AfterFunc(s.life.hard, s.consumer.close)
	s.stopFetch = s.consumer.fetch()
	s.held = false
	s.leave = func() {
		untie()
		s.consumer.close()
	}
	return nil
}

// rejoin follows the loss of the membership: what was put since the last commit
// comes again, to this task or another.
func (s *sinkTask) rejoin() error {
	s.stopFetch()
	s.held = true
	err := s.surrender(slices.Collect(maps.Keys(s.assigned)), false)
	s.leave()
	if err != nil {
		return err
	}
	return s.join()
}

func (s *sinkTask) loop() error {
	tick := time.NewTicker(s.worker.settings.flushInterval)
	defer tick.Stop()
	idle := time.NewTicker(idlePut)
	defer idle.Stop()
	for {
		if !s.consumer.alive() {
			if err := s.rejoin(); err != nil {
				return err
			}
		}
		s.fetchOn()
		changed := s.obey()
		var fetched <-chan kgo.Fetches
		var retry <-chan time.Time
		if len(s.pending) == 0 {
			fetched = s.consumer.fetched
		} else {
			retry = s.retry
		}
		var err error
		select {
		case <-s.life.soft.Done():
			return nil
		case <-changed:
		case call := <-s.consumer.calls:
			s.serve(call)
		case <-s.consumer.expired:
		case <-tick.C:
			err = s.commit(nil, false)
		case <-retry:
			err = s.put()
		case <-idle.C:
			if len(s.pending) == 0 {
				err = s.put()
			}
		case f := <-fetched:
			s.held = true
			if s.paused {
				s.unfetch(f)
			} else {
				err = s.take(f)
			}
		}
		s.fetchOn() // fetching goes on while offsets are committed
		if err == nil && s.host.takeCommitRequest() {
			err = s.commit(nil, false)
		}
		if err != nil {
			if s.life.soft.Err() != nil {
				return nil
			}
			return err
		}
		if err := s.consumer.err(); err != nil {
			return err
		}
	}
}

// fetchOn lets the fetcher go on when nothing waits to be put.
func (s *sinkTask) fetchOn() {
	if s.held && len(s.pending) == 0 {
		s.held = false
		s.consumer.next()
	}
}

// serve runs a callback of the group.
func (s *sinkTask) serve(call groupCall) {
	s.called = true
	call.done <- pipeline.Guard(call.run)
	s.called = false
}

// seek moves positions. A fetch under way was polled from the old ones: it is
// taken back, else its records would pass for those behind the new position.
func (s *sinkTask) seek(to map[connect.TopicPartition]int64) {
	if !s.held && !s.called {
		f := s.consumer.takeBack(s.serve)
		s.held = true
		f.EachPartition(func(p kgo.FetchTopicPartition) {
			at := connect.TopicPartition{Topic: p.Topic, Partition: p.Partition}
			if _, sought := to[at]; !sought && len(p.Records) > 0 {
				to[at] = p.Records[0].Offset
			}
		})
	}
	offsets := make(map[string]map[int32]kgo.EpochOffset)
	for p, at := range to {
		if _, here := s.assigned[p]; !here {
			continue
		}
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = make(map[int32]kgo.EpochOffset)
		}
		offsets[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: at}
	}
	s.consumer.client.SetOffsets(offsets)
}

// obey pauses or resumes all partitions as the target state says.
func (s *sinkTask) obey() <-chan struct{} {
	target, changed := s.gate.get()
	if paused := target != store.TargetStarted; paused != s.paused {
		s.paused = paused
		s.host.flow()
		state := store.Running
		if paused {
			state = store.Paused
		}
		s.life.report.send(state, "")
	}
	return changed
}

// put gives the pending records to the plugin; a retriable error keeps them.
func (s *sinkTask) put() error {
	start := time.Now()
	err := s.plugin.Put(s.life.soft, s.pending)
	if err == nil {
		err = s.pipeline.Errant()
	}
	if err == nil {
		s.metrics.Put(s.fetched, len(s.pending), time.Since(start))
		if !s.oldest.IsZero() {
			s.metrics.Delay(time.Since(s.oldest))
		}
		s.markConsumed()
	}
	s.host.apply() // after markConsumed: a seek wins over what was put
	switch {
	case err == nil:
		return nil
	case connect.IsRetriable(err):
		wait := retryWait(err, s.host.takeRetry(putRetry))
		s.retry = time.After(wait)
		s.consumer.allow() // the group need not wait for the retry
		s.log.Error("put is tried again", "error", err, "wait", wait)
		return nil
	default:
		return &connect.Error{Class: connect.ConnectException, Message: "Exiting WorkerSinkTask due to unrecoverable exception.", Cause: err}
	}
}

// markConsumed ends a batch: its offsets may be asked for and committed.
func (s *sinkTask) markConsumed() {
	for _, n := range s.next {
		if _, here := s.assigned[n.TopicPartition]; here {
			s.consumed[n.TopicPartition] = connect.ConsumedOffset{Offset: n.offset}
		}
	}
	s.pending = nil
	s.resetBatch()
}

func (s *sinkTask) resetBatch() {
	s.batch.Reset()
	s.next = s.next[:0]
	s.fetched, s.oldest = 0, time.Time{}
	s.metrics.Active(s.uncommitted())
}

// open takes new partitions.
func (s *sinkTask) open(partitions []connect.TopicPartition) error {
	for _, p := range partitions {
		s.assigned[p] = struct{}{}
	}
	s.metrics.Partitions(len(s.assigned))
	s.host.assign(s.assigned)
	s.host.flow()
	if s.listener == nil || len(partitions) == 0 {
		return nil
	}
	if err := s.listener.Open(s.life.soft, partitions); err != nil {
		return fmt.Errorf("open partitions: %w", err)
	}
	s.host.apply()
	return nil
}

// surrender gives partitions up; with keep it commits first, without (they are
// lost, or the task failed) it commits nothing.
func (s *sinkTask) surrender(partitions []connect.TopicPartition, keep bool) error {
	if len(partitions) == 0 {
		return nil
	}
	var err error
	switch {
	case keep:
		err = s.commit(partitions, true)
	case s.listener != nil:
		err = s.listener.Close(s.life.hard, partitions)
	}
	for _, p := range partitions {
		delete(s.assigned, p)
		delete(s.consumed, p)
		delete(s.committed, p)
		s.metrics.Client.Forget(telemetry.Partition(p))
	}
	s.metrics.Partitions(len(s.assigned))
	// Should a partition come back, what was dropped here counts as not put.
	s.next = slices.DeleteFunc(s.next, func(n nextOffset) bool { return slices.Contains(partitions, n.TopicPartition) })
	had := len(s.pending) > 0
	s.pending = slices.DeleteFunc(s.pending, func(r connect.Record) bool {
		return slices.Contains(partitions, connect.TopicPartition{Topic: r.Origin.Topic, Partition: r.Origin.Partition})
	})
	if had && len(s.pending) == 0 {
		s.metrics.Released()
		s.markConsumed()
	}
	s.host.assign(s.assigned)
	s.host.forget(partitions)
	return err
}
