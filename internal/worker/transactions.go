package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/worker/pipeline"
)

// ExactlyOnce makes the source tasks of a worker write their records and offsets
// in transactions (KIP-618).
type ExactlyOnce struct {
	Fencing Fencing
}

// transactionalID is that of a task's producer: GROUP-CONNECTOR-TASK. In standalone
// mode the settings' group.id is the name of the worker.
func (w *Worker) transactionalID(id store.TaskID) string {
	return w.Settings["group.id"] + "-" + id.String()
}

// Fencing keeps former tasks of a connector from writing beside new ones. Both
// methods wait, and an error fails the task.
type Fencing interface {
	// Fence returns when the producers of former tasks are fenced. It is called
	// before a task makes its producer.
	Fence(ctx context.Context, id store.TaskID) error
	// Verify refuses a task that was replaced or taken away meanwhile; start is the
	// number that StartTask was given. It is called when the producer is made.
	Verify(ctx context.Context, id store.TaskID, start int) error
}

// The values of transaction.boundary, in lower case.
const (
	boundaryPoll      = "poll"
	boundaryInterval  = "interval"
	boundaryConnector = "connector"
)

// transactions are those of one source task. All is of the task's goroutine.
type transactions struct {
	s        *sourceTask
	boundary string
	interval time.Duration
	asked    *boundaries // what the plugin asks for; nil unless it bounds them
	last     time.Time   // when the last interval ended
	open     bool
	records  int  // of the open one
	settling bool // it was ended, and its records are told to the plugin
}

// newTransactions returns nil where the worker does not write in transactions.
func newTransactions(s *sourceTask) (*transactions, error) {
	if s.worker.ExactlyOnce == nil {
		return nil, nil
	}
	const intervalKey = "transaction.boundary.interval.ms"
	t := &transactions{s: s, interval: s.worker.settings.flushInterval, last: time.Now()}
	t.boundary = strings.ToLower(cmp.Or(config.Trim(s.conn["transaction.boundary"]), boundaryPoll))
	switch t.boundary {
	case boundaryPoll, boundaryInterval:
	case boundaryConnector:
		t.asked = &boundaries{}
	default:
		return nil, config.InvalidValue("transaction.boundary", s.conn["transaction.boundary"], "give poll, interval or connector")
	}
	if text, given := s.conn[intervalKey]; given {
		v, err := config.Parse(intervalKey, text, config.Long)
		if err != nil {
			return nil, connect.ClassErrorf(connect.ConfigException, "%w", err)
		}
		if ms, ok := v.(int64); ok {
			t.interval = time.Duration(ms) * time.Millisecond
		}
	}
	return t, nil
}

// connect fences former tasks and makes the producer, which fences the former
// producer of this task and aborts what it has left open.
func (t *transactions) connect() error {
	s, fencing := t.s, t.s.worker.ExactlyOnce.Fencing
	if err := fencing.Fence(s.life.soft, s.id); err != nil {
		return fmt.Errorf("Failed to perform round of zombie fencing: %w", err) //nolint:staticcheck // Java's text
	}
	set, err := t.settings()
	if err != nil {
		return err
	}
	for wait := pollRetry; ; wait = min(2*wait, pollRetryMax) {
		if err := s.makeProducer(set); err != nil {
			return err
		}
		_, _, err := s.producer.Client().ProducerID(s.life.soft)
		if err == nil {
			break
		}
		s.producer.Close() // one that has failed to begin is of no use any more
		if !kafka.Away(err) && !kerr.IsRetriable(err) || s.life.soft.Err() != nil {
			return fmt.Errorf("begin to write as %s: %w", set.Values["transactional.id"], err)
		}
		s.log.Warn("the transactional producer is not ready yet", "error", err)
		sleep(s.life.soft, wait)
	}
	if err := fencing.Verify(s.life.soft, s.id, s.start); err != nil {
		s.producer.Close()
		return err
	}
	return nil
}

// settings are those of the producer: what a transaction needs wins over what the
// connector says.
func (t *transactions) settings() (kafka.Settings, error) {
	w, id := t.s.worker, t.s.id
	set, _, err := w.client(kafka.ProducerRole, config.Map{"client.id": "connector-producer-" + id.String()}, t.s.conn, kafka.ProducerOverride)
	if err != nil {
		return set, err
	}
	for key, value := range map[string]string{"enable.idempotence": "true", "transactional.id": w.transactionalID(id)} {
		if other, given := set.Values[key]; given && !strings.EqualFold(other, value) {
			t.s.log.Warn("a setting of the producer is ignored, exactly-once delivery needs another one", "key", key, "value", other, "needed", value)
		}
		set.Values[key] = value
	}
	if _, err := set.Plan(); err != nil {
		return set, connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	return set, nil
}

// move runs the poll loop. What a failed task has left open is aborted.
func (t *transactions) move() error {
	t.s.life.report.send(store.Running, "")
	t.last = time.Now()
	err := pipeline.Guard(t.s.loop)
	if err == nil {
		err = pipeline.Guard(t.end)
	}
	if t.open {
		t.abandon()
	}
	return err
}

// dispatch sends the records of a poll and ends transactions where it is time.
func (t *transactions) dispatch(f *flight) error {
	n := len(f.batch.Records)
	if t.asked != nil {
		return t.dispatchParts(f, t.asked.take(n))
	}
	if err := t.s.send(f); err != nil {
		return err
	}
	if t.boundary == boundaryPoll {
		if n == 0 {
			return nil
		}
		return t.commit()
	}
	if time.Since(t.last) < t.interval {
		return nil
	}
	t.last = time.Now()
	return t.commit()
}

// dispatchParts sends a batch in parts, with the end of a transaction after each.
func (t *transactions) dispatchParts(f *flight, cuts []cut) error {
	all, from := f.batch, 0
	for _, c := range cuts {
		part := f
		if c.after < len(all.Records) || from > 0 {
			// The parts share the memory of the batch, which is left to them.
			part = t.s.flights.take()
			part.batch = &connect.Batch{Records: append([]connect.Record(nil), all.Records[from:c.after]...)}
		}
		from = c.after
		if err := t.s.send(part); err != nil {
			return err
		}
		if c.abort {
			if err := t.abort(); err != nil {
				return err
			}
		}
		if err := t.commit(); err != nil {
			return err
		}
		if part == f {
			return nil
		}
	}
	if from > 0 {
		f.batch = &connect.Batch{Records: append([]connect.Record(nil), all.Records[from:]...)}
	}
	return t.s.send(f)
}

// begin opens a transaction for so many records, or adds them to the open one.
func (t *transactions) begin(records int) error {
	t.records += records
	if t.open {
		return nil
	}
	if err := t.s.producer.Client().BeginTransaction(); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	t.open = true
	return nil
}

// acknowledges says whether records that Kafka has are told to the plugin now:
// those of an open transaction are not.
func (t *transactions) acknowledges() bool { return t.settling || t.s.acker == nil }

// end ends the transaction where the task is paused or stops. One that the plugin
// bounds is ended only if it asks for it.
func (t *transactions) end() error {
	if t.s.life.hard.Err() != nil {
		return nil //nolint:nilerr // an abandoned task writes nothing more
	}
	if t.asked == nil {
		return t.commit()
	}
	for _, c := range t.asked.take(0) {
		if c.abort {
			if err := t.abort(); err != nil {
				return err
			}
		}
		if err := t.commit(); err != nil {
			return err
		}
	}
	return nil
}

// commit waits for the records under way, and commits them with their offsets
// (invariant 1). An error fails the task: all or nothing of it comes again.
func (t *transactions) commit() (err error) {
	s, start := t.s, time.Now()
	defer func() { s.metrics.Committed(time.Since(start), err) }()
	if err := t.landed(); err != nil {
		return err
	}
	offsets, _ := s.flights.offsets()
	if len(offsets) > 0 || t.open {
		if err := s.pipeline.AwaitQueue(s.life.hard); err != nil {
			return err
		}
		err := s.offsets.Around(s.life.hard, s.id.Connector, offsets, func(ctx context.Context) error { return t.write(ctx, offsets) })
		if err != nil {
			return t.failed(err)
		}
		s.metrics.Transaction(t.records)
		t.records = 0
	}
	s.committed.Store(true)
	t.settling = true
	defer func() { t.settling = false }()
	return s.settle(s.life.hard)
}

// landed waits until no record is under way.
func (t *transactions) landed() error {
	if err := t.s.flights.room(t.s.life.hard, 0); err != nil {
		return err
	}
	if err := t.s.flights.failure(); err != nil {
		return t.failed(err)
	}
	return nil
}

// write adds the offsets to the transaction and commits it.
func (t *transactions) write(ctx context.Context, offsets []store.Offset) error {
	client := t.s.producer.Client()
	if err := t.begin(0); err != nil {
		return err
	}
	var refused error // of the client's goroutines until Flush returns
	for _, o := range offsets {
		r, err := store.OffsetRecord(t.s.id.Connector, o)
		if err != nil {
			return err
		}
		client.Produce(ctx, &kgo.Record{Topic: t.s.offsets.Topic(), Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
			if err != nil {
				refused = err // the calls come one after the other
			}
		})
	}
	if err := errors.Join(client.Flush(ctx), refused); err != nil {
		return err
	}
	if err := kafka.CommitTransaction(ctx, client); err != nil {
		return err
	}
	t.open = false
	return nil
}

// abort drops the records of the open transaction, as the plugin asks.
func (t *transactions) abort() error {
	if !t.open {
		t.s.log.Warn("the task asks to abort a transaction that is empty")
		return nil
	}
	if err := t.landed(); err != nil {
		return err
	}
	t.s.log.Info("transaction is aborted as the task asks", "records", t.records)
	if err := t.s.producer.Client().EndTransaction(t.s.life.hard, kgo.TryAbort); err != nil {
		return t.failed(err)
	}
	t.open, t.records = false, 0
	return nil
}

// abandonTimeout bounds the wait for the abort of a task that has failed. What it
// does not reach is aborted by the next producer of the task, or by its time-out.
const abandonTimeout = 5 * time.Second

func (t *transactions) abandon() {
	ctx, cancel := context.WithTimeout(t.s.life.hard, abandonTimeout)
	defer cancel()
	client := t.s.producer.Client()
	err := client.AbortBufferedRecords(ctx)
	if err == nil {
		err = client.EndTransaction(ctx, kgo.TryAbort)
	}
	if err != nil {
		t.s.log.Warn("the open transaction is not aborted yet: the next producer of this task does that, or its time-out", "error", err)
		return
	}
	t.open = false
}

// failed gives an error of the producer the text of Java.
func (t *transactions) failed(err error) error {
	if errors.Is(err, kerr.InvalidProducerEpoch) {
		return &connect.Error{Class: connect.ConnectException, Cause: err, Message: "The task " + t.s.id.String() +
			" was unable to finish writing records to Kafka before its producer transaction expired. " +
			"It may be necessary to reconfigure this connector in order for it to run healthily with exactly-once support. " +
			"Options for this include: tune the connector's producer configuration for higher throughput, " +
			"increase the transaction timeout for the connector's producers, " +
			"decrease the offset commit interval (if using interval-based transaction boundaries), " +
			"or use the 'poll' transaction boundary (if the connector is not already configured to use it)."}
	}
	return &connect.Error{Class: connect.ConnectException, Message: "Failed to flush offsets and/or records for task " + t.s.id.String(), Cause: err}
}
