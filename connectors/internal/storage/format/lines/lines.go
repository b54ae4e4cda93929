// Package lines writes files of lines: what the formats JSON and text share.
package lines

import (
	"fmt"
	"io"

	"sluice/connect"
	"sluice/connectors/internal/storage"
)

// bufferSize is how many bytes gather before they are written.
const bufferSize = 128 << 10

// Writer writes a line for each record.
type Writer struct {
	out  io.Writer
	what string
	line func(dst []byte, d connect.Data) ([]byte, error)
	buf  []byte
}

var _ storage.RecordWriter = (*Writer)(nil)

// New returns a writer of what errors call the file, such as "a text file". line
// appends a record without its end; where it returns an error nothing is written.
func New(w io.Writer, what string, line func(dst []byte, d connect.Data) ([]byte, error)) *Writer {
	return &Writer{out: w, what: what, line: line}
}

// Write implements storage.RecordWriter.
func (w *Writer) Write(d connect.Data) error {
	out, err := w.line(w.buf, d)
	if err != nil {
		return err
	}
	w.buf = append(out, '\n')
	if len(w.buf) >= bufferSize {
		return w.flush()
	}
	return nil
}

// Buffered implements storage.RecordWriter.
func (w *Writer) Buffered() int64 { return int64(len(w.buf)) }

// Close implements storage.RecordWriter.
func (w *Writer) Close() error { return w.flush() }

func (w *Writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.out.Write(w.buf)
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("write %s: %w", w.what, err)
	}
	return nil
}
