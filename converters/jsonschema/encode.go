package jsonschema

import (
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jackson"
)

// encoder writes values as JsonSchemaData.fromConnectData and Jackson do.
type encoder struct {
	*mapping
	equal [2]*schema.Schema
}

// kindOf is indexed by schema type.
var kindOf = [...]schema.Kind{
	schema.Int8: schema.KindInt8, schema.Int16: schema.KindInt16, schema.Int32: schema.KindInt32,
	schema.Int64: schema.KindInt64, schema.Float32: schema.KindFloat32, schema.Float64: schema.KindFloat64,
	schema.Boolean: schema.KindBoolean, schema.String: schema.KindString, schema.Bytes: schema.KindBytes,
	schema.Array: schema.KindList, schema.Map: schema.KindMap, schema.StructType: schema.KindStruct,
}

// value appends a value; a null that Java leaves out is returned as it came.
func (e *encoder) value(dst []byte, s *schema.Schema, v schema.Value) ([]byte, error) {
	if v.IsNull() {
		switch {
		case s.Default != nil && !e.IgnoreDefaults:
			return e.value(dst, s, *s.Default)
		case s.Optional:
			return append(dst, "null"...), nil
		}
		return dst, nil
	}
	if s.Logical() {
		return jackson.AppendLogical(dst, s, v, e.numeric())
	}
	if v.Kind() != kindOf[s.Type] {
		return nil, connect.DataErrorf("Invalid type for %s: class %s", strings.ToUpper(s.Type.String()), v.Kind().JavaClass())
	}
	switch s.Type {
	case schema.String:
		return jackson.AppendText(dst, v.Text()), nil
	case schema.Bytes:
		return jackson.AppendBytes(dst, v.Bytes()), nil
	case schema.Boolean:
		return strconv.AppendBool(dst, v.Boolean()), nil
	case schema.Float32:
		return jackson.AppendFloat(dst, v.Float(), 32), nil
	case schema.Float64:
		return jackson.AppendFloat(dst, v.Float(), 64), nil
	case schema.Array:
		return e.list(dst, s, v.List())
	case schema.Map:
		return e.entries(dst, s, v.Map())
	case schema.StructType:
		return e.fields(dst, s, v.Struct())
	default:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	}
}

// orNull writes null for what Java leaves out, where it must not be left out.
func (e *encoder) orNull(dst []byte, s *schema.Schema, v schema.Value) ([]byte, error) {
	at := len(dst)
	out, err := e.value(dst, s, v)
	if err == nil && len(out) == at {
		out = append(out, "null"...)
	}
	return out, err
}

func (e *encoder) list(dst []byte, s *schema.Schema, items []schema.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.orNull(dst, s.Elem, item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (e *encoder) entries(dst []byte, s *schema.Schema, entries []schema.Entry) ([]byte, error) {
	object := stringKeys(s)
	first, last := byte('['), byte(']')
	if object {
		first, last = '{', '}'
	}
	dst = append(dst, first)
	var err error
	for i, m := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		if object {
			if m.Key.Kind() != schema.KindString {
				return nil, connect.DataErrorf("Invalid type for STRING: class %s", m.Key.Kind().JavaClass())
			}
			dst = append(jackson.AppendText(dst, m.Key.Text()), ':')
		} else {
			if dst, err = e.orNull(append(dst, `{"key":`...), s.Key, m.Key); err != nil {
				return nil, err
			}
			dst = append(dst, `,"value":`...)
		}
		if dst, err = e.orNull(dst, s.Elem, m.Value); err != nil {
			return nil, err
		}
		if !object {
			dst = append(dst, '}')
		}
	}
	return append(dst, last), nil
}

func (e *encoder) fields(dst []byte, s *schema.Schema, st *schema.Struct) ([]byte, error) {
	if st.Schema != s && e.equal != [2]*schema.Schema{st.Schema, s} {
		if !st.Schema.Equal(s) {
			return nil, connect.DataErrorf("Mismatching schema.")
		}
		e.equal = [2]*schema.Schema{st.Schema, s}
	}
	union := isUnion(s)
	if !union {
		dst = append(dst, '{')
	}
	first := true
	for i := range s.Fields {
		f := &s.Fields[i]
		v := st.Values[i]
		if v.IsNull() && f.Schema.Default != nil && !e.IgnoreDefaults {
			v = *f.Schema.Default
		}
		if union {
			if v.IsNull() {
				continue
			}
			return e.value(dst, f.Schema, v)
		}
		at := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		dst = append(jackson.AppendText(dst, f.Name), ':')
		named := len(dst)
		out, err := e.value(dst, f.Schema, v)
		if err != nil {
			return nil, err
		}
		if len(out) == named {
			dst = dst[:at] // a null that may not be one: Java leaves the field out
			continue
		}
		dst, first = out, false
	}
	if union {
		return e.value(dst, s, schema.Null())
	}
	return append(dst, '}'), nil
}
