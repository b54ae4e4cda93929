package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/worker/pipeline"
)

const (
	maxInFlight  = 16 << 20               // bytes handed to the producer and not acknowledged
	pollRetry    = 100 * time.Millisecond // after a retriable error that names no time
	pollRetryMax = 10 * time.Second
)

// sourceTask is the record path of a source task: poll, transform, convert,
// produce. Its goroutine is the only one that calls the plugin; a second one
// commits offsets.
type sourceTask struct {
	*task
	plugin   connect.SourceTask
	acker    connect.Acknowledger // nil where the plugin is none
	commits  connect.Committer    // as above
	pipeline *pipeline.Pipeline
	producer *kafka.Producer
	offsets  store.ConnectorOffsets
	tx       *transactions    // nil where the task does not write in transactions
	creation *kafka.TopicPlan // how topics are made; nil leaves it to the broker
	flights  *flights

	lag       lag
	committed atomic.Bool // a commit of which the plugin was not told yet
}

func runSource(t *task, plugin connect.SourceTask) (err error) {
	s := &sourceTask{task: t, plugin: plugin, flights: newFlights(t.metrics)}
	s.acker, _ = plugin.(connect.Acknowledger)
	s.commits, _ = plugin.(connect.Committer)
	s.lag.of, _ = plugin.(connect.Lagger)
	s.lag.metrics = t.metrics
	if s.pipeline, err = t.newPipeline(); err != nil {
		return err
	}
	defer s.pipeline.Close()
	if s.tx, err = newTransactions(s); err != nil {
		return err
	}
	s.flights.tolerant = s.pipeline.Tolerant() && s.tx == nil
	s.flights.keep = s.flights.tolerant || s.acker != nil
	release, err := s.openQueue(s.pipeline)
	if err != nil {
		if t.life.soft.Err() != nil {
			return nil
		}
		return err
	}
	defer release()
	if err := s.open(); err != nil {
		if t.life.soft.Err() != nil {
			return nil
		}
		return err
	}
	defer s.close()
	// An abandoned task writes nothing more.
	defer context.AfterFunc(t.life.hard, s.producer.Client().Close)()

	err = pipeline.Guard(func() error {
		return s.plugin.Start(t.life.soft, &sourceHost{source: s, partitions: make(map[string]*connect.SourcePartition)}, t.cfg)
	})
	if err == nil {
		if s.tx != nil {
			err = s.tx.move()
		} else {
			err = s.move()
		}
	} else if t.life.soft.Err() != nil {
		err = nil
	}
	if stopErr := t.stopPlugin(plugin.Stop); stopErr != nil {
		t.log.Error("source task does not stop cleanly", "error", stopErr)
	}
	return err
}

// open makes the producer and opens the offsets. It waits for a broker.
func (s *sourceTask) open() (err error) {
	if err := s.planTopics(); err != nil {
		return err
	}
	if s.tx != nil {
		err = s.tx.connect()
	} else {
		err = s.connect()
	}
	if err != nil {
		return err
	}
	// Only now: what a former task has left open is aborted, and not waited for.
	if s.offsets, err = s.worker.OpenOffsets(s.life.soft, s.id.Connector, s.conn); err != nil {
		s.producer.Close()
	}
	return err
}

func (s *sourceTask) close() {
	s.producer.Close()
	if err := s.offsets.Close(); err != nil {
		s.log.Error("the offsets of the connector are not closed", "error", err)
	}
}

// connect makes the producer.
func (s *sourceTask) connect() error {
	id := "connector-producer-" + s.id.String()
	set, _, err := s.worker.client(kafka.ProducerRole, config.Map{"client.id": id}, s.conn, kafka.ProducerOverride)
	if err != nil {
		return err
	}
	return s.makeProducer(set)
}

// makeProducer waits until a broker answers.
func (s *sourceTask) makeProducer(set kafka.Settings) error {
	return s.awaitBroker(func() (err error) {
		s.producer, err = kafka.NewProducer(s.life.soft, set, quiet(s.log),
			slices.Concat(s.worker.Opts, []kgo.Opt{kgo.AllowAutoTopicCreation(), kafka.Measured(&s.metrics.Client)})...)
		if err != nil {
			return fmt.Errorf("make the producer: %w", err)
		}
		return nil
	})
}

// move runs the poll loop and the committer beside it, and commits at the end.
func (s *sourceTask) move() error {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.commitRegularly(stop)
	}()
	s.life.report.send(store.Running, "")
	err := pipeline.Guard(s.loop)
	close(stop)
	<-done
	// What Kafka has can be committed even after a failure.
	if finishErr := pipeline.Guard(s.finish); err == nil {
		err = finishErr
	}
	return err
}

func (s *sourceTask) loop() error {
	wait := pollRetry
	for {
		if err := s.settle(s.life.hard); err != nil {
			return err
		}
		if running, err := s.awaitRunning(); !running || err != nil {
			return err
		}
		if err := s.flights.room(s.life.soft, maxInFlight); err != nil {
			return err
		}
		f := s.flights.take()
		start := time.Now()
		pollErr := s.plugin.Poll(s.life.soft, f.batch)
		if n := len(f.batch.Records); n > 0 {
			s.metrics.Polled(n, time.Since(start))
		}
		s.lag.measure(start)
		if err := s.dispatch(f); errors.Is(err, pipeline.ErrStopped) {
			return nil
		} else if err != nil {
			return err
		}
		switch {
		case pollErr == nil:
			wait = pollRetry
		case s.life.soft.Err() != nil:
			return nil //nolint:nilerr // The stop has interrupted the poll.
		case connect.IsRetriable(pollErr):
			s.log.Warn("poll is tried again", "error", pollErr, "wait", retryWait(pollErr, wait))
			sleep(s.life.soft, retryWait(pollErr, wait))
			wait = min(2*wait, pollRetryMax)
		default:
			return pollErr
		}
	}
}

// awaitRunning waits while the task is paused; false means that it is to stop.
func (s *sourceTask) awaitRunning() (bool, error) {
	paused := false
	for {
		target, changed := s.gate.get()
		if target == store.TargetStarted || s.life.soft.Err() != nil {
			if paused && s.life.soft.Err() == nil {
				s.life.report.send(store.Running, "")
			}
			return s.life.soft.Err() == nil, nil
		}
		if !paused {
			paused = true
			if s.tx != nil {
				if err := s.tx.end(); err != nil {
					return false, err
				}
			}
			s.life.report.send(store.Paused, "")
		}
		select {
		case <-changed:
		case <-s.life.soft.Done():
		case <-s.flights.moved():
			if err := s.settle(s.life.hard); err != nil {
				return false, err
			}
		}
	}
}

// settle tells the plugin what has become durable, frees the batches, and
// returns the error of a record that Kafka did not take.
func (s *sourceTask) settle(ctx context.Context) error {
	for s.tx == nil || s.tx.acknowledges() {
		f := s.flights.landed()
		if f == nil {
			break
		}
		if s.acker != nil && len(f.batch.Records) > 0 {
			if err := s.acker.Acknowledge(ctx, f.batch.Records); err != nil {
				return fmt.Errorf("acknowledge records: %w", err)
			}
		}
		s.flights.free(f)
	}
	if s.commits != nil && s.committed.CompareAndSwap(true, false) {
		if err := s.commits.Commit(ctx); err != nil {
			s.log.Error("task does not take the commit", "error", err)
		}
	}
	if err := s.pipeline.QueueFailure(); err != nil {
		return err
	}
	if err := s.flights.failure(); err != nil {
		return &connect.Error{Class: connect.ConnectException, Message: "Unrecoverable exception from producer send callback", Cause: err}
	}
	return nil
}

// refused deals with the records of batches that Kafka did not take, where that
// is tolerated. The committer does it, or the task after the committer's end.
func (s *sourceTask) refused() error {
	for {
		f := s.flights.refusing()
		if f == nil {
			return nil
		}
		for _, r := range f.refused { // all its records are answered for: nothing is added
			if err := s.pipeline.ProduceFailed(s.life.hard, f.batch, &f.out, r.record, r.err); err != nil {
				return err
			}
		}
		s.flights.resolve(f)
	}
}

// commitRegularly commits offsets until stop is closed.
func (s *sourceTask) commitRegularly(stop <-chan struct{}) {
	tick := time.NewTicker(s.worker.settings.flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-s.flights.bad:
			if err := s.refused(); err != nil {
				s.log.Error("records that Kafka refused are not dealt with", "error", err)
			}
		case <-tick.C:
			if err := s.commit(); err != nil {
				s.log.Error("source offsets are not committed, the next commit takes them again", "error", err)
			}
		}
	}
}

// commit stores the offsets of what is acknowledged (invariant 1).
func (s *sourceTask) commit() (err error) {
	start := time.Now()
	defer func() { s.metrics.Committed(time.Since(start), err) }()
	if err := s.refused(); err != nil {
		return err
	}
	offsets, back := s.flights.offsets()
	if len(offsets) > 0 {
		ctx, cancel := context.WithTimeout(s.life.hard, s.worker.settings.flushTimeout)
		defer cancel()
		if err := s.pipeline.AwaitQueue(ctx); err != nil {
			back()
			return err
		}
		if err := s.offsets.Write(ctx, s.id.Connector, offsets); err != nil {
			back()
			return fmt.Errorf("write %d source offsets: %w", len(offsets), err)
		}
	}
	s.committed.Store(true)
	return nil
}

// finish waits for what is under way, commits it, and tells the plugin.
func (s *sourceTask) finish() error {
	ctx, cancel := context.WithTimeout(s.life.hard, s.worker.settings.flushTimeout)
	defer cancel()
	if err := s.flights.room(ctx, 0); err != nil {
		s.log.Error("records are not acknowledged in time, their offsets are not committed", "error", err)
	}
	if s.life.hard.Err() != nil {
		return nil
	}
	if err := s.commit(); err != nil {
		s.log.Error("source offsets are not committed", "error", err)
	}
	return s.settle(s.life.hard)
}

func retryWait(err error, other time.Duration) time.Duration {
	if r, ok := errors.AsType[*connect.RetriableError](err); ok && r.Wait > 0 {
		return r.Wait
	}
	return other
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// sourceHost is what the plugin sees of the worker.
type sourceHost struct {
	source *sourceTask

	mu         sync.Mutex
	partitions map[string]*connect.SourcePartition // guarded by mu
}

func (h *sourceHost) Logger() *slog.Logger { return h.source.log }

func (h *sourceHost) Partition(fields ...schema.Entry) *connect.SourcePartition {
	v := schema.MapValue(fields)
	var id []byte
	for _, f := range fields {
		for _, part := range []schema.Value{f.Key, f.Value} {
			text := part.String()
			id = strconv.AppendInt(append(id, byte(part.Kind())), int64(len(text)), 10)
			id = append(append(id, ':'), text...)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if p, ok := h.partitions[string(id)]; ok {
		return p
	}
	p := &connect.SourcePartition{Fields: v.Clone()}
	h.partitions[string(id)] = p
	return p
}

func (h *sourceHost) Transactions() connect.TransactionContext {
	if h.source.tx == nil || h.source.tx.asked == nil {
		return nil
	}
	return h.source.tx.asked
}

func (h *sourceHost) Offset(ctx context.Context, p *connect.SourcePartition) (schema.Value, error) {
	found, err := h.source.offsets.Read(ctx, h.source.id.Connector, []schema.Value{p.Fields})
	if err != nil {
		return schema.Null(), fmt.Errorf("read the offset of %s: %w", p.Fields, err)
	}
	return found[0], nil
}
