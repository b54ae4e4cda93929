package jdbc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

const (
	precisionParameter = "connect.decimal.precision"
	// openScale is that of decimals whose column declares none.
	openScale = 127
	// integerPrecision is the number of digits that fit an int64.
	integerPrecision = 18
)

// field is a column of the records: its schema, and how to read its values.
type field struct {
	column int // its place in the cursor
	name   string
	read   func(c cell, a *schema.Arena) (schema.Value, error)
}

// mapping is how the rows of a statement become records.
type mapping struct {
	schema *schema.Schema
	fields []field
	left   []string // columns that are left out, with their types
}

// newMapping makes the schema of the records; name is that of the table, or "".
func newMapping(name string, cols []column, r reader) mapping {
	m := mapping{schema: schema.StructOf(name)}
	for i, c := range cols {
		s, read := r.field(c)
		if s == nil {
			m.left = append(m.left, c.name+" "+c.typeName)
			continue
		}
		s.Optional = c.optional
		m.schema.Fields = append(m.schema.Fields, schema.Field{Name: c.name, Schema: s})
		m.fields = append(m.fields, field{column: i, name: c.name, read: read})
	}
	return m
}

// value reads the row that the cursor stands on.
func (m mapping) value(cur cursor, a *schema.Arena, r reader) (schema.Value, error) {
	st := a.Struct(m.schema)
	for i, f := range m.fields {
		c := cur.cell(f.column)
		if c.null() {
			continue
		}
		v, err := f.read(c, a)
		switch {
		case err == nil:
			st.Values[i] = v
		case r.lenient && m.schema.Fields[i].Schema.Optional:
			// Aiven's connector writes null.
		default:
			return schema.Null(), fmt.Errorf("column %s: %w", f.name, err)
		}
	}
	return schema.StructValue(st), nil
}

// reader is what the settings say of reading values.
type reader struct {
	postgres    bool
	numeric     string
	loc         *time.Location
	proleptic   bool
	granularity string
	lenient     bool // null for what cannot be read, and decimals as Aiven has them
	zeroAsNull  bool
}

type readFunc = func(c cell, a *schema.Arena) (schema.Value, error)

// field returns the schema of a column and how to read it; nil leaves it out.
func (r reader) field(c column) (*schema.Schema, readFunc) {
	switch c.kind {
	case dialect.KindBoolean:
		return schema.Of(schema.Boolean), readBoolean
	case dialect.KindInt8:
		return integer(8)
	case dialect.KindInt16:
		return integer(16)
	case dialect.KindInt32:
		return integer(32)
	case dialect.KindInt64:
		if c.unsigned {
			return schema.Of(schema.Int64), unsigned(c.name)
		}
		return integer(64)
	case dialect.KindFloat32:
		return schema.Of(schema.Float32), readFloat32
	case dialect.KindFloat64, dialect.KindMoney:
		return schema.Of(schema.Float64), readFloat64
	case dialect.KindNumeric:
		return r.numericField(c)
	case dialect.KindDecimal:
		return r.decimalField(c)
	case dialect.KindString:
		return schema.Of(schema.String), readText
	case dialect.KindGUID:
		return schema.Of(schema.String), readGUID
	case dialect.KindBytes:
		return schema.Of(schema.Bytes), r.readBytes
	case dialect.KindBits:
		return integer(8)
	case dialect.KindBitFlag:
		return schema.Of(schema.Int8), func(c cell, _ *schema.Arena) (schema.Value, error) {
			if len(c.text) != 1 {
				return schema.Null(), badValue("byte", c)
			}
			return schema.Int8Value(int8(c.text[0])), nil
		}
	}
	return r.timeField(c)
}

func badValue(kind string, c cell) error {
	return fmt.Errorf("Bad value for type %s : %s", kind, c.asText()) //nolint:staticcheck // Java's text.
}

func readBoolean(c cell, _ *schema.Arena) (schema.Value, error) {
	switch v := c.other.(type) {
	case bool:
		return schema.BooleanValue(v), nil
	case int64:
		return schema.BooleanValue(v != 0), nil
	}
	switch s := c.asText(); strings.ToLower(s) {
	case "t", "true", "1", "y", "yes", "on":
		return schema.BooleanValue(true), nil
	case "f", "false", "0", "n", "no", "off":
		return schema.BooleanValue(false), nil
	}
	return schema.Null(), badValue("boolean", c)
}

// integer returns the schema and the reader of integers of so many bits. A
// fraction is cut, as Java's drivers do.
func integer(bits int) (*schema.Schema, readFunc) {
	var t schema.Type
	var name string
	var wrap func(int64) schema.Value
	switch bits {
	case 8:
		t, name, wrap = schema.Int8, "byte", func(n int64) schema.Value { return schema.Int8Value(int8(n)) }
	case 16:
		t, name, wrap = schema.Int16, "short", func(n int64) schema.Value { return schema.Int16Value(int16(n)) }
	case 32:
		t, name, wrap = schema.Int32, "int", func(n int64) schema.Value { return schema.Int32Value(int32(n)) }
	default:
		t, name, wrap = schema.Int64, "long", schema.Int64Value
	}
	return schema.Of(t), func(c cell, _ *schema.Arena) (schema.Value, error) {
		n, ok := c.asInt()
		if !ok || n < -1<<(bits-1) || n > 1<<(bits-1)-1 {
			return schema.Null(), badValue(name, c)
		}
		return wrap(n), nil
	}
}

// asInt reads an integer; a fraction is cut.
func (c cell) asInt() (int64, bool) {
	switch v := c.other.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case float64:
		if v >= -1<<63 && v < 1<<63 {
			return int64(v), true
		}
		return 0, false
	}
	if c.text != nil {
		if n, ok := parseInt(c.text); ok {
			return n, true
		}
	}
	s := strings.TrimSpace(c.asText())
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	d, ok := parseDecimal(s)
	if !ok {
		return 0, false
	}
	if d.Scale > 0 {
		d.Unscaled.Quo(d.Unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil))
	}
	return d.Unscaled.Int64(), d.Unscaled.IsInt64()
}

// parseInt reads up to 18 digits without a copy; others go the long way.
func parseInt(b []byte) (int64, bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > integerPrecision {
		return 0, false
	}
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}

func unsigned(name string) readFunc {
	return func(c cell, _ *schema.Arena) (schema.Value, error) {
		n, ok := c.asInt()
		if !ok {
			return schema.Null(), fmt.Errorf("Out of range value for column '%s' for value %s", name, c.asText()) //nolint:staticcheck // Java's text.
		}
		return schema.Int64Value(n), nil
	}
}

func (c cell) asFloat(bits int) (float64, bool) {
	switch v := c.other.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	}
	f, err := strconv.ParseFloat(c.asText(), bits)
	return f, err == nil || errors.Is(err, strconv.ErrRange) && !math.IsInf(f, 0)
}

func readFloat32(c cell, _ *schema.Arena) (schema.Value, error) {
	f, ok := c.asFloat(32)
	if !ok {
		return schema.Null(), badValue("float", c)
	}
	return schema.Float32Value(float32(f)), nil
}

func readFloat64(c cell, _ *schema.Arena) (schema.Value, error) {
	f, ok := c.asFloat(64)
	if !ok {
		// Java's driver has taken the currency sign off when it fails.
		return schema.Null(), fmt.Errorf("Bad value for type double : %s", strings.TrimPrefix(c.asText(), "$")) //nolint:staticcheck // Java's text.
	}
	return schema.Float64Value(f), nil
}

func readText(c cell, a *schema.Arena) (schema.Value, error) {
	if c.text != nil {
		return a.CopyText(c.text), nil
	}
	if b, ok := c.other.([]byte); ok {
		return a.CopyText(b), nil
	}
	return a.CopyText([]byte(c.asText())), nil
}

// readGUID reads the bytes of SQL Server, of which the first three groups have
// their lowest byte first.
func readGUID(c cell, a *schema.Arena) (schema.Value, error) {
	b, ok := c.other.([]byte)
	if !ok || len(b) != 16 {
		return readText(c, a)
	}
	text := fmt.Appendf(nil, "%X-%X-%X-%X-%X", []byte{b[3], b[2], b[1], b[0]}, []byte{b[5], b[4]}, []byte{b[7], b[6]}, b[8:10], b[10:])
	return a.CopyText(text), nil
}

func (r reader) readBytes(c cell, a *schema.Arena) (schema.Value, error) {
	if c.text == nil {
		b, ok := c.other.([]byte)
		if !ok {
			b = []byte(c.asText())
		}
		return a.CopyBytes(b), nil
	}
	if !r.postgres {
		return a.CopyBytes(c.text), nil
	}
	if len(c.text) < 2 || c.text[0] != '\\' || c.text[1] != 'x' {
		return a.CopyBytes(c.text), nil // a string of bits
	}
	out := a.Bytes(hex.DecodedLen(len(c.text) - 2))
	if _, err := hex.Decode(out, c.text[2:]); err != nil {
		return schema.Null(), badValue("bytes", c)
	}
	return schema.BytesValue(out), nil
}
