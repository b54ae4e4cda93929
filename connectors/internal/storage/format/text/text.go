// Package text writes texts, one a line, as the StringFormat of the storage sinks.
package text

import (
	"fmt"
	"io"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
)

// bufferSize is how many bytes gather before they are written.
const bufferSize = 128 << 10

// Format writes .txt files in UTF-8, with \n after each text.
type Format struct{}

var _ storage.Format = Format{}

// Extension implements storage.Format.
func (Format) Extension() string { return ".txt" }

// Create implements storage.Format.
func (Format) Create(w io.Writer, _ *schema.Schema) (storage.RecordWriter, error) {
	return &writer{out: w}, nil
}

// Schema implements storage.Format: the files hold none.
func (Format) Schema(io.ReaderAt, int64) (*schema.Schema, error) { return nil, nil } //nolint:nilnil // No schema, as the doc comment says.

type writer struct {
	out io.Writer
	buf []byte
}

// Write implements storage.RecordWriter.
func (w *writer) Write(d connect.Data) error {
	if d.Value.Kind() != schema.KindString {
		return connect.DataErrorf("StringFormat writes texts; the value is of the class %s. Set value.converter to a StringConverter, or another format.class", d.Value.Kind().JavaClass())
	}
	w.buf = append(append(w.buf, d.Value.Bytes()...), '\n')
	if len(w.buf) >= bufferSize {
		return w.flush()
	}
	return nil
}

// Buffered implements storage.RecordWriter.
func (w *writer) Buffered() int64 { return int64(len(w.buf)) }

// Close implements storage.RecordWriter.
func (w *writer) Close() error { return w.flush() }

func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.out.Write(w.buf)
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("write a text file: %w", err)
	}
	return nil
}
