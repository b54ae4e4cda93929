package jackson

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
)

// AppendBytes appends the bytes as base64, in quotes.
func AppendBytes(dst, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), b), '"')
}

// AppendFloat appends a number of 32 or 64 bits. Those that JSON has no form for
// stand in quotes.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(schema.AppendFloat(append(dst, '"'), f, bits), '"')
	}
	return schema.AppendFloat(dst, f, bits)
}

// AppendLogical appends a value of a logical type: instants as the numbers that
// [values.FromInstant] gives, decimals as numbers where numeric is set and
// otherwise as their bytes.
func AppendLogical(dst []byte, s *schema.Schema, v schema.Value, numeric bool) ([]byte, error) {
	if s.Name == schema.DecimalName {
		if v.Kind() != schema.KindDecimal {
			return nil, connect.DataErrorf("Invalid type for Decimal, expected BigDecimal but was class %s", v.Kind().JavaClass())
		}
		return appendDecimal(dst, s, v.Decimal(), numeric)
	}
	if v.Kind() != schema.KindInstant {
		short := s.Name[strings.LastIndexByte(s.Name, '.')+1:]
		return nil, connect.DataErrorf("Invalid type for %s, expected Date but was class %s", short, v.Kind().JavaClass())
	}
	n, err := values.FromInstant(s.Name, v.Int())
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(dst, n, 10), nil
}

func appendDecimal(dst []byte, s *schema.Schema, d *schema.Decimal, numeric bool) ([]byte, error) {
	if numeric {
		return d.AppendText(dst), nil
	}
	var room [32]byte
	b, err := values.AppendDecimal(room[:0], s, d)
	if err != nil {
		return nil, err
	}
	return AppendBytes(dst, b), nil
}

// Decimal returns the decimal of the schema whose unscaled number is in the base64
// text.
func Decimal(s *schema.Schema, text []byte) (schema.Value, error) {
	var room [32]byte
	b, err := DecodeBase64(room[:0], text)
	var scale int32
	if err == nil {
		scale, err = values.ScaleOf(s)
	}
	if err == nil && len(b) == 0 {
		err = connect.ClassErrorf("java.lang.NumberFormatException", "Zero length BigInteger")
	}
	if err != nil {
		return schema.Null(), &connect.Error{Class: connect.DataException, Message: "Invalid bytes for Decimal field", Cause: err}
	}
	return schema.DecimalValue(schema.DecimalOfBytes(b, scale)), nil
}
