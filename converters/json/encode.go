package json

import (
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jackson"
)

// encoder writes values as JsonConverter.convertToJson and Jackson do.
type encoder struct {
	numeric bool // decimals as numbers
	replace bool // defaults stand in for nulls
	// equal is the last pair of schemas found to be the same.
	equal [2]*schema.Schema
}

func (e *encoder) value(dst []byte, s *schema.Schema, v schema.Value) ([]byte, error) {
	if v.IsNull() {
		return e.null(dst, s)
	}
	if s == nil {
		return e.schemaless(dst, v)
	}
	if s.Name != "" && s.Logical() {
		return jackson.AppendLogical(dst, s, v, e.numeric)
	}
	want := kindOf[s.Type]
	if v.Kind() != want {
		if s.Type == schema.Bytes {
			return nil, connect.DataErrorf("Invalid type for bytes type: class %s", v.Kind().JavaClass())
		}
		return nil, connect.DataErrorf("Invalid type for %s: class %s", strings.ToUpper(s.Type.String()), v.Kind().JavaClass())
	}
	switch s.Type {
	case schema.Array:
		return e.list(dst, s.Elem, v.List())
	case schema.Map:
		if s.Key == nil {
			return nil, connect.ClassErrorf(nullPointer, "the key schema of a map is null")
		}
		return e.entries(dst, s.Key, s.Elem, v.Map(), s.Key.Type == schema.String)
	case schema.StructType:
		return e.fields(dst, s, v.Struct())
	default:
		return appendScalar(dst, v), nil
	}
}

const nullPointer = "java.lang.NullPointerException"

// kindOf is indexed by schema type; logical types are dealt with before.
var kindOf = [...]schema.Kind{
	schema.Int8: schema.KindInt8, schema.Int16: schema.KindInt16, schema.Int32: schema.KindInt32,
	schema.Int64: schema.KindInt64, schema.Float32: schema.KindFloat32, schema.Float64: schema.KindFloat64,
	schema.Boolean: schema.KindBoolean, schema.String: schema.KindString, schema.Bytes: schema.KindBytes,
	schema.Array: schema.KindList, schema.Map: schema.KindMap, schema.StructType: schema.KindStruct,
}

func (e *encoder) null(dst []byte, s *schema.Schema) ([]byte, error) {
	switch {
	case s == nil:
	case s.Default != nil && e.replace:
		return e.value(dst, s, *s.Default)
	case !s.Optional:
		return nil, connect.DataErrorf("Conversion error: null value for field that is required and has no default value")
	}
	return append(dst, "null"...), nil
}

func (e *encoder) schemaless(dst []byte, v schema.Value) ([]byte, error) {
	switch v.Kind() {
	case schema.KindList:
		return e.list(dst, nil, v.List())
	case schema.KindMap:
		object := true
		for _, m := range v.Map() {
			object = object && m.Key.Kind() == schema.KindString
		}
		return e.entries(dst, nil, nil, v.Map(), object)
	case schema.KindStruct:
		return nil, connect.DataErrorf("Mismatching schema.")
	case schema.KindDecimal, schema.KindInstant:
		return nil, connect.DataErrorf("Java class class %s does not have corresponding schema type.", v.Kind().JavaClass())
	default:
		return appendScalar(dst, v), nil
	}
}

func appendScalar(dst []byte, v schema.Value) []byte {
	switch v.Kind() {
	case schema.KindString:
		return jackson.AppendText(dst, v.Text())
	case schema.KindBytes:
		return jackson.AppendBytes(dst, v.Bytes())
	case schema.KindFloat32, schema.KindFloat64:
		bits := 64
		if v.Kind() == schema.KindFloat32 {
			bits = 32
		}
		return jackson.AppendFloat(dst, v.Float(), bits)
	case schema.KindBoolean:
		return strconv.AppendBool(dst, v.Boolean())
	default:
		return strconv.AppendInt(dst, v.Int(), 10)
	}
}

func (e *encoder) list(dst []byte, elem *schema.Schema, items []schema.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.value(dst, elem, item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// entries writes a map as an object, or as an array of pairs.
func (e *encoder) entries(dst []byte, key, elem *schema.Schema, entries []schema.Entry, object bool) ([]byte, error) {
	first, between, last := byte('['), byte(','), byte(']')
	if object {
		first, between, last = '{', ':', '}'
	}
	dst = append(dst, first)
	var err error
	for i, m := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		if object {
			dst, err = e.name(dst, key, m.Key)
		} else {
			dst, err = e.value(append(dst, '['), key, m.Key)
		}
		if err != nil {
			return nil, err
		}
		if dst, err = e.value(append(dst, between), elem, m.Value); err != nil {
			return nil, err
		}
		if !object {
			dst = append(dst, ']')
		}
	}
	return append(dst, last), nil
}

// name writes a key as a member's name: what is no text, such as null, in quotes.
func (e *encoder) name(dst []byte, s *schema.Schema, v schema.Value) ([]byte, error) {
	at := len(dst)
	dst, err := e.value(dst, s, v)
	if err != nil || dst[at] == '"' {
		return dst, err
	}
	dst = append(dst, 0, '"')
	copy(dst[at+1:], dst[at:len(dst)-2])
	dst[at] = '"'
	return dst, nil
}

func (e *encoder) fields(dst []byte, s *schema.Schema, st *schema.Struct) ([]byte, error) {
	if st.Schema != s && e.equal != [2]*schema.Schema{st.Schema, s} {
		if !st.Schema.Equal(s) {
			return nil, connect.DataErrorf("Mismatching schema.")
		}
		e.equal = [2]*schema.Schema{st.Schema, s}
	}
	dst = append(dst, '{')
	var err error
	for i := range s.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		f := &s.Fields[i]
		dst = append(jackson.AppendText(dst, f.Name), ':')
		if dst, err = e.value(dst, f.Schema, st.Values[i]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
