package transforms

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
)

// value returns the value as one of the type; s is its schema, or nil.
func (t *cast) value(s *schema.Schema, v schema.Value, to schema.Type, arena *schema.Arena) (schema.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	from := typeOf(s, v)
	switch {
	case from == 0:
		return v, connect.DataErrorf("Cast transformation was passed a value of type class %s which is not supported by Connect's data API", class(v))
	case !from.Primitive():
		return v, connect.DataErrorf("Cast transformation does not support casting from %s; supported types are %s", typeName(from), castInputs)
	case to == schema.String:
		return t.toText(v, arena), nil
	}
	if v.Kind() == schema.KindInstant {
		n, err := values.ToInt64(s, v)
		if err != nil {
			return v, err
		}
		v = n
	}
	switch v.Kind() {
	case schema.KindString:
		n, err := fromText(v.Text(), to)
		if err != nil {
			err = &connect.Error{Class: connect.DataException, Message: "Value (" + v.Text() + ") was out of range for requested data type", Cause: err}
		}
		return n, err
	case schema.KindBoolean:
		if to == schema.Boolean {
			return v, nil
		}
		n := int64(0)
		if v.Boolean() {
			n = 1
		}
		return number(schema.Int64Value(n), to)
	case schema.KindBytes:
		return v, connect.DataErrorf("Unexpected type in Cast transformation: class %s", class(v))
	default:
		return number(v, to)
	}
}

// typeOf is the type of the schema, or ConnectSchema.schemaType of the value's
// class, which is none for the classes of logical types.
func typeOf(s *schema.Schema, v schema.Value) schema.Type {
	if s != nil {
		return s.Type
	}
	return [...]schema.Type{
		schema.KindBoolean: schema.Boolean, schema.KindInt8: schema.Int8, schema.KindInt16: schema.Int16,
		schema.KindInt32: schema.Int32, schema.KindInt64: schema.Int64, schema.KindFloat32: schema.Float32,
		schema.KindFloat64: schema.Float64, schema.KindString: schema.String, schema.KindBytes: schema.Bytes,
		schema.KindList: schema.Array, schema.KindMap: schema.Map, schema.KindStruct: schema.StructType,
		schema.KindInstant: 0,
	}[v.Kind()]
}

func (t *cast) toText(v schema.Value, arena *schema.Arena) schema.Value {
	switch v.Kind() {
	case schema.KindString:
		return v
	case schema.KindBytes:
		t.text = base64.StdEncoding.AppendEncode(t.text[:0], v.Bytes())
	case schema.KindInstant:
		t.text = values.AppendText(t.text[:0], v)
	default:
		t.text = v.AppendText(t.text[:0])
	}
	return arena.CopyText(t.text)
}

// number converts by the methods of java.lang.Number: integers lose high bits,
// floats go to the nearest int32 or int64 first.
func number(v schema.Value, to schema.Type) (schema.Value, error) {
	switch to {
	case schema.Int8:
		return schema.Int8Value(int8(intOf(v))), nil
	case schema.Int16:
		return schema.Int16Value(int16(intOf(v))), nil
	case schema.Int32:
		return schema.Int32Value(intOf(v)), nil
	case schema.Int64:
		return schema.Int64Value(longOf(v)), nil
	case schema.Float32:
		return float32Of(v), nil
	case schema.Float64:
		return float64Of(v), nil
	case schema.Boolean:
		return schema.BooleanValue(longOf(v) != 0), nil
	default:
		return v, connect.DataErrorf("%s is not supported in the Cast transformation.", typeName(to))
	}
}

func intOf(v schema.Value) int32 {
	if k := v.Kind(); k == schema.KindFloat32 || k == schema.KindFloat64 {
		switch f := v.Float(); {
		case math.IsNaN(f):
			return 0
		case f >= math.MaxInt32:
			return math.MaxInt32
		case f <= math.MinInt32:
			return math.MinInt32
		default:
			return int32(f)
		}
	}
	return int32(longOf(v))
}

func longOf(v schema.Value) int64 {
	switch v.Kind() {
	case schema.KindFloat32, schema.KindFloat64:
		switch f := v.Float(); {
		case math.IsNaN(f):
			return 0
		case f >= math.MaxInt64:
			return math.MaxInt64
		case f <= math.MinInt64:
			return math.MinInt64
		default:
			return int64(f)
		}
	case schema.KindDecimal:
		n, err := values.ToInt64(nil, v)
		if err != nil {
			return 0 // a decimal is always a number
		}
		return n.Int()
	default:
		return v.Int()
	}
}

func float32Of(v schema.Value) schema.Value {
	switch v.Kind() {
	case schema.KindFloat32, schema.KindFloat64:
		return schema.Float32Value(float32(v.Float()))
	case schema.KindDecimal:
		f, _ := strconv.ParseFloat(v.String(), 32) // beyond the range it is infinite, as in Java
		return schema.Float32Value(float32(f))
	default:
		return schema.Float32Value(float32(v.Int()))
	}
}

func float64Of(v schema.Value) schema.Value {
	switch v.Kind() {
	case schema.KindFloat32, schema.KindFloat64:
		return schema.Float64Value(v.Float())
	case schema.KindDecimal:
		f, _ := strconv.ParseFloat(v.String(), 64) // beyond the range it is infinite, as in Java
		return schema.Float64Value(f)
	default:
		return schema.Float64Value(float64(v.Int()))
	}
}

// fromText parses as the parse methods of Java's number classes do.
func fromText(text string, to schema.Type) (schema.Value, error) {
	switch to {
	case schema.Int8:
		n, err := parseSmall(text, 8)
		return schema.Int8Value(int8(n)), err
	case schema.Int16:
		n, err := parseSmall(text, 16)
		return schema.Int16Value(int16(n)), err
	case schema.Int32:
		n, err := parseInteger(text, 32)
		return schema.Int32Value(int32(n)), err
	case schema.Int64:
		n, err := parseInteger(text, 64)
		return schema.Int64Value(n), err
	case schema.Float32:
		f, err := parseFloat(text, 32)
		return schema.Float32Value(float32(f)), err
	case schema.Float64:
		f, err := parseFloat(text, 64)
		return schema.Float64Value(f), err
	default:
		return schema.BooleanValue(strings.EqualFold(text, "true")), nil
	}
}

func errNotNumber(text string) error {
	return connect.ClassErrorf(numberFormat, `For input string: "%s"`, text)
}

func parseInteger(text string, bits int) (int64, error) {
	n, err := values.ParseInt(text, bits)
	if err != nil {
		return 0, errNotNumber(text)
	}
	return n, nil
}

func parseSmall(text string, bits uint) (int64, error) {
	n, err := parseInteger(text, 32)
	if err == nil && (n >= 1<<(bits-1) || n < -1<<(bits-1)) {
		err = connect.ClassErrorf(numberFormat, `Value out of range. Value:"%s" Radix:10`, text)
	}
	return n, err
}

// parseFloat takes a suffix of type and hexadecimal floats, but of the words
// only Java's. What is too large is infinite.
func parseFloat(text string, bits int) (float64, error) {
	s := config.Trim(text)
	if s == "" {
		return 0, connect.ClassErrorf(numberFormat, "empty String")
	}
	switch s {
	case "NaN", "+NaN", "-NaN":
		return math.NaN(), nil
	case "Infinity", "+Infinity", "-Infinity":
	default:
		if strings.ContainsAny(s, "_nNiI") {
			return 0, errNotNumber(text)
		}
		if strings.ContainsRune("fFdD", rune(s[len(s)-1])) {
			s = s[:len(s)-1]
		}
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil && !math.IsInf(f, 0) {
		return 0, errNotNumber(text)
	}
	return f, nil
}
