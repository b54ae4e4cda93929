package jsonschema

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jackson"
	"sluice/converters/internal/jsontree"
)

// decoder turns JSON into values of a Connect schema, as JsonSchemaData does.
type decoder struct {
	*mapping
	arena *schema.Arena
}

// value returns the value; n is nil for a member that is not there.
func (d *decoder) value(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	if n == nil || n.Kind == jsontree.Null {
		switch {
		case s.Default != nil:
			return *s.Default, nil
		case n == nil || s.Optional:
			return schema.Null(), nil
		}
		return schema.Null(), connect.DataErrorf("Invalid null value for required %s field", strings.ToUpper(s.Type.String()))
	}
	if s.Logical() {
		return d.logical(s, n)
	}
	switch s.Type {
	case schema.Boolean:
		return schema.BooleanValue(n.Kind == jsontree.Boolean && n.Text == "true"), nil
	case schema.Int8:
		return schema.Int8Value(int8(integer(n))), nil
	case schema.Int16:
		return schema.Int16Value(int16(integer(n))), nil
	case schema.Int32:
		return schema.Int32Value(int32(integer(n))), nil
	case schema.Int64:
		return schema.Int64Value(integer(n)), nil
	case schema.Float32:
		return schema.Float32Value(float32(float(n))), nil
	case schema.Float64:
		return schema.Float64Value(float(n)), nil
	case schema.String:
		if n.Kind != jsontree.String {
			return schema.Null(), nil // textValue of Jackson
		}
		return schema.StringValue(n.Text), nil
	case schema.Bytes:
		return d.bytes(n)
	case schema.Array:
		return d.list(s, n)
	case schema.Map:
		return d.entries(s, n)
	default:
		if isUnion(s) {
			return d.union(s, n)
		}
		return d.fields(s, n)
	}
}

// integer is the number as Jackson's longValue gives it, 0 for what is none.
func integer(n *jsontree.Node) int64 {
	if n.Kind != jsontree.Number {
		return 0
	}
	if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
		return i
	}
	if b, ok := new(big.Int).SetString(n.Text, 10); ok {
		// The low 64 bits, as BigInteger.longValue.
		return int64(b.And(b, new(big.Int).SetUint64(math.MaxUint64)).Uint64())
	}
	f := float(n)
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func float(n *jsontree.Node) float64 {
	if n.Kind != jsontree.Number {
		return 0
	}
	// The error is one of range, and the infinity is the answer.
	f, _ := strconv.ParseFloat(n.Text, 64)
	if f == 0 && strings.Trim(n.Text, "-0.") == "" {
		return 0 // BigDecimal has no negative zero
	}
	return f
}

func isIntegral(n *jsontree.Node) bool {
	return n.Kind == jsontree.Number && !strings.ContainsAny(n.Text, ".eE")
}

func (d *decoder) bytes(n *jsontree.Node) (schema.Value, error) {
	if n.Kind != jsontree.String {
		return schema.Null(), connect.DataErrorf("Invalid bytes field")
	}
	b, err := jackson.DecodeBase64(d.arena.Bytes(len(n.Text))[:0], []byte(n.Text))
	if err != nil {
		return schema.Null(), &connect.Error{Class: connect.DataException, Message: "Invalid bytes field", Cause: err}
	}
	return schema.BytesValue(b), nil
}

func (d *decoder) list(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	out := d.arena.Values(len(n.Items))
	for i, item := range n.Items {
		v, err := d.value(s.Elem, item)
		if err != nil {
			return v, err
		}
		out[i] = v
	}
	return schema.ListValue(out), nil
}

func (d *decoder) entries(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	if stringKeys(s) {
		if n.Kind != jsontree.Object {
			return schema.Null(), connect.DataErrorf("Maps with string fields should be encoded as JSON objects, but found %s", n.Kind)
		}
		out := d.arena.Entries(len(n.Members))
		for i, m := range n.Members {
			v, err := d.value(s.Elem, m.Value)
			if err != nil {
				return v, err
			}
			out[i] = schema.Entry{Key: schema.StringValue(m.Name), Value: v}
		}
		return schema.MapValue(out), nil
	}
	if n.Kind != jsontree.Array {
		return schema.Null(), connect.DataErrorf("Maps with non-string fields should be encoded as JSON array of objects, but found %s", n.Kind)
	}
	out := d.arena.Entries(len(n.Items))[:0]
	for _, item := range n.Items {
		switch {
		case item.Kind != jsontree.Object:
			return schema.Null(), connect.DataErrorf("Found invalid map entry instead of object: %s", item.Kind)
		case len(item.Members) != 2:
			return schema.Null(), connect.DataErrorf("Found invalid map entry, expected length 2 but found :%d", len(item.Members))
		}
		k, err := d.value(s.Key, item.Get("key"))
		if err != nil {
			return k, err
		}
		v, err := d.value(s.Elem, item.Get("value"))
		if err != nil {
			return v, err
		}
		out = put(out, schema.Entry{Key: k, Value: v})
	}
	return schema.MapValue(out), nil
}

// comparedKeys is up to how many entries keys are compared.
const comparedKeys = 64

func put(entries []schema.Entry, e schema.Entry) []schema.Entry {
	if len(entries) <= comparedKeys {
		for i := range entries {
			if entries[i].Key.Equal(e.Key) {
				entries[i].Value = e.Value
				return entries
			}
		}
	}
	return append(entries, e)
}

func (d *decoder) fields(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	if n.Kind != jsontree.Object {
		return schema.Null(), connect.DataErrorf("Structs should be encoded as JSON objects, but found %s", n.Kind)
	}
	st := d.arena.Struct(s)
	for i := range s.Fields {
		f := &s.Fields[i]
		v, err := d.value(f.Schema, n.Get(f.Name))
		if err != nil {
			return v, err
		}
		st.Values[i] = v
	}
	return schema.StructValue(st), nil
}

// union finds the field whose schema fits: the first that is simple and of the
// JSON type, else the struct that knows most of the members.
func (d *decoder) union(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	best, most := -1, 0
	for i := range s.Fields {
		f := s.Fields[i].Schema
		if simple(f, n) {
			best = i
			break
		}
		if matching := matches(f, n); matching > most {
			best, most = i, matching
		}
	}
	if best < 0 {
		return schema.Null(), connect.DataErrorf("Did not find matching oneof field for data")
	}
	v, err := d.value(s.Fields[best].Schema, n)
	if err != nil {
		return v, err
	}
	st := d.arena.Struct(s)
	st.Values[best] = v
	return schema.StructValue(st), nil
}

func simple(s *schema.Schema, n *jsontree.Node) bool {
	switch s.Type {
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64:
		return isIntegral(n)
	case schema.Float32, schema.Float64:
		return n.Kind == jsontree.Number
	case schema.Boolean:
		return n.Kind == jsontree.Boolean
	case schema.String:
		return n.Kind == jsontree.String
	case schema.Array:
		return n.Kind == jsontree.Array
	case schema.Map:
		return n.Kind == jsontree.Object || n.Kind == jsontree.Array
	default:
		return false
	}
}

// matches counts the members that the struct schema knows, at all depths.
func matches(s *schema.Schema, n *jsontree.Node) int {
	if s.Type != schema.StructType || n.Kind != jsontree.Object {
		return 0
	}
	count := 0
	for _, m := range n.Members {
		if i := s.FieldIndex(m.Name); i >= 0 {
			count += 1 + matches(s.Fields[i].Schema, m.Value)
		}
	}
	return count
}

func (d *decoder) logical(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	if s.Name == schema.DecimalName {
		return d.decimal(s, n)
	}
	short := s.Name[strings.LastIndexByte(s.Name, '.')+1:]
	i := integer(n)
	if s.Name == schema.TimestampName {
		if !isIntegral(n) {
			return schema.Null(), connect.DataErrorf("Invalid type for %s, underlying representation should be integral but was %s", short, n.Kind)
		}
		return schema.InstantValue(i), nil
	}
	if !isIntegral(n) || i != int64(int32(i)) {
		return schema.Null(), connect.DataErrorf("Invalid type for %s, underlying representation should be integer but was %s", short, n.Kind)
	}
	if s.Name == schema.DateName {
		return schema.InstantValue(i * schema.MillisPerDay), nil
	}
	if i < 0 || i > schema.MillisPerDay {
		return schema.Null(), connect.DataErrorf("Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return schema.InstantValue(i), nil
}

func (d *decoder) decimal(s *schema.Schema, n *jsontree.Node) (schema.Value, error) {
	switch n.Kind {
	case jsontree.Number:
		return decimalNumber(n.Text)
	case jsontree.String:
	default:
		return schema.Null(), connect.DataErrorf("Invalid type for Decimal, underlying representation should be numeric or bytes but was %s", n.Kind)
	}
	return jackson.Decimal(s, []byte(n.Text))
}

// mostDigits bounds the zeros that an exponent stands for.
const mostDigits = 10000

// decimalNumber is BigDecimal of the number's text.
func decimalNumber(text string) (schema.Value, error) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > mostDigits || e < -mostDigits {
			return schema.Null(), connect.DataErrorf("the exponent of the decimal %s is too large", text)
		}
		mantissa, exponent = text[:i], e
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	u, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok {
		return schema.Null(), connect.DataErrorf("the decimal %s is no number", text)
	}
	return schema.DecimalValue(&schema.Decimal{Unscaled: u, Scale: int32(len(frac) - exponent)}), nil
}
