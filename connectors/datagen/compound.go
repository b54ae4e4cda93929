package datagen

import (
	"errors"
	"fmt"

	"sluice/connect/schema"
)

type recordNode struct {
	schema *schema.Schema
	fields []node
}

func (n *recordNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	st := a.Struct(n.schema)
	for i, f := range n.fields {
		st.Values[i] = f.next(r, a)
	}
	return schema.StructValue(st)
}

func (c *compiler) record(s *avroSchema, cs *schema.Schema) (node, error) {
	n := &recordNode{schema: cs}
	for i, f := range s.fields {
		fn, err := c.compile(f.schema, cs.Fields[i].Schema)
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", f.name, s.name, err)
		}
		n.fields = append(n.fields, fn)
	}
	return n, nil
}

type arrayNode struct {
	item   node
	length lengths
}

func (n arrayNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	items := a.Values(n.length.draw(r))
	for i := range items {
		items[i] = n.item.next(r, a)
	}
	return schema.ListValue(items)
}

func (c *compiler) array(s *avroSchema, cs *schema.Schema, props object) (node, error) {
	l, err := lengthsOf(props)
	if err != nil {
		return nil, err
	}
	item, err := c.compile(s.elem, cs.Elem)
	if err != nil {
		return nil, err
	}
	return arrayNode{item, l}, nil
}

type mapNode struct {
	keys, values node
	length       lengths
}

func (n mapNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	size := n.length.draw(r)
	entries := a.Entries(size)[:0]
	for range size {
		// A key drawn again replaces its value.
		e := schema.Entry{Key: n.keys.next(r, a)}
		e.Value = n.values.next(r, a)
		if i := indexOfKey(entries, e.Key); i >= 0 {
			entries[i] = e
			continue
		}
		entries = append(entries, e)
	}
	return schema.MapValue(entries)
}

func indexOfKey(entries []schema.Entry, key schema.Value) int {
	for i := range entries {
		if entries[i].Key.Equal(key) {
			return i
		}
	}
	return -1
}

func (c *compiler) mapping(s *avroSchema, cs *schema.Schema, props object) (node, error) {
	l, err := lengthsOf(props)
	if err != nil {
		return nil, err
	}
	keys, err := c.mapKeys(props)
	if err != nil {
		return nil, err
	}
	values, err := c.compile(s.elem, cs.Elem)
	if err != nil {
		return nil, err
	}
	return mapNode{keys, values, l}, nil
}

func (c *compiler) mapKeys(props object) (node, error) {
	v, _ := props.get("keys")
	if v == nil {
		return randomText{length: lengths{1, 0}}, nil
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("keys prop must be an object")
	}
	if o.has("options") {
		return c.options(&avroSchema{kind: "string"}, schema.Of(schema.String), o)
	}
	return texts(o)
}

// unionNode draws a branch. wrap is the struct schema of a union with more than
// one branch beside null, and field the place of each branch in it.
type unionNode struct {
	branches []node
	wrap     *schema.Schema
	field    []int
}

func (n unionNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	i := r.below(int32(len(n.branches)))
	v := n.branches[i].next(r, a)
	if n.wrap == nil || n.field[i] < 0 {
		return v
	}
	st := a.Struct(n.wrap)
	st.Values[n.field[i]] = v
	return schema.StructValue(st)
}

func (c *compiler) union(s *avroSchema, cs *schema.Schema) (node, error) {
	n := unionNode{}
	if optionalBranch(s) == nil {
		n.wrap = cs
	}
	for _, b := range s.branches {
		member, at := cs, -1
		if n.wrap != nil && b.kind != "null" {
			at = cs.FieldIndex(branchName(b))
			member = cs.Fields[at].Schema
		}
		bn, err := c.compile(b, member)
		if err != nil {
			return nil, err
		}
		n.branches, n.field = append(n.branches, bn), append(n.field, at)
	}
	return n, nil
}

// randomText is ASCII of a drawn length, or of the least one where there is no
// bound.
type randomText struct {
	length         lengths
	prefix, suffix string
}

func (n randomText) next(r *javaRandom, a *schema.Arena) schema.Value {
	size := int(n.length.least)
	if n.length.bound != 0 {
		size = n.length.draw(r)
	}
	b := a.Bytes(len(n.prefix) + size + len(n.suffix))
	copy(b, n.prefix)
	for i := range size {
		b[len(n.prefix)+i] = byte(r.below(128))
	}
	copy(b[len(n.prefix)+size:], n.suffix)
	return schema.TextValue(b)
}

func texts(props object) (node, error) {
	l, err := lengthsOf(props)
	if err != nil {
		return nil, err
	}
	prefix, suffix, err := affixes(props)
	if err != nil {
		return nil, err
	}
	v, _ := props.get("regex")
	if v == nil {
		return randomText{l, prefix, suffix}, nil
	}
	pattern, ok := v.(string)
	if !ok {
		return nil, errors.New("regex property must be a string")
	}
	m, err := compileRegex(pattern)
	if err != nil {
		return nil, err
	}
	return &regexNode{m, l, prefix, suffix}, nil
}
