package avro

import (
	"errors"
	"fmt"
	"slices"

	"sluice/converters/internal/jsontree"
	"sluice/converters/internal/registry"
)

// parser reads Avro schemas; names hold across the schemas that refer to one another.
type parser struct {
	names map[string]*avroType
}

// parseSchema reads a schema of the registry with its references.
func parseSchema(s *registry.Schema) (*avroType, error) {
	p := parser{names: map[string]*avroType{}}
	err := s.Walk(func(r *registry.Reference) error {
		_, err := p.parse(r.Schema.Text)
		if err != nil {
			return fmt.Errorf("reference %s (subject %s, version %d): %w", r.Name, r.Subject, r.Version, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.parse(s.Text)
}

func (p *parser) parse(text string) (*avroType, error) {
	n, err := jsontree.Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the Avro schema is no JSON: %w", err)
	}
	return p.typ(n, "")
}

func (p *parser) typ(n *jsontree.Node, space string) (*avroType, error) {
	switch n.Kind {
	case jsontree.String:
		return p.reference(n.Text, space)
	case jsontree.Array:
		t := &avroType{kind: union}
		for _, item := range n.Items {
			b, err := p.typ(item, space)
			if err != nil {
				return nil, err
			}
			if b.kind == union {
				return nil, errors.New("a union of the Avro schema holds another union")
			}
			t.branches = append(t.branches, b)
		}
		return t, nil
	case jsontree.Object:
		return p.object(n, space)
	}
	return nil, fmt.Errorf("an Avro schema is a text, an object or an array, not %s", n)
}

func primitive(name string) (kind, bool) {
	i := slices.Index(kindNames[:record], name)
	return kind(max(i, 0)), i >= 0
}

func (p *parser) reference(name, space string) (*avroType, error) {
	if k, ok := primitive(name); ok {
		return &avroType{kind: k}, nil
	}
	in, bare := splitName(name)
	if in == "" && space != "" {
		if t := p.names[space+"."+bare]; t != nil {
			return t, nil
		}
	}
	if t := p.names[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("the Avro schema names the type %q, which it does not define", name)
}

// reserved are the members of a type that are no properties.
func reserved(k kind, name string) bool {
	switch name {
	case "type":
		return true
	case "name", "namespace", "doc", "aliases":
		return k.named()
	case "fields":
		return k == record
	case "symbols", "default":
		return k == enum
	case "size":
		return k == fixed
	case "items":
		return k == array
	case "values":
		return k == mapKind
	}
	return false
}

func (p *parser) object(n *jsontree.Node, space string) (*avroType, error) {
	inner := n.Get("type")
	if inner == nil {
		return nil, fmt.Errorf("an Avro schema has no type: %s", n)
	}
	if inner.Kind != jsontree.String {
		return p.typ(inner, space)
	}
	name := inner.Text
	if name == "error" {
		name = "record"
	}
	k := kind(max(slices.Index(kindNames[:union], name), 0))
	if k == null && name != "null" {
		return p.reference(name, space)
	}
	t := &avroType{kind: k}
	for _, m := range n.Members {
		if !reserved(k, m.Name) {
			t.props = append(t.props, m)
		}
	}
	if k.named() {
		return t, p.named(t, n, space)
	}
	var err error
	switch k {
	case array:
		t.elem, err = p.member(n, "items", space)
	case mapKind:
		t.elem, err = p.member(n, "values", space)
	}
	return t, err
}

func (p *parser) member(n *jsontree.Node, name, space string) (*avroType, error) {
	m := n.Get(name)
	if m == nil {
		return nil, fmt.Errorf("an Avro schema has no %s: %s", name, n)
	}
	return p.typ(m, space)
}

func (p *parser) named(t *avroType, n *jsontree.Node, space string) error {
	name, ok := n.GetText("name")
	if !ok || name == "" {
		return fmt.Errorf("an Avro %s has no name: %s", t.kind, n)
	}
	if t.space, t.name = splitName(name); t.space == "" {
		t.space = space
		if given, ok := n.GetText("namespace"); ok {
			t.space = given
		}
	}
	t.doc = optional(n, "doc")
	full := t.fullName()
	if p.names[full] != nil {
		return fmt.Errorf("the Avro schema defines %s twice", full)
	}
	p.names[full] = t
	switch t.kind {
	case record:
		return p.fields(t, n)
	case enum:
		t.fallback = optional(n, "default")
		symbols := n.Get("symbols")
		if symbols == nil || symbols.Kind != jsontree.Array {
			return fmt.Errorf("the Avro enum %s has no symbols", full)
		}
		for _, s := range symbols.Items {
			if s.Kind != jsontree.String {
				return fmt.Errorf("a symbol of the Avro enum %s is no text: %s", full, s)
			}
			t.symbols = append(t.symbols, s.Text)
		}
	case fixed:
		size, ok := n.GetInt("size")
		if !ok || size < 0 {
			return fmt.Errorf("the Avro fixed %s has no size", full)
		}
		t.size = size
	}
	return nil
}

func optional(n *jsontree.Node, name string) *string {
	if text, ok := n.GetText(name); ok {
		return &text
	}
	return nil
}

func (p *parser) fields(t *avroType, n *jsontree.Node) error {
	fields := n.Get("fields")
	if fields == nil || fields.Kind != jsontree.Array {
		return fmt.Errorf("the Avro record %s has no fields", t.fullName())
	}
	for _, in := range fields.Items {
		name, ok := in.GetText("name")
		if !ok || name == "" {
			return fmt.Errorf("a field of the Avro record %s has no name: %s", t.fullName(), in)
		}
		if t.field(name) >= 0 {
			return fmt.Errorf("the Avro record %s has the field %s twice", t.fullName(), name)
		}
		typ, err := p.member(in, "type", t.space)
		if err != nil {
			return fmt.Errorf("field %s of the Avro record %s: %w", name, t.fullName(), err)
		}
		t.fields = append(t.fields, avroField{name: name, typ: typ, doc: optional(in, "doc"), fallback: in.Get("default")})
	}
	return nil
}
