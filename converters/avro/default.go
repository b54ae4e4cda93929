package avro

import (
	"math"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
	"sluice/converters/internal/jsontree"
)

// defaultNode returns a default of Connect as Avro writes it.
func (m *mapping) defaultNode(s *schema.Schema, v schema.Value) (*jsontree.Node, error) {
	if v.IsNull() {
		return &jsontree.Node{}, nil
	}
	if v.Kind() != schema.KindOf(s) {
		return nil, connect.DataErrorf("Invalid type used for default value of %s field: class %s", strings.ToUpper(s.Type.String()), v.Kind().JavaClass())
	}
	switch s.Type {
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64:
		n, err := values.FromInstant(s.Name, v.Int())
		return jsontree.NewInt(n), err
	case schema.Float32, schema.Float64:
		bits := 64
		if s.Type == schema.Float32 {
			bits = 32
		}
		return floatNode(v.Float(), bits), nil
	case schema.Boolean:
		return jsontree.NewBoolean(v.Boolean()), nil
	case schema.String:
		return jsontree.NewString(v.Text()), nil
	case schema.Bytes:
		b := v.Bytes()
		if s.Name == schema.DecimalName {
			var err error
			if b, err = values.AppendDecimal(nil, s, v.Decimal()); err != nil {
				return nil, err
			}
		}
		return jsontree.NewString(latin1(b)), nil
	case schema.Array:
		out := &jsontree.Node{Kind: jsontree.Array}
		for _, item := range v.List() {
			n, err := m.defaultNode(s.Elem, item)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, n)
		}
		return out, nil
	case schema.Map:
		return m.defaultMap(s, v)
	case schema.StructType:
		return m.defaultStruct(s, v.Struct())
	}
	return nil, connect.DataErrorf("Unknown schema type:%s", s.Type)
}

// floatNode writes what JSON has no number for as a text, as Jackson does.
func floatNode(f float64, bits int) *jsontree.Node {
	text := string(schema.AppendFloat(nil, f, bits))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return jsontree.NewString(text)
	}
	return &jsontree.Node{Kind: jsontree.Number, Text: text}
}

func (m *mapping) defaultMap(s *schema.Schema, v schema.Value) (*jsontree.Node, error) {
	out := &jsontree.Node{Kind: jsontree.Array}
	if m.stringKeys(s) {
		out.Kind = jsontree.Object
	}
	for _, e := range v.Map() {
		n, err := m.defaultNode(s.Elem, e.Value)
		if err != nil {
			return nil, err
		}
		if out.Kind == jsontree.Object {
			out.Put(e.Key.Text(), n)
			continue
		}
		k, err := m.defaultNode(s.Key, e.Key)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, &jsontree.Node{Kind: jsontree.Array, Items: []*jsontree.Node{k, n}})
	}
	return out, nil
}

func (m *mapping) defaultStruct(s *schema.Schema, st *schema.Struct) (*jsontree.Node, error) {
	out := jsontree.NewObject()
	for i := range s.Fields {
		at := st.Schema.FieldIndex(s.Fields[i].Name)
		if at < 0 {
			return nil, connect.DataErrorf("Mismatching struct schema")
		}
		n, err := m.defaultNode(s.Fields[i].Schema, st.At(at))
		if err != nil || isUnion(s) {
			return n, err
		}
		out.Put(m.scrubbed(s.Fields[i].Name), n)
	}
	return out, nil
}

// latin1 is the text whose characters have the codes of the bytes.
func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func fromLatin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

// defaultValue returns a default of Avro as a value of the Connect schema.
func (m *mapping) defaultValue(s *schema.Schema, t *avroType, n *jsontree.Node) (schema.Value, error) {
	if n == nil || n.Kind == jsontree.Null {
		return schema.Null(), nil
	}
	bad := func() (schema.Value, error) {
		return schema.Null(), connect.DataErrorf("the default %s does not fit the Avro type %s", n, t.fullName())
	}
	switch t.kind {
	case boolean:
		if n.Kind != jsontree.Boolean {
			return bad()
		}
		return schema.BooleanValue(n.Text == "true"), nil
	case intKind, long:
		i, err := strconv.ParseInt(n.Text, 10, 64)
		if n.Kind != jsontree.Number || err != nil {
			return bad()
		}
		return integerValue(s, i), nil
	case float, double:
		f, err := strconv.ParseFloat(n.Text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return bad()
		}
		if s.Type == schema.Float32 {
			return schema.Float32Value(float32(f)), nil
		}
		return schema.Float64Value(f), nil
	case stringKind, enum:
		if n.Kind != jsontree.String {
			return bad()
		}
		return schema.StringValue(n.Text), nil
	case bytesKind, fixed:
		if n.Kind != jsontree.String {
			return bad()
		}
		b := fromLatin1(n.Text)
		if s.Name == schema.DecimalName {
			return decimalValue(s, b)
		}
		return schema.BytesValue(b), nil
	case array:
		return m.defaultList(s, t, n)
	case mapKind:
		if n.Kind != jsontree.Object {
			return bad()
		}
		var entries []schema.Entry
		for _, member := range n.Members {
			v, err := m.defaultValue(s.Elem, t.elem, member.Value)
			if err != nil {
				return v, err
			}
			entries = append(entries, schema.Entry{Key: schema.StringValue(member.Name), Value: v})
		}
		return schema.MapValue(entries), nil
	case record:
		return m.defaultRecord(s, t, n)
	}
	return bad()
}

func (m *mapping) defaultList(s *schema.Schema, t *avroType, n *jsontree.Node) (schema.Value, error) {
	if n.Kind != jsontree.Array || s.Type != schema.Array {
		return schema.Null(), connect.DataErrorf("Invalid JSON for array default value")
	}
	var items []schema.Value
	for _, item := range n.Items {
		v, err := m.defaultValue(s.Elem, t.elem, item)
		if err != nil {
			return v, err
		}
		items = append(items, v)
	}
	return schema.ListValue(items), nil
}

func (m *mapping) defaultRecord(s *schema.Schema, t *avroType, n *jsontree.Node) (schema.Value, error) {
	if n.Kind != jsontree.Object || s.Type != schema.StructType {
		return schema.Null(), connect.DataErrorf("Invalid JSON for record default value")
	}
	st := schema.NewStruct(s)
	for i := range s.Fields {
		f := s.Fields[i]
		inner := t.fields[i].typ
		given := n.Get(t.fields[i].name)
		if given == nil {
			if f.Schema.Default != nil {
				st.Values[i] = *f.Schema.Default
			}
			continue
		}
		if inner.kind == union && len(inner.branches) > 0 {
			inner = inner.branches[0] // the one that Avro takes defaults for
		}
		if inner.kind == null {
			continue
		}
		v, err := m.defaultValue(f.Schema, inner, given)
		if err != nil {
			return v, err
		}
		st.Values[i] = v
	}
	return schema.StructValue(st), nil
}

// integerValue is the value of an integer schema for the number in Avro.
func integerValue(s *schema.Schema, n int64) schema.Value {
	switch s.Name {
	case schema.DateName:
		return schema.InstantValue(n * schema.MillisPerDay)
	case schema.TimeName, schema.TimestampName:
		return schema.InstantValue(n)
	}
	switch s.Type {
	case schema.Int8:
		return schema.Int8Value(int8(n))
	case schema.Int16:
		return schema.Int16Value(int16(n))
	case schema.Int64:
		return schema.Int64Value(n)
	default:
		return schema.Int32Value(int32(n))
	}
}

func decimalValue(s *schema.Schema, b []byte) (schema.Value, error) {
	if len(b) == 0 {
		return schema.Null(), connect.DataErrorf("Zero length BigInteger")
	}
	scale, err := values.ScaleOf(s)
	if err != nil {
		return schema.Null(), err
	}
	return schema.DecimalValue(schema.DecimalOfBytes(b, scale)), nil
}
