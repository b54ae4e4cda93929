package journal

import (
	"context"
	"log/slog"
	"sync"

	"sluice/internal/store"
)

// outbox sends records without anybody waiting. For each key at most one record
// is under way and one waits, the newest: what it overtook is not sent, so that
// the memory is bounded while no broker answers.
//
// A letter stays until it has been read back. Until then it, and not the
// snapshot, is what this worker knows of the key.
type outbox struct {
	log    Log
	logger *slog.Logger

	mu      sync.Mutex // guards the following
	letters map[string]*letter
	written uint64        // numbers the calls of put
	moved   chan struct{} // closed and replaced when a letter is acknowledged
}

type letter struct {
	current store.Record
	number  uint64 // of the put that made current
	acked   bool   // current has its place in the log
	seen    int64  // the offset after the last record of the key that was read since
	next    *store.Record
	nextNo  uint64
}

func newOutbox(log Log, logger *slog.Logger) *outbox {
	return &outbox{log: log, logger: logger, letters: map[string]*letter{}, moved: make(chan struct{})}
}

// put sends the record if wanted says so; it is told what was put last for the
// key and not read back yet, nil if nothing was.
func (o *outbox) put(r store.Record, wanted func(last *store.Record) bool) {
	o.mu.Lock()
	l := o.letters[string(r.Key)]
	var last *store.Record
	switch {
	case l == nil:
	case l.next != nil:
		last = l.next
	default:
		last = &l.current
	}
	if !wanted(last) {
		o.mu.Unlock()
		return
	}
	o.written++
	if l != nil && !l.acked {
		l.next, l.nextNo = &r, o.written
		o.mu.Unlock()
		return
	}
	o.letters[string(r.Key)] = &letter{current: r, number: o.written}
	o.mu.Unlock()
	o.send(r)
}

// send is called without the lock: the log may call back at once.
func (o *outbox) send(r store.Record) {
	o.log.Send(r, func(placed store.Record, err error) { o.sent(r, placed, err) })
}

func (o *outbox) sent(r, placed store.Record, err error) {
	if err != nil {
		o.logger.Error("status could not be written", "key", string(r.Key), "error", err)
	}
	o.mu.Lock()
	l := o.letters[string(r.Key)]
	l.acked, l.current.Offset = true, placed.Offset
	next := l.next
	switch {
	case next != nil:
		*l = letter{current: *next, number: l.nextNo}
	case err != nil, l.seen > placed.Offset:
		delete(o.letters, string(r.Key))
	}
	close(o.moved)
	o.moved = make(chan struct{})
	o.mu.Unlock()
	if next != nil {
		o.send(*next)
	}
}

// observe is told of each record that was read, before the snapshot shows it to
// anybody who asks the outbox first.
func (o *outbox) observe(records []store.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		switch l := o.letters[string(r.Key)]; {
		case l == nil:
		case !l.acked: // it may be the letter itself, read before it is acknowledged
			l.seen = r.Offset + 1
		case r.Offset >= l.current.Offset:
			delete(o.letters, string(r.Key))
		}
	}
}

// flush waits until all that was put before is acknowledged or has failed.
func (o *outbox) flush(ctx context.Context) error {
	o.mu.Lock()
	upTo := o.written
	o.mu.Unlock()
	for {
		o.mu.Lock()
		waiting := false
		for _, l := range o.letters {
			waiting = waiting || !l.acked && l.number <= upTo
		}
		moved := o.moved
		o.mu.Unlock()
		if !waiting {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
