// Package journal plays the three roles of the store (configurations, statuses,
// offsets) on any log of records: the topics of Kafka (store/kafka) or a log in
// memory (store/memory).
//
// It owns the order of writes, what is read back before a write returns, and the
// snapshots. It starts no goroutine: records come from the log's, and what they
// mean is said by the folds of package store. Start reading at [Log].
package journal

import (
	"context"

	"sluice/internal/store"
)

// Log is a compacted log of records in partitions, which all workers of a group
// read and write. Its methods are safe for concurrent use.
type Log interface {
	// Start opens the log and reads it to the end, or to the first transaction that
	// is open. From then on consume gets all records, in the order of each partition, one call at a time; it must not wait.
	Start(ctx context.Context, consume func([]store.Record)) error
	// ReadToEnd returns when everything that was in the log when it was called has
	// been consumed, or when ctx ends.
	ReadToEnd(ctx context.Context) error
	// Append writes the records in order and returns when all are acknowledged. An
	// error leaves open which of them are.
	Append(ctx context.Context, records ...store.Record) error
	// Send hands a record over without waiting. done is called once, from any
	// goroutine, with the record's place in the log.
	Send(r store.Record, done func(store.Record, error))
	// Close ends the log. Records under way may be lost.
	Close() error
}

// Writer writes to a log as the only one that may: each Append is a transaction,
// and fails when another writer was made since.
type Writer interface {
	Append(ctx context.Context, records ...store.Record) error
	Close()
}

// NewWriter makes a Writer and fences the one before it.
type NewWriter func(ctx context.Context) (Writer, error)
