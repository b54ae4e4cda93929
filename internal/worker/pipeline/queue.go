package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// Names of the headers that say why a record is a dead letter. The last four
// are for records of sources, which Java does not queue.
const (
	headerPrefix       = "__connect.errors."
	headerTopic        = headerPrefix + "topic"
	headerPartition    = headerPrefix + "partition"
	headerOffset       = headerPrefix + "offset"
	headerConnector    = headerPrefix + "connector.name"
	headerTask         = headerPrefix + "task.id"
	headerStage        = headerPrefix + "stage"
	headerClass        = headerPrefix + "class.name"
	headerException    = headerPrefix + "exception.class.name"
	headerMessage      = headerPrefix + "exception.message"
	headerTrace        = headerPrefix + "exception.stacktrace"
	headerSource       = headerPrefix + "source.partition"
	headerSourceOffset = headerPrefix + "source.offset"
	headerRendered     = headerPrefix + "rendered"
	headerOmitted      = headerPrefix + "value.omitted.bytes"
)

// closeWait is the time that a queue has to write when it is closed.
const closeWait = 5 * time.Second

// queue writes dead letters to a topic. put and close are the task's, flush
// may be called from any goroutine.
type queue struct {
	topic    string
	headers  bool
	id       store.TaskID
	producer *kafka.Producer
	render   func(*connect.Record) letter // of a source's record
	log      *slog.Logger
	counts   *telemetry.ErrorCounts

	mu     sync.Mutex
	failed error // the queue has not taken a record that it must; guarded by mu
}

// letter is what a dead letter holds.
type letter struct {
	key, value []byte
	headers    []kgo.RecordHeader
	rendered   string // which of "key", "value" are JSON made for reading
}

// QueueConfig is what a dead letter queue is made of.
type QueueConfig struct {
	Producer, Admin kafka.Settings
	// Replication is that of a topic that has to be made; 0 is the connector's.
	Replication int16
	// Log is that of the clients.
	Log *slog.Logger
	// Opts are added to those of the clients.
	Opts []kgo.Opt
}

// WantsQueue says whether the connector names a dead letter queue.
func (p *Pipeline) WantsQueue() bool { return p.errors.settings.Queue != "" }

// OpenQueue makes the topic of the dead letter queue where there is none, and
// the producer for it. It waits for a broker until ctx ends.
func (p *Pipeline) OpenQueue(ctx context.Context, cfg QueueConfig) error {
	s := p.errors.settings
	factor := s.QueueFactor
	if cfg.Replication != 0 {
		factor = cfg.Replication
	}
	if err := makeQueueTopic(ctx, cfg, s.Queue, factor, p.log); err != nil {
		return &connect.Error{Class: connect.ConnectException, Message: "Could not initialize dead letter queue with topic=" + s.Queue, Cause: err}
	}
	producer, err := kafka.NewProducer(ctx, cfg.Producer, cfg.Log, cfg.Opts...)
	if err != nil {
		return err
	}
	p.errors.queue = &queue{
		topic: s.Queue, headers: s.QueueHeaders, id: p.errors.id, producer: producer,
		render: p.render, log: p.log, counts: p.errors.counts,
	}
	return nil
}

// AbandonQueue ends the queue at once: nothing is written any more. It may be
// called from any goroutine after OpenQueue.
func (p *Pipeline) AbandonQueue() {
	if p.errors.queue != nil {
		p.errors.queue.producer.Client().Close()
	}
}

// QueueFailure is the error of a letter without which no offset may be
// committed. It may be called from any goroutine.
func (p *Pipeline) QueueFailure() error {
	q := p.errors.queue
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.failed
}

// AwaitQueue waits until the dead letters under way are written. The error is
// that of a letter without which no offset may be committed. It may be called
// from any goroutine.
func (p *Pipeline) AwaitQueue(ctx context.Context) error {
	if p.errors.queue == nil {
		return nil
	}
	return p.errors.queue.flush(ctx)
}

func makeQueueTopic(ctx context.Context, cfg QueueConfig, topic string, factor int16, log *slog.Logger) error {
	client, err := kafka.NewClient(cfg.Admin, cfg.Log, cfg.Opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	if exists, err := kafka.TopicExists(ctx, client, topic); exists || err != nil {
		return err
	}
	log.Error("topic of the dead letter queue doesn't exist and is made", "topic", topic)
	outcome, err := kafka.CreateTopics(ctx, client, kafka.NewTopic{Name: topic, Partitions: 1, ReplicationFactor: factor})
	if err != nil {
		return err
	}
	if outcome[topic] == kafka.Unknown {
		return connect.ClassErrorf("org.apache.kafka.common.errors.TopicAuthorizationException", "Not authorized to create topic %s", topic)
	}
	return nil
}

// put hands over the record of the failure. It blocks while the producer's
// buffer is full.
func (q *queue) put(ctx context.Context, f *Failure) {
	q.counts.DeadLetter()
	out := &kgo.Record{Topic: q.topic}
	var rendered string
	omitted := 0
	switch {
	case f.consumed != nil:
		in := f.consumed
		out.Key, out.Value, out.Timestamp = in.Key, in.Value, in.Timestamp
		out.Headers = append(out.Headers, in.Headers...)
	case f.produced != nil:
		copyRecord(out, f.produced)
		if errors.Is(f.Err, kerr.MessageTooLarge) { // the queue would refuse it too
			omitted, out.Value = len(out.Value), nil
		}
	default:
		l := q.render(f.polled)
		out.Key, out.Value, out.Headers, rendered = l.key, l.value, l.headers, l.rendered
		if f.polled.Timestamp != connect.NoTimestamp {
			out.Timestamp = time.UnixMilli(f.polled.Timestamp)
		}
	}
	if q.headers {
		out.Headers = q.explain(out.Headers, f, rendered)
		if omitted > 0 {
			out.Headers = append(out.Headers, kgo.RecordHeader{Key: headerOmitted, Value: strconv.AppendInt(nil, int64(omitted), 10)})
		}
	}
	// A letter that is lost is lost for good where the failure is a source's, and
	// where the task was told that its record is dealt with.
	must := f.consumed == nil || f.Stage == TaskPut
	q.producer.Produce(context.WithoutCancel(ctx), out, func(_ *kgo.Record, err error) {
		if err != nil {
			q.lost(produceError(err), must)
		}
	})
}

func (q *queue) lost(err error, must bool) {
	q.counts.DeadLetterFailed()
	q.log.Error("could not produce message to dead letter queue", "topic", q.topic, "error", err)
	if !must {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failed == nil {
		q.failed = &connect.Error{Class: connect.ConnectException, Message: connect.ClassOf(err) + ": " + err.Error(), Cause: err}
	}
}

// explain appends the headers of Java.
func (q *queue) explain(h []kgo.RecordHeader, f *Failure, rendered string) []kgo.RecordHeader {
	add := func(key, value string) { h = append(h, kgo.RecordHeader{Key: key, Value: []byte(value)}) }
	if in := f.consumed; in != nil {
		add(headerTopic, in.Topic)
		add(headerPartition, strconv.Itoa(int(in.Partition)))
		add(headerOffset, strconv.FormatInt(in.Offset, 10))
	} else {
		add(headerTopic, f.polled.Topic)
	}
	add(headerConnector, q.id.Connector)
	add(headerTask, strconv.Itoa(q.id.Task))
	add(headerStage, string(f.Stage))
	add(headerClass, f.Class)
	add(headerException, connect.ClassOf(f.Err))
	add(headerMessage, f.Err.Error())
	add(headerTrace, Trace(f)+"\n")
	if f.polled != nil {
		if p := f.polled.Origin.SourcePartition; p != nil {
			add(headerSource, string(renderValue(p.Fields)))
			add(headerSourceOffset, string(renderValue(f.polled.Origin.SourceOffset)))
		}
		if rendered != "" {
			add(headerRendered, rendered)
		}
	}
	return h
}

func (q *queue) flush(ctx context.Context) error {
	if err := q.producer.Flush(ctx); err != nil {
		return connect.Errorf("wait for the dead letter queue %s: %w", q.topic, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.failed
}

func (q *queue) close() {
	//nolint:forbidigo // The task is over; what it gave still has to be written.
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if err := q.flush(ctx); err != nil {
		q.log.Error("dead letters are not written", "topic", q.topic, "error", err)
	}
	q.producer.Close()
}

// copyRecord copies what lies in memory that is used again.
func copyRecord(to, from *kgo.Record) {
	to.Key, to.Value, to.Timestamp = clone(from.Key), clone(from.Value), from.Timestamp
	for _, h := range from.Headers {
		to.Headers = append(to.Headers, kgo.RecordHeader{Key: h.Key, Value: clone(h.Value)})
	}
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
