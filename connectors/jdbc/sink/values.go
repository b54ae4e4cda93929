package sink

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"sluice/connect/schema"
)

// values turns the values of fields into what a database takes.
type values struct {
	dialect        string
	zone, dateZone *time.Location
	nanoseconds    bool // the unit of timestamp.fields.list
	julian         bool // dates before October 1582 are of the Julian calendar
}

func newValues(dialectName string, s *settings) values {
	return values{dialect: dialectName, zone: s.zone, dateZone: s.dateZone, nanoseconds: s.nanoseconds, julian: !s.proleptic}
}

// argument is the value as a parameter for database/sql. PostgreSQL gets texts,
// which it reads by the type of the column, as in COPY.
func (v values) argument(f field, d schema.Value) (any, error) {
	if d.IsNull() {
		return nil, nil //nolint:nilnil // SQL's null.
	}
	if f.timestamp {
		return v.timestampField(f, d)
	}
	switch d.Kind() {
	case schema.KindBytes:
		return d.Bytes(), nil
	case schema.KindInstant:
		return v.instant(f, d.Int())
	}
	if v.dialect == dialectPostgres {
		text, err := v.appendText(nil, f, d)
		return string(text), err
	}
	switch d.Kind() {
	case schema.KindBoolean:
		if v.dialect != dialectOracle {
			return d.Boolean(), nil
		}
		if d.Boolean() {
			return int64(1), nil
		}
		return int64(0), nil
	case schema.KindInt8, schema.KindInt16, schema.KindInt32, schema.KindInt64:
		return d.Int(), nil
	case schema.KindFloat32, schema.KindFloat64:
		return d.Float(), nil
	case schema.KindString:
		return d.Text(), nil
	}
	text, err := v.appendText(nil, f, d)
	return string(text), err
}

func (v values) timestampField(f field, d schema.Value) (any, error) {
	at, err := v.readTimestamp(d)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", f.name, err)
	}
	return v.moment(at), nil
}

// instant is a Date, Time or Timestamp.
func (v values) instant(f field, millis int64) (any, error) {
	switch v.dialect {
	case dialectSQLite:
		return millis, nil
	case dialectOracle:
		return time.UnixMilli(millis).In(v.zoneOf(f)), nil
	}
	text, err := v.appendText(nil, f, schema.InstantValue(millis))
	return string(text), err
}

// moment is a timestamp of any precision.
func (v values) moment(at time.Time) any {
	switch v.dialect {
	case dialectSQLite:
		return at.UnixMilli()
	case dialectOracle:
		return at.In(v.zone)
	}
	return string(v.appendTimestamp(nil, at))
}

func (v values) zoneOf(f field) *time.Location {
	if f.schema.Name == schema.DateName {
		return v.dateZone
	}
	return v.zone
}

// readTimestamp reads a number since 1970, in the unit of the settings.
func (v values) readTimestamp(d schema.Value) (time.Time, error) {
	n := big.NewInt(d.Int())
	if d.Kind() == schema.KindString {
		if _, ok := n.SetString(d.Text(), 10); !ok {
			return time.Time{}, fmt.Errorf("%q is no number of microseconds or nanoseconds, as timestamp.fields.list wants", d.Text())
		}
	}
	unit := int64(time.Second / time.Microsecond)
	if v.nanoseconds {
		unit = int64(time.Second)
	}
	seconds, part := n.DivMod(n, big.NewInt(unit), new(big.Int))
	if !seconds.IsInt64() {
		return time.Time{}, fmt.Errorf("%s is beyond every time", d.Text())
	}
	return time.Unix(seconds.Int64(), part.Int64()*(int64(time.Second)/unit)), nil
}

// appendText appends the value as a text that the database reads by the type of
// the column. A null is the caller's.
func (v values) appendText(dst []byte, f field, d schema.Value) ([]byte, error) {
	if f.timestamp {
		at, err := v.readTimestamp(d)
		if err != nil {
			return dst, fmt.Errorf("field %s: %w", f.name, err)
		}
		return v.appendTimestamp(dst, at), nil
	}
	switch d.Kind() {
	case schema.KindInstant:
		return v.appendInstant(dst, f.schema.Name, d.Int()), nil
	case schema.KindFloat32:
		return appendFloat(dst, d.Float(), 32), nil
	case schema.KindFloat64:
		return appendFloat(dst, d.Float(), 64), nil
	case schema.KindDecimal:
		return appendPlain(dst, d.Decimal()), nil
	case schema.KindBytes:
		return hex.AppendEncode(append(dst, `\x`...), d.Bytes()), nil
	case schema.KindList:
		if v.dialect == dialectPostgres {
			return v.appendArray(dst, f, d.List())
		}
		return dst, fmt.Errorf("Unsupported source data type: %s", strings.ToUpper(f.schema.Type.String())) //nolint:staticcheck // Java's text.
	case schema.KindMap, schema.KindStruct:
		return dst, fmt.Errorf("Unsupported source data type: %s", strings.ToUpper(f.schema.Type.String())) //nolint:staticcheck // Java's text.
	}
	return d.AppendText(dst), nil
}

func appendFloat(dst []byte, n float64, bits int) []byte {
	switch {
	case math.IsInf(n, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(n, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, n, 'g', -1, bits)
}

// appendPlain writes a decimal without an exponent.
func appendPlain(dst []byte, d *schema.Decimal) []byte {
	digits := new(big.Int).Abs(d.Unscaled).String()
	if d.Unscaled.Sign() < 0 {
		dst = append(dst, '-')
	}
	scale := int(d.Scale)
	if scale <= 0 {
		dst = append(dst, digits...)
		if d.Unscaled.Sign() != 0 {
			dst = append(dst, strings.Repeat("0", -scale)...)
		}
		return dst
	}
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	dst = append(append(dst, digits[:len(digits)-scale]...), '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// appendArray writes {a,NULL,"c"}.
func (v values) appendArray(dst []byte, f field, items []schema.Value) ([]byte, error) {
	if f.schema.Elem == nil {
		return dst, fmt.Errorf("the array %s has no schema for its items", f.name)
	}
	inner := field{name: f.name, schema: f.schema.Elem}
	dst = append(dst, '{')
	var text []byte
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, text, err = v.appendItem(dst, text, inner, item); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendItem writes an item of an array, in quotes, which every type takes, where
// it is no number; text is a buffer, which comes back.
func (v values) appendItem(dst, text []byte, f field, item schema.Value) (written, buffer []byte, err error) {
	if item.IsNull() {
		return append(dst, "NULL"...), text, nil
	}
	switch item.Kind() {
	case schema.KindList, schema.KindInt8, schema.KindInt16, schema.KindInt32, schema.KindInt64, schema.KindBoolean:
		if !f.timestamp {
			dst, err = v.appendText(dst, f, item)
			return dst, text, err
		}
	}
	if text, err = v.appendText(text[:0], f, item); err != nil {
		return dst, text, err
	}
	dst = append(dst, '"')
	for len(text) > 0 {
		at := bytes.IndexAny(text, `"\\`)
		if at < 0 {
			break
		}
		dst = append(append(dst, text[:at]...), '\\', text[at])
		text = text[at+1:]
	}
	dst = append(append(dst, text...), '"')
	return dst, text, nil
}
