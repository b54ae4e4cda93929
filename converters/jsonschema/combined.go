package jsonschema

import (
	"slices"
	"strconv"

	"sluice/connect/schema"
	"sluice/converters/internal/javahash"
	"sluice/converters/internal/jsontree"
)

// alternatives reads a union: of one type and null it is that type.
func (r *reader) alternatives(n *jsontree.Node, items []*jsontree.Node, at place) (*schema.Schema, error) {
	if len(items) == 1 && r.Flatten {
		return r.build(items[0], place{})
	}
	isNull := func(i *jsontree.Node) bool { t, _ := i.GetText("type"); return t == kindNull }
	if len(items) == 2 && (isNull(items[0]) || isNull(items[1])) {
		other := items[0]
		if isNull(other) {
			other = items[1]
		}
		return r.build(other, place{optional: true, version: at.version})
	}
	s := &schema.Schema{Type: schema.StructType, Name: oneOfName}
	prefix := oneOfName + ".field."
	if r.General {
		s.Name = generalPrefix + strconv.Itoa(r.unions)
		r.unions++
		putParameter(s, generalUnion, s.Name)
		prefix = generalPrefix + "field_"
	}
	for _, item := range combinedFirst(items) {
		if isNull(item) {
			s.Optional = true
			continue
		}
		f, err := r.build(item, place{optional: true})
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, schema.Field{Name: prefix + strconv.Itoa(len(s.Fields)), Schema: f})
	}
	return s, r.annotate(n, s, at)
}

// combinedFirst is the order in which the original's library keeps alternatives.
func combinedFirst(items []*jsontree.Node) []*jsontree.Node {
	combined := func(n *jsontree.Node) bool {
		return n.Get("oneOf") != nil || n.Get("anyOf") != nil || n.Get("allOf") != nil
	}
	out := slices.Clone(items)
	slices.SortStableFunc(out, func(a, b *jsontree.Node) int {
		switch {
		case combined(a) == combined(b):
			return 0
		case combined(a):
			return -1
		}
		return 1
	})
	return out
}

// allOf reads what must be all of its parts: the properties of all together, or
// the one part that says most.
func (r *reader) allOf(parts []*jsontree.Node, at place) (*schema.Schema, error) {
	all := jsontree.NewObject()
	var need []string
	if err := r.collect(parts, all, &need); err != nil {
		return nil, err
	}
	if len(all.Members) > 0 {
		s := &schema.Schema{Type: schema.StructType, Optional: at.optional}
		for _, m := range all.Members {
			f, err := r.build(m.Value, place{optional: r.NotRequired && !slices.Contains(need, m.Name)})
			if err != nil {
				return nil, err
			}
			s.Fields = append(s.Fields, schema.Field{Name: m.Name, Schema: f})
		}
		return s, nil
	}
	var text, num, enum, ref, union *jsontree.Node
	constant := false
	for _, p := range parts {
		switch {
		case p.Get("oneOf") != nil || p.Get("anyOf") != nil || p.Get("allOf") != nil:
			union = p
		case p.Get("enum") != nil:
			enum = p
		case p.Get("const") != nil:
			constant = true
		case p.Get("$ref") != nil:
			ref = p
		case kindOfNode(p) == kindString:
			text = p
		case kindOfNode(p) == kindInteger || kindOfNode(p) == kindNumber:
			num = p
		}
	}
	var chosen *jsontree.Node
	switch {
	case union != nil:
		chosen = union
	case (constant || enum == nil) && text != nil && enum == nil:
		chosen = text
	case enum != nil && text != nil:
		chosen = enum
	case num != nil:
		chosen = num
	case ref != nil:
		chosen = ref
	default:
		return nil, illegal("Unsupported criterion allOf")
	}
	return r.build(chosen, at)
}

func (r *reader) collect(parts []*jsontree.Node, into *jsontree.Node, need *[]string) error {
	for _, p := range parts {
		if ref, ok := p.GetText("$ref"); ok {
			target, err := r.find(ref)
			if err != nil {
				return err
			}
			if slices.Contains(r.within, target) {
				continue
			}
			p = target
		}
		if list := p.Get("allOf"); list != nil {
			if err := r.collect(list.Items, into, need); err != nil {
				return err
			}
		}
		properties := p.Get("properties")
		if properties == nil {
			continue
		}
		for _, slot := range javahash.Append(nil, len(properties.Members), func(i int) string { return properties.Members[i].Name }) {
			m := properties.Members[slot.At]
			into.Put(m.Name, m.Value)
			if required(p, m.Name) {
				*need = append(*need, m.Name)
			}
		}
	}
	return nil
}
