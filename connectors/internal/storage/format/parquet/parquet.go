// Package parquet writes Parquet files, as the ParquetFormat of the storage sinks:
// AvroParquetWriter of Java on what AvroData makes of values.
//
// A value is encoded as Avro by converters/avro; schema.go turns the Avro schema
// into that of Parquet as AvroSchemaConverter of parquet-avro does, with lists of
// two levels, and into a program that cuts the Avro bytes into columns (shred.go).
// Both together mean that a Parquet file holds what the Avro file of the same
// records would hold.
package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/converters/avro"
)

const (
	// schemaKey is the key of the footer under which Java keeps the Avro schema;
	// oldSchemaKey is that of files before 2013.
	schemaKey    = "parquet.avro.schema"
	oldSchemaKey = "avro.schema"
	// modelKey says what the rows were written from.
	modelKey = "writer.model.name"

	pageSize       = 64 << 10
	dictionarySize = 1 << 20
	// rowGroupSize bounds the memory of an open file: a row group is written when
	// its pages, compressed, take that much. Java takes four times as much.
	rowGroupSize = 64 << 20

	// batchRows and batchSize are how many rows, or bytes of rows, are cut into
	// columns before the columns take them.
	batchRows = 128
	batchSize = 256 << 10
)

// Format writes .parquet files.
type Format struct {
	data  *avro.Data
	codec compress.Codec
}

var _ storage.Format = (*Format)(nil)

// New returns the format with a codec: none, uncompressed, gzip, lz4, snappy or
// zstd. lz4 is LZ4_RAW, which readers agree on. The error is a *config.Error.
func New(data *avro.Data, codec string) (*Format, error) {
	f := &Format{data: data}
	switch codec {
	case "none", "uncompressed":
		f.codec = &parquet.Uncompressed
	case "gzip":
		f.codec = &parquet.Gzip
	case "lz4":
		f.codec = &parquet.Lz4Raw
	case "snappy":
		f.codec = &parquet.Snappy
	case "zstd":
		f.codec = &parquet.Zstd
	default:
		return nil, config.InvalidValue("parquet.codec", codec, "String must be one of: none, uncompressed, gzip, lz4, snappy, zstd")
	}
	return f, nil
}

// Extension implements storage.Format.
func (*Format) Extension() string { return ".parquet" }

// Create implements storage.Format. Only structs can be written.
func (f *Format) Create(w io.Writer, s *schema.Schema) (storage.RecordWriter, error) {
	if s == nil || s.Type != schema.StructType {
		return nil, connect.DataErrorf("Avro schema must be a record. Parquet files hold structs: set value.converter to one that gives a schema, or another format.class")
	}
	enc, err := f.data.Writer(s)
	if err != nil {
		return nil, err
	}
	p, err := compile(enc.Type())
	if err != nil {
		return nil, connect.DataErrorf("the schema %s as Parquet: %w", s.Name, err)
	}
	out := &writer{enc: enc, root: p.root, columns: make([]column, p.columns)}
	out.file = parquet.NewWriter(w, p.schema, &parquet.WriterConfig{
		Compression:        f.codec,
		DataPageVersion:    1,
		PageBufferSize:     pageSize,
		DictionaryMaxBytes: dictionarySize,
		KeyValueMetadata:   map[string]string{schemaKey: enc.Schema(), modelKey: "avro"},
	})
	for i, c := range out.file.ColumnWriters() {
		out.columns[i].writer = c
	}
	return out, nil
}

// Schema implements storage.Format.
func (f *Format) Schema(r io.ReaderAt, size int64) (*schema.Schema, error) {
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, connect.DataErrorf("not a Parquet file: %w", err)
	}
	text, ok := file.Lookup(schemaKey)
	if !ok {
		text, ok = file.Lookup(oldSchemaKey)
	}
	if !ok {
		return nil, connect.DataErrorf("the Parquet file was not written by a storage sink: its footer has no %s", schemaKey)
	}
	s, err := f.data.ConnectSchema(text)
	if err != nil {
		return nil, connect.DataErrorf("the schema of a Parquet file: %w", err)
	}
	return s, nil
}

// column gathers the values of one column.
type column struct {
	writer *parquet.ColumnWriter
	values []parquet.Value
	row    int // where the values of the current row begin
}

// writer writes one file.
type writer struct {
	file    *parquet.Writer //nolint:staticcheck // GenericWriter refuses lists of two levels.
	enc     *avro.DataWriter
	root    *node
	columns []column

	rows    int    // in columns
	bytes   []byte // that the values in columns refer to
	written int64  // bytes of closed row groups
}

// Write implements storage.RecordWriter.
func (w *writer) Write(d connect.Data) error {
	start := len(w.bytes)
	row, err := w.enc.Append(w.bytes, d.Value)
	if err != nil {
		return err
	}
	for i := range w.columns {
		w.columns[i].row = len(w.columns[i].values)
	}
	s := shredder{columns: w.columns, in: row[start:]}
	if err := s.node(w.root, 0, 0); err != nil {
		for i := range w.columns {
			w.columns[i].values = w.columns[i].values[:w.columns[i].row]
		}
		return err
	}
	w.bytes = row
	w.rows++
	if w.rows >= batchRows || len(w.bytes) >= batchSize {
		return w.flush()
	}
	return nil
}

// flush hands the rows to the columns.
func (w *writer) flush() error {
	for i := range w.columns {
		c := &w.columns[i]
		if _, err := c.writer.WriteRowValues(c.values); err != nil {
			return fmt.Errorf("write a column of a Parquet file: %w", err)
		}
		c.values = c.values[:0]
	}
	w.bytes, w.rows = w.bytes[:0], 0
	if w.file.Size()-w.written < rowGroupSize {
		return nil
	}
	if err := w.file.Flush(); err != nil {
		return fmt.Errorf("write a row group of a Parquet file: %w", err)
	}
	w.written = w.file.Size()
	return nil
}

// Buffered implements storage.RecordWriter.
func (w *writer) Buffered() int64 { return w.file.Size() - w.written + int64(len(w.bytes)) }

// Close implements storage.RecordWriter.
func (w *writer) Close() error {
	err := w.flush()
	if closed := w.file.Close(); closed != nil {
		err = errors.Join(err, fmt.Errorf("write the end of a Parquet file: %w", closed))
	}
	return err
}
