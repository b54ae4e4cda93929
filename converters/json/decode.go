package json

import (
	"errors"

	"sluice/connect"
	"sluice/connect/schema"
)

// decoder reads values as Jackson and JsonConverter.convertToConnect do, in one
// pass over the bytes.
type decoder struct {
	raw     []byte
	pos     int
	depth   int
	arena   *schema.Arena
	replace bool // defaults stand in for nulls

	// lax is set once a value that is not null was read as null, as Java reads a
	// number for a text: a struct then checks its fields.
	lax bool
	// Reused between records: items of arrays and entries of maps that are being
	// read, and texts with escapes.
	values  []schema.Value
	entries []schema.Entry
	scratch []byte
}

func (d *decoder) reset(raw []byte, arena *schema.Arena) {
	d.raw, d.pos, d.depth, d.arena, d.lax = raw, 0, 0, arena, false
	d.values, d.entries = d.values[:0], d.entries[:0]
}

// value reads the next value by its schema, which may be nil. A *syntaxError
// leaves the position undefined; after other errors it is somewhere in the value.
func (d *decoder) value(s *schema.Schema) (schema.Value, error) {
	k, err := d.peek()
	if err != nil {
		return schema.Value{}, err
	}
	if k == jsonNull {
		if err := d.literal("null"); err != nil {
			return schema.Value{}, err
		}
		return d.null(s)
	}
	return d.convert(s, k)
}

// null is the value of a null and of a field that is not there.
func (d *decoder) null(s *schema.Schema) (schema.Value, error) {
	switch {
	case s == nil || s.Optional && (s.Default == nil || !d.replace):
		return schema.Value{}, nil
	case s.Default != nil && d.replace:
		return *s.Default, nil
	}
	return schema.Value{}, connect.DataErrorf("Invalid null value for required %s field", upper(s.Type))
}

func (d *decoder) convert(s *schema.Schema, k kind) (schema.Value, error) {
	if s == nil {
		return d.schemaless(k)
	}
	if s.Name != "" && s.Logical() {
		return d.logical(s, k)
	}
	switch s.Type {
	case schema.String:
		if k == jsonString {
			b, err := d.text()
			return schema.TextValue(b), err
		}
		return d.asNull(k)
	case schema.Bytes:
		return d.bytes(k)
	case schema.Boolean:
		return schema.BooleanValue(k == jsonTrue), d.pass(k)
	case schema.Array:
		return d.list(s.Elem, k)
	case schema.Map:
		return d.keyed(s, k)
	case schema.StructType:
		return d.structure(s, k)
	case schema.Float32, schema.Float64:
		return d.float(s.Type, k)
	default:
		return d.integer(s.Type, k)
	}
}

func (d *decoder) schemaless(k kind) (schema.Value, error) {
	switch k {
	case jsonString:
		b, err := d.text()
		return schema.TextValue(b), err
	case jsonTrue, jsonFalse:
		return schema.BooleanValue(k == jsonTrue), d.pass(k)
	case jsonArray:
		return d.list(nil, k)
	case jsonObject:
		return d.object(nil)
	case jsonNumber:
		text, err := d.number()
		switch {
		case err != nil:
			return schema.Value{}, err
		case isFraction(text):
			return schema.Float64Value(float(text, 64)), nil
		}
		return schema.Int64Value(integer(text)), nil
	default:
		return schema.Value{}, d.pass(k)
	}
}

// pass moves past a value of a kind that was peeked at; there is nothing to
// move past where there is no value.
func (d *decoder) pass(k kind) error {
	if k == jsonMissing {
		return nil
	}
	return d.skip()
}

// asNull passes a value that Java takes for null.
func (d *decoder) asNull(k kind) (schema.Value, error) {
	d.lax = true
	return schema.Value{}, d.pass(k)
}

func (d *decoder) integer(t schema.Type, k kind) (schema.Value, error) {
	var n int64
	if k == jsonNumber {
		text, err := d.number()
		if err != nil {
			return schema.Value{}, err
		}
		n = integer(text)
	} else if err := d.pass(k); err != nil {
		return schema.Value{}, err
	}
	switch t {
	case schema.Int8:
		return schema.Int8Value(int8(n)), nil
	case schema.Int16:
		return schema.Int16Value(int16(n)), nil
	case schema.Int32:
		return schema.Int32Value(int32(n)), nil
	default:
		return schema.Int64Value(n), nil
	}
}

func (d *decoder) float(t schema.Type, k kind) (schema.Value, error) {
	text := []byte("0")
	if k == jsonNumber {
		var err error
		if text, err = d.number(); err != nil {
			return schema.Value{}, err
		}
	} else if err := d.pass(k); err != nil {
		return schema.Value{}, err
	}
	if t == schema.Float32 {
		return schema.Float32Value(float32(float(text, 32))), nil
	}
	return schema.Float64Value(float(text, 64)), nil
}

// list reads an array. Java goes over the children of any value: an object
// gives the values of its members, a scalar none.
func (d *decoder) list(elem *schema.Schema, k kind) (schema.Value, error) {
	switch k {
	case jsonArray:
	case jsonObject:
		m, err := d.object(elem)
		if err != nil {
			return schema.Value{}, err
		}
		items := d.arena.Values(len(m.Map()))
		for i, e := range m.Map() {
			items[i] = e.Value
		}
		return schema.ListValue(items), nil
	default:
		return schema.ListValue(nil), d.pass(k)
	}
	base := len(d.values)
	more, err := d.open(']')
	for more && err == nil {
		var v schema.Value
		if v, err = d.value(elem); err != nil {
			break
		}
		d.values = append(d.values, v)
		more, err = d.next(']')
	}
	if err != nil {
		return schema.Value{}, err
	}
	items := d.arena.Values(len(d.values) - base)
	copy(items, d.values[base:])
	d.values = d.values[:base]
	return schema.ListValue(items), nil
}

func isSyntax(err error) bool {
	var s *syntaxError
	return errors.As(err, &s)
}

// member reads a member's value. An error other than of syntax comes back as
// failed, with the value passed: Java converts only the last of the members of
// one name, and none that the schema does not have.
func (d *decoder) member(s *schema.Schema) (v schema.Value, failed, err error) {
	start, depth, values, entries := d.pos, d.depth, len(d.values), len(d.entries)
	v, failed = d.value(s)
	if failed == nil {
		return v, nil, nil
	}
	if isSyntax(failed) {
		return schema.Value{}, nil, failed
	}
	d.pos, d.depth, d.values, d.entries = start, depth, d.values[:values], d.entries[:entries]
	return schema.Value{}, failed, d.skip()
}

// structure reads an object by a struct's schema.
func (d *decoder) structure(s *schema.Schema, k kind) (schema.Value, error) {
	if k != jsonObject {
		return schema.Value{}, connect.DataErrorf("Structs should be encoded as JSON objects, but found %s", k)
	}
	st := d.arena.Struct(s)
	var few [4]uint64
	seen := few[:]
	if len(s.Fields) > 64*len(few) {
		seen = make([]uint64, (len(s.Fields)+63)/64)
	}
	var bad map[int]error
	expected := 0
	more, err := d.open('}')
	for more && err == nil {
		var name []byte
		if name, err = d.name(); err != nil {
			return schema.Value{}, err
		}
		i := expected
		if i >= len(s.Fields) || s.Fields[i].Name != string(name) {
			i = s.FieldIndex(string(name))
		}
		if i < 0 {
			err = d.skip()
		} else {
			var failed error
			if st.Values[i], failed, err = d.member(s.Fields[i].Schema); failed != nil {
				if bad == nil {
					bad = map[int]error{}
				}
				bad[i] = failed
			} else if bad != nil {
				delete(bad, i)
			}
			seen[i/64] |= 1 << (i % 64)
			expected = i + 1
		}
		if err == nil {
			more, err = d.next('}')
		}
	}
	if err != nil {
		return schema.Value{}, err
	}
	return d.finish(st, seen, bad)
}

// finish gives the fields that were not there their value, and checks the others.
func (d *decoder) finish(st *schema.Struct, seen []uint64, bad map[int]error) (schema.Value, error) {
	for i := range st.Values {
		f := &st.Schema.Fields[i]
		if err := bad[i]; err != nil {
			return schema.Value{}, err
		}
		if seen[i/64]&(1<<(i%64)) == 0 {
			v, err := d.null(f.Schema)
			if err != nil {
				return schema.Value{}, err
			}
			st.Values[i] = v
		}
		if d.lax {
			if err := schema.Check(f.Schema, st.Values[i]); err != nil {
				return schema.Value{}, connect.DataErrorf("field %q: %w", f.Name, err)
			}
		}
	}
	return schema.StructValue(st), nil
}
