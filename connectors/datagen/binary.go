package datagen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"sluice/connect/schema"
)

// decodeAll reads the Avro binary values that follow each other to the end.
func decodeAll(s *avroSchema, cs *schema.Schema, raw []byte) ([]schema.Value, error) {
	d := decoder{rest: raw}
	var all []schema.Value
	for len(d.rest) > 0 {
		before := len(d.rest)
		v, err := d.value(s, cs)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", len(all), err)
		}
		if len(d.rest) == before {
			return nil, fmt.Errorf("value %d: schema %s has values of no bytes", len(all), s.kind)
		}
		all = append(all, v)
	}
	return all, nil
}

type decoder struct{ rest []byte }

func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.rest) {
		return nil, io.ErrUnexpectedEOF
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b, nil
}

func (d *decoder) long() (int64, error) {
	n, size := binary.Varint(d.rest)
	if size <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	d.rest = d.rest[size:]
	return n, nil
}

func (d *decoder) sized() ([]byte, error) {
	n, err := d.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(d.rest)) {
		return nil, io.ErrUnexpectedEOF
	}
	return d.take(int(n))
}

func (d *decoder) value(s *avroSchema, cs *schema.Schema) (schema.Value, error) {
	switch s.kind {
	case "record":
		st := schema.NewStruct(cs)
		for i, f := range s.fields {
			var err error
			if st.Values[i], err = d.value(f.schema, cs.Fields[i].Schema); err != nil {
				return schema.Null(), fmt.Errorf("field %s: %w", f.name, err)
			}
		}
		return schema.StructValue(st), nil
	case "array":
		items := []schema.Value{}
		err := d.blocks(func() error {
			v, err := d.value(s.elem, cs.Elem)
			items = append(items, v)
			return err
		})
		return schema.ListValue(items), err
	case "map":
		entries := []schema.Entry{}
		err := d.blocks(func() error {
			key, err := d.sized()
			if err != nil {
				return err
			}
			v, err := d.value(s.elem, cs.Elem)
			entries = append(entries, schema.Entry{Key: schema.TextValue(key), Value: v})
			return err
		})
		return schema.MapValue(entries), err
	case "union":
		return d.union(s, cs)
	}
	return d.leaf(s)
}

// blocks reads the items of an array or map; an item takes at least one byte
// of the rest, so that a wrong count cannot ask for endless memory.
func (d *decoder) blocks(item func() error) error {
	for {
		n, err := d.long()
		if err != nil || n == 0 {
			return err
		}
		if n < 0 {
			n = -n
			if _, err := d.long(); err != nil {
				return err
			}
		}
		for range n {
			before := len(d.rest)
			if err := item(); err != nil {
				return err
			}
			if len(d.rest) == before {
				return errors.New("items of no bytes are not supported")
			}
		}
	}
}

func (d *decoder) union(s *avroSchema, cs *schema.Schema) (schema.Value, error) {
	i, err := d.long()
	if err != nil {
		return schema.Null(), err
	}
	if i < 0 || i >= int64(len(s.branches)) {
		return schema.Null(), fmt.Errorf("union has no branch %d", i)
	}
	b := s.branches[i]
	if b.kind == "null" || optionalBranch(s) != nil {
		return d.value(b, cs)
	}
	field := cs.FieldIndex(branchName(b))
	v, err := d.value(b, cs.Fields[field].Schema)
	return unionValue(cs, field, v), err
}

func (d *decoder) leaf(s *avroSchema) (schema.Value, error) {
	switch s.kind {
	case "null":
		return schema.Null(), nil
	case "boolean":
		b, err := d.take(1)
		return schema.BooleanValue(err == nil && b[0] == 1), err
	case "int", "long":
		n, err := d.long()
		return integerValue(s, n), err
	case "float":
		b, err := d.take(4)
		if err != nil {
			return schema.Null(), err
		}
		return schema.Float32Value(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
	case "double":
		b, err := d.take(8)
		if err != nil {
			return schema.Null(), err
		}
		return schema.Float64Value(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	case "enum":
		i, err := d.long()
		if err != nil || i < 0 || i >= int64(len(s.symbols)) {
			return schema.Null(), errors.Join(err, fmt.Errorf("enum %s has no symbol %d", s.name, i))
		}
		return schema.StringValue(s.symbols[i]), nil
	case "string":
		b, err := d.sized()
		return schema.TextValue(b), err
	case "fixed":
		b, err := d.take(s.size)
		return bytesValue(s, b), err
	}
	b, err := d.sized()
	return bytesValue(s, b), err
}

// bytesValue returns bytes, or the decimal whose unscaled number they are in
// two's complement.
func bytesValue(s *avroSchema, b []byte) schema.Value {
	if s.logical != "decimal" {
		return schema.BytesValue(b)
	}
	return schema.DecimalValue(schema.DecimalOfBytes(b, int32(s.scale)))
}
