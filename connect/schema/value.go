package schema

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"unsafe"
)

// Kind says what a Value holds. It can differ from the schema's type: a value
// of a Decimal schema (type bytes) is a KindDecimal, one of a Timestamp schema
// (type int64) a KindInstant.
type Kind uint8

// The kinds of values. KindNull is the zero Kind.
const (
	KindNull Kind = iota
	KindBoolean
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindFloat32
	KindFloat64
	KindString
	KindBytes
	KindList
	KindMap
	KindStruct
	KindDecimal
	KindInstant
)

// kindNames is indexed by Kind.
var kindNames = [...]string{
	"null", "boolean", "int8", "int16", "int32", "int64", "float32", "float64", "string", "bytes",
	"list", "map", "struct", "decimal", "instant",
}

// String names the kind for people.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// javaClasses is indexed by Kind: the class that Java has for such a value, as
// its error texts name it.
var javaClasses = [...]string{
	"null", "java.lang.Boolean", "java.lang.Byte", "java.lang.Short", "java.lang.Integer", "java.lang.Long",
	"java.lang.Float", "java.lang.Double", "java.lang.String", "[B", "java.util.ArrayList", "java.util.HashMap",
	"org.apache.kafka.connect.data.Struct", "java.math.BigDecimal", "java.util.Date",
}

// JavaClass returns the name of the Java class that holds such values; texts of
// errors that clients match contain it.
func (k Kind) JavaClass() string { return javaClasses[k] }

// Value is one datum: a tagged union of 24 bytes. The zero Value is null.
//
// A Value does not own what it points to: bytes, text and nested values may lie
// in the arena of a batch, and are then gone when the batch is reset. Who keeps
// a Value longer calls [Value.Clone]. Values are not comparable with ==; use
// [Value.Equal].
type Value struct {
	_    [0]func()
	ptr  unsafe.Pointer
	num  uint64
	kind Kind
}

// Entry is a member of a map value. Maps keep the order of their entries.
type Entry struct {
	Key, Value Value
}

// Decimal is an unscaled integer and a scale, as java.math.BigDecimal: the
// number is Unscaled * 10^-Scale.
type Decimal struct {
	Unscaled *big.Int
	Scale    int32
}

// Null is the null value.
func Null() Value { return Value{} }

// BooleanValue returns a boolean.
func BooleanValue(b bool) Value {
	v := Value{kind: KindBoolean}
	if b {
		v.num = 1
	}
	return v
}

// Int8Value returns an int8.
func Int8Value(n int8) Value { return Value{kind: KindInt8, num: uint64(n)} }

// Int16Value returns an int16.
func Int16Value(n int16) Value { return Value{kind: KindInt16, num: uint64(n)} }

// Int32Value returns an int32.
func Int32Value(n int32) Value { return Value{kind: KindInt32, num: uint64(n)} }

// Int64Value returns an int64.
func Int64Value(n int64) Value { return Value{kind: KindInt64, num: uint64(n)} }

// Float32Value returns a float32.
func Float32Value(f float32) Value { return Value{kind: KindFloat32, num: uint64(math.Float32bits(f))} }

// Float64Value returns a float64. The NaN of Go becomes that of Java, whose bits
// Avro and Protobuf show.
func Float64Value(f float64) Value {
	bits := math.Float64bits(f)
	if bits == goNaN {
		bits = javaNaN
	}
	return Value{kind: KindFloat64, num: bits}
}

const (
	goNaN   = 0x7FF8000000000001
	javaNaN = 0x7FF8000000000000
)

// StringValue returns a text, which it does not copy.
func StringValue(s string) Value {
	return Value{kind: KindString, ptr: unsafe.Pointer(unsafe.StringData(s)), num: uint64(len(s))}
}

// TextValue returns a text whose bytes are b itself: b must not change while
// the value is in use.
func TextValue(b []byte) Value {
	return Value{kind: KindString, ptr: unsafe.Pointer(unsafe.SliceData(b)), num: uint64(len(b))}
}

// BytesValue returns bytes, which it does not copy. A nil slice is empty, not null.
func BytesValue(b []byte) Value {
	return Value{kind: KindBytes, ptr: unsafe.Pointer(unsafe.SliceData(b)), num: uint64(len(b))}
}

// ListValue returns a list of the items, which it does not copy.
func ListValue(items []Value) Value {
	return Value{kind: KindList, ptr: unsafe.Pointer(unsafe.SliceData(items)), num: uint64(len(items))}
}

// MapValue returns a map of the entries, which it does not copy. Keys that
// occur twice are the caller's fault.
func MapValue(entries []Entry) Value {
	return Value{kind: KindMap, ptr: unsafe.Pointer(unsafe.SliceData(entries)), num: uint64(len(entries))}
}

// StructValue returns the struct as a value; a nil struct is null.
func StructValue(s *Struct) Value {
	if s == nil {
		return Value{}
	}
	return Value{kind: KindStruct, ptr: unsafe.Pointer(s)}
}

// DecimalValue returns a decimal, which it does not copy; nil is null.
func DecimalValue(d *Decimal) Value {
	if d == nil {
		return Value{}
	}
	return Value{kind: KindDecimal, ptr: unsafe.Pointer(d)}
}

// InstantValue returns a point in time in milliseconds since the epoch, the
// value of the logical types Date, Time and Timestamp (a java.util.Date).
func InstantValue(millis int64) Value { return Value{kind: KindInstant, num: uint64(millis)} }

// Kind says what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Boolean returns the boolean; false for another kind.
func (v Value) Boolean() bool { return v.kind == KindBoolean && v.num != 0 }

// Int returns the integer of kinds int8 to int64, and the milliseconds of an
// instant; 0 for another kind.
func (v Value) Int() int64 {
	if v.kind >= KindInt8 && v.kind <= KindInt64 || v.kind == KindInstant {
		return int64(v.num)
	}
	return 0
}

// Float returns the number of kinds float32 and float64; 0 for another kind.
func (v Value) Float() float64 {
	switch v.kind {
	case KindFloat32:
		return float64(math.Float32frombits(uint32(v.num)))
	case KindFloat64:
		return math.Float64frombits(v.num)
	}
	return 0
}

// Text returns the text of a string; "" for another kind. It shares memory with
// the value.
func (v Value) Text() string {
	if v.kind != KindString {
		return ""
	}
	return unsafe.String((*byte)(v.ptr), int(v.num))
}

// Bytes returns the bytes of kind bytes or string; nil for another kind. They
// share memory with the value and must not be changed.
func (v Value) Bytes() []byte {
	if v.kind != KindBytes && v.kind != KindString {
		return nil
	}
	return unsafe.Slice((*byte)(v.ptr), int(v.num))
}

// List returns the items of a list; nil for another kind.
func (v Value) List() []Value {
	if v.kind != KindList {
		return nil
	}
	return unsafe.Slice((*Value)(v.ptr), int(v.num))
}

// Map returns the entries of a map; nil for another kind.
func (v Value) Map() []Entry {
	if v.kind != KindMap {
		return nil
	}
	return unsafe.Slice((*Entry)(v.ptr), int(v.num))
}

// Struct returns the struct; nil for another kind.
func (v Value) Struct() *Struct {
	if v.kind != KindStruct {
		return nil
	}
	return (*Struct)(v.ptr)
}

// Decimal returns the decimal; nil for another kind.
func (v Value) Decimal() *Decimal {
	if v.kind != KindDecimal {
		return nil
	}
	return (*Decimal)(v.ptr)
}

// Lookup returns the value of a map's entry whose key is the text.
func (v Value) Lookup(key string) (Value, bool) {
	for _, e := range v.Map() {
		if e.Key.kind == KindString && e.Key.Text() == key {
			return e.Value, true
		}
	}
	return Value{}, false
}

// Equal reports whether both values are of the same kind and content. Maps are
// equal whatever the order of their entries; a NaN equals a NaN of the same bits.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case KindString, KindBytes:
		return bytes.Equal(v.Bytes(), o.Bytes())
	case KindList:
		return equalLists(v.List(), o.List())
	case KindMap:
		return equalMaps(v.Map(), o.Map())
	case KindStruct:
		a, b := v.Struct(), o.Struct()
		return a.Schema.Equal(b.Schema) && equalLists(a.Values, b.Values)
	case KindDecimal:
		a, b := v.Decimal(), o.Decimal()
		return a.Scale == b.Scale && a.Unscaled.Cmp(b.Unscaled) == 0
	default:
		return v.num == o.num
	}
}

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func equalMaps(a, b []Entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		found := false
		for j := range b {
			// The same place first: most maps have the same order.
			k := (i + j) % len(b)
			if a[i].Key.Equal(b[k].Key) {
				found = a[i].Value.Equal(b[k].Value)
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// Clone returns a value that shares no memory with v but its schemas.
func (v Value) Clone() Value {
	switch v.kind {
	case KindString, KindBytes:
		c := BytesValue(bytes.Clone(v.Bytes()))
		c.kind = v.kind
		return c
	case KindList:
		return ListValue(cloneAll(v.List()))
	case KindMap:
		entries := make([]Entry, len(v.Map()))
		for i, e := range v.Map() {
			entries[i] = Entry{e.Key.Clone(), e.Value.Clone()}
		}
		return MapValue(entries)
	case KindStruct:
		s := v.Struct()
		return StructValue(&Struct{Schema: s.Schema, Values: cloneAll(s.Values)})
	case KindDecimal:
		d := v.Decimal()
		return DecimalValue(&Decimal{Unscaled: new(big.Int).Set(d.Unscaled), Scale: d.Scale})
	default:
		return v
	}
}

func cloneAll(in []Value) []Value {
	out := make([]Value, len(in))
	for i := range in {
		out[i] = in[i].Clone()
	}
	return out
}
