package avro

import (
	"fmt"
	"slices"
	"strconv"

	"sluice/connect/schema"
	"sluice/connect/schema/values"
)

// compile makes the program that writes values of the Connect schema as the Avro
// type, which is the schema's own or one of the registry: fields are found by
// name. The error says where the two do not fit.
func (m *mapping) compile(s *schema.Schema, t *avroType) (*writer, error) {
	if s == nil {
		if !t.same(m.anything(), nil) {
			return nil, fmt.Errorf("data without a schema cannot be written as the Avro type %s", t.fullName())
		}
		return &writer{op: writeAnything}, nil
	}
	n, err := m.node(s, t, nil)
	if err != nil {
		return nil, err
	}
	// A record of bytes alone is those bytes, without their length.
	n.bare = t.kind == bytesKind
	return n, nil
}

func (m *mapping) node(s *schema.Schema, t *avroType, within []*schema.Schema) (*writer, error) {
	if s == nil {
		return &writer{op: writeAnything}, nil
	}
	if slices.Contains(within, s) {
		return nil, fmt.Errorf("the schema %s refers to itself; Sluice cannot write recursive schemas", s.Name)
	}
	within = append(within, s)
	if isUnion(s) {
		return m.unionNode(s, t, within)
	}
	if t.kind != union {
		return m.plainNode(s, t, within)
	}
	at, nullAt := m.branch(s, t, -1), t.nullBranch()
	if at < 0 {
		return nil, fmt.Errorf("no branch of the Avro union fits the schema %s", describe(s))
	}
	n, err := m.plainNode(s, t.branches[at], within)
	if err != nil {
		return nil, err
	}
	n.before = appendLong(nil, int64(at))
	if nullAt >= 0 {
		n.null = appendLong(nil, int64(nullAt))
	}
	return n, nil
}

func describe(s *schema.Schema) string {
	if s.Name != "" {
		return s.Name + " of type " + s.Type.String()
	}
	return "of type " + s.Type.String()
}

func (t *avroType) nullBranch() int {
	return slices.IndexFunc(t.branches, func(b *avroType) bool { return b.kind == null })
}

// branch returns the place of the union's branch for the schema, or -1; the one
// at the preferred place counts before others.
func (m *mapping) branch(s *schema.Schema, t *avroType, preferred int) int {
	if preferred >= 0 && preferred < len(t.branches) && m.fits(s, t.branches[preferred], true) {
		return preferred
	}
	for _, exact := range []bool{true, false} {
		for i, b := range t.branches {
			if m.fits(s, b, exact) {
				return i
			}
		}
	}
	return -1
}

// fits reports whether values of the schema can stand in the branch; exact needs
// the same name and width.
func (m *mapping) fits(s *schema.Schema, t *avroType, exact bool) bool {
	switch s.Type {
	case schema.Int8, schema.Int16, schema.Int32:
		return t.kind == intKind || !exact && t.kind == long
	case schema.Int64:
		return t.kind == long
	case schema.Float32:
		return t.kind == float || !exact && t.kind == double
	case schema.Float64:
		return t.kind == double
	case schema.Boolean:
		return t.kind == boolean
	case schema.String:
		if full, ok := s.Param(m.enumParam()); exact && ok && m.asEnum(s) {
			return t.kind == enum && t.fullName() == full
		}
		return t.kind == stringKind || !exact && t.kind == enum
	case schema.Bytes:
		if size, _ := s.Param(fixedSize); isFixed(s) && exact {
			return t.kind == fixed && strconv.Itoa(t.size) == size && m.named(s, t)
		}
		return t.kind == bytesKind || !exact && t.kind == fixed
	case schema.Array:
		return t.kind == array
	case schema.Map:
		return t.kind == mapKind && m.stringKeys(s) || t.kind == array && !m.stringKeys(s)
	case schema.StructType:
		return t.kind == record && (!exact || m.named(s, t))
	}
	return false
}

func (m *mapping) named(s *schema.Schema, t *avroType) bool {
	if s.Name == "" {
		return t.space == namespace
	}
	space, name := m.split(s.Name)
	return t.name == name && (t.space == space || !m.Enhanced)
}

func (m *mapping) unionNode(s *schema.Schema, t *avroType, within []*schema.Schema) (*writer, error) {
	n := &writer{op: writeUnionStruct, schema: s, want: schema.KindStruct}
	if t.kind != union {
		return nil, fmt.Errorf("the union %s cannot be written as the Avro type %s", s.Name, t.fullName())
	}
	nullAt := t.nullBranch()
	if nullAt >= 0 {
		n.null = appendLong(nil, int64(nullAt))
	}
	first := 0
	if nullAt == 0 {
		first = 1
	}
	for i := range s.Fields {
		f := s.Fields[i].Schema
		at := m.branch(f, t, first+i)
		if at < 0 {
			return nil, fmt.Errorf("no branch of the Avro union fits the field %s, %s", s.Fields[i].Name, describe(f))
		}
		inner, err := m.plainNode(f, t.branches[at], within)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", s.Fields[i].Name, err)
		}
		inner.before = appendLong(nil, int64(at))
		n.nodes = append(n.nodes, *inner)
	}
	return n, nil
}

func (m *mapping) plainNode(s *schema.Schema, t *avroType, within []*schema.Schema) (*writer, error) {
	n := &writer{schema: s, want: schema.KindOf(s)}
	var err error
	switch {
	case !m.fits(s, t, false):
		return nil, fmt.Errorf("a value %s cannot be written as the Avro type %s", describe(s), t.fullName())
	case s.Type == schema.Array:
		n.op = writeArray
		err = m.below(n, within, s.Elem, t.elem)
	case t.kind == mapKind:
		n.op = writeMap
		err = m.below(n, within, s.Elem, t.elem)
	case s.Type == schema.Map:
		n.op = writePairs
		k, v := t.elem.field("key"), t.elem.field("value")
		if len(t.elem.fields) != 2 || k != 0 || v != 1 {
			return nil, fmt.Errorf("the map %s cannot be written as a list of the Avro type %s: its fields must be key and value", s.Name, t.elem.fullName())
		}
		if err = m.below(n, within, s.Key, t.elem.fields[0].typ); err == nil {
			err = m.below(n, within, s.Elem, t.elem.fields[1].typ)
		}
	case s.Type == schema.StructType:
		err = m.recordNode(n, s, t, within)
	default:
		err = m.scalarNode(n, s, t)
	}
	return n, err
}

func (m *mapping) below(n *writer, within []*schema.Schema, s *schema.Schema, t *avroType) error {
	inner, err := m.node(s, t, within)
	if err != nil {
		return err
	}
	n.nodes = append(n.nodes, *inner)
	return nil
}

func (m *mapping) scalarNode(n *writer, s *schema.Schema, t *avroType) error {
	switch t.kind {
	case intKind, long:
		n.op = writeInteger
	case float:
		n.op = writeFloat
	case double:
		n.op = writeDouble
	case boolean:
		n.op = writeBoolean
	case stringKind:
		n.op = writeString
	case enum:
		n.op, n.symbols = writeEnum, t.symbols
	case bytesKind:
		n.op = writeBytes
	default:
		n.op, n.size = writeFixed, t.size
	}
	if s.Name != schema.DecimalName {
		return nil
	}
	n.op = writeDecimal
	if t.kind == fixed {
		n.op = writeFixedDecimal
	}
	var err error
	n.scale, err = values.ScaleOf(s)
	return err
}

func (m *mapping) recordNode(n *writer, s *schema.Schema, t *avroType, within []*schema.Schema) error {
	n.op = writeRecord
	places := map[string]int{}
	for i := range s.Fields {
		places[m.scrubbed(s.Fields[i].Name)] = i
	}
	for i := range t.fields {
		f := &t.fields[i]
		at, ok := places[f.name]
		if ok {
			inner, err := m.node(s.Fields[at].Schema, f.typ, within)
			if err != nil {
				return fmt.Errorf("field %s: %w", f.name, err)
			}
			n.nodes = append(n.nodes, *inner)
			n.fields, n.fallbacks = append(n.fields, at), append(n.fallbacks, nil)
			continue
		}
		b, err := encodeDefault(nil, f.typ, f.fallback)
		if err != nil {
			return fmt.Errorf("field %s of the Avro record %s is not in the data: %w", f.name, t.fullName(), err)
		}
		n.nodes = append(n.nodes, writer{})
		n.fields, n.fallbacks = append(n.fields, -1), append(n.fallbacks, b)
	}
	return nil
}
