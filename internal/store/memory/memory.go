// Package memory keeps the three roles of the store in the memory of a process,
// for tests and simulations of whole groups: the workers that open one [Topic]
// share it as they would share a topic of Kafka. Nothing of it survives the
// process.
//
// Start with [NewTopic].
package memory

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// Topic is a log of one partition that is never compacted. It is safe for
// concurrent use.
type Topic struct {
	mu      sync.Mutex // guards the following
	records []store.Record
	readers []*handle
	leader  *leader // the only writer that may write as the leader
	ended   int     // transactions: each takes an offset, as its mark does in Kafka
}

// NewTopic returns an empty topic.
func NewTopic() *Topic { return &Topic{} }

// Configs returns a worker's config store on the topic. With transactions the
// leader's writes need Claim, as with exactly-once.
func (t *Topic) Configs(transactions bool, log *slog.Logger) *journal.Configs {
	var w journal.NewWriter
	if transactions {
		w = t.newWriter
	}
	return journal.NewConfigs(&handle{topic: t}, w, log)
}

// Statuses returns a worker's status store on the topic.
func (t *Topic) Statuses(log *slog.Logger) *journal.Statuses {
	return journal.NewStatuses(&handle{topic: t}, log)
}

// Offsets returns a worker's offset store on the topic.
func (t *Topic) Offsets(log *slog.Logger) *journal.Offsets {
	return journal.NewOffsets(&handle{topic: t}, log)
}

// Append writes records as they are, as somebody does who has no store.
func (t *Topic) Append(records ...store.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(records)
}

var errClosed = errors.New("the store is closed")

// handle is a worker's view of the topic; it implements journal.Log. Records are
// consumed in the goroutine of the one who writes them.
type handle struct {
	topic   *Topic
	consume func([]store.Record)
}

func (h *handle) Start(_ context.Context, consume func([]store.Record)) error {
	h.topic.mu.Lock()
	defer h.topic.mu.Unlock()
	h.consume = consume
	h.topic.readers = append(h.topic.readers, h)
	if len(h.topic.records) > 0 {
		consume(slices.Clone(h.topic.records))
	}
	return nil
}

// ReadToEnd does not wait: who writes has read to the end for everybody.
func (h *handle) ReadToEnd(ctx context.Context) error {
	h.topic.mu.Lock()
	defer h.topic.mu.Unlock()
	if !slices.Contains(h.topic.readers, h) {
		return errClosed
	}
	return ctx.Err()
}

func (h *handle) Append(ctx context.Context, records ...store.Record) error {
	h.topic.mu.Lock()
	defer h.topic.mu.Unlock()
	if !slices.Contains(h.topic.readers, h) {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h.topic.write(records)
	return nil
}

// write appends and hands on; mu is locked.
func (t *Topic) write(records []store.Record) []store.Record {
	placed := slices.Clone(records)
	for i := range placed {
		placed[i].Offset = int64(len(t.records) + t.ended)
		t.records = append(t.records, placed[i])
	}
	for _, r := range t.readers {
		r.consume(placed)
	}
	return placed
}

func (h *handle) Send(r store.Record, done func(store.Record, error)) {
	h.topic.mu.Lock()
	if !slices.Contains(h.topic.readers, h) {
		h.topic.mu.Unlock()
		done(r, errClosed)
		return
	}
	placed := h.topic.write([]store.Record{r})[0]
	h.topic.mu.Unlock()
	done(placed, nil)
}

func (h *handle) Close() error {
	h.topic.mu.Lock()
	defer h.topic.mu.Unlock()
	h.topic.readers = slices.DeleteFunc(h.topic.readers, func(r *handle) bool { return r == h })
	return nil
}

// leader is a journal.Writer.
type leader struct{ topic *Topic }

var errFenced = errors.New("another leader writes to the topic")

func (t *Topic) newWriter(context.Context) (journal.Writer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leader = &leader{t}
	return t.leader, nil
}

func (l *leader) Append(ctx context.Context, records ...store.Record) error {
	l.topic.mu.Lock()
	defer l.topic.mu.Unlock()
	if l.topic.leader != l {
		return errFenced
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.topic.write(records)
	l.topic.ended++
	return nil
}

func (l *leader) Close() {}
