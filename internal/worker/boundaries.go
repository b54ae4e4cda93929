package worker

import (
	"cmp"
	"slices"
	"sync"

	"sluice/connect"
)

// boundaries collects what a task asks for with its connect.TransactionContext.
type boundaries struct {
	mu    sync.Mutex
	cuts  []cut // by record; guarded by mu
	batch *cut  // guarded by mu
}

var _ connect.TransactionContext = (*boundaries)(nil)

// cut is the end of a transaction, after so many records of a batch.
type cut struct {
	after int
	abort bool
}

// CommitBatch implements connect.TransactionContext.
func (b *boundaries) CommitBatch() { b.end(false) }

// AbortBatch implements connect.TransactionContext.
func (b *boundaries) AbortBatch() { b.end(true) }

func (b *boundaries) end(abort bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.batch = &cut{abort: abort || b.batch != nil && b.batch.abort}
}

// CommitRecord implements connect.TransactionContext.
func (b *boundaries) CommitRecord(number int) { b.add(cut{number + 1, false}) }

// AbortRecord implements connect.TransactionContext.
func (b *boundaries) AbortRecord(number int) { b.add(cut{number + 1, true}) }

func (b *boundaries) add(c cut) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cuts = append(b.cuts, c)
}

// take returns what was asked for a batch of n records, in order, one cut for a
// place. What was asked for records that it does not have is forgotten.
func (b *boundaries) take(n int) []cut {
	b.mu.Lock()
	defer b.mu.Unlock()
	cuts := slices.DeleteFunc(b.cuts, func(c cut) bool { return c.after < 1 || c.after > n })
	if b.batch != nil {
		cuts = append(cuts, cut{n, b.batch.abort})
	}
	b.cuts, b.batch = nil, nil
	slices.SortStableFunc(cuts, func(x, y cut) int { return cmp.Compare(x.after, y.after) })
	var out []cut
	for _, c := range cuts {
		if last := len(out) - 1; last >= 0 && out[last].after == c.after {
			out[last].abort = out[last].abort || c.abort
			continue
		}
		out = append(out, c)
	}
	return out
}
