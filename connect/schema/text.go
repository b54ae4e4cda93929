package schema

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// String returns the text that Java's String.valueOf gives for the value:
// "null", "Struct{a=1,b=x}", "{k=v}", "[a, b]". Bytes, whose Java text is the
// hash of an object, come as "[B@" and their length in hexadecimal.
func (v Value) String() string { return string(v.AppendText(nil)) }

// AppendText appends what String returns.
func (v Value) AppendText(dst []byte) []byte {
	switch v.kind {
	case KindBoolean:
		return strconv.AppendBool(dst, v.Boolean())
	case KindInt8, KindInt16, KindInt32, KindInt64:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case KindFloat32:
		return AppendFloat(dst, v.Float(), 32)
	case KindFloat64:
		return AppendFloat(dst, v.Float(), 64)
	case KindString:
		return append(dst, v.Text()...)
	case KindBytes:
		return strconv.AppendInt(append(dst, "[B@"...), int64(v.num), 16)
	case KindList:
		dst = append(dst, '[')
		for i, item := range v.List() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = item.AppendText(dst)
		}
		return append(dst, ']')
	case KindMap:
		dst = append(dst, '{')
		for i, e := range v.Map() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(e.Key.AppendText(dst), '=')
			dst = e.Value.AppendText(dst)
		}
		return append(dst, '}')
	case KindStruct:
		return v.Struct().appendText(dst)
	case KindDecimal:
		return v.Decimal().AppendText(dst)
	case KindInstant:
		return time.UnixMilli(v.Int()).UTC().AppendFormat(dst, "Mon Jan 02 15:04:05 UTC 2006")
	}
	return append(dst, "null"...)
}

func (s *Struct) appendText(dst []byte) []byte {
	dst = append(dst, "Struct{"...)
	first := true
	for i, f := range s.Schema.Fields {
		if s.Values[i].IsNull() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, f.Name...), '=')
		dst = s.Values[i].AppendText(dst)
	}
	return append(dst, '}')
}

// AppendFloat appends a float as Double.toString and Float.toString of Java
// write it: at least one digit after the point, and an exponent ("1.0E7")
// outside 10^-3 to 10^7. bits is 32 or 64.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, "0.0"...)
	}
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
		return withPoint(dst, start)
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], f, 'e', -1, bits)
	if b[1] == 'e' || b[2] == 'e' {
		// Java has two digits at least, and of these the nearest: 4.9E-324.
		b = strconv.AppendFloat(buf[:0], f, 'e', 1, bits)
	}
	e := len(b) - 1
	for b[e] != 'e' {
		e--
	}
	start := len(dst)
	dst = withPoint(append(dst, b[:e]...), start)
	dst = append(dst, 'E')
	exp := b[e+1:]
	if exp[0] == '-' {
		dst = append(dst, '-')
	}
	exp = exp[1:]
	for len(exp) > 1 && exp[0] == '0' {
		exp = exp[1:]
	}
	return append(dst, exp...)
}

func withPoint(dst []byte, start int) []byte {
	if slices.Contains(dst[start:], '.') {
		return dst
	}
	return append(dst, ".0"...)
}

// String returns what BigDecimal.toString of Java returns.
func (d *Decimal) String() string { return string(d.AppendText(nil)) }

// AppendText appends what BigDecimal.toString returns: plain digits where the
// scale is not negative and the number not too small, else scientific.
func (d *Decimal) AppendText(dst []byte) []byte {
	if d.Scale == 0 {
		return d.Unscaled.Append(dst, 10)
	}
	var buf [64]byte
	digits := new(big.Int).Abs(d.Unscaled).Append(buf[:0], 10)
	if d.Unscaled.Sign() < 0 {
		dst = append(dst, '-')
	}
	adjusted := -int64(d.Scale) + int64(len(digits)-1)
	if d.Scale > 0 && adjusted >= -6 {
		if point := len(digits) - int(d.Scale); point > 0 {
			dst = append(append(dst, digits[:point]...), '.')
			return append(dst, digits[point:]...)
		}
		dst = append(dst, "0."...)
		for range int(d.Scale) - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	if adjusted != 0 {
		dst = append(dst, 'E')
		if adjusted > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, adjusted, 10)
	}
	return dst
}
