package protobuf

import (
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

const (
	namespace   = "io.confluent.connect.protobuf"
	enumName    = namespace + ".Enum"
	unionName   = namespace + ".Union"
	tagName     = namespace + ".Tag"
	typeName    = namespace + ".Type"
	defaultName = "ConnectDefault"
	mapSuffix   = "Entry"
	// The names of the same with generalized.sum.type.support.
	generalUnion = "org.apache.kafka.connect.data.Union"
	generalEnum  = "org.apache.kafka.connect.data.Enum"

	connectType      = "connect.type"
	connectPrecision = "connect.decimal.precision"
)

// mapping is the way in which schemas of Connect and of Protobuf correspond.
type mapping struct {
	Enhanced       bool `config:"enhanced.protobuf.schema.support"`
	General        bool `config:"generalized.sum.type.support"`
	IgnoreDefaults bool `config:"ignore.default.for.nullables"`
	Scrub          bool `config:"scrub.invalid.names"`
	IntEnums       bool `config:"int.for.enums"`
	Optional       bool `config:"optional.for.nullables"`
	Proto2         bool `config:"optional.for.proto2"`
	Wrappers       bool `config:"wrapper.for.nullables"`
	RawWrappers    bool `config:"wrapper.for.raw.primitives"`
	StructForNull  bool `config:"generate.struct.for.nulls"`
	UnionIndex     bool `config:"generate.index.for.unions"`
	Flatten        bool `config:"flatten.unions"`
}

func (m *mapping) enumParam() string {
	if m.General {
		return generalEnum
	}
	return enumName
}

func has(s *schema.Schema, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := s.Param(n); return ok })
}

func isUnion(s *schema.Schema) bool {
	return s.Type == schema.StructType && (strings.HasPrefix(s.Name, unionName) || has(s, generalUnion))
}

func illegal(format string, args ...any) error {
	return connect.ClassErrorf("java.lang.IllegalArgumentException", format, args...)
}

// file is a schema that is being made.
type file struct {
	*mapping
	imports []string
	unnamed int
	within  []*schema.Schema
}

type message struct {
	name     string
	fields   []field
	oneofs   []oneof
	messages []*message
	enums    []enum
}

type field struct {
	label, typ, name string
	number           int
	params           [][2]string
}

type oneof struct {
	name   string
	fields []field
}

type enum struct {
	name   string
	values [][2]string
}

// fromConnect returns the text of the schema for a Connect schema, and the full
// name of its message.
func (m *mapping) fromConnect(s *schema.Schema) (text, full string, err error) {
	if s.Logical() {
		return "", "", connect.DataErrorf("a value of the type %s alone cannot be written as Protobuf; put it into a struct", s.Name)
	}
	f := file{mapping: m}
	switch s.Type {
	case schema.StructType:
	case schema.Array, schema.Map:
		return "", "", illegal("Unsupported root schema of type %s", strings.ToUpper(s.Type.String()))
	default:
		return wrappersText(), f.wrapper(s, ""), nil
	}
	name := s.Name
	if name == "" {
		name = f.nextName()
	}
	space, short := f.split(name)
	root, err := f.message(short, s)
	if err != nil {
		return "", "", err
	}
	return f.text(space, root), strings.TrimPrefix(space+"."+short, "."), nil
}

func (f *file) nextName() string {
	f.unnamed++
	return defaultName + strconv.Itoa(f.unnamed)
}

func (f *file) split(full string) (space, name string) {
	parts := strings.Split(full, ".")
	for i := range parts {
		parts[i] = f.scrubbed(parts[i])
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], "."), parts[last]
}

func (f *file) unqualified(name string) string {
	if name == "" {
		name = f.nextName()
	}
	return f.scrubbed(name[strings.LastIndexByte(name, '.')+1:])
}

func (f *file) message(name string, s *schema.Schema) (*message, error) {
	if slices.Contains(f.within, s) {
		return nil, connect.DataErrorf("The schema %s refers to itself. Sluice cannot write recursive schemas", s.Name)
	}
	f.within = append(f.within, s)
	defer func() { f.within = f.within[:len(f.within)-1] }()
	m := &message{name: name}
	next := 1
	for i := range s.Fields {
		fs := s.Fields[i].Schema
		number, err := number(fs)
		if err != nil {
			return nil, err
		}
		if number == 0 {
			number = next
			next++
		}
		def, err := f.field(m, fs, f.scrubbed(s.Fields[i].Name), number)
		if err != nil {
			return nil, err
		}
		if def != nil {
			m.fields = append(m.fields, *def)
		}
	}
	return m, nil
}

func number(s *schema.Schema) (int, error) {
	text, ok := s.Param(tagName)
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, connect.ClassErrorf("java.lang.NumberFormatException", "For input string: %q (parameter %s)", text, tagName)
	}
	return n, nil
}

// field makes the definition of a field; nil where it is a oneof, which it adds.
func (f *file) field(m *message, s *schema.Schema, name string, number int) (*field, error) {
	def := &field{name: name, number: number}
	switch {
	case s.Type == schema.Array:
		def.label = "repeated"
		s = s.Elem
	case s.Type == schema.Map:
		def.label = "repeated"
	case f.Optional && s.Optional:
		def.label = "optional"
	}
	var err error
	if def.typ, err = f.typ(s, name, def); err != nil {
		return nil, err
	}
	switch {
	case known(def.typ):
		if where := location(def.typ); !slices.Contains(f.imports, where) {
			f.imports = append(f.imports, where)
		}
	case s.Type == schema.StructType && isUnion(s):
		return nil, f.oneof(m, s)
	case s.Type == schema.StructType:
		if m.name != def.typ && !slices.ContainsFunc(m.messages, func(o *message) bool { return o.name == def.typ }) {
			inner, err := f.message(def.typ, s)
			if err != nil {
				return nil, err
			}
			m.messages = append(m.messages, inner)
		}
	case s.Type == schema.Map:
		return def, f.entry(m, def.typ, s)
	case has(s, generalEnum, enumName):
		f.enum(m, s)
	}
	return def, nil
}

func known(typ string) bool { return strings.Contains(typ, ".") }

func location(typ string) string {
	if where, ok := locations[typ]; ok {
		return where
	}
	return wrapperLocation
}

func (f *file) oneof(m *message, s *schema.Schema) error {
	o := oneof{}
	if f.General {
		o.name, _ = s.Param(generalUnion)
	} else {
		o.name = f.unqualified(strings.TrimPrefix(s.Name, unionName+"."))
	}
	for i := range s.Fields {
		n, err := number(s.Fields[i].Schema)
		if err != nil {
			return err
		}
		def, err := f.field(m, s.Fields[i].Schema, f.scrubbed(s.Fields[i].Name), n)
		if err != nil {
			return err
		}
		if def != nil {
			def.label = ""
			o.fields = append(o.fields, *def)
		}
	}
	m.oneofs = append(m.oneofs, o)
	return nil
}

func (f *file) entry(m *message, name string, s *schema.Schema) error {
	inner := &message{name: name}
	for i, part := range []*schema.Schema{s.Key, s.Elem} {
		if part == nil {
			return connect.DataErrorf("the map %s has no schema for its keys or values", s.Name)
		}
		def, err := f.field(inner, part, []string{"key", "value"}[i], i+1)
		if err != nil {
			return err
		}
		if def != nil {
			inner.fields = append(inner.fields, *def)
		}
	}
	m.messages = append(m.messages, inner)
	return nil
}

func (f *file) enum(m *message, s *schema.Schema) {
	e := enum{name: f.unqualified(s.Name)}
	if slices.ContainsFunc(m.enums, func(o enum) bool { return o.name == e.name }) {
		return
	}
	param := f.enumParam()
	for _, p := range s.Parameters {
		if symbol, ok := strings.CutPrefix(p.Name, param+"."); ok {
			e.values = append(e.values, [2]string{symbol, p.Value})
		}
	}
	m.enums = append(m.enums, e)
}

// typ returns the Protobuf type of a field.
func (f *file) typ(s *schema.Schema, name string, def *field) (string, error) {
	switch s.Name {
	case schema.DecimalName:
		for _, p := range [][2]string{{"precision", connectPrecision}, {"scale", schema.ScaleParameter}} {
			if v, ok := s.Param(p[1]); ok {
				def.params = append(def.params, [2]string{p[0], v})
			}
		}
		return decimalType, nil
	case schema.DateName:
		return dateType, nil
	case schema.TimeName:
		return timeType, nil
	case schema.TimestampName:
		return timestampType, nil
	}
	switch s.Type {
	case schema.Array:
		return "", illegal("Array cannot be nested")
	case schema.Map:
		return toMapEntry(f.unqualified(s.Name)), nil
	case schema.StructType:
		typ := f.unqualified(s.Name)
		if typ == name {
			typ += "Message" // a field and a type must not have one name
		}
		return typ, nil
	case schema.Int8, schema.Int16:
		def.params = append(def.params, [2]string{connectType, s.Type.String()})
	case schema.Int32:
		if v, ok := s.Param(enumName); ok {
			return v, nil
		}
	case schema.String:
		if v, ok := s.Param(generalEnum); ok {
			return v, nil
		}
		if v, ok := s.Param(enumName); ok {
			return v, nil
		}
	}
	plain := scalarType(s)
	if f.Wrappers && s.Optional {
		return f.wrapper(s, plain), nil
	}
	return plain, nil
}

func scalarType(s *schema.Schema) string {
	given, ok := s.Param(typeName)
	switch s.Type {
	case schema.Int8, schema.Int16:
		return "int32"
	case schema.Int32:
		if ok {
			return given
		}
		return "int32"
	case schema.Int64:
		if ok {
			return given
		}
		return "int64"
	case schema.Float32:
		return "float"
	case schema.Float64:
		return "double"
	case schema.Boolean:
		return "bool"
	case schema.String:
		return "string"
	default:
		return "bytes"
	}
}

// wrapper is the message that holds one value of the schema.
func (f *file) wrapper(s *schema.Schema, plain string) string {
	name := ""
	switch s.Type {
	case schema.Int8, schema.Int16, schema.Int32:
		name = "Int32Value"
	case schema.Int64:
		switch plain {
		case "uint32", "fixed32":
			name = "UInt32Value"
		case "uint64", "fixed64":
			name = "UInt64Value"
		default:
			name = "Int64Value"
		}
	case schema.Float32:
		name = "FloatValue"
	case schema.Float64:
		name = "DoubleValue"
	case schema.Boolean:
		name = "BoolValue"
	case schema.String:
		name = "StringValue"
	default:
		name = "BytesValue"
	}
	return "google.protobuf." + name
}
