package protobuf

import (
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/schema"
)

// scalar appends a field of one value; zero is left out unless it counts.
func (w *writer) scalar(dst []byte, number protowire.Number, v schema.Value, zero bool) ([]byte, error) {
	switch w.kind {
	case protoreflect.StringKind, protoreflect.BytesKind:
		if v.Kind() != schema.KindString && w.kind == protoreflect.StringKind || v.Kind() != schema.KindBytes && w.kind == protoreflect.BytesKind {
			return nil, invalidType(w.schema, v)
		}
		if len(v.Bytes()) == 0 && !zero {
			return dst, nil
		}
		return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), v.Bytes()), nil
	}
	bits, err := w.bits(v)
	if err != nil || bits == 0 && !zero {
		return dst, err
	}
	return appendBits(protowire.AppendTag(dst, number, wireType(w.kind)), w.kind, bits), nil
}

func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return protowire.Fixed32Type
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.Fixed64Type
	default:
		return protowire.VarintType
	}
}

func appendBits(dst []byte, k protoreflect.Kind, bits uint64) []byte {
	switch wireType(k) {
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(dst, uint32(bits))
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(dst, bits)
	default:
		return protowire.AppendVarint(dst, bits)
	}
}

// bits returns what stands on the wire for a number, a boolean or an enum.
func (w *writer) bits(v schema.Value) (uint64, error) {
	switch w.kind {
	case protoreflect.BoolKind:
		if v.Kind() != schema.KindBoolean {
			return 0, invalidType(w.schema, v)
		}
		if v.Boolean() {
			return 1, nil
		}
		return 0, nil
	case protoreflect.EnumKind:
		return w.enumBits(v)
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if v.Kind() != schema.KindFloat32 && v.Kind() != schema.KindFloat64 {
			return 0, invalidType(w.schema, v)
		}
		if w.kind == protoreflect.FloatKind {
			return uint64(math.Float32bits(float32(v.Float()))), nil
		}
		return math.Float64bits(v.Float()), nil
	}
	if v.Kind() < schema.KindInt8 || v.Kind() > schema.KindInt64 {
		return 0, invalidType(w.schema, v)
	}
	n := v.Int()
	switch w.kind {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return uint64(uint32(n)), nil
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return protowire.EncodeZigZag(n), nil
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return uint64(int64(int32(n))), nil
	default:
		return uint64(n), nil
	}
}

func (w *writer) enumBits(v schema.Value) (uint64, error) {
	if w.symbols == nil {
		return uint64(v.Int()), nil
	}
	if v.Kind() != schema.KindString {
		return 0, invalidType(w.schema, v)
	}
	n, ok := w.symbols[v.Text()]
	if !ok {
		return 0, illegal("DynamicMessage should use EnumValueDescriptor to set Enum Value. The enum has no symbol %q", v.Text())
	}
	return uint64(n), nil
}

func logical(dst []byte, s *schema.Schema, v schema.Value) ([]byte, error) {
	short := s.Name[strings.LastIndexByte(s.Name, '.')+1:]
	if s.Name == schema.DecimalName {
		if v.Kind() != schema.KindDecimal {
			return nil, connect.DataErrorf("Invalid type for Decimal, expected BigDecimal but was class %s", v.Kind().JavaClass())
		}
		return appendDecimal(dst, v.Decimal()), nil
	}
	if v.Kind() != schema.KindInstant {
		return nil, connect.DataErrorf("Invalid type for %s, expected Date but was class %s", short, v.Kind().JavaClass())
	}
	n := v.Int()
	at := time.UnixMilli(n).UTC()
	switch s.Name {
	case schema.DateName:
		if n%schema.MillisPerDay != 0 {
			return nil, connect.DataErrorf("Kafka Connect Date type should not have any time fields set to non-zero values.")
		}
		return appendNumbers(dst, int64(at.Year()), int64(at.Month()), int64(at.Day())), nil
	case schema.TimeName:
		if n < 0 || n > schema.MillisPerDay {
			return nil, connect.DataErrorf("Time values must use number of millis greater than 0 and less than 86400000")
		}
		return appendNumbers(dst, int64(at.Hour()), int64(at.Minute()), int64(at.Second()), int64(at.Nanosecond())), nil
	}
	return appendNumbers(dst, at.Unix(), int64(at.Nanosecond())), nil
}

// appendNumbers appends fields with the numbers from 1; zeros are left out.
func appendNumbers(dst []byte, numbers ...int64) []byte {
	for i, n := range numbers {
		if n != 0 {
			dst = protowire.AppendVarint(protowire.AppendTag(dst, protowire.Number(i+1), protowire.VarintType), uint64(n))
		}
	}
	return dst
}

func appendDecimal(dst []byte, d *schema.Decimal) []byte {
	dst = protowire.AppendBytes(protowire.AppendTag(dst, 1, protowire.BytesType), d.AppendUnscaled(nil))
	digits := len(strings.TrimPrefix(d.Unscaled.String(), "-"))
	dst = protowire.AppendVarint(protowire.AppendTag(dst, 2, protowire.VarintType), uint64(digits))
	if d.Scale != 0 {
		dst = protowire.AppendVarint(protowire.AppendTag(dst, 3, protowire.VarintType), uint64(int64(d.Scale)))
	}
	return dst
}
