package datagen

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// avroSchema is a parsed Avro schema. References to a named type share one
// value, as in Avro for Java; iterations count per value.
type avroSchema struct {
	kind      string // "int", "record", "union"…
	name      string // full name of a named type
	doc       string
	fields    []avroField
	elem      *avroSchema // an array's items, a map's values
	symbols   []string
	size      int // of a fixed
	branches  []*avroSchema
	logical   string
	precision int
	scale     int
	props     object
}

type avroField struct {
	name, doc  string
	schema     *avroSchema
	def        any
	hasDefault bool
}

// simpleName is the name without its namespace.
func (s *avroSchema) simpleName() string { return s.name[strings.LastIndexByte(s.name, '.')+1:] }

func (s *avroSchema) isNamed() bool {
	return s.kind == "record" || s.kind == "enum" || s.kind == "fixed"
}

func (s *avroSchema) field(name string) *avroField {
	if i := slices.IndexFunc(s.fields, func(f avroField) bool { return f.name == name }); i >= 0 {
		return &s.fields[i]
	}
	return nil
}

func isPrimitive(kind string) bool {
	switch kind {
	case "null", "boolean", "int", "long", "float", "double", "bytes", "string":
		return true
	}
	return false
}

// parseAvro parses the JSON text of an Avro schema.
func parseAvro(text []byte) (*avroSchema, error) {
	values, err := parseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("parse Avro schema: %w", err)
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("parse Avro schema: %d JSON values instead of one", len(values))
	}
	p := avroParser{named: map[string]*avroSchema{}, validName: regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)}
	s, err := p.parse(values[0], "")
	if err != nil {
		return nil, fmt.Errorf("parse Avro schema: %w", err)
	}
	return s, nil
}

type avroParser struct {
	named     map[string]*avroSchema
	validName *regexp.Regexp
}

func (p *avroParser) parse(v any, namespace string) (*avroSchema, error) {
	switch v := v.(type) {
	case string:
		return p.reference(v, namespace)
	case []any:
		return p.union(v, namespace)
	case object:
		return p.object(v, namespace)
	}
	return nil, fmt.Errorf("a schema is a name, an object or a list, not %v", v)
}

func (p *avroParser) reference(name, namespace string) (*avroSchema, error) {
	if isPrimitive(name) {
		return &avroSchema{kind: name}, nil
	}
	if !strings.Contains(name, ".") && namespace != "" {
		if s := p.named[namespace+"."+name]; s != nil {
			return s, nil
		}
	}
	if s := p.named[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%q is not a defined name", name)
}

func (p *avroParser) union(list []any, namespace string) (*avroSchema, error) {
	s := &avroSchema{kind: "union"}
	seen := map[string]bool{}
	for _, item := range list {
		b, err := p.parse(item, namespace)
		if err != nil {
			return nil, err
		}
		key := b.kind
		if b.isNamed() {
			key = b.name
		}
		switch {
		case b.kind == "union":
			return nil, errors.New("a union cannot hold a union")
		case seen[key]:
			return nil, fmt.Errorf("duplicate in union: %s", key)
		}
		seen[key] = true
		s.branches = append(s.branches, b)
	}
	if len(s.branches) == 0 {
		return nil, errors.New("a union needs a branch")
	}
	return s, nil
}

func (p *avroParser) object(o object, namespace string) (*avroSchema, error) {
	kind, ok := o.get("type")
	if !ok {
		return nil, errors.New("a schema has no type")
	}
	name, ok := kind.(string)
	if !ok {
		// {"type": {"type": "int"}} is what Avro's parser takes for the inner schema.
		return p.parse(kind, namespace)
	}
	s := &avroSchema{kind: name, doc: o.text("doc"), props: o, logical: o.text("logicalType")}
	var err error
	switch {
	case isPrimitive(name):
	case name == "array":
		s.elem, err = p.member(o, "items", namespace)
	case name == "map":
		s.elem, err = p.member(o, "values", namespace)
	case name == "record" || name == "error" || name == "enum" || name == "fixed":
		err = p.namedType(s, o, namespace)
	default:
		return p.reference(name, namespace)
	}
	if err != nil {
		return nil, err
	}
	s.checkLogical()
	return s, nil
}

func (p *avroParser) member(o object, name, namespace string) (*avroSchema, error) {
	v, ok := o.get(name)
	if !ok {
		return nil, fmt.Errorf("%s schema has no %s", o.text("type"), name)
	}
	return p.parse(v, namespace)
}

func (p *avroParser) namedType(s *avroSchema, o object, namespace string) error {
	name := o.text("name")
	if name == "" {
		return fmt.Errorf("%s schema has no name", s.kind)
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	} else if o.has("namespace") {
		namespace = o.text("namespace")
	}
	if !p.validName.MatchString(name) {
		return fmt.Errorf("illegal name %q", name)
	}
	s.name = name
	if namespace != "" {
		s.name = namespace + "." + name
	}
	if p.named[s.name] != nil {
		return fmt.Errorf("name %s is defined twice", s.name)
	}
	p.named[s.name] = s
	switch s.kind {
	case "enum":
		return s.readSymbols(o)
	case "fixed":
		n, ok := integer(o, "size")
		if !ok || n < 0 {
			return fmt.Errorf("fixed schema %s has no valid size", s.name)
		}
		s.size = n
		return nil
	}
	s.kind = "record"
	return p.readFields(s, o, namespace)
}

func (s *avroSchema) readSymbols(o object) error {
	v, _ := o.get("symbols")
	list, _ := v.([]any)
	for _, item := range list {
		symbol, ok := item.(string)
		if !ok || slices.Contains(s.symbols, symbol) {
			return fmt.Errorf("enum schema %s has a bad symbol %v", s.name, item)
		}
		s.symbols = append(s.symbols, symbol)
	}
	if len(s.symbols) == 0 {
		return fmt.Errorf("enum schema %s has no symbols", s.name)
	}
	return nil
}

func (p *avroParser) readFields(s *avroSchema, o object, namespace string) error {
	v, _ := o.get("fields")
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("record schema %s has no fields", s.name)
	}
	for _, item := range list {
		f, ok := item.(object)
		name := f.text("name")
		if !ok || !p.validName.MatchString(name) || s.field(name) != nil {
			return fmt.Errorf("record schema %s has a field with no, an illegal or a repeated name %q", s.name, name)
		}
		t, ok := f.get("type")
		if !ok {
			return fmt.Errorf("field %s of record schema %s has no type", name, s.name)
		}
		fs, err := p.parse(t, namespace)
		if err != nil {
			return fmt.Errorf("field %s of %s: %w", name, s.name, err)
		}
		def, has := f.get("default")
		s.fields = append(s.fields, avroField{name: name, doc: f.text("doc"), schema: fs, def: def, hasDefault: has})
	}
	return nil
}

// checkLogical drops a logical type that does not fit, as Avro does: it is then
// without effect.
func (s *avroSchema) checkLogical() {
	if s.logical != "decimal" {
		return
	}
	s.precision, _ = integer(s.props, "precision")
	s.scale, _ = integer(s.props, "scale")
	if s.kind != "bytes" && s.kind != "fixed" || s.precision <= 0 || s.precision > 10_000 || s.scale < 0 || s.scale > s.precision {
		s.logical = ""
	}
}

func integer(o object, name string) (int, bool) {
	v, _ := o.get(name)
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil && int64(int32(i)) == i
}
