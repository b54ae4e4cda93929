package primitive

import (
	"encoding/binary"
	"fmt"
	"math"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// number is the converter of one type of number: big-endian, of fixed size.
type number struct {
	class  string // simple name of the converter's class
	name   string // of the type in errors
	reader string // the class that Java's error about a wrong size names
	kind   schema.Kind
	size   int
	schema *schema.Schema
}

var numbers = [...]*number{
	{"ShortConverter", "short", "ShortDeserializer", schema.KindInt16, 2, schema.OptionalOf(schema.Int16)},
	{"IntegerConverter", "integer", "IntegerDeserializer", schema.KindInt32, 4, schema.OptionalOf(schema.Int32)},
	{"LongConverter", "long", "LongDeserializer", schema.KindInt64, 8, schema.OptionalOf(schema.Int64)},
	{"FloatConverter", "float", "Deserializer", schema.KindFloat32, 4, schema.OptionalOf(schema.Float32)},
	{"DoubleConverter", "double", "Deserializer", schema.KindFloat64, 8, schema.OptionalOf(schema.Float64)},
}

// javaNaN is what Double.doubleToLongBits gives for every NaN. Floats keep their bits.
const javaNaN = 0x7FF8000000000000

func (*number) configure(config.Map) error { return nil }

func (n *number) encode(dst []byte, d connect.Data) ([]byte, error) {
	v := d.Value
	switch {
	case v.IsNull():
		return nil, nil
	case v.Kind() != n.kind:
		return nil, n.castError(v.Kind())
	}
	switch n.kind {
	case schema.KindInt16:
		return binary.BigEndian.AppendUint16(dst, uint16(v.Int())), nil
	case schema.KindInt32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Int())), nil
	case schema.KindInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Int())), nil
	case schema.KindFloat32:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.Float()))), nil
	}
	f := v.Float()
	if math.IsNaN(f) {
		return binary.BigEndian.AppendUint64(dst, javaNaN), nil
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f)), nil
}

func (n *number) decode(raw []byte, _ *schema.Arena) (connect.Data, error) {
	d := connect.Data{Schema: n.schema}
	if raw == nil {
		return d, nil
	}
	if len(raw) != n.size {
		return connect.Data{}, dataError("Failed to deserialize "+n.name+": ",
			serializationError("Size of data received by %s is not %d", n.reader, n.size))
	}
	switch n.kind {
	case schema.KindInt16:
		d.Value = schema.Int16Value(int16(binary.BigEndian.Uint16(raw)))
	case schema.KindInt32:
		d.Value = schema.Int32Value(int32(binary.BigEndian.Uint32(raw)))
	case schema.KindInt64:
		d.Value = schema.Int64Value(int64(binary.BigEndian.Uint64(raw)))
	case schema.KindFloat32:
		d.Value = schema.Float32Value(math.Float32frombits(binary.BigEndian.Uint32(raw)))
	default:
		d.Value = schema.Float64Value(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	}
	return d, nil
}

// castError is Java's error for a value of another class, with the words of the
// JVM as its cause.
func (n *number) castError(k schema.Kind) error {
	from, to := k.JavaClass(), n.kind.JavaClass()
	number := k >= schema.KindInt8 && k <= schema.KindFloat64 || k == schema.KindDecimal
	if !number {
		to = "java.lang.Number"
	}
	const base = "in module java.base of loader 'bootstrap'"
	where := fmt.Sprintf("%s and %s are %s", from, to, base)
	if k == schema.KindStruct {
		where = fmt.Sprintf("%s is in unnamed module of loader 'app'; %s is %s", from, to, base)
	}
	return dataError(fmt.Sprintf("Failed to serialize to %s (was class %s): ", n.name, from),
		connect.ClassErrorf("java.lang.ClassCastException", "class %s cannot be cast to class %s (%s)", from, to, where))
}
