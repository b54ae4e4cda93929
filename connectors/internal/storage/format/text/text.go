// Package text writes texts, one a line, as the StringFormat of the storage sinks.
package text

import (
	"io"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/format/lines"
)

// Format writes .txt files in UTF-8, with \n after each text.
type Format struct{}

var _ storage.Format = Format{}

// Extension implements storage.Format.
func (Format) Extension() string { return ".txt" }

// Create implements storage.Format.
func (Format) Create(w io.Writer, _ *schema.Schema) (storage.RecordWriter, error) {
	return lines.New(w, "a text file", line), nil
}

// Schema implements storage.Format: the files hold none.
func (Format) Schema(io.ReaderAt, int64) (*schema.Schema, error) { return nil, nil } //nolint:nilnil // No schema, as the doc comment says.

func line(dst []byte, d connect.Data) ([]byte, error) {
	if d.Value.Kind() != schema.KindString {
		return nil, connect.DataErrorf("StringFormat writes texts; the value is of the class %s. Set value.converter to a StringConverter, or another format.class", d.Value.Kind().JavaClass())
	}
	return append(dst, d.Value.Bytes()...), nil
}
