package protobuf

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/schema"
)

// decoder reads messages; it is used for one record at a time.
type decoder struct {
	arena *schema.Arena
	depth int
	// items are the values of repeated fields of the messages around.
	items []item
	// sets are the fields that were met in the messages around.
	sets []*fieldNode
}

// item is a value of a repeated field.
type item struct {
	field *fieldNode
	value schema.Value
}

var (
	errShort = errors.New("the bytes end within a field, or are no message")
	errDeep  = errors.New("messages are nested more than 100 deep")
)

// message reads a message into a struct.
func (d *decoder) message(n *node, raw []byte) (*schema.Struct, error) {
	if d.depth++; d.depth > deepest {
		return nil, errDeep
	}
	defer func() { d.depth-- }()
	st := d.arena.Struct(n.schema)
	base := len(d.items)
	defer func() { d.items = d.items[:base] }()
	// set holds the field that each place has. A message within may make the room
	// grow; this one keeps what it has.
	at := len(d.sets)
	d.sets = slices.Grow(d.sets, len(st.Values))[:at+len(st.Values)]
	set := d.sets[at:]
	clear(set)
	defer func() { d.sets = d.sets[:at] }()
	for len(raw) > 0 {
		number, typ, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return nil, errShort
		}
		raw = raw[size:]
		f := n.fields[number]
		size = protowire.ConsumeFieldValue(number, typ, raw)
		if size < 0 {
			return nil, errShort
		}
		value := raw[:size]
		raw = raw[size:]
		if f == nil || !f.takes(typ) {
			continue // unknown fields are left out
		}
		if err := d.take(n, st, set, f, typ, value); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	return st, d.finish(n, st, set, base)
}

// takes reports whether the field can be of the wire type.
func (f *fieldNode) takes(typ protowire.Type) bool {
	if f.message() || f.text() {
		return typ == protowire.BytesType
	}
	return typ == wireType(f.kind) || f.repeated && typ == protowire.BytesType
}

func (d *decoder) take(n *node, st *schema.Struct, set []*fieldNode, f *fieldNode, typ protowire.Type, raw []byte) error {
	if typ == protowire.BytesType {
		raw, _ = protowire.ConsumeBytes(raw)
		if f.repeated && !f.message() && !f.text() {
			return d.packed(f, raw)
		}
	}
	if f.repeated {
		v, err := d.value(f, raw)
		d.items = append(d.items, item{f, v})
		return err
	}
	if f.oneof > 0 {
		// The last field of a oneof counts: the others of it are no more.
		for _, o := range n.order {
			if o.oneof == f.oneof && o != f && set[o.at] == o {
				set[o.at], st.Values[o.at] = nil, schema.Null()
			}
		}
	}
	if f.message() {
		// A message that comes in parts is what its parts together are.
		if set[f.at] == f {
			before := st.Values[f.at].Bytes()
			raw = append(append(d.arena.Bytes(len(before) + len(raw))[:0], before...), raw...)
		}
		set[f.at], st.Values[f.at] = f, schema.BytesValue(raw)
		return nil
	}
	v, err := d.value(f, raw)
	set[f.at], st.Values[f.at] = f, v
	return err
}

func (f *fieldNode) text() bool {
	return f.kind == protoreflect.StringKind || f.kind == protoreflect.BytesKind
}

func (f *fieldNode) message() bool { return f.kind == protoreflect.MessageKind || f.wrapper }

func (d *decoder) packed(f *fieldNode, raw []byte) error {
	for len(raw) > 0 {
		size := protowire.ConsumeFieldValue(f.number, wireType(f.kind), raw)
		if size < 0 {
			return errShort
		}
		v, err := d.value(f, raw[:size])
		if err != nil {
			return err
		}
		d.items = append(d.items, item{f, v})
		raw = raw[size:]
	}
	return nil
}

// finish reads the messages whose bytes are whole now, gathers repeated fields,
// and puts what stands for fields that were not there.
func (d *decoder) finish(n *node, st *schema.Struct, set []*fieldNode, base int) error {
	for _, f := range n.order {
		var v schema.Value
		var err error
		switch {
		case f.repeated:
			v = d.gather(f, base)
		case set[f.at] == f && f.message():
			v, err = d.value(f, st.Values[f.at].Bytes())
		case set[f.at] == f:
			v = st.Values[f.at]
		case f.oneof > 0 && set[f.at] != nil, f.absent == isNull && f.member >= 0:
			continue
		case f.absent == isFallback:
			v = f.fallback
		case f.absent == isEmpty:
			v, err = d.value(f, nil)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", f.name, err)
		}
		if f.member >= 0 {
			union := d.arena.Struct(f.union)
			union.Values[f.member] = v
			v = schema.StructValue(union)
		}
		st.Values[f.at] = v
	}
	return nil
}

func (d *decoder) gather(f *fieldNode, base int) schema.Value {
	count := 0
	for _, i := range d.items[base:] {
		if i.field == f {
			count++
		}
	}
	if f.entries {
		out := d.arena.Entries(count)[:0]
		for _, i := range d.items[base:] {
			if i.field == f {
				pair := i.value.Struct()
				out = put(out, schema.Entry{Key: pair.Values[0], Value: pair.Values[1]})
			}
		}
		return schema.MapValue(out)
	}
	out := d.arena.Values(count)[:0]
	for _, i := range d.items[base:] {
		if i.field == f {
			out = append(out, i.value)
		}
	}
	return schema.ListValue(out)
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

// value reads one value from the bytes behind its tag, and its length.
func (d *decoder) value(f *fieldNode, raw []byte) (schema.Value, error) {
	switch {
	case f.logical != "":
		return logicalValue(f, raw)
	case f.wrapper:
		return unwrap(f, raw)
	case f.inner != nil:
		st, err := d.message(f.inner, raw)
		return schema.StructValue(st), err
	}
	return f.scalar(raw), nil
}

// scalar reads a value that is no message.
func (f *fieldNode) scalar(raw []byte) schema.Value {
	switch f.kind {
	case protoreflect.StringKind:
		return schema.TextValue(raw)
	case protoreflect.BytesKind:
		return schema.BytesValue(raw)
	case protoreflect.FloatKind:
		u, _ := protowire.ConsumeFixed32(raw)
		return schema.Float32Value(math.Float32frombits(u))
	case protoreflect.DoubleKind:
		u, _ := protowire.ConsumeFixed64(raw)
		return schema.Float64Value(math.Float64frombits(u))
	}
	return f.integer(bits(f.kind, raw))
}

func bits(k protoreflect.Kind, raw []byte) uint64 {
	switch wireType(k) {
	case protowire.Fixed32Type:
		u, _ := protowire.ConsumeFixed32(raw)
		return uint64(u)
	case protowire.Fixed64Type:
		u, _ := protowire.ConsumeFixed64(raw)
		return u
	default:
		u, _ := protowire.ConsumeVarint(raw)
		return u
	}
}

// integer is the value for the bits of a number, a boolean or an enum.
func (f *fieldNode) integer(u uint64) schema.Value {
	n := int64(u)
	switch f.kind {
	case protoreflect.BoolKind:
		return schema.BooleanValue(u != 0)
	case protoreflect.EnumKind:
		n = int64(int32(n))
		if f.symbols == nil {
			return schema.Int32Value(int32(n))
		}
		if name, ok := f.symbols[n]; ok {
			return schema.StringValue(name)
		}
		return schema.StringValue("UNKNOWN_ENUM_VALUE_" + f.enum + "_" + strconv.FormatInt(n, 10))
	case protoreflect.Sint32Kind:
		n = int64(int32(protowire.DecodeZigZag(u & math.MaxUint32)))
	case protoreflect.Sint64Kind:
		n = protowire.DecodeZigZag(u)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		n = int64(uint32(u))
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		n = int64(int32(n))
	}
	switch f.schema.Type {
	case schema.Int8:
		return schema.Int8Value(int8(n))
	case schema.Int16:
		return schema.Int16Value(int16(n))
	case schema.Int32:
		return schema.Int32Value(int32(n))
	default:
		return schema.Int64Value(n)
	}
}

// unwrap reads a message of one value.
func unwrap(f *fieldNode, raw []byte) (schema.Value, error) {
	v := f.fallback
	for len(raw) > 0 {
		number, typ, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return v, errShort
		}
		raw = raw[size:]
		if size = protowire.ConsumeFieldValue(number, typ, raw); size < 0 {
			return v, errShort
		}
		value := raw[:size]
		raw = raw[size:]
		if number != 1 || typ != wireType(f.kind) && !(typ == protowire.BytesType && f.text()) {
			continue
		}
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		v = f.scalar(value)
	}
	return v, nil
}

// logicalValue reads one of the messages that stand for types of Connect.
func logicalValue(f *fieldNode, raw []byte) (schema.Value, error) {
	var numbers [5]int64
	var unscaled []byte
	for len(raw) > 0 {
		number, typ, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return schema.Null(), errShort
		}
		raw = raw[size:]
		if size = protowire.ConsumeFieldValue(number, typ, raw); size < 0 {
			return schema.Null(), errShort
		}
		switch {
		case typ == protowire.VarintType && int(number) < len(numbers):
			u, _ := protowire.ConsumeVarint(raw)
			numbers[number] = int64(u)
		case typ == protowire.BytesType && number == 1:
			unscaled, _ = protowire.ConsumeBytes(raw)
		}
		raw = raw[size:]
	}
	switch f.logical {
	case decimalType:
		return decimalValue(unscaled, numbers[3])
	case timestampType:
		return schema.InstantValue(numbers[1]*1000 + numbers[2]/1e6), nil
	case timeType:
		if numbers[1] < 0 || numbers[1] > 23 || numbers[2] < 0 || numbers[2] > 59 || numbers[3] < 0 || numbers[3] > 59 {
			return schema.Null(), connect.DataErrorf("the time of day %d:%d:%d is none", numbers[1], numbers[2], numbers[3])
		}
		return schema.InstantValue(numbers[1]*3600000 + numbers[2]*60000 + numbers[3]*1000 + numbers[4]/1e6), nil
	}
	at := time.Date(int(numbers[1]), time.Month(numbers[2]), int(numbers[3]), 0, 0, 0, 0, time.UTC)
	if int64(at.Year()) != numbers[1] || int64(at.Month()) != numbers[2] || int64(at.Day()) != numbers[3] {
		return schema.Null(), connect.DataErrorf("the date %d-%d-%d is none", numbers[1], numbers[2], numbers[3])
	}
	return schema.InstantValue(at.UnixMilli()), nil
}

func decimalValue(b []byte, scale int64) (schema.Value, error) {
	if len(b) == 0 {
		return schema.Null(), connect.DataErrorf("Zero length BigInteger")
	}
	return schema.DecimalValue(schema.DecimalOfBytes(b, int32(scale))), nil
}
