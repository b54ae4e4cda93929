package connect

import (
	"context"

	"sluice/connect/config"
	"sluice/connect/schema"
)

// SourceConnector plans the tasks that copy data from a system into Kafka. Its
// life: Start, then any number of TaskConfigs, then Stop. The worker calls one
// method at a time; a call that does not return delays no other connector.
type SourceConnector interface {
	// Start prepares the connector. An error fails it. ctx ends when the
	// connector is stopped.
	Start(ctx context.Context, host ConnectorHost, cfg config.Map) error
	// TaskConfigs returns the configuration of each task, at most maxTasks.
	TaskConfigs(ctx context.Context, maxTasks int) ([]config.Map, error)
	// Stop frees what Start took. It must return soon after ctx ends.
	Stop(ctx context.Context) error
}

// ConnectorHost is what the worker offers to a connector.
type ConnectorHost interface {
	Host
	// RequestTaskReconfiguration makes the worker call TaskConfigs soon. It does
	// not block and may be called from any goroutine.
	RequestTaskReconfiguration()
	// RaiseError fails the connector. It does not block.
	RaiseError(err error)
	// Offsets reads the committed offsets of a source connector's partitions, as
	// SourceHost.Offsets does.
	Offsets(ctx context.Context, partitions []schema.Value) ([]schema.Value, error)
}

// SourceTask copies records. Its life: Start, then Poll again and again, then
// Stop. Poll, Commit and Acknowledge are called by one goroutine, one at a time.
// Stop is called after the last Poll has returned.
type SourceTask interface {
	// Start prepares the task. An error fails it. ctx ends when the task is stopped.
	Start(ctx context.Context, host SourceHost, cfg config.Map) error
	// Poll appends records to the batch. It waits until there is at least one,
	// returns without any after a while of its choice, and returns soon after
	// ctx ends, which is no error. Records already appended when ctx ends are sent.
	Poll(ctx context.Context, into *Batch) error
	// Stop frees what Start took. It must return soon after ctx ends.
	Stop(ctx context.Context) error
}

// SourceHost is what the worker offers to a source task. Its methods may be
// called from any goroutine of the task.
type SourceHost interface {
	Host
	// Partition returns the handle of a source partition, given as the entries of
	// a map with text keys. The same entries give the same handle.
	Partition(fields ...schema.Entry) *SourcePartition
	// Offset returns the committed offset of the partition, a map value, or null
	// where there is none. Integers come back as int64. It may wait for the store.
	Offset(ctx context.Context, p *SourcePartition) (schema.Value, error)
	// Transactions bounds the task's transactions where the connector is configured
	// with transaction.boundary=connector on a worker with exactly-once support;
	// else it is nil.
	Transactions() TransactionContext
}

// TransactionContext asks for the end of transactions (KIP-618). What it asks for
// is done when the Poll under way, or the next one, has returned: a record is
// named by its number in the batch of that Poll. An abort drops the records of the
// transaction, not their offsets: these are committed, and the records do not come
// again. Where a record or a batch has both, abort wins. A transaction of which
// the end is never asked is aborted when the task stops.
type TransactionContext interface {
	// CommitBatch asks for a commit after the last record of the batch.
	CommitBatch()
	// AbortBatch asks for an abort after the last record of the batch.
	AbortBatch()
	// CommitRecord asks for a commit after the record.
	CommitRecord(number int)
	// AbortRecord asks for an abort after the record.
	AbortRecord(number int)
}

// Acknowledger is a source task that wants to know which records are durable in
// Kafka, filtered, or dropped under tolerance (SourceTask.commitRecord of Java).
type Acknowledger interface {
	// Acknowledge gets records in the order in which they were polled.
	Acknowledge(ctx context.Context, durable []Record) error
}

// Lagger is a source task that knows how much of its source is left to read.
type Lagger interface {
	// Lag returns how much is left, in units of the task's choice such as bytes or
	// rows; known is false where it cannot tell. It is called between two Polls,
	// seldom, and does not wait.
	Lag() (left int64, known bool)
}

// Committer is a source task that is told after each commit of source offsets
// (SourceTask.commit of Java).
type Committer interface {
	Commit(ctx context.Context) error
}

// SourceOffset is a source partition and the offset that it is set to; a null
// Offset removes the committed one.
type SourceOffset struct {
	Partition, Offset schema.Value
}

// SourceOffsetAlterer is a source connector that checks offsets that a user
// sets (KIP-875). It is called on an instance that was not started.
type SourceOffsetAlterer interface {
	// AlterOffsets reports whether the connector has handled the change; an error
	// refuses it.
	AlterOffsets(ctx context.Context, cfg config.Map, offsets []SourceOffset) (bool, error)
}

// ExactlyOnceSupport is the answer of a source connector to whether it can take
// part in exactly-once delivery (KIP-618).
type ExactlyOnceSupport uint8

// The answers. Unknown is that of a connector that does not say.
const (
	ExactlyOnceUnknown ExactlyOnceSupport = iota
	ExactlyOnceSupported
	ExactlyOnceUnsupported
)

// ExactlyOnceSource is a source connector that says what it can do. It is
// called on an instance that was not started.
type ExactlyOnceSource interface {
	ExactlyOnceSupport(cfg config.Map) ExactlyOnceSupport
}

// TransactionDefiner is a source connector whose tasks can bound their
// transactions with a TransactionContext (transaction.boundary=connector). It is
// called on an instance that was not started.
type TransactionDefiner interface {
	CanDefineTransactionBoundaries(cfg config.Map) bool
}

// ConfigValidator is a connector, converter, transform or predicate with rules
// over several keys. It is called on an instance that was not started.
type ConfigValidator interface {
	// ValidateConfig adds errors to the values, which hold one entry for each key
	// of the plugin's definition. It may wait for outside systems until ctx ends.
	ValidateConfig(ctx context.Context, cfg config.Map, values config.Values)
}
