// Package json writes values as JSON, one a line, as the JsonFormat of the storage
// sinks: structs as JsonConverter does without schemas, everything else as Jackson
// does.
package json

import (
	"io"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/format/lines"
	"sluice/converters/json"
)

// Format writes .json files.
type Format struct{ settings config.Map }

var _ storage.Format = (*Format)(nil)

// New returns the format. decimals is BASE64 or NUMERIC (json.decimal.format of
// some sinks); "" is BASE64. The error is a *config.Error.
func New(decimals string) (*Format, error) {
	f := &Format{settings: config.Map{"schemas.enable": "false"}}
	if decimals != "" {
		f.settings["decimal.format"] = decimals
	}
	return f, new(json.Converter).Configure(f.settings, false)
}

// Extension implements storage.Format.
func (*Format) Extension() string { return ".json" }

// Create implements storage.Format.
func (f *Format) Create(w io.Writer, _ *schema.Schema) (storage.RecordWriter, error) {
	var texts writer
	return lines.New(w, "a JSON file", texts.line), texts.structs.Configure(f.settings, false)
}

// Schema implements storage.Format: the files hold none.
func (*Format) Schema(io.ReaderAt, int64) (*schema.Schema, error) { return nil, nil } //nolint:nilnil // No schema, as the doc comment says.

// writer makes the text of a line.
type writer struct{ structs json.Converter }

func (w *writer) line(dst []byte, d connect.Data) ([]byte, error) {
	out, err := w.value(dst, d.Value)
	if err != nil {
		return nil, connect.DataErrorf("%w", err)
	}
	return out, nil
}

// value appends what ObjectMapper.writeValue of Jackson makes of the Java object.
func (w *writer) value(dst []byte, v schema.Value) ([]byte, error) {
	switch v.Kind() {
	case schema.KindStruct:
		return w.structs.AppendEncode(dst, "", nil, connect.Data{Schema: v.Struct().Schema, Value: v})
	case schema.KindList:
		return w.list(dst, v.List())
	case schema.KindMap:
		return w.entries(dst, v.Map())
	case schema.KindDecimal:
		return v.Decimal().AppendText(dst), nil
	case schema.KindInstant:
		return schema.Int64Value(v.Int()).AppendText(dst), nil
	default:
		return json.AppendSchemaless(dst, v)
	}
}

func (w *writer) list(dst []byte, items []schema.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = w.value(dst, item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (w *writer) entries(dst []byte, entries []schema.Entry) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		name := e.Key
		switch name.Kind() {
		case schema.KindString:
		case schema.KindNull:
			return nil, connect.DataErrorf("Null key for a Map not allowed in JSON (use a converting NullKeySerializer?)")
		default:
			name = schema.StringValue(name.String())
		}
		if dst, err = json.AppendSchemaless(dst, name); err != nil {
			return nil, err
		}
		if dst, err = w.value(append(dst, ':'), e.Value); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
