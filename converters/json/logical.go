package json

import (
	"bytes"
	"fmt"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

func upper(t schema.Type) string { return strings.ToUpper(t.String()) }

func (d *decoder) logical(s *schema.Schema, k kind) (schema.Value, error) {
	if s.Name == schema.DecimalName {
		return d.decimal(s, k)
	}
	var text []byte
	if k == jsonNumber {
		var err error
		if text, err = d.number(); err != nil {
			return schema.Value{}, err
		}
	}
	short := s.Name[strings.LastIndexByte(s.Name, '.')+1:]
	if s.Name == schema.TimestampName {
		if text == nil || isFraction(text) {
			return schema.Value{}, connect.DataErrorf("Invalid type for %s, underlying representation should be integral but was %s", short, k)
		}
		return schema.InstantValue(integer(text)), nil
	}
	if text == nil || !isInt32(text) {
		return schema.Value{}, connect.DataErrorf("Invalid type for %s, underlying representation should be integer but was %s", short, k)
	}
	n := integer(text)
	if s.Name == schema.DateName {
		return schema.InstantValue(n * schema.MillisPerDay), nil
	}
	if n < 0 || n > schema.MillisPerDay {
		return schema.Value{}, connect.DataErrorf("Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return schema.InstantValue(n), nil
}

func (d *decoder) decimal(s *schema.Schema, k kind) (schema.Value, error) {
	switch k {
	case jsonNumber:
		text, err := d.number()
		if err != nil {
			return schema.Value{}, err
		}
		return schema.DecimalValue(decimal(text)), nil
	case jsonString:
	default:
		return schema.Value{}, connect.DataErrorf("Invalid type for Decimal, underlying representation should be numeric or bytes but was %s", k)
	}
	text, err := d.text()
	if err != nil {
		return schema.Value{}, err
	}
	b, err := decodeBase64(d.scratch[:0], text)
	d.scratch = b
	var scale int32
	if err == nil {
		scale, err = scaleOf(s)
	}
	if err == nil && len(b) == 0 {
		err = connect.ClassErrorf("java.lang.NumberFormatException", "Zero length BigInteger")
	}
	if err != nil {
		return schema.Value{}, &connect.Error{Class: connect.DataException, Message: "Invalid bytes for Decimal field", Cause: err}
	}
	return schema.DecimalValue(&schema.Decimal{Unscaled: fromTwos(b), Scale: scale}), nil
}

func (d *decoder) bytes(k kind) (schema.Value, error) {
	if k != jsonString {
		return d.asNull(k)
	}
	text, err := d.text()
	if err != nil {
		return schema.Value{}, err
	}
	b, err := decodeBase64(d.arena.Bytes(len(text))[:0], text)
	if err != nil {
		return schema.Value{}, &connect.Error{Class: connect.DataException, Message: "Invalid bytes field", Cause: err}
	}
	return schema.BytesValue(b), nil
}

// base64Values is indexed by character: 1 more than its value, 0 for none.
var base64Values = func() (t [256]byte) {
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i + 1)
	}
	return t
}()

// decodeBase64 appends the bytes as Jackson's default variant reads them:
// padding is needed, white space is allowed between groups of four, groups may
// follow a padded one, and spare bits are not looked at.
func decodeBase64(dst, text []byte) ([]byte, error) {
	text = bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	for i := 0; i < len(text); {
		if text[i] <= ' ' {
			i++
			continue
		}
		if len(text)-i < 4 {
			return nil, fmt.Errorf("base64 text ends within a group of four: %q", text[i:])
		}
		g := text[i : i+4]
		i += 4
		size := 3
		switch {
		case g[2] == '=' && g[3] == '=':
			size = 1
		case g[3] == '=':
			size = 2
		}
		var bits uint32
		for j := range 4 {
			v := base64Values[g[j]]
			if v == 0 && j <= size {
				return nil, fmt.Errorf("illegal character %q in base64 text", g[j])
			}
			if j <= size {
				bits |= uint32(v-1) << (18 - 6*j)
			}
		}
		for j := range size {
			dst = append(dst, byte(bits>>(16-8*j)))
		}
	}
	return dst, nil
}
