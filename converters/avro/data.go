package avro

import (
	"errors"

	"sluice/connect"
	"sluice/connect/schema"
)

// DataSettings says how schemas of Connect and of Avro correspond: the keys of the
// converter that have these names, the others having their defaults.
type DataSettings struct {
	Enhanced        bool // enhanced.avro.schema.support
	MetaData        bool // connect.meta.data
	OptionalMapKeys bool // allow.optional.map.keys
}

// Data turns Connect data into Avro without a registry, for sinks that write
// files: AvroData of the original. It does not change; any goroutine may use it.
type Data struct{ mapping mapping }

// NewData returns the Data of the settings.
func NewData(s DataSettings) *Data {
	return &Data{mapping{Enhanced: s.Enhanced, Meta: s.MetaData, OptionalKeys: s.OptionalMapKeys, Flatten: true}}
}

// DataWriter encodes values of one Connect schema. One goroutine at a time may use it.
type DataWriter struct {
	typ  *avroType
	text string
	root *writer
	enc  encoder
}

// Writer returns what writes values of the schema; nil is data without one. The
// error is a DataException for a schema that Avro cannot hold.
func (d *Data) Writer(s *schema.Schema) (*DataWriter, error) {
	m := d.mapping
	t, err := m.fromConnect(s)
	if err != nil {
		return nil, err
	}
	w := &DataWriter{typ: t}
	if w.text, err = t.text(); err != nil {
		return nil, err
	}
	if w.root, err = m.compile(s, t); err != nil {
		return nil, connect.DataErrorf("%w", err)
	}
	w.root.bare = false
	return w, nil
}

// Schema returns the text of the Avro schema, as the Java library prints it.
func (w *DataWriter) Schema() string { return w.text }

// Append appends the value in Avro's binary form, without a header. It allocates
// nothing where dst has room. A DataException says which field does not fit; dst
// is then to be cut back to its length.
func (w *DataWriter) Append(dst []byte, v schema.Value) ([]byte, error) {
	out, err := w.enc.value(dst, w.root, v)
	if err == nil {
		return out, nil
	}
	w.enc.order = w.enc.order[:0]
	e, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return dst, connect.DataErrorf("%w", err)
	}
	if at, ok := errors.AsType[*fieldError](err); ok {
		return dst, connect.DataErrorf("%s (field %s)", e.Message, at.path)
	}
	return dst, connect.DataErrorf("%s", e.Message)
}

// ConnectSchema returns the Connect schema of the text of an Avro schema; nil is
// that of data without one.
func (d *Data) ConnectSchema(text string) (*schema.Schema, error) {
	m := d.mapping
	p := parser{names: map[string]*avroType{}}
	t, err := p.parse(text)
	if err != nil {
		return nil, err
	}
	if t.same(m.anything(), nil) {
		return nil, nil //nolint:nilnil // Data without a schema.
	}
	r := reader{mapping: &m}
	s, _, err := r.build(t, place{})
	return s, err
}
