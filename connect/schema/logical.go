package schema

import "strconv"

// Names of the logical types of Connect; all have schema version 1.
const (
	DecimalName   = "org.apache.kafka.connect.data.Decimal"
	DateName      = "org.apache.kafka.connect.data.Date"
	TimeName      = "org.apache.kafka.connect.data.Time"
	TimestampName = "org.apache.kafka.connect.data.Timestamp"

	// ScaleParameter names the parameter of a Decimal schema that holds its scale.
	ScaleParameter = "scale"
)

// MillisPerDay is the length of a day in the logical types Date and Time.
const MillisPerDay = 24 * 60 * 60 * 1000

// Of returns a required, unnamed schema of a primitive type.
func Of(t Type) *Schema { return &Schema{Type: t} }

// OptionalOf returns an optional, unnamed schema of a primitive type.
func OptionalOf(t Type) *Schema { return &Schema{Type: t, Optional: true} }

// ArrayOf returns a required array schema.
func ArrayOf(items *Schema) *Schema { return &Schema{Type: Array, Elem: items} }

// MapOf returns a required map schema.
func MapOf(keys, values *Schema) *Schema { return &Schema{Type: Map, Key: keys, Elem: values} }

// StructOf returns a required struct schema; name may be "".
func StructOf(name string, fields ...Field) *Schema {
	return &Schema{Type: StructType, Name: name, Fields: fields}
}

// DecimalOf returns a required Decimal schema: bytes that hold the unscaled
// value in two's complement. Its values are of kind [KindDecimal].
func DecimalOf(scale int32) *Schema {
	return &Schema{
		Type: Bytes, Name: DecimalName, Version: new(int32(1)),
		Parameters: []Parameter{{ScaleParameter, strconv.Itoa(int(scale))}},
	}
}

// Date returns a required Date schema: int32 days since the epoch. Its values
// are of kind [KindInstant], as those of Time and Timestamp.
func Date() *Schema { return &Schema{Type: Int32, Name: DateName, Version: new(int32(1))} }

// Time returns a required Time schema: int32 milliseconds of the day.
func Time() *Schema { return &Schema{Type: Int32, Name: TimeName, Version: new(int32(1))} }

// Timestamp returns a required Timestamp schema: int64 milliseconds since the epoch.
func Timestamp() *Schema { return &Schema{Type: Int64, Name: TimestampName, Version: new(int32(1))} }

// Logical reports whether the schema is one of the four logical types, whose
// values are decimals and instants and not those of the base type.
func (s *Schema) Logical() bool {
	if s == nil || s.Name == "" {
		return false
	}
	switch s.Name {
	case DecimalName, DateName, TimeName, TimestampName:
		return true
	}
	return false
}
