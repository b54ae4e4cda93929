package values

import (
	"sluice/connect"
	"sluice/connect/schema"
)

// ToDecimal converts to a decimal. Bytes are an unscaled number of the scale;
// floats and integers go through the text of a Java double, so that 300 becomes
// 300.0. Null is an error, and a text that is no number a NumberFormatException.
func ToDecimal(v schema.Value, scale int32) (schema.Value, error) {
	if v.IsNull() {
		return v, errNull()
	}
	return toDecimal(schema.DecimalOf(scale), v)
}

func toDecimal(to *schema.Schema, v schema.Value) (schema.Value, error) {
	var digits string
	switch {
	case v.Kind() == schema.KindDecimal:
		return v, nil
	case v.Kind() == schema.KindBytes:
		scale, err := ScaleOf(to)
		if err != nil {
			return schema.Null(), err
		}
		if len(v.Bytes()) == 0 {
			return schema.Null(), notNumber("Zero length BigInteger")
		}
		return schema.DecimalValue(schema.DecimalOfBytes(v.Bytes(), scale)), nil
	case isNumber(v):
		f, err := double(nil, v)
		if err != nil {
			return schema.Null(), err
		}
		digits = string(schema.AppendFloat(nil, f, 64))
	case v.Kind() == schema.KindString:
		digits = v.Text()
	default:
		return schema.Null(), errConvert(v, text(to), nil)
	}
	n, err := parseNumber(digits)
	if err != nil {
		return schema.Null(), err
	}
	return schema.DecimalValue(n.decimal()), nil
}

func toBytes(to *schema.Schema, v schema.Value) (schema.Value, error) {
	switch v.Kind() {
	case schema.KindBytes:
		return v, nil
	case schema.KindDecimal:
		b, err := AppendDecimal(nil, to, v.Decimal())
		return schema.BytesValue(b), err
	}
	return schema.Null(), errConvert(v, text(to), nil)
}

// ScaleOf returns the scale of a Decimal schema. The errors are those of
// Decimal.scale of Java.
func ScaleOf(s *schema.Schema) (int32, error) {
	if len(s.Parameters) == 0 {
		return 0, connect.ClassErrorf("java.lang.NullPointerException", "the Decimal schema has no parameters")
	}
	p, ok := s.Param(schema.ScaleParameter)
	if !ok {
		return 0, connect.DataErrorf("Invalid Decimal schema: scale parameter not found.")
	}
	n, err := ParseInt(p, 32)
	if err != nil {
		return 0, &connect.Error{
			Class: connect.DataException, Message: "Invalid scale parameter found in Decimal schema: ",
			Cause: notNumber(`For input string: "` + p + `"`),
		}
	}
	return int32(n), nil
}

// AppendDecimal appends the unscaled number of a decimal, which must be of the
// schema's scale, as [schema.Decimal.AppendUnscaled].
func AppendDecimal(dst []byte, s *schema.Schema, d *schema.Decimal) ([]byte, error) {
	scale, err := ScaleOf(s)
	if err != nil {
		return dst, err
	}
	if err := CheckScale(scale, d); err != nil {
		return dst, err
	}
	return d.AppendUnscaled(dst), nil
}

// CheckScale refuses a decimal of another scale than the schema's.
func CheckScale(scale int32, d *schema.Decimal) error {
	if d.Scale == scale {
		return nil
	}
	return connect.DataErrorf("Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", scale, d.Scale)
}

// ToDate converts to a date: the day of a timestamp, what a text says, or a
// number of days. Null is an error.
func ToDate(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInstant(s, v, schema.DateName, func(millis int64) (schema.Value, error) {
		days := int32(millis / schema.MillisPerDay)
		return schema.InstantValue(int64(days) * schema.MillisPerDay), nil
	}, func(n int64) (schema.Value, error) {
		return schema.InstantValue(int64(int32(n)) * schema.MillisPerDay), nil
	})
}

// ToTime converts to a time of day: that of a timestamp, what a text says, or a
// number of milliseconds. Null is an error.
func ToTime(s *schema.Schema, v schema.Value) (schema.Value, error) {
	return toInstant(s, v, schema.TimeName, func(millis int64) (schema.Value, error) {
		return schema.InstantValue(millis - floorDiv(millis, schema.MillisPerDay)*schema.MillisPerDay), nil
	}, func(n int64) (schema.Value, error) {
		millis := int64(int32(n))
		if millis < 0 || millis > schema.MillisPerDay {
			return schema.Null(), connect.DataErrorf("Time values must use number of milliseconds greater than 0 and less than 86400000")
		}
		return schema.InstantValue(millis), nil
	})
}

// ToTimestamp converts to a timestamp: the start of a date, a time on the first
// day of the epoch, what a text says, or a number of milliseconds. Null is an error.
func ToTimestamp(s *schema.Schema, v schema.Value) (schema.Value, error) {
	if v.Kind() == schema.KindInstant && s.Is(schema.DateName) {
		days, err := FromInstant(s.Name, v.Int())
		return schema.InstantValue(days * schema.MillisPerDay), err
	}
	whole := func(n int64) (schema.Value, error) { return schema.InstantValue(n), nil }
	return toInstant(s, v, schema.TimestampName, whole, whole)
}

// toInstant converts to the named logical type, with what makes a value out of a
// timestamp's milliseconds and out of a number.
func toInstant(s *schema.Schema, v schema.Value, name string, fromTimestamp, fromNumber func(int64) (schema.Value, error)) (schema.Value, error) {
	if v.IsNull() {
		return v, errNull()
	}
	if v.Kind() == schema.KindString {
		said, err := parsed(v, "parsed")
		if err != nil {
			return v, err
		}
		v = said
	}
	if v.Kind() == schema.KindInstant {
		switch {
		case s == nil || s.Is(name):
			return v, nil
		case s.Is(schema.TimestampName):
			return fromTimestamp(v.Int())
		}
	}
	n, err := long(s, v)
	if err != nil {
		return schema.Null(), err
	}
	return fromNumber(n)
}

// FromInstant returns the number that the named logical type keeps for an instant:
// days for Date and milliseconds for others. It refuses a Date within a day, and a
// Time beyond the first one of the epoch.
func FromInstant(name string, millis int64) (int64, error) {
	switch name {
	case schema.DateName:
		if millis%schema.MillisPerDay != 0 {
			return 0, connect.DataErrorf("Kafka Connect Date type should not have any time fields set to non-zero values.")
		}
		return int64(int32(millis / schema.MillisPerDay)), nil
	case schema.TimeName:
		if millis < 0 || millis > schema.MillisPerDay {
			return 0, connect.DataErrorf("Kafka Connect Time type should not have any date fields set to non-zero values.")
		}
	}
	return millis, nil
}
