package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/connect"
	"sluice/connect/schema"
)

// op is what a node of a program does.
type op uint8

const (
	opNull op = iota
	opBoolean
	opInt8
	opInt16
	opInt32
	opInt64
	opDate
	opInstant
	opFloat
	opDouble
	opString
	opBytes
	opDecimal
	opFixed
	opFixedDecimal
	opEnum
	opArray
	opMap
	opPairs
	opRecord
	opUnion
	opUnionStruct
	opAnything
)

// node is a step of the program that reads the bytes of one Avro type.
type node struct {
	op     op
	schema *schema.Schema
	// nodes are those of fields, branches, items, or key and value of pairs.
	nodes    []node
	names    []string // of fields, for errors
	symbols  []string
	places   []int // of a union struct: the field of each branch, -1 for null
	size     int   // of a fixed
	smallest int   // bytes that an item takes at least
	scale    int32
	swapped  bool // the value of a pair stands before its key
}

// least is the number of bytes that a value takes at least.
func (n *node) least() int {
	switch n.op {
	case opNull:
		return 0
	case opFloat:
		return 4
	case opDouble:
		return 8
	case opFixed, opFixedDecimal:
		return n.size
	case opRecord:
		sum := 0
		for i := range n.nodes {
			sum += n.nodes[i].least()
		}
		return sum
	default:
		return 1
	}
}

// decoder reads values; it is used for one record at a time.
type decoder struct {
	raw   []byte
	arena *schema.Arena
	depth int
	// taken are the items of lists and maps that came in more than one block.
	items   []schema.Value
	entries []schema.Entry
}

var (
	errShort   = errors.New("the bytes end within a value")
	errVarint  = errors.New("a number is longer than it may be")
	errDeep    = errors.New("values are nested more than 500 deep")
	errLength  = errors.New("a length is negative")
	errBoolean = errors.New("a boolean is neither 0 nor 1")
)

func (d *decoder) long() (int64, error) {
	// One byte is what most numbers take.
	if len(d.raw) > 0 && d.raw[0] < 0x80 {
		c := d.raw[0]
		d.raw = d.raw[1:]
		return int64(c>>1) ^ -int64(c&1), nil
	}
	u, n := binary.Uvarint(d.raw)
	switch {
	case n == 0:
		return 0, errShort
	case n < 0:
		return 0, errVarint
	}
	d.raw = d.raw[n:]
	return int64(u>>1) ^ -int64(u&1), nil
}

func (d *decoder) int() (int64, error) {
	n, err := d.long()
	if err == nil && n != int64(int32(n)) {
		return 0, errVarint
	}
	return n, err
}

func (d *decoder) take(n int64) ([]byte, error) {
	switch {
	case n < 0:
		return nil, errLength
	case n > int64(len(d.raw)):
		return nil, errShort
	}
	b := d.raw[:n:n]
	d.raw = d.raw[n:]
	return b, nil
}

func (d *decoder) bytes() ([]byte, error) {
	n, err := d.long()
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

func (d *decoder) value(n *node) (schema.Value, error) {
	switch n.op {
	case opNull:
		return schema.Value{}, nil
	case opBoolean:
		b, err := d.take(1)
		switch {
		case err != nil:
			return schema.Value{}, err
		case b[0] > 1:
			return schema.Value{}, errBoolean
		}
		return schema.BooleanValue(b[0] == 1), nil
	case opInt8, opInt16, opInt32, opDate:
		i, err := d.int()
		return number(n.op, i), err
	case opInt64:
		i, err := d.long()
		return schema.Int64Value(i), err
	case opInstant:
		i, err := d.long()
		return schema.InstantValue(i), err
	case opFloat:
		b, err := d.take(4)
		if err != nil {
			return schema.Value{}, err
		}
		return schema.Float32Value(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
	case opDouble:
		b, err := d.take(8)
		if err != nil {
			return schema.Value{}, err
		}
		return schema.Float64Value(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	case opString:
		b, err := d.bytes()
		return schema.TextValue(b), err
	case opBytes:
		b, err := d.bytes()
		return schema.BytesValue(b), err
	case opFixed:
		b, err := d.take(int64(n.size))
		return schema.BytesValue(b), err
	case opDecimal, opFixedDecimal:
		return d.decimal(n)
	case opEnum:
		return d.enum(n)
	}
	return d.compound(n)
}

func number(o op, i int64) schema.Value {
	switch o {
	case opInt8:
		return schema.Int8Value(int8(i))
	case opInt16:
		return schema.Int16Value(int16(i))
	case opDate:
		return schema.InstantValue(i * schema.MillisPerDay)
	default:
		return schema.Int32Value(int32(i))
	}
}

func (d *decoder) decimal(n *node) (schema.Value, error) {
	var b []byte
	var err error
	if n.op == opFixedDecimal {
		b, err = d.take(int64(n.size))
	} else {
		b, err = d.bytes()
	}
	switch {
	case err != nil:
		return schema.Value{}, err
	case len(b) == 0:
		return schema.Value{}, connect.DataErrorf("Zero length BigInteger")
	}
	return schema.DecimalValue(schema.DecimalOfBytes(b, n.scale)), nil
}

func (d *decoder) enum(n *node) (schema.Value, error) {
	i, err := d.int()
	if err != nil {
		return schema.Value{}, err
	}
	if i < 0 || i >= int64(len(n.symbols)) {
		return schema.Value{}, fmt.Errorf("the enum %s has no symbol %d", n.schema.Name, i)
	}
	return schema.StringValue(n.symbols[i]), nil
}

const deepest = 500

func (d *decoder) compound(n *node) (schema.Value, error) {
	if d.depth++; d.depth > deepest {
		return schema.Value{}, errDeep
	}
	defer func() { d.depth-- }()
	switch n.op {
	case opRecord:
		return d.record(n)
	case opArray:
		return d.list(n)
	case opMap, opPairs:
		return d.entriesOf(n)
	case opUnion:
		i, err := d.branch(len(n.nodes))
		if err != nil {
			return schema.Value{}, err
		}
		return d.value(&n.nodes[i])
	case opUnionStruct:
		return d.unionStruct(n)
	default:
		return d.anything()
	}
}

func (d *decoder) branch(count int) (int, error) {
	i, err := d.int()
	if err == nil && (i < 0 || i >= int64(count)) {
		return 0, fmt.Errorf("a union of %d branches has none with the index %d", count, i)
	}
	return int(i), err
}

func (d *decoder) record(n *node) (schema.Value, error) {
	st := d.arena.Struct(n.schema)
	for i := range n.nodes {
		v, err := d.value(&n.nodes[i])
		if err != nil {
			return schema.Value{}, within(n.names[i], err)
		}
		st.Values[i] = v
	}
	return schema.StructValue(st), nil
}

// fieldError says in which field the bytes do not fit.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

func within(field string, err error) error {
	if inner, ok := err.(*fieldError); ok { //nolint:errorlint // One that this function made.
		inner.path = field + "." + inner.path
		return inner
	}
	return &fieldError{field, err}
}

func (d *decoder) unionStruct(n *node) (schema.Value, error) {
	i, err := d.branch(len(n.nodes))
	if err != nil {
		return schema.Value{}, err
	}
	if n.places[i] < 0 {
		return schema.Value{}, nil
	}
	v, err := d.value(&n.nodes[i])
	if err != nil {
		return schema.Value{}, err
	}
	st := d.arena.Struct(n.schema)
	st.Values[n.places[i]] = v
	return schema.StructValue(st), nil
}

// mostEmpty bounds the number of items that take no byte.
const mostEmpty = 1 << 16

// block reads how many items follow; 0 is the end.
func (d *decoder) block(smallest int) (int, error) {
	n, err := d.long()
	if err != nil || n == 0 {
		return 0, err
	}
	if n < 0 {
		if n = -n; n < 0 {
			return 0, errLength
		}
		size, err := d.long() // the size of the block, for who skips it
		switch {
		case err != nil:
			return 0, err
		case size < 0:
			return 0, errLength
		}
	}
	switch {
	case smallest > 0 && n > int64(len(d.raw)/smallest):
		return 0, errShort
	case smallest == 0 && n > mostEmpty:
		return 0, fmt.Errorf("a list has %d items that take no byte", n)
	}
	return int(n), nil
}

func (d *decoder) list(n *node) (schema.Value, error) {
	base := len(d.items)
	defer func() { d.items = d.items[:base] }()
	for {
		count, err := d.block(n.smallest)
		if err != nil {
			return schema.Value{}, err
		}
		if count == 0 {
			break
		}
		for range count {
			v, err := d.value(&n.nodes[0])
			if err != nil {
				return schema.Value{}, err
			}
			d.items = append(d.items, v)
		}
	}
	out := d.arena.Values(len(d.items) - base)
	copy(out, d.items[base:])
	return schema.ListValue(out), nil
}

func (d *decoder) entriesOf(n *node) (schema.Value, error) {
	base := len(d.entries)
	defer func() { d.entries = d.entries[:base] }()
	for {
		count, err := d.block(max(n.smallest, 1))
		if err != nil {
			return schema.Value{}, err
		}
		if count == 0 {
			break
		}
		for range count {
			e, err := d.entry(n)
			if err != nil {
				return schema.Value{}, err
			}
			d.put(base, e)
		}
	}
	out := d.arena.Entries(len(d.entries) - base)
	copy(out, d.entries[base:])
	return schema.MapValue(out), nil
}

func (d *decoder) entry(n *node) (e schema.Entry, err error) {
	if n.op == opMap {
		b, err := d.bytes()
		if err != nil {
			return e, err
		}
		e.Key = schema.TextValue(b)
		e.Value, err = d.value(&n.nodes[0])
		return e, err
	}
	if n.swapped {
		if e.Value, err = d.value(&n.nodes[1]); err == nil {
			e.Key, err = d.value(&n.nodes[0])
		}
		return e, err
	}
	if e.Key, err = d.value(&n.nodes[0]); err == nil {
		e.Value, err = d.value(&n.nodes[1])
	}
	return e, err
}

// comparedKeys is up to how many entries of a map keys are compared. Writers do
// not repeat a key, so larger maps are taken as they come.
const comparedKeys = 64

// put adds an entry; of two with one key the later counts, in the place of the first.
func (d *decoder) put(base int, e schema.Entry) {
	if len(d.entries)-base <= comparedKeys {
		for i := base; i < len(d.entries); i++ {
			if d.entries[i].Key.Equal(e.Key) {
				d.entries[i].Value = e.Value
				return
			}
		}
	}
	d.entries = append(d.entries, e)
}

// anything reads the record that stands for data without a schema.
func (d *decoder) anything() (schema.Value, error) {
	var out schema.Value
	for i, o := range anythingOps {
		at, err := d.branch(2)
		if err != nil {
			return out, err
		}
		if at == 0 {
			continue
		}
		v, err := d.value(&node{op: o, nodes: anythingNodes(o), smallest: 9})
		if err != nil {
			return out, within(anythingFields[i], err)
		}
		if out.IsNull() {
			out = v
		}
	}
	return out, nil
}

var (
	anythingFields = [...]string{"boolean", "bytes", "double", "float", "int", "long", "string", "array", "map"}
	anythingOps    = [...]op{opBoolean, opBytes, opDouble, opFloat, opInt32, opInt64, opString, opArray, opPairs}
)

func anythingNodes(o op) []node {
	if o < opArray {
		return nil
	}
	return []node{{op: opAnything}, {op: opAnything}}
}
