// Package avro writes Avro object container files, as the AvroFormat of the
// storage sinks. Values are encoded by converters/avro, as AvroData of the original
// does; the files are those of DataFileWriter of Avro for Java.
package avro

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/converters/avro"
)

const (
	// blockSize is how many bytes of values make a block (the sync interval of
	// DataFileWriter).
	blockSize = 64000

	syncSize = 16
	magic    = "Obj\x01"
)

// Format writes .avro files.
type Format struct {
	data  *avro.Data
	codec string
}

var _ storage.Format = (*Format)(nil)

// New returns the format with a codec: null, deflate, snappy or bzip2. The error
// is a *config.Error.
func New(data *avro.Data, codec string) (*Format, error) {
	if _, err := newCodec(codec); err != nil {
		return nil, config.InvalidValue("avro.codec", codec, err.Error())
	}
	return &Format{data: data, codec: codec}, nil
}

// Extension implements storage.Format.
func (*Format) Extension() string { return ".avro" }

// Create implements storage.Format. The header is written at once.
func (f *Format) Create(w io.Writer, s *schema.Schema) (storage.RecordWriter, error) {
	enc, err := f.data.Writer(s)
	if err != nil {
		return nil, err
	}
	c, err := newCodec(f.codec)
	if err != nil {
		return nil, err
	}
	out := &writer{out: w, enc: enc, codec: c}
	_, _ = rand.Read(out.sync[:]) // It never fails.
	head := append([]byte(magic), 4)
	for _, text := range []string{"avro.schema", enc.Schema(), "avro.codec", f.codec} {
		head = appendLong(head, int64(len(text)))
		head = append(head, text...)
	}
	head = append(append(head, 0), out.sync[:]...)
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("write the header of an Avro file: %w", err)
	}
	return out, nil
}

// Schema implements storage.Format.
func (f *Format) Schema(r io.ReaderAt, size int64) (*schema.Schema, error) {
	text, err := readHeader(r, size)
	if err != nil {
		return nil, connect.DataErrorf("not an Avro file: %w", err)
	}
	s, err := f.data.ConnectSchema(text)
	if err != nil {
		return nil, connect.DataErrorf("the schema of an Avro file: %w", err)
	}
	return s, nil
}

// writer writes one file.
type writer struct {
	out   io.Writer
	enc   *avro.DataWriter
	codec codec
	sync  [syncSize]byte

	block []byte // values that are not in the file yet
	count int64
	frame []byte // a block as it stands in the file
}

// Write implements storage.RecordWriter.
func (w *writer) Write(d connect.Data) error {
	block, err := w.enc.Append(w.block, d.Value)
	if err != nil {
		return err
	}
	w.block = block
	w.count++
	if len(w.block) >= blockSize {
		return w.flush()
	}
	return nil
}

// Buffered implements storage.RecordWriter.
func (w *writer) Buffered() int64 { return int64(len(w.block)) }

// Close implements storage.RecordWriter.
func (w *writer) Close() error { return w.flush() }

func (w *writer) flush() error {
	if w.count == 0 {
		return nil
	}
	data, err := w.codec.compress(w.block)
	if err != nil {
		return fmt.Errorf("compress a block of an Avro file: %w", err)
	}
	w.frame = appendLong(w.frame[:0], w.count)
	w.frame = appendLong(w.frame, int64(len(data)))
	w.frame = append(append(w.frame, data...), w.sync[:]...)
	w.block, w.count = w.block[:0], 0
	if _, err := w.out.Write(w.frame); err != nil {
		return fmt.Errorf("write a block of an Avro file: %w", err)
	}
	return nil
}

func appendLong(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }
