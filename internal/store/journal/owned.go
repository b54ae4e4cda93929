package journal

import (
	"bytes"
	"sync"

	"sluice/internal/store"
)

// owned are the statuses of what runs on this worker. A worker that was cut off
// may have what it gave up written after another one has started it; then this
// worker writes its status again. Java shows the late one until the next change.
type owned struct {
	rewrites sync.WaitGroup

	mu     sync.Mutex // guards the following
	stands map[string]standing
	closed bool
}

// standing is a status that holds until this worker, or a newer one, says
// something else.
type standing struct {
	record store.Record
	status store.Status
	shown  func(s *store.StatusSnapshot) (store.Status, bool) // finds what is shown in its place
}

// note remembers a status that this worker writes.
func (o *owned) note(r store.Record, status store.Status, shown func(*store.StatusSnapshot) (store.Status, bool)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if status.State == store.Unassigned {
		delete(o.stands, string(r.Key))
		return
	}
	o.stands[string(r.Key)] = standing{r, status, shown}
}

func (o *owned) forget(r store.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.stands, string(r.Key))
}

// holds tells whether the record is still what this worker has to say.
func (o *owned) holds(r store.Record) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	own, ok := o.stands[string(r.Key)]
	return ok && bytes.Equal(own.record.Value, r.Value)
}

// observe has the statuses written again in whose place an older one of another
// worker is shown, now that the records were read. It forgets those whose place a
// newer one of another worker has taken. It does not wait.
func (o *owned) observe(snapshot *store.StatusSnapshot, records []store.Record, rewrite func(store.Record)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		own, ok := o.stands[string(r.Key)]
		if !ok || o.closed {
			continue
		}
		shown, ok := own.shown(snapshot)
		switch {
		case !ok || shown.WorkerID == own.status.WorkerID:
		case shown.State == store.Unassigned, // says nothing of what runs here, however late it is written
			(shown.State == store.Failed || shown.State == store.Restarting) && shown.Generation < own.status.Generation:
			o.rewrites.Go(func() { rewrite(own.record) }) // the log waits for its reader
		case shown.Generation >= own.status.Generation:
			delete(o.stands, string(r.Key))
		}
	}
}

// close waits for what is being written again; there is no more of it after that.
func (o *owned) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.rewrites.Wait()
}
