package values

import (
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

// nullPointer is the class of the error that Java raises where a text that says
// null is to become something else.
const nullPointer = "java.lang.NullPointerException"

// Convert returns the value as one of the schema to; from is the value's own
// schema and may be nil. The error is a DataException, or a NumberFormatException
// where a text is to become a Decimal.
func Convert(to, from *schema.Schema, v schema.Value) (schema.Value, error) {
	if v.IsNull() {
		if to.Optional {
			return v, nil
		}
		return v, errNull()
	}
	switch to.Type {
	case schema.String:
		return ToText(v), nil
	case schema.Bytes:
		if to.Is(schema.DecimalName) {
			return toDecimal(to, v)
		}
		return toBytes(to, v)
	case schema.Int32:
		switch to.Name {
		case schema.DateName:
			return ToDate(from, v)
		case schema.TimeName:
			return ToTime(from, v)
		}
		return ToInt32(from, v)
	case schema.Int64:
		if to.Is(schema.TimestampName) {
			return ToTimestamp(from, v)
		}
		return ToInt64(from, v)
	case schema.Array:
		return toNested(to, v, schema.KindList)
	case schema.Map:
		return toNested(to, v, schema.KindMap)
	case schema.StructType:
		return toStruct(to, v)
	}
	return toSmall(to.Type, from, v)
}

func toSmall(t schema.Type, from *schema.Schema, v schema.Value) (schema.Value, error) {
	switch t {
	case schema.Boolean:
		return ToBoolean(from, v)
	case schema.Int8:
		return ToInt8(from, v)
	case schema.Int16:
		return ToInt16(from, v)
	case schema.Float32:
		return ToFloat32(from, v)
	}
	return ToFloat64(from, v)
}

// ToText returns the value's text as a string value; null stays null.
func ToText(v schema.Value) schema.Value {
	if v.IsNull() || v.Kind() == schema.KindString {
		return v
	}
	return schema.TextValue(AppendText([]byte{}, v))
}

// ToBoolean converts to a boolean: texts that say one, and numbers, of which
// only 0 is false. As in all conversions here s is the schema of v, which may be
// nil, null stays null unless said otherwise, and the error is a DataException.
func ToBoolean(s *schema.Schema, v schema.Value) (schema.Value, error) {
	switch v.Kind() {
	case schema.KindNull, schema.KindBoolean:
		return v, nil
	case schema.KindString:
		said, err := parsed(v, "parsed")
		if err != nil {
			return v, err
		}
		if said.Kind() == schema.KindBoolean {
			return said, nil
		}
	}
	n, err := long(s, v)
	return schema.BooleanValue(n != 0), err
}

// ToInt8 converts to an int8; larger numbers lose their high bits.
func ToInt8(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInteger(s, v, schema.KindInt8, func(n int64) schema.Value { return schema.Int8Value(int8(n)) })
}

// ToInt16 converts to an int16; larger numbers lose their high bits.
func ToInt16(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInteger(s, v, schema.KindInt16, func(n int64) schema.Value { return schema.Int16Value(int16(n)) })
}

// ToInt32 converts to an int32; larger numbers lose their high bits.
func ToInt32(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInteger(s, v, schema.KindInt32, func(n int64) schema.Value { return schema.Int32Value(int32(n)) })
}

// ToInt64 converts to an int64: fractions are cut, floats beyond the range give
// the nearest end, and decimals beyond it lose their high bits.
func ToInt64(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInteger(s, v, schema.KindInt64, schema.Int64Value)
}

func toInteger(s *schema.Schema, v schema.Value, own schema.Kind, of func(int64) schema.Value) (schema.Value, error) {
	if v.IsNull() || v.Kind() == own {
		return v, nil
	}
	n, err := long(s, v)
	if err != nil {
		return schema.Null(), err
	}
	return of(n), nil
}

// ToFloat32 converts to a float32.
func ToFloat32(s *schema.Schema, v schema.Value) (schema.Value, error) {
	if v.IsNull() || v.Kind() == schema.KindFloat32 {
		return v, nil
	}
	f, err := double(s, v)
	if err != nil {
		return schema.Null(), err
	}
	return schema.Float32Value(float32(f)), nil
}

// ToFloat64 converts to a float64.
func ToFloat64(s *schema.Schema, v schema.Value) (schema.Value, error) {
	if v.IsNull() || v.Kind() == schema.KindFloat64 {
		return v, nil
	}
	f, err := double(s, v)
	if err != nil {
		return schema.Null(), err
	}
	return schema.Float64Value(f), nil
}

// ToList returns a list, or the list that a text says. Null is an error.
func ToList(v schema.Value) (schema.Value, error) {
	return toNested(schema.Of(schema.Array), v, schema.KindList)
}

// ToMap returns a map, or the map that a text says. Null is an error.
func ToMap(v schema.Value) (schema.Value, error) {
	return toNested(schema.Of(schema.Map), v, schema.KindMap)
}

// ToStruct returns a struct; every other value is an error.
func ToStruct(v schema.Value) (schema.Value, error) {
	return toStruct(schema.Of(schema.StructType), v)
}

func toNested(to *schema.Schema, v schema.Value, want schema.Kind) (schema.Value, error) {
	if v.IsNull() {
		return v, errNull()
	}
	said := v
	if v.Kind() == schema.KindString {
		var err error
		if said, err = parsed(v, "schemaAndValue"); err != nil {
			return v, err
		}
	}
	if said.Kind() != want {
		return schema.Null(), errConvert(said, text(to), nil)
	}
	return said, nil
}

func toStruct(to *schema.Schema, v schema.Value) (schema.Value, error) {
	switch v.Kind() {
	case schema.KindNull:
		return v, errNull()
	case schema.KindStruct:
		return v, nil
	}
	return schema.Null(), errConvert(v, text(to), nil)
}

// parsed returns what a string says; local is Java's name for it in the error.
func parsed(v schema.Value, local string) (schema.Value, error) {
	s, said := Parse(v.Text())
	if s == nil {
		return said, connect.ClassErrorf(nullPointer, `Cannot invoke "org.apache.kafka.connect.data.SchemaAndValue.value()" because "%s" is null`, local)
	}
	return said, nil
}

func errNull() error {
	return connect.DataErrorf("Unable to convert a null value to a schema that requires a value")
}

func errConvert(v schema.Value, to string, cause error) error {
	class := v.Kind().JavaClass()
	if v.Kind() == schema.KindMap {
		class = "java.util.LinkedHashMap" // the class of the maps that Parse makes
	}
	return &connect.Error{
		Class: connect.DataException, Cause: cause,
		Message: "Unable to convert " + v.String() + " (class " + class + ") to " + to,
	}
}

// text is what ConnectSchema.toString returns.
func text(s *schema.Schema) string {
	t := strings.ToUpper(s.Type.String())
	if s.Name != "" {
		t = s.Name + ":" + t
	}
	return "Schema{" + t + "}"
}

func isNumber(v schema.Value) bool {
	k := v.Kind()
	return k >= schema.KindInt8 && k <= schema.KindFloat64 || k == schema.KindDecimal
}

// long is Number.longValue, and the same for texts and instants of a schema.
func long(s *schema.Schema, v schema.Value) (int64, error) {
	var cause error
	switch v.Kind() {
	case schema.KindInt8, schema.KindInt16, schema.KindInt32, schema.KindInt64:
		return v.Int(), nil
	case schema.KindFloat32, schema.KindFloat64:
		return truncate(v.Float()), nil
	case schema.KindDecimal:
		return numberOf(v.Decimal()).long(), nil
	case schema.KindString:
		n, err := parseNumber(v.Text())
		if err == nil {
			return n.long(), nil
		}
		cause = err
	case schema.KindInstant:
		if s != nil && s.Logical() && s.Name != schema.DecimalName {
			return FromInstant(s.Name, v.Int())
		}
	}
	if s == nil {
		return 0, errConvert(v, "a number", cause)
	}
	return 0, errConvert(v, text(s), cause)
}

// double is Number.doubleValue, and the same for what long takes.
func double(s *schema.Schema, v schema.Value) (float64, error) {
	switch v.Kind() {
	case schema.KindFloat32, schema.KindFloat64:
		return v.Float(), nil
	case schema.KindDecimal:
		return numberOf(v.Decimal()).float(64), nil
	case schema.KindString:
		if n, err := parseNumber(v.Text()); err == nil {
			return n.float(64), nil
		}
	}
	n, err := long(s, v)
	return float64(n), err
}
