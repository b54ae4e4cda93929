package avro

import (
	"strconv"
	"strings"

	"sluice/connect/schema"
	"sluice/converters/internal/jsontree"
)

const (
	namespace    = "io.confluent.connect.avro"
	defaultName  = "ConnectDefault"
	mapEntryName = "MapEntry"
	anythingName = "Anything"

	unionName = namespace + ".Union"
	enumName  = namespace + ".Enum"
	// The names of the same with generalized.sum.type.support.
	generalUnion  = "org.apache.kafka.connect.data.Union"
	generalEnum   = "org.apache.kafka.connect.data.Enum"
	generalPrefix = "connect_union_"

	connectName       = "connect.name"
	connectDoc        = "connect.doc"
	connectRecordDoc  = "connect.record.doc"
	connectEnumDoc    = "connect.enum.doc"
	connectVersion    = "connect.version"
	connectDefault    = "connect.default"
	connectParameters = "connect.parameters"
	connectInternal   = "connect.internal.type"
	connectType       = "connect.type"

	recordDoc   = namespace + ".record.doc"
	fieldDoc    = namespace + ".field.doc."
	fieldFlag   = namespace + ".field.default"
	enumDoc     = namespace + ".enum.doc."
	enumDefault = namespace + ".enum.default."

	fixedSize        = "connect.fixed.size"
	decimalPrecision = "connect.decimal.precision"
	anyPrecision     = 64
)

// mapping is the way in which schemas of Connect and of Avro correspond.
type mapping struct {
	Enhanced        bool `config:"enhanced.avro.schema.support"`
	General         bool `config:"generalized.sum.type.support"`
	Scrub           bool `config:"scrub.invalid.names"`
	Meta            bool `config:"connect.meta.data"`
	OptionalKeys    bool `config:"allow.optional.map.keys"`
	DiscardDoc      bool `config:"discard.type.doc.default"`
	Flatten         bool `config:"flatten.singleton.unions"`
	IgnoreDefaults  bool `config:"ignore.default.for.nullables"`
	FailTrailing    bool `config:"avro.fail.on.trailing.data"`
	unions          int  // unions numbered so far, with General
	anythingCompile *avroType
}

func isUnion(s *schema.Schema) bool {
	if s.Name == unionName {
		return true
	}
	_, ok := s.Param(generalUnion)
	return ok && s.Type == schema.StructType
}

func isEnum(s *schema.Schema) bool {
	if s.Type != schema.String {
		return false
	}
	_, a := s.Param(enumName)
	_, b := s.Param(generalEnum)
	return a || b
}

func isFixed(s *schema.Schema) bool {
	_, ok := s.Param(fixedSize)
	return ok && s.Type == schema.Bytes && s.Name != ""
}

func (m *mapping) enumParam() string {
	if m.General {
		return generalEnum
	}
	return enumName
}

// asEnum reports whether a text becomes an Avro enum.
func (m *mapping) asEnum(s *schema.Schema) bool { return (m.General || m.Enhanced) && isEnum(s) }

// stringKeys reports whether a map becomes an Avro map and not a list of pairs.
func (m *mapping) stringKeys(s *schema.Schema) bool {
	return s.Key != nil && s.Key.Type == schema.String && (!s.Key.Optional || m.OptionalKeys)
}

func (m *mapping) scrubbed(name string) string {
	if m.Scrub {
		return scrub(name)
	}
	return name
}

// split is the namespace and name of an Avro type for a Connect name.
func (m *mapping) split(name string) (string, string) {
	if !m.Scrub {
		return splitName(name)
	}
	parts := strings.Split(name, ".")
	for i := range parts {
		parts[i] = scrub(parts[i])
	}
	return splitName(strings.Join(parts, "."))
}

// builder makes the Avro schema of one Connect schema.
type builder struct {
	*mapping
	// unnamed holds the types of structs without a name, which get numbers.
	unnamed []madeType
	numbers int
	// made holds the other named types by their Connect name.
	made map[string]madeType
}

type madeType struct {
	s *schema.Schema
	t *avroType
}

// fromConnect returns the Avro schema of a Connect schema.
func (m *mapping) fromConnect(s *schema.Schema) (*avroType, error) {
	if s == nil {
		return m.anything(), nil
	}
	b := builder{mapping: m, made: map[string]madeType{}}
	return b.build(s, false)
}

// alike reports whether both schemas make the same Avro type: Java takes the
// type that has the name already.
func alike(a, b *schema.Schema) bool {
	if a == b {
		return true
	}
	plain := func(s *schema.Schema) *schema.Schema {
		c := s.Clone()
		c.Optional, c.Default, c.Doc, c.Version, c.Parameters = false, nil, "", nil, nil
		return c
	}
	return plain(a).Equal(plain(b))
}

func (b *builder) build(s *schema.Schema, ignoreOptional bool) (*avroType, error) {
	if s == nil {
		return b.anything(), nil
	}
	if known := b.known(s); known != nil {
		if s.Type == schema.StructType && s.Optional && !ignoreOptional {
			return nullable(known, false), nil
		}
		return b.maybeOptional(known, s, ignoreOptional), nil
	}
	var t *avroType
	var err error
	switch s.Type {
	case schema.Array:
		t = &avroType{kind: array}
		t.elem, err = b.build(s.Elem, false)
	case schema.Map:
		t, err = b.mapType(s)
	case schema.StructType:
		switch {
		case isUnion(s):
			return b.unionType(s)
		case s.Optional && !ignoreOptional:
			// The null stands first, whatever the default is.
			inner := s.Clone()
			inner.Optional = false
			if t, err = b.build(inner, false); err != nil {
				return nil, err
			}
			return nullable(t, false), nil
		}
		t, err = b.recordType(s)
	default:
		t, err = b.scalarType(s)
	}
	if err != nil {
		return nil, err
	}
	if err := b.describe(t, s); err != nil {
		return nil, err
	}
	switch {
	case t.kind == record && s.Name == "":
		b.unnamed = append(b.unnamed, madeType{s, t})
	case t.kind.named():
		b.made[s.Name] = madeType{s, t}
	}
	return b.maybeOptional(t, s, ignoreOptional), nil
}

// known returns the type that was made for the same schema, or nil.
func (b *builder) known(s *schema.Schema) *avroType {
	if s.Name != "" {
		if m, ok := b.made[s.Name]; ok && alike(m.s, s) {
			return m.t
		}
		return nil
	}
	if s.Type != schema.StructType {
		return nil
	}
	required := s.Clone()
	required.Optional = false
	for _, m := range b.unnamed {
		if m.s.Equal(required) {
			return m.t
		}
	}
	return nil
}

func (b *builder) maybeOptional(t *avroType, s *schema.Schema, ignoreOptional bool) *avroType {
	if ignoreOptional || !s.Optional {
		return t
	}
	return nullable(t, s.Default != nil)
}

// nullable is the union of the type and null, which stands last where the type
// has a default.
func nullable(t *avroType, last bool) *avroType {
	n := &avroType{kind: null}
	if last {
		return &avroType{kind: union, branches: []*avroType{t, n}}
	}
	return &avroType{kind: union, branches: []*avroType{n, t}}
}

func param1(s *schema.Schema, name string) *string {
	if v, ok := s.Param(name); ok {
		return &v
	}
	return nil
}

// names returns the namespace and name of the type for a schema; one without a
// name gets a number.
func (b *builder) names(s *schema.Schema) (space, name string) {
	if s.Name != "" {
		return b.split(s.Name)
	}
	b.numbers++
	if b.numbers == 1 {
		return namespace, defaultName
	}
	return namespace, defaultName + strconv.Itoa(b.numbers)
}

func (b *builder) mapType(s *schema.Schema) (*avroType, error) {
	if b.stringKeys(s) {
		elem, err := b.build(s.Elem, false)
		return &avroType{kind: mapKind, elem: elem}, err
	}
	entry := &avroType{kind: record, space: namespace, name: mapEntryName}
	if s.Name != "" {
		entry.space, entry.name = b.names(s)
		entry.setProp(connectInternal, jsontree.NewString(mapEntryName))
	}
	for _, f := range []struct {
		name string
		s    *schema.Schema
	}{{"key", s.Key}, {"value", s.Elem}} {
		if err := b.addField(entry, f.name, f.s, nil); err != nil {
			return nil, err
		}
	}
	return &avroType{kind: array, elem: entry}, nil
}

func (b *builder) unionType(s *schema.Schema) (*avroType, error) {
	t := &avroType{kind: union}
	if s.Optional {
		t.branches = append(t.branches, &avroType{kind: null})
	}
	for i := range s.Fields {
		branch, err := b.build(s.Fields[i].Schema, true)
		if err != nil {
			return nil, err
		}
		t.branches = append(t.branches, branch)
	}
	return t, nil
}

func (b *builder) recordType(s *schema.Schema) (*avroType, error) {
	t := &avroType{kind: record}
	t.space, t.name = b.names(s)
	if b.DiscardDoc {
		t.doc = param1(s, connectRecordDoc)
	} else {
		t.doc = param1(s, recordDoc)
	}
	if s.Name != "" {
		b.made[s.Name] = madeType{s, t}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		var doc *string
		if !b.DiscardDoc {
			doc = param1(s, fieldDoc+f.Name)
		} else if f.Schema.Doc != "" {
			doc = &f.Schema.Doc
		}
		if err := b.addField(t, b.scrubbed(f.Name), f.Schema, doc); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (b *builder) addField(t *avroType, name string, s *schema.Schema, doc *string) error {
	f := avroField{name: name, doc: doc}
	var err error
	if f.typ, err = b.build(s, false); err != nil {
		return err
	}
	switch {
	case s == nil:
	case s.Default != nil:
		if b.hasDefault(s) {
			f.fallback, err = b.defaultNode(s, *s.Default)
		}
	case s.Optional:
		f.fallback = &jsontree.Node{}
	}
	t.fields = append(t.fields, f)
	return err
}

// anything returns the schema of data without one: a record of all that it may be.
func (m *mapping) anything() *avroType {
	if m.anythingCompile != nil {
		return m.anythingCompile
	}
	t := &avroType{kind: record, space: namespace, name: anythingName}
	opt := func(of *avroType) *avroType { return nullable(of, false) }
	entry := &avroType{kind: record, space: namespace, name: mapEntryName, fields: []avroField{{name: "key", typ: t}, {name: "value", typ: t}}}
	for _, f := range []struct {
		name string
		typ  *avroType
	}{
		{"boolean", &avroType{kind: boolean}},
		{"bytes", &avroType{kind: bytesKind}},
		{"double", &avroType{kind: double}},
		{"float", &avroType{kind: float}},
		{"int", &avroType{kind: intKind}},
		{"long", &avroType{kind: long}},
		{"string", &avroType{kind: stringKind}},
		{"array", &avroType{kind: array, elem: t}},
		{"map", &avroType{kind: array, elem: entry}},
	} {
		t.fields = append(t.fields, avroField{name: f.name, typ: opt(f.typ), fallback: &jsontree.Node{}})
	}
	m.anythingCompile = t
	return t
}
