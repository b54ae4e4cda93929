package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// ErrStopped ends a batch whose retries the stop of the task has cut short: it
// was not handed on, and nothing of it may be committed.
var ErrStopped = errors.New("stopped while a record was tried again")

// retryMin is the first wait between two tries, as in Java.
const retryMin = 300 * time.Millisecond

// tolerance says what becomes of bad records (RetryWithToleranceOperator of
// Java). It is safe for concurrent use.
type tolerance struct {
	settings settings
	id       store.TaskID
	log      *slog.Logger
	counts   *telemetry.ErrorCounts
	queue    *queue // nil without a dead letter queue
}

// try is the state of one operation that may be tried again.
type try struct {
	n     int
	began time.Time
}

// begin starts an operation; it costs nothing where nothing is tried again.
func (t *tolerance) begin() try {
	if t.settings.RetryTimeout == 0 {
		return try{}
	}
	return try{began: time.Now()}
}

// again reports whether the operation is to be tried once more, after it has
// waited. Else it returns the error, or ErrStopped when ctx has ended.
func (t *tolerance) again(ctx context.Context, a *try, err error) (bool, error) {
	if !connect.IsRetriable(err) {
		return false, err
	}
	t.counts.Failure()
	left := time.Duration(1<<63 - 1)
	if t.settings.RetryTimeout >= 0 {
		left = time.Until(a.began.Add(time.Duration(t.settings.RetryTimeout) * time.Millisecond))
	}
	if t.settings.RetryTimeout == 0 || left <= 0 {
		return false, err
	}
	a.n++
	timer := time.NewTimer(min(left, retryDelay(a.n, t.settings.RetryMax)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, ErrStopped
	case <-timer.C:
	}
	t.counts.Retry()
	return true, nil
}

// retryDelay is 300 ms doubled for each try; beyond the greatest it is random
// below that, as in Java.
func retryDelay(n int, most time.Duration) time.Duration {
	if n <= 30 {
		if d := retryMin << (n - 1); d <= most {
			return d
		}
	}
	if most <= 0 {
		return 0
	}
	return rand.N(most)
}

// fail says what becomes of a record whose stage has failed for good: nil
// leaves it out. It is counted, logged and queued either way, as in Java.
func (t *tolerance) fail(ctx context.Context, f *Failure) error {
	t.counts.Failure()
	t.counts.At(time.Now())
	var err error
	if t.settings.tolerant() {
		t.counts.Skipped()
	} else {
		err = exceeded(f)
	}
	t.counts.Error()
	t.report(ctx, f)
	return err
}

// reported does the same for what has failed outside of a stage: in Java such
// a record counts neither as skipped nor, when tolerated, as an error.
func (t *tolerance) reported(ctx context.Context, f *Failure) error {
	t.counts.At(time.Now())
	t.counts.Failure()
	t.report(ctx, f)
	if t.settings.tolerant() {
		return nil
	}
	t.counts.Error()
	return exceeded(f)
}

// exceeded is the error that fails the task; clients match its text.
func exceeded(f *Failure) error {
	return &connect.Error{Class: connect.ConnectException, Message: "Tolerance exceeded in error handler", Cause: f}
}

// ReportErrant deals with a record that a sink task cannot write (KIP-610). It
// returns the error where nobody would see the record, as Java gives the task
// no reporter then. It may be called from any goroutine.
func (p *Pipeline) ReportErrant(ctx context.Context, r *connect.Record, err error) error {
	if err == nil {
		err = connect.Errorf("the task has reported an errant record without a reason")
	}
	if !p.errors.settings.reports() {
		return err
	}
	in, lost := p.original(r)
	if lost != nil {
		return lost
	}
	p.kept.blame(err)
	return p.errors.reported(ctx, &Failure{Stage: TaskPut, Class: sinkTaskClass, Err: err, consumed: in})
}

// Errant returns the error of a batch in which the task has reported a record
// that is not tolerated, though it went on itself.
func (p *Pipeline) Errant() error {
	if p.errors.settings.tolerant() {
		return nil
	}
	p.kept.mu.Lock()
	defer p.kept.mu.Unlock()
	if p.kept.errant == nil {
		return nil
	}
	return &connect.Error{Class: connect.ConnectException, Message: "Tolerance exceeded in error handler", Cause: p.kept.errant}
}

func (k *originals) blame(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.errant == nil {
		k.errant = err
	}
}

// Tolerant says whether bad records are left out.
func (p *Pipeline) Tolerant() bool { return p.errors.settings.tolerant() }

// ProduceFailed deals with a record of the encoded batch that Kafka has
// refused. It is for tolerant pipelines.
func (p *Pipeline) ProduceFailed(ctx context.Context, batch *connect.Batch, out *Encoded, record *kgo.Record, err error) error {
	i := 0
	for i < len(out.Records)-1 && &out.Records[i] != record {
		i++
	}
	return p.errors.reported(ctx, &Failure{
		Stage: KafkaProduce, Class: workerSourceTaskClass, Err: produceError(err),
		polled: &batch.Records[out.index(i)], produced: &out.Records[i],
	})
}
