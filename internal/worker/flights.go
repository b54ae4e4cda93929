package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/internal/store"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
)

// flight is a batch on its way to Kafka with the memory that it lies in. It is
// filled by the task's goroutine; while records are under way nobody writes to
// it but through flights.
type flight struct {
	batch  *connect.Batch // nil once it is encoded and nobody needs it
	polled int            // records of the batch
	out    pipeline.Encoded
	done   func(*kgo.Record, error)

	offsets []lastOffset // the last of each source partition
	left    int          // records not answered for; guarded by flights.mu
	failed  bool         // guarded by flights.mu
	sent    time.Time    // guarded by flights.mu
	refused []refusal    // left out by tolerance; guarded by flights.mu
}

// refusal is a record that Kafka did not take.
type refusal struct {
	record *kgo.Record
	err    error
}

type lastOffset struct {
	partition *connect.SourcePartition // nil when the offset was taken
	offset    schema.Value             // a clone
	at        int                      // the record in the batch
}

// flights keeps the batches under way in the order of their polls, and the
// offsets that may be committed.
type flights struct {
	mu    sync.Mutex
	queue []*flight                                 // guarded by mu
	bytes int                                       // of those in the queue; guarded by mu
	err   error                                     // of the first record that failed; guarded by mu
	ready map[*connect.SourcePartition]schema.Value // to commit; guarded by mu
	spare []*flight                                 // guarded by mu

	batches  []*connect.Batch // spare ones, of the task's goroutine alone
	keep     bool             // batches are needed until their records are durable; set before the first
	tolerant bool             // records that Kafka refuses are left out; set before the first
	metrics  *telemetry.Task
	news     chan struct{} // has room for one: something has landed
	bad      chan struct{} // has room for one: a flight is over with refused records
}

func newFlights(metrics *telemetry.Task) *flights {
	return &flights{metrics: metrics, ready: make(map[*connect.SourcePartition]schema.Value), news: make(chan struct{}, 1), bad: make(chan struct{}, 1)}
}

const keptFlights = 8

// take returns an empty flight.
func (fs *flights) take() *flight {
	f := fs.empty()
	if n := len(fs.batches); n > 0 {
		f.batch, fs.batches = fs.batches[n-1], fs.batches[:n-1]
	} else {
		f.batch = &connect.Batch{}
	}
	return f
}

// unload takes the batch back, for the next poll: the flight needs only what is
// encoded. With one batch in turn, and not one for each flight, its memory
// stays small and warm.
func (fs *flights) unload(f *flight) {
	f.batch.Reset()
	if len(fs.batches) < keptFlights {
		fs.batches = append(fs.batches, f.batch)
	}
	f.batch = nil
}

func (fs *flights) empty() *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if n := len(fs.spare); n > 0 {
		f := fs.spare[n-1]
		fs.spare = fs.spare[:n-1]
		return f
	}
	f := &flight{}
	f.done = func(r *kgo.Record, err error) { fs.land(f, r, err) }
	return f
}

// free takes back a flight that has landed.
func (fs *flights) free(f *flight) {
	if f.batch != nil {
		fs.unload(f)
	}
	f.out.Reset()
	clear(f.offsets)
	f.offsets = f.offsets[:0]
	f.failed = false
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.spare) < keptFlights {
		fs.spare = append(fs.spare, f)
	}
}

// depart queues a flight before its first record is produced.
func (fs *flights) depart(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.left, f.sent = len(f.out.Records), time.Now()
	fs.queue = append(fs.queue, f)
	fs.bytes += f.out.Size
	if f.left == 0 {
		fs.arrived(f)
		fs.signal()
	}
}

// arrived measures a flight whose records are all answered for; mu is locked.
func (fs *flights) arrived(f *flight) {
	if f.failed {
		return
	}
	leftOut := f.polled - len(f.out.Records) + len(f.refused)
	fs.metrics.Written(f.polled, leftOut, f.out.Size)
	if len(f.out.Records) > 0 {
		fs.metrics.Observe(telemetry.StageProduce, time.Since(f.sent))
		if at := f.out.Records[0].Timestamp; !at.IsZero() {
			fs.metrics.Delay(time.Since(at))
		}
	}
}

// land counts the answer for one record. Called by the producer.
func (fs *flights) land(f *flight, r *kgo.Record, err error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.left--
	if err != nil && fs.tolerant && pipeline.Refused(err) {
		f.refused = append(f.refused, refusal{r, err})
	} else if err != nil {
		f.failed = true
		if fs.err == nil {
			fs.err = f.explain(r, err)
		}
	}
	if err != nil {
		fs.metrics.Client.Failed(1)
	}
	if f.left == 0 {
		fs.arrived(f)
		if len(f.refused) > 0 {
			wake(fs.bad)
		}
	}
	if f.left == 0 || err != nil {
		fs.signal()
	}
}

// explain says which record Kafka did not take; the end of the producer is the fault
// of none.
func (f *flight) explain(r *kgo.Record, err error) error {
	if !pipeline.Refused(err) || errors.Is(err, kerr.InvalidProducerEpoch) || errors.Is(err, kerr.ProducerFenced) {
		return err
	}
	var last connect.Origin
	if len(f.offsets) == 1 && f.offsets[0].partition != nil {
		last.SourcePartition, last.SourceOffset = f.offsets[0].partition, f.offsets[0].offset
	}
	return pipeline.NotTaken(r, last, err)
}

func (fs *flights) signal() { wake(fs.news) }

// wake says "look again" to who waits for c.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// moved tells that something has landed since the last time.
func (fs *flights) moved() <-chan struct{} { return fs.news }

// refusing returns the oldest flight that is over but for records that Kafka
// has refused, which are still to be dealt with.
func (fs *flights) refusing() *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.queue {
		if f.left == 0 && !f.failed && len(f.refused) > 0 {
			return f
		}
	}
	return nil
}

// resolve says that the refused records of a flight are dealt with.
func (fs *flights) resolve(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	clear(f.refused)
	f.refused = f.refused[:0]
	fs.signal()
}

// landed takes the oldest flight out of the queue when all its records are
// durable, else it returns nil.
func (fs *flights) landed() *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.queue) == 0 || fs.queue[0].left > 0 || fs.queue[0].failed || len(fs.queue[0].refused) > 0 {
		return nil
	}
	f := fs.queue[0]
	fs.count(f, nil)
	fs.queue[0] = nil
	fs.queue = fs.queue[1:]
	fs.bytes -= f.out.Size
	return f
}

// count makes the offsets of a flight ready to commit, once; mu is locked.
func (fs *flights) count(f *flight, blocked map[*connect.SourcePartition]bool) {
	for i := range f.offsets {
		if o := &f.offsets[i]; o.partition != nil && !blocked[o.partition] {
			fs.ready[o.partition] = o.offset
			o.partition = nil
		}
	}
}

// offsets returns what may be committed: for each source partition the last
// offset before the first batch that is not durable. back undoes the taking.
func (fs *flights) offsets() (ready []store.Offset, back func()) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	blocked := make(map[*connect.SourcePartition]bool)
	for _, f := range fs.queue {
		if f.left == 0 && !f.failed && len(f.refused) == 0 {
			fs.count(f, blocked)
			continue
		}
		for _, o := range f.offsets {
			blocked[o.partition] = true
		}
	}
	taken := fs.ready
	fs.ready = make(map[*connect.SourcePartition]schema.Value)
	for p, offset := range taken {
		ready = append(ready, store.Offset{Partition: p.Fields, Offset: offset})
	}
	return ready, func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		for p, offset := range taken {
			if _, newer := fs.ready[p]; !newer {
				fs.ready[p] = offset
			}
		}
	}
}

// failure returns the error of the first record that Kafka did not take.
func (fs *flights) failure() error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.err
}

// room waits until at most so many bytes are under way, a record has failed,
// or ctx ends, which is no error while the task is only asked to stop. With 0
// it waits for every record and says when it could not.
func (fs *flights) room(ctx context.Context, most int) error {
	for {
		fs.mu.Lock()
		full, left := 0, 0
		for _, f := range fs.queue {
			if f.left > 0 {
				full += f.out.Size
				left += f.left
			}
		}
		err := fs.err
		fs.mu.Unlock()
		if err != nil || left == 0 || most > 0 && full <= most {
			return nil //nolint:nilerr // A failed flight ends the wait; its error is reported by who looks at fs.err.
		}
		select {
		case <-fs.news:
		case <-ctx.Done():
			if most > 0 {
				return nil
			}
			return fmt.Errorf("%d records are under way: %w", left, context.Cause(ctx))
		}
	}
}
