package jsonschema

import (
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/javahash"
	"sluice/converters/internal/jsontree"
)

const (
	namespace = "io.confluent.connect.json"
	enumName  = namespace + ".Enum"
	oneOfName = namespace + ".OneOf"
	idName    = namespace + ".Id"
	nullEntry = "<NULL>"
	// The names of the same with generalized.sum.type.support.
	generalUnion  = "org.apache.kafka.connect.data.Union"
	generalEnum   = "org.apache.kafka.connect.data.Enum"
	generalPrefix = "connect_union_"
	variantName   = "io.confluent.connect.variant"

	connectType       = "connect.type"
	connectVersion    = "connect.version"
	connectParameters = "connect.parameters"
	connectIndex      = "connect.index"
)

// mapping is the way in which schemas of Connect and JSON Schema correspond.
type mapping struct {
	General        bool   `config:"generalized.sum.type.support"`
	IgnoreDefaults bool   `config:"ignore.default.for.nullables"`
	Additional     bool   `config:"object.additional.properties"`
	NotRequired    bool   `config:"use.optional.for.nonrequired"`
	Flatten        bool   `config:"flatten.singleton.unions"`
	Decimal        string `config:"decimal.format"`
	FailInvalid    bool   `config:"json.fail.invalid.schema"`
	Indent         bool   `config:"json.indent.output"`
}

func (m *mapping) numeric() bool { return strings.EqualFold(m.Decimal, "NUMERIC") }

func isUnion(s *schema.Schema) bool {
	_, general := s.Param(generalUnion)
	return s.Type == schema.StructType && (s.Name == oneOfName || general)
}

func isEnum(s *schema.Schema) bool {
	_, a := s.Param(enumName)
	_, b := s.Param(generalEnum)
	return s.Type == schema.String && (a || b)
}

func stringKeys(s *schema.Schema) bool {
	return s.Key != nil && s.Key.Type == schema.String && !s.Key.Optional
}

// object is a JSON Schema that is being made: what stands before the title, and
// what stands after the properties of Connect.
type object struct {
	before, after []jsontree.Member
	combined      bool
}

func (m *mapping) fromConnect(s *schema.Schema, index int, ignoreOptional bool, within []*schema.Schema) (*jsontree.Node, error) {
	if s == nil {
		return nil, connect.DataErrorf("a part of the schema has no schema of its own")
	}
	if slices.Contains(within, s) {
		return nil, connect.DataErrorf("The schema %s refers to itself. Sluice cannot write recursive schemas", s.Name)
	}
	within = append(within, s)
	o, typ, err := m.body(s, within)
	if err != nil {
		return nil, err
	}
	if o.combined {
		return finish(o, indexed(nil, index)), nil
	}
	props, err := m.describe(s, typ)
	if err != nil {
		return nil, err
	}
	if ignoreOptional || !s.Optional {
		return finish(o, indexed(props, index)), nil
	}
	alternatives := &jsontree.Node{Kind: jsontree.Array, Items: []*jsontree.Node{nullType(), finish(o, indexed(props, -1))}}
	return finish(object{after: []jsontree.Member{{Name: "oneOf", Value: alternatives}}}, indexed(nil, index)), nil
}

func nullType() *jsontree.Node { return typed("null") }

func typed(name string) *jsontree.Node {
	return jsontree.NewObject(jsontree.Member{Name: "type", Value: jsontree.NewString(name)})
}

// described are the parts of a schema that all kinds have, in their order: texts
// and default first, then the properties of Connect as a HashMap has them.
type described struct {
	first                        []jsontree.Member
	version, typ, params, placed *jsontree.Node
}

func indexed(d *described, index int) *described {
	if d == nil {
		d = &described{}
	}
	if index >= 0 {
		d.placed = jsontree.NewInt(int64(index))
	}
	return d
}

func finish(o object, d *described) *jsontree.Node {
	n := jsontree.NewObject(o.before...)
	n.Members = append(n.Members, d.first...)
	for _, p := range []jsontree.Member{{Name: connectIndex, Value: d.placed}, {Name: connectVersion, Value: d.version}, {Name: connectType, Value: d.typ}, {Name: connectParameters, Value: d.params}} {
		if p.Value != nil {
			n.Members = append(n.Members, p)
		}
	}
	n.Members = append(n.Members, o.after...)
	return n
}

func (m *mapping) describe(s *schema.Schema, typ string) (*described, error) {
	d := &described{}
	if s.Name != "" {
		d.first = append(d.first, jsontree.Member{Name: "title", Value: jsontree.NewString(s.Name)})
	}
	if s.Doc != "" {
		d.first = append(d.first, jsontree.Member{Name: "description", Value: jsontree.NewString(s.Doc)})
	}
	if s.Default != nil {
		n, err := m.defaultNode(s)
		if err != nil {
			return nil, err
		}
		d.first = append(d.first, jsontree.Member{Name: "default", Value: n})
	}
	if s.Version != nil {
		d.version = jsontree.NewInt(int64(*s.Version))
	}
	if typ != "" {
		d.typ = jsontree.NewString(typ)
	}
	var names []string
	for _, p := range s.Parameters {
		if !strings.HasPrefix(p.Name, namespace) {
			names = append(names, p.Name)
		}
	}
	if len(names) > 0 {
		d.params = jsontree.NewObject()
		for _, name := range javahash.Copied(names) {
			value, _ := s.Param(name)
			d.params.Put(name, jsontree.NewString(value))
		}
	}
	return d, nil
}

// hashed brings the members of an object into the order of a HashMap, which is
// what the original keeps them in.
func hashed(n *jsontree.Node) *jsontree.Node {
	slots := javahash.Append(nil, len(n.Members), func(i int) string { return n.Members[i].Name })
	out := make([]jsontree.Member, len(slots))
	for i, s := range slots {
		out[i] = n.Members[s.At]
	}
	n.Members = out
	return n
}

// defaultNode is the default as the original's JSON library writes it.
func (m *mapping) defaultNode(s *schema.Schema) (*jsontree.Node, error) {
	e := encoder{mapping: m}
	text, err := e.value(nil, s, *s.Default)
	if err != nil {
		return nil, err
	}
	n, err := jsontree.Parse(text)
	if err != nil {
		return nil, err
	}
	return plainNumbers(n), nil
}

func plainNumbers(n *jsontree.Node) *jsontree.Node {
	if n.Kind == jsontree.Number && strings.Contains(n.Text, ".") && !strings.ContainsAny(n.Text, "eE") {
		n.Text = strings.TrimSuffix(strings.TrimRight(n.Text, "0"), ".")
	}
	for _, item := range n.Items {
		plainNumbers(item)
	}
	if n.Kind == jsontree.Object {
		for _, member := range n.Members {
			plainNumbers(member.Value)
		}
		hashed(n)
	}
	return n
}

// scalars are the JSON type and the connect.type of each primitive type.
var scalars = map[schema.Type][2]string{
	schema.Int8: {"integer", "int8"}, schema.Int16: {"integer", "int16"}, schema.Int32: {"integer", "int32"}, schema.Int64: {"integer", "int64"},
	schema.Float32: {"number", "float32"}, schema.Float64: {"number", "float64"},
}

func (m *mapping) body(s *schema.Schema, within []*schema.Schema) (o object, typ string, err error) {
	typeMember := func(name string) []jsontree.Member {
		return []jsontree.Member{{Name: "type", Value: jsontree.NewString(name)}}
	}
	switch s.Type {
	case schema.Boolean:
		o.after = typeMember("boolean")
	case schema.String:
		if isEnum(s) {
			o.before = []jsontree.Member{{Name: "enum", Value: m.symbols(s)}}
		} else {
			o.before = typeMember("string")
		}
	case schema.Bytes:
		o.before, typ = typeMember("string"), "bytes"
		if s.Name == schema.DecimalName && m.numeric() {
			o.before = typeMember("number")
		}
	case schema.Array:
		items, err := m.fromConnect(s.Elem, -1, false, within)
		if err != nil {
			return o, "", err
		}
		o.before, o.after = typeMember("array"), []jsontree.Member{{Name: "items", Value: items}}
	case schema.Map:
		o, err = m.mapBody(s, within)
		return o, "map", err
	case schema.StructType:
		o, err = m.structBody(s, within)
	default:
		names, ok := scalars[s.Type]
		if !ok {
			return o, "", connect.ClassErrorf("java.lang.IllegalArgumentException", "Unsupported type %s", s.Type)
		}
		o.before, typ = typeMember(names[0]), names[1]
	}
	return o, typ, err
}

func (m *mapping) symbols(s *schema.Schema) *jsontree.Node {
	param := enumName
	if m.General {
		param = generalEnum
	}
	n := &jsontree.Node{Kind: jsontree.Array}
	for _, p := range s.Parameters {
		symbol, ok := strings.CutPrefix(p.Name, param+".")
		switch {
		case !ok:
		case symbol == nullEntry:
			n.Items = append(n.Items, &jsontree.Node{})
		default:
			n.Items = append(n.Items, jsontree.NewString(symbol))
		}
	}
	return n
}

func (m *mapping) mapBody(s *schema.Schema, within []*schema.Schema) (o object, err error) {
	if stringKeys(s) {
		v, err := m.fromConnect(s.Elem, -1, false, within)
		o.before = []jsontree.Member{{Name: "type", Value: jsontree.NewString("object")}}
		o.after = []jsontree.Member{{Name: "additionalProperties", Value: v}}
		return o, err
	}
	k, err := m.fromConnect(s.Key, 0, false, within)
	if err != nil {
		return o, err
	}
	v, err := m.fromConnect(s.Elem, 1, false, within)
	if err != nil {
		return o, err
	}
	entry := typed("object")
	entry.Put("properties", jsontree.NewObject(jsontree.Member{Name: "value", Value: v}, jsontree.Member{Name: "key", Value: k}))
	o.before = []jsontree.Member{{Name: "type", Value: jsontree.NewString("array")}}
	o.after = []jsontree.Member{{Name: "items", Value: entry}}
	return o, nil
}

func (m *mapping) structBody(s *schema.Schema, within []*schema.Schema) (o object, err error) {
	switch {
	case s.Name == variantName:
		return o, connect.DataErrorf("Sluice does not support the variant type %s", s.Name)
	case isUnion(s):
		return m.unionBody(s, within)
	case s.Optional:
		inner := s.Clone()
		inner.Optional = false
		n, err := m.fromConnect(inner, -1, false, within)
		o.combined = true
		o.after = []jsontree.Member{{Name: "oneOf", Value: &jsontree.Node{Kind: jsontree.Array, Items: []*jsontree.Node{nullType(), n}}}}
		return o, err
	}
	properties := jsontree.NewObject()
	for i := range s.Fields {
		n, err := m.fromConnect(s.Fields[i].Schema, i, false, within)
		if err != nil {
			return o, err
		}
		properties.Put(s.Fields[i].Name, n)
	}
	o.before = []jsontree.Member{{Name: "type", Value: jsontree.NewString("object")}}
	if !m.Additional {
		o.before = append(o.before, jsontree.Member{Name: "additionalProperties", Value: jsontree.NewBoolean(false)})
	}
	if len(properties.Members) > 0 {
		o.after = []jsontree.Member{{Name: "properties", Value: hashed(properties)}}
	}
	return o, nil
}

func (m *mapping) unionBody(s *schema.Schema, within []*schema.Schema) (o object, err error) {
	alternatives := &jsontree.Node{Kind: jsontree.Array}
	if s.Optional {
		alternatives.Items = append(alternatives.Items, nullType())
	}
	for i := range s.Fields {
		f := s.Fields[i].Schema
		if f.Optional {
			f = f.Clone()
			f.Optional = false
		}
		n, err := m.fromConnect(f, i, true, within)
		if err != nil {
			return o, err
		}
		alternatives.Items = append(alternatives.Items, n)
	}
	o.combined = true
	o.after = []jsontree.Member{{Name: "oneOf", Value: alternatives}}
	return o, nil
}
