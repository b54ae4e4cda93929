package json

import (
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jackson"
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
	return jackson.Decimal(s, text)
}

func (d *decoder) bytes(k kind) (schema.Value, error) {
	if k != jsonString {
		return d.asNull(k)
	}
	text, err := d.text()
	if err != nil {
		return schema.Value{}, err
	}
	b, err := jackson.DecodeBase64(d.arena.Bytes(len(text))[:0], text)
	if err != nil {
		return schema.Value{}, &connect.Error{Class: connect.DataException, Message: "Invalid bytes field", Cause: err}
	}
	return schema.BytesValue(b), nil
}
