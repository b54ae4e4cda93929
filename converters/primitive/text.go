package primitive

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/internal/charset"
)

// The schemas of decoded data, which are shared and never change.
var (
	optionalString  = schema.OptionalOf(schema.String)
	optionalBytes   = schema.OptionalOf(schema.Bytes)
	optionalBoolean = schema.OptionalOf(schema.Boolean)
)

// text converts everything to its Java text, and reads text.
type text struct{ set charset.Set }

func (t *text) configure(cfg config.Map) error {
	name, given := cfg[encodingKey]
	if !given {
		return nil
	}
	set, ok := charset.Named(config.Trim(name))
	if !ok {
		return serializationError("Unsupported encoding %s", config.Trim(name))
	}
	t.set = set
	return nil
}

func (t *text) encode(dst []byte, d connect.Data) ([]byte, error) {
	switch {
	case d.Value.IsNull():
		return nil, nil
	case d.Value.Kind() == schema.KindString:
		return t.set.Append(dst, d.Value.Text()), nil
	case t.set == charset.UTF8:
		return d.Value.AppendText(dst), nil
	}
	return t.set.Append(dst, d.Value.String()), nil
}

func (t *text) decode(raw []byte, arena *schema.Arena) (connect.Data, error) {
	d := connect.Data{Schema: optionalString}
	switch {
	case raw == nil:
	case t.set.Valid(raw):
		d.Value = schema.TextValue(raw)
	default:
		d.Value = arena.CopyText(t.set.AppendDecoded(nil, raw))
	}
	return d, nil
}

// bytesCodec passes bytes through.
type bytesCodec struct{}

func (bytesCodec) configure(config.Map) error { return nil }

func (bytesCodec) encode(dst []byte, d connect.Data) ([]byte, error) {
	if d.Schema != nil && d.Schema.Type != schema.Bytes {
		return nil, connect.DataErrorf("Invalid schema type for ByteArrayConverter: %s", strings.ToUpper(d.Schema.Type.String()))
	}
	switch d.Value.Kind() {
	case schema.KindNull:
		return nil, nil
	case schema.KindBytes:
		return append(dst, d.Value.Bytes()...), nil
	}
	return nil, connect.DataErrorf("ByteArrayConverter is not compatible with objects of type class %s", d.Value.Kind().JavaClass())
}

func (bytesCodec) decode(raw []byte, _ *schema.Arena) (connect.Data, error) {
	d := connect.Data{Schema: optionalBytes}
	if raw != nil {
		d.Value = schema.BytesValue(raw)
	}
	return d, nil
}

// boolean is one byte, 0 or 1.
type boolean struct{}

func (boolean) configure(config.Map) error { return nil }

func (boolean) encode(dst []byte, d connect.Data) ([]byte, error) {
	if d.Schema != nil && d.Schema.Type != schema.Boolean {
		return nil, connect.DataErrorf("Invalid schema type for BooleanConverter: %s", strings.ToUpper(d.Schema.Type.String()))
	}
	switch {
	case d.Value.IsNull():
		return nil, nil
	case d.Value.Kind() != schema.KindBoolean:
		return nil, connect.DataErrorf("BooleanConverter is not compatible with objects of type class %s", d.Value.Kind().JavaClass())
	case d.Value.Boolean():
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func (boolean) decode(raw []byte, _ *schema.Arena) (connect.Data, error) {
	const failed = "Failed to deserialize boolean: "
	d := connect.Data{Schema: optionalBoolean}
	switch {
	case raw == nil:
	case len(raw) != 1:
		return connect.Data{}, dataError(failed, serializationError("Size of data received by BooleanDeserializer is not 1"))
	case raw[0] > 1:
		return connect.Data{}, dataError(failed, serializationError("Unexpected byte received by BooleanDeserializer: %d", int8(raw[0])))
	default:
		d.Value = schema.BooleanValue(raw[0] == 1)
	}
	return d, nil
}
