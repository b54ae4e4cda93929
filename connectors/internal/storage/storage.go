// Package storage is what sinks that write files share, whatever holds the files:
// when files are committed ([Rotation]), in which directory a record lies
// ([Partitioner], [Directory]), how records become bytes ([Format]), and the
// configuration keys of all that (keys.go). It touches no file system and no
// clock; a connector brings both.
//
// The packages below it fill the interfaces: partition has the partitioners and
// timestamp extractors, format/avro, format/parquet, format/json and format/text
// the formats; compat says when a schema may follow another, and projects.
//
// The way of one record: Rotation.Next says whether the open files are to be
// committed first; compat.Projector brings the value to Rotation.Schema;
// Partitioner.Encode names the file; RecordWriter.Write takes it;
// Rotation.Wrote counts it. Nothing in here blocks but on the writer of a file,
// and nothing is safe for concurrent use unless it says so.
package storage

import (
	"io"

	"sluice/connect"
	"sluice/connect/schema"
)

// Format writes the files of one kind. It does not change after it was made; any
// goroutine may use it.
type Format interface {
	// Extension is the end of file names with its dot, such as ".avro".
	Extension() string
	// Create begins a file for values of the schema; nil is data without one. What
	// the format has to say first may be written to w at once or later. The error
	// says why the format cannot hold such values; nothing is then written.
	Create(w io.Writer, s *schema.Schema) (RecordWriter, error)
	// Schema returns the schema of the values in a file of size bytes, nil where
	// files of the format hold none. A file that is cut off or no such file is an
	// error.
	Schema(r io.ReaderAt, size int64) (*schema.Schema, error)
}

// RecordWriter writes one file. An error that is no connect.DataException leaves
// the file broken: it is to be thrown away.
type RecordWriter interface {
	// Write adds one value of the schema that the file was created for. It keeps
	// nothing of d. Bytes reach the file when enough have gathered. A
	// DataException means that the value does not fit, and that the file is as it
	// was before.
	Write(d connect.Data) error
	// Buffered returns about how many bytes lie in memory and not in the file yet.
	Buffered() int64
	// Close writes what is left, and what the format has to say last. It does not
	// close the writer below. Without Close the file is not complete. It must be
	// called once at most.
	Close() error
}

// Partitioner says in which directory a record lies.
type Partitioner interface {
	// Encode returns the encoded partition, such as "partition=0" or
	// "year=2026/month=11": the directory below that of the topic. now is the
	// clock in milliseconds since the epoch. The error is a DataException or a
	// PartitionException of Java: the record cannot be placed.
	Encode(r *connect.Record, now int64) (string, error)
	// Path returns the topic's directory joined with the encoded partition, below
	// topics.dir.
	Path(topic, encoded string) string
	// Extractor returns where the time of a record comes from. It is that of the
	// clock for partitioners that are not time based, and serves rotation too.
	Extractor() Extractor
}

// Extractor finds the time of a record.
type Extractor interface {
	// Wallclock reports whether the time is that of the clock and not of records.
	Wallclock() bool
	// Timestamp returns the time of the record in milliseconds since the epoch, or
	// connect.NoTimestamp where the record has none. now is the clock.
	Timestamp(r *connect.Record, now int64) (int64, error)
}

// PartitionException is the Java class of errors of records that cannot be placed.
const PartitionException = "io.confluent.connect.storage.errors.PartitionException"
