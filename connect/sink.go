package connect

import (
	"context"
	"time"

	"sluice/connect/config"
)

// SinkConnector plans the tasks that copy data from Kafka into a system. Its
// life is that of a SourceConnector.
type SinkConnector interface {
	Start(ctx context.Context, host ConnectorHost, cfg config.Map) error
	TaskConfigs(ctx context.Context, maxTasks int) ([]config.Map, error)
	Stop(ctx context.Context) error
}

// TopicPartition names a partition of a Kafka topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// ConsumedOffset is the offset of the next record to consume, with the metadata
// that is committed beside it.
type ConsumedOffset struct {
	Offset   int64
	Metadata string
}

// ConsumedOffsets maps partitions to the next record to consume.
type ConsumedOffsets map[TopicPartition]ConsumedOffset

// SinkTask writes records to a system. Its life: Start, then Put and PreCommit
// as records come, then Stop. All methods are called by one goroutine, one at a
// time. A task with a PartitionListener is told of its partitions in between.
type SinkTask interface {
	// Start prepares the task. An error fails it. ctx ends when the task is stopped.
	Start(ctx context.Context, host SinkHost, cfg config.Map) error
	// Put writes records, or keeps copies to write later. It is called with no
	// records when there are none for a while. A Retriable error makes the worker
	// give the same records again; another one fails the task.
	Put(ctx context.Context, records []Record) error
	// PreCommit returns the offsets that are safe to commit, at most those
	// consumed. It makes records durable that were put before (flush of Java).
	// An empty answer commits nothing.
	PreCommit(ctx context.Context, consumed ConsumedOffsets) (ConsumedOffsets, error)
	// Stop frees what Start took. It must return soon after ctx ends.
	Stop(ctx context.Context) error
}

// PartitionListener is a sink task that wants to know its partitions.
type PartitionListener interface {
	// Open is called before the first record of the partitions is put.
	Open(ctx context.Context, partitions []TopicPartition) error
	// Close is called after the last one, and before their offsets are committed
	// for the last time.
	Close(ctx context.Context, partitions []TopicPartition) error
}

// SinkHost is what the worker offers to a sink task. None of its methods
// blocks; they take effect when the running call of the task has returned.
type SinkHost interface {
	Host
	// Assignment returns the partitions that the task has now.
	Assignment() []TopicPartition
	// Seek makes the next records of the partition start at the offset.
	Seek(p TopicPartition, offset int64)
	// Pause stops the flow of records of the partitions, Resume starts it again.
	Pause(partitions ...TopicPartition)
	Resume(partitions ...TopicPartition)
	// RetryAfter sets how long to wait before a Retriable Put is tried again.
	RetryAfter(wait time.Duration)
	// RequestCommit asks for a commit of offsets soon.
	RequestCommit()
	// ReportErrant hands over a record that cannot be written (KIP-610). It
	// returns nil where the record is dealt with, and err where it is not
	// tolerated: the task should then return that error.
	ReportErrant(ctx context.Context, r *Record, err error) error
}

// SinkOffsetAlterer is a sink connector that checks offsets that a user sets
// (KIP-875). It is called on an instance that was not started.
type SinkOffsetAlterer interface {
	// AlterOffsets gets the new offsets; a nil one removes the committed offset.
	AlterOffsets(ctx context.Context, cfg config.Map, offsets map[TopicPartition]*int64) (bool, error)
}
