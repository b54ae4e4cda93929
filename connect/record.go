package connect

import (
	"math"

	"sluice/connect/schema"
)

const (
	// NoPartition in Record.Partition leaves the choice to the producer.
	NoPartition int32 = -1
	// NoTimestamp in Record.Timestamp is Java's null timestamp.
	NoTimestamp int64 = math.MinInt64
)

// Data is a value with its schema. A nil Schema is schemaless data.
type Data struct {
	Schema *schema.Schema
	Value  schema.Value
}

// Header is a named datum beside the record; names may repeat.
type Header struct {
	Key string
	Data
}

// RawHeader is a header as Kafka holds it; a nil Value is null.
type RawHeader struct {
	Key   string
	Value []byte
}

// Record is what connectors and transforms work on, in both directions.
//
// The worker owns records. A sink task must not keep a record, or anything that
// it points to, after Put returns, unless it calls Clone.
type Record struct {
	Topic      string
	Partition  int32 // NoPartition: the producer chooses
	Timestamp  int64 // milliseconds since the epoch, or NoTimestamp
	Key, Value Data
	Headers    []Header
	// Origin says where the record came from. Transforms must not change it.
	Origin Origin
}

// TimestampType says who set the timestamp of a Kafka record.
type TimestampType uint8

// The timestamp types of Kafka.
const (
	NoTimestampType TimestampType = iota
	CreateTime
	LogAppendTime
)

// Origin is the place that a record was read from: source coordinates for
// records of source tasks, Kafka coordinates for those of sink tasks.
type Origin struct {
	// SourcePartition and SourceOffset are set by source tasks. The offset is a
	// map value; the worker copies what it keeps.
	SourcePartition *SourcePartition
	SourceOffset    schema.Value

	// Topic, Partition, Offset and TimestampType are set by the worker for sinks.
	Topic         string
	Partition     int32
	Offset        int64
	TimestampType TimestampType
}

// SourcePartition is the handle of a part of the source system, such as a file
// or a table. SourceHost.Partition makes it once; records refer to it.
type SourcePartition struct {
	// Fields is the map value that names the partition. The order of its entries
	// is the order in which the offset key is written, and must be that of the
	// Java connector, since offsets are looked up by bytes.
	Fields schema.Value
}

// Clone returns a record that shares no memory with the batch it came in.
func (r *Record) Clone() Record {
	c := *r
	c.Key.Value, c.Value.Value = r.Key.Value.Clone(), r.Value.Value.Clone()
	c.Origin.SourceOffset = r.Origin.SourceOffset.Clone()
	c.Headers = make([]Header, len(r.Headers))
	for i, h := range r.Headers {
		h.Value = h.Value.Clone()
		c.Headers[i] = h
	}
	return c
}

// Batch is a run of records with the memory that they lie in. The worker owns
// it and uses it again after Reset.
type Batch struct {
	Records []Record
	Arena   schema.Arena
}

// Add appends an empty record (no partition, no timestamp) and returns it. The
// pointer is good until the next Add.
func (b *Batch) Add() *Record {
	b.Records = append(b.Records, Record{Partition: NoPartition, Timestamp: NoTimestamp})
	return &b.Records[len(b.Records)-1]
}

// Reset empties the batch; its records and all values of its arena are gone.
func (b *Batch) Reset() {
	clear(b.Records)
	b.Records = b.Records[:0]
	b.Arena.Reset()
}
