package avro

import (
	"encoding/binary"
	"math"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
	"sluice/converters/internal/javahash"
)

// writeOp is what a node of a writing program does.
type writeOp uint8

const (
	writeInteger writeOp = iota // int and long
	writeFloat
	writeDouble
	writeBoolean
	writeString
	writeBytes
	writeFixed
	writeDecimal
	writeFixedDecimal
	writeEnum
	writeArray
	writeMap
	writePairs
	writeRecord
	writeUnionStruct
	writeAnything
)

// writer is a step of the program that writes values of one Connect schema as one
// Avro type.
type writer struct {
	op     writeOp
	schema *schema.Schema // nil is any
	// want is the kind that values have.
	want schema.Kind
	// before is written before a value: the branch of its union; null is written
	// for a null, nil where there is no branch for it.
	before, null []byte
	nodes        []writer
	// fields says where the value of each Avro field stands in the struct; -1 is
	// not at all, and then its default is written.
	fields    []int
	fallbacks [][]byte
	symbols   []string
	size      int
	scale     int32
	bare      bool // bytes without their length, as the whole of a record
}

// encoder writes values.
type encoder struct {
	ignoreDefaults bool
	equal          [2]*schema.Schema
	order          []javahash.Slot
}

func appendLong(dst []byte, n int64) []byte {
	return binary.AppendUvarint(dst, uint64(n<<1)^uint64(n>>63))
}

func invalidType(s *schema.Schema, v schema.Value) error {
	name := "null"
	if s != nil {
		name = strings.ToUpper(s.Type.String())
	}
	if s != nil && s.Logical() {
		short := s.Name[strings.LastIndexByte(s.Name, '.')+1:]
		expected := "Date"
		if short == "Decimal" {
			expected = "BigDecimal"
		}
		return connect.DataErrorf("Invalid type for %s, expected %s but was class %s", short, expected, v.Kind().JavaClass())
	}
	return connect.DataErrorf("Invalid type for %s: class %s", name, v.Kind().JavaClass())
}

func (e *encoder) value(dst []byte, n *writer, v schema.Value) ([]byte, error) {
	if v.IsNull() && n.op != writeAnything {
		return e.absent(dst, n)
	}
	dst = append(dst, n.before...)
	if v.Kind() != n.want && n.op != writeAnything {
		return nil, invalidType(n.schema, v)
	}
	switch n.op {
	case writeInteger:
		i := v.Int()
		if n.want == schema.KindInstant {
			var err error
			if i, err = values.FromInstant(n.schema.Name, i); err != nil {
				return nil, err
			}
		}
		return appendLong(dst, i), nil
	case writeFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Float()))), nil
	case writeDouble:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
	case writeBoolean:
		if v.Boolean() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case writeString, writeBytes:
		b := v.Bytes()
		if n.bare {
			return append(dst, b...), nil
		}
		return append(appendLong(dst, int64(len(b))), b...), nil
	case writeFixed:
		if len(v.Bytes()) != n.size {
			return nil, connect.DataErrorf("Fixed size %d of the Avro type %s does not hold %d bytes", n.size, n.schema.Name, len(v.Bytes()))
		}
		return append(dst, v.Bytes()...), nil
	case writeDecimal, writeFixedDecimal:
		return e.decimal(dst, n, v.Decimal())
	case writeEnum:
		return e.enum(dst, n, v)
	case writeRecord:
		return e.record(dst, n, v.Struct())
	case writeArray:
		return e.list(dst, n, v.List())
	case writeMap, writePairs:
		return e.entries(dst, n, v.Map())
	case writeUnionStruct:
		return e.unionStruct(dst, n, v.Struct())
	default:
		return e.anything(dst, v)
	}
}

func (e *encoder) absent(dst []byte, n *writer) ([]byte, error) {
	if n.schema != nil && !n.schema.Optional {
		return nil, connect.DataErrorf("Found null value for non-optional schema")
	}
	if n.null == nil {
		return nil, connect.ClassErrorf("java.lang.NullPointerException", "null value for a type of the Avro schema that holds none")
	}
	return append(dst, n.null...), nil
}

func (e *encoder) decimal(dst []byte, n *writer, d *schema.Decimal) ([]byte, error) {
	if err := values.CheckScale(n.scale, d); err != nil {
		return nil, err
	}
	var room [32]byte
	b := d.AppendUnscaled(room[:0])
	switch {
	case n.op == writeDecimal && n.bare:
		return append(dst, b...), nil
	case n.op == writeDecimal:
		return append(appendLong(dst, int64(len(b))), b...), nil
	case len(b) > n.size:
		return nil, connect.DataErrorf("Unscaled value byte array length %d is greater than fixed size %d", len(b), n.size)
	}
	sign := byte(0)
	if d.Unscaled.Sign() < 0 {
		sign = 0xFF
	}
	for range n.size - len(b) {
		dst = append(dst, sign)
	}
	return append(dst, b...), nil
}

func (e *encoder) enum(dst []byte, n *writer, v schema.Value) ([]byte, error) {
	text := v.Text()
	for i, s := range n.symbols {
		if s == text {
			return appendLong(dst, int64(i)), nil
		}
	}
	return nil, connect.ClassErrorf("org.apache.avro.AvroTypeException", "enum value '%s' is not in the enum symbol set: [%s]", text, strings.Join(n.symbols, ", "))
}

// check reports whether the struct is of the schema.
func (e *encoder) check(s *schema.Schema, st *schema.Struct) error {
	if st.Schema == s || e.equal == [2]*schema.Schema{st.Schema, s} {
		return nil
	}
	if !st.Schema.Equal(s) {
		return connect.DataErrorf("Mismatching struct schema")
	}
	e.equal = [2]*schema.Schema{st.Schema, s}
	return nil
}

func (e *encoder) record(dst []byte, n *writer, st *schema.Struct) ([]byte, error) {
	if err := e.check(n.schema, st); err != nil {
		return nil, err
	}
	var err error
	for i := range n.fields {
		at := n.fields[i]
		if at < 0 {
			dst = append(dst, n.fallbacks[i]...)
			continue
		}
		if dst, err = e.value(dst, &n.nodes[i], e.at(n.schema, st, at)); err != nil {
			return nil, within(n.schema.Fields[at].Name, err)
		}
	}
	return dst, nil
}

// at is the member of a struct, or its default.
func (e *encoder) at(s *schema.Schema, st *schema.Struct, i int) schema.Value {
	v := st.Values[i]
	if v.IsNull() && !e.ignoreDefaults {
		if d := s.Fields[i].Schema.Default; d != nil {
			return *d
		}
	}
	return v
}

func (e *encoder) unionStruct(dst []byte, n *writer, st *schema.Struct) ([]byte, error) {
	if err := e.check(n.schema, st); err != nil {
		return nil, err
	}
	for i := range n.schema.Fields {
		if v := e.at(n.schema, st, i); !v.IsNull() {
			out, err := e.value(dst, &n.nodes[i], v)
			if err != nil {
				err = within(n.schema.Fields[i].Name, err)
			}
			return out, err
		}
	}
	return e.absent(dst, n)
}

func (e *encoder) list(dst []byte, n *writer, items []schema.Value) ([]byte, error) {
	if len(items) == 0 {
		return append(dst, 0), nil
	}
	dst = appendLong(dst, int64(len(items)))
	var err error
	for _, item := range items {
		if dst, err = e.value(dst, &n.nodes[0], item); err != nil {
			return nil, err
		}
	}
	return append(dst, 0), nil
}

func (e *encoder) entries(dst []byte, n *writer, entries []schema.Entry) ([]byte, error) {
	if len(entries) == 0 {
		return append(dst, 0), nil
	}
	dst = appendLong(dst, int64(len(entries)))
	base := len(e.order)
	if n.op == writeMap {
		// AvroData puts the entries into a HashMap, which has an order of its own.
		e.order = javahash.Append(e.order, len(entries), func(i int) string { return entries[i].Key.Text() })
	}
	var err error
	for i := range entries {
		at := i
		if n.op == writeMap {
			at = e.order[base+i].At
		}
		entry := &entries[at]
		if n.op == writePairs {
			if dst, err = e.value(dst, &n.nodes[0], entry.Key); err != nil {
				return nil, err
			}
			if dst, err = e.value(dst, &n.nodes[1], entry.Value); err != nil {
				return nil, err
			}
			continue
		}
		if entry.Key.Kind() != schema.KindString {
			return nil, invalidType(n.schema, entry.Key)
		}
		dst = append(appendLong(dst, int64(len(entry.Key.Bytes()))), entry.Key.Bytes()...)
		if dst, err = e.value(dst, &n.nodes[0], entry.Value); err != nil {
			return nil, err
		}
	}
	e.order = e.order[:base]
	return append(dst, 0), nil
}

// anything writes data without a schema: a record of nullable fields, of which
// the one that fits holds it.
func (e *encoder) anything(dst []byte, v schema.Value) ([]byte, error) {
	place := -1
	switch v.Kind() {
	case schema.KindNull:
	case schema.KindBoolean:
		place = 0
	case schema.KindFloat64:
		place = 2
	case schema.KindFloat32:
		place = 3
	case schema.KindInt8, schema.KindInt16, schema.KindInt32:
		place = 4
	case schema.KindInt64:
		place = 5
	case schema.KindString:
		place = 6
	case schema.KindList:
		place = 7
	case schema.KindMap:
		place = 8
	default:
		return nil, connect.DataErrorf("Unknown Java type for schemaless data: class %s", v.Kind().JavaClass())
	}
	for i := range anythingFields {
		if i != place {
			dst = append(dst, 0)
			continue
		}
		var err error
		n := writer{op: anythingWrites[i], want: v.Kind(), nodes: []writer{{op: writeAnything}, {op: writeAnything}}}
		if dst, err = e.value(append(dst, 2), &n, v); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

var anythingWrites = [...]writeOp{
	writeBoolean, writeBytes, writeDouble, writeFloat, writeInteger, writeInteger, writeString, writeArray, writePairs,
}
