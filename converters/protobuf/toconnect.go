package protobuf

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/schema"
)

// node is the program that reads one message.
type node struct {
	schema *schema.Schema
	fields map[protowire.Number]*fieldNode
	// order are the fields by their place in the struct.
	order []*fieldNode
}

// fieldNode reads one field.
type fieldNode struct {
	number protowire.Number
	name   string
	kind   protoreflect.Kind
	schema *schema.Schema // of one value
	// at and member are the places of the value in the struct, and of it in the
	// struct of a union; member is -1 for what is in none.
	at, member int
	union      *schema.Schema
	oneof      int // its number, from 1, where it is in one
	repeated   bool
	entries    bool
	// absent says what stands for a field that is not there.
	absent   absence
	fallback schema.Value
	inner    *node // of a message
	logical  string
	wrapper  bool
	symbols  map[int64]string
	enum     string
}

type absence uint8

const (
	isNull     absence = iota
	isFallback         // the zero value, or that of the schema
	isEmpty            // a message without fields
)

// toConnect returns the Connect schema of a message and what reads its bytes.
func (m *mapping) toConnect(md protoreflect.MessageDescriptor, version int32) (*schema.Schema, *node, error) {
	r := reader{mapping: m, tags: map[protoreflect.FullName]string{}}
	if m.RawWrappers && isWrapper(md.FullName()) {
		fd := md.Fields().ByName("value")
		s, err := r.scalar(fd)
		if err != nil {
			return nil, nil, err
		}
		s.Parameters, s.Version = nil, &version
		f := &fieldNode{number: fd.Number(), kind: fd.Kind(), schema: s, fallback: zero(fd, s), absent: isFallback, member: -1}
		return s, &node{fields: map[protowire.Number]*fieldNode{f.number: f}, order: []*fieldNode{f}}, nil
	}
	n, err := r.message(md)
	if err != nil {
		return nil, nil, err
	}
	n.schema.Version = &version
	return n.schema, n, nil
}

type reader struct {
	*mapping
	within []protoreflect.FullName
	// tags are the numbers of the fields in which messages were met first; "" where
	// that was a repeated one.
	tags map[protoreflect.FullName]string
}

func (m *mapping) nameOf(d protoreflect.Descriptor) string {
	if m.Enhanced {
		return string(d.FullName())
	}
	return string(d.Name())
}

func (r *reader) message(md protoreflect.MessageDescriptor) (*node, error) {
	if slices.Contains(r.within, md.FullName()) {
		return nil, connect.DataErrorf("The message %s refers to itself. Sluice cannot read recursive schemas", md.FullName())
	}
	r.within = append(r.within, md.FullName())
	defer func() { r.within = r.within[:len(r.within)-1] }()
	n := &node{schema: &schema.Schema{Type: schema.StructType, Name: r.nameOf(md)}, fields: map[protowire.Number]*fieldNode{}}
	oneofs := md.Oneofs()
	for i := range oneofs.Len() {
		if o := oneofs.Get(i); !o.IsSynthetic() {
			if err := r.oneof(n, o, i+1); err != nil {
				return nil, err
			}
		}
	}
	fields := md.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if o := fd.ContainingOneof(); o != nil && !o.IsSynthetic() {
			continue
		}
		f, s, err := r.field(fd, false)
		if err != nil {
			return nil, err
		}
		f.at, f.member = len(n.schema.Fields), -1
		n.add(f)
		n.schema.Fields = append(n.schema.Fields, schema.Field{Name: string(fd.Name()), Schema: s})
	}
	return n, nil
}

func (n *node) add(f *fieldNode) {
	n.fields[f.number] = f
	n.order = append(n.order, f)
}

func (r *reader) oneof(n *node, o protoreflect.OneofDescriptor, id int) error {
	union := &schema.Schema{Type: schema.StructType, Optional: true}
	if r.General {
		union.Name = string(o.Name())
		putParameter(union, generalUnion, union.Name)
	} else {
		union.Name = unionName + "." + r.nameOf(o)
	}
	for i := range o.Fields().Len() {
		fd := o.Fields().Get(i)
		f, s, err := r.field(fd, true)
		if err != nil {
			return err
		}
		f.oneof, f.absent = id, isNull
		if r.Flatten {
			f.at, f.member = len(n.schema.Fields), -1
			n.schema.Fields = append(n.schema.Fields, schema.Field{Name: string(fd.Name()), Schema: s})
		} else {
			f.at, f.member, f.union = len(n.schema.Fields), i, union
			union.Fields = append(union.Fields, schema.Field{Name: string(fd.Name()), Schema: s})
		}
		n.add(f)
	}
	if r.Flatten {
		return nil
	}
	name := string(o.Name())
	if r.UnionIndex {
		name += "_" + strconv.Itoa(o.Index())
	}
	n.schema.Fields = append(n.schema.Fields, schema.Field{Name: name, Schema: union})
	return nil
}

func putParameter(s *schema.Schema, name, value string) {
	s.Parameters = append(s.Parameters, schema.Parameter{Name: name, Value: value})
}

// field reads a field; member says that it is one of a oneof.
func (r *reader) field(fd protoreflect.FieldDescriptor, member bool) (*fieldNode, *schema.Schema, error) {
	f := &fieldNode{number: fd.Number(), name: string(fd.Name()), kind: fd.Kind(), repeated: fd.Cardinality() == protoreflect.Repeated}
	var s *schema.Schema
	var err error
	first := ""
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		full, tag := fd.Message().FullName(), ""
		if !f.repeated {
			tag = strconv.Itoa(int(fd.Number()))
		}
		var met bool
		if first, met = r.tags[full]; !met {
			r.tags[full] = tag
		}
		s, err = r.messageField(f, fd)
	case protoreflect.EnumKind:
		s = r.enum(f, fd)
	default:
		s, err = r.scalar(fd)
	}
	if err != nil {
		return nil, nil, err
	}
	f.schema = s
	if f.repeated && !f.entries {
		elem := s.Clone()
		elem.Optional = true
		if f.inner != nil && first != "" {
			// The original shows items with the number of the message's first field.
			putParameter(elem, tagName, first)
		}
		f.schema = elem
		if f.inner != nil && f.inner.schema == s {
			f.inner.schema = elem
		}
		s = &schema.Schema{Type: schema.Array, Elem: elem, Optional: true}
	}
	switch {
	case member:
		s.Optional = true
	case r.Optional:
		s.Optional = s.Optional || r.optionalKeyword(fd)
	case !r.Wrappers:
		s.Optional = true
	}
	putParameter(s, tagName, strconv.Itoa(int(fd.Number())))
	r.absence(f, fd)
	return f, s, nil
}

// optionalKeyword reports whether the field has the word optional, in proto2 or proto3.
func (r *reader) optionalKeyword(fd protoreflect.FieldDescriptor) bool {
	return fd.HasOptionalKeyword()
}

// absence says what stands for the field where it is not there.
func (r *reader) absence(f *fieldNode, fd protoreflect.FieldDescriptor) {
	message := fd.Kind() == protoreflect.MessageKind || fd.Kind() == protoreflect.GroupKind
	optional := fd.HasOptionalKeyword() && (fd.ParentFile().Syntax() == protoreflect.Proto3 || r.Proto2)
	switch {
	case f.repeated:
		f.absent = isFallback
	case message && r.StructForNull:
		f.absent = isEmpty
	case message || optional && !r.StructForNull:
		f.absent = isNull
	default:
		f.absent, f.fallback = isFallback, zero(fd, f.schema)
		if f.symbols != nil {
			f.fallback = schema.StringValue(string(defaultEnum(fd).Name()))
		}
	}
}

// defaultEnum is the symbol of an enum field that is not there: the first, where
// the schema names none.
func defaultEnum(fd protoreflect.FieldDescriptor) protoreflect.EnumValueDescriptor {
	if v := fd.DefaultEnumValue(); v != nil {
		return v
	}
	return fd.Enum().Values().Get(0)
}

// zero is the value of a field that is not there.
func zero(fd protoreflect.FieldDescriptor, s *schema.Schema) schema.Value {
	d := fd.Default()
	switch s.Type {
	case schema.Int8:
		return schema.Int8Value(int8(d.Int()))
	case schema.Int16:
		return schema.Int16Value(int16(d.Int()))
	case schema.Int32:
		if fd.Kind() == protoreflect.EnumKind {
			return schema.Int32Value(int32(defaultEnum(fd).Number()))
		}
		return schema.Int32Value(int32(d.Int()))
	case schema.Int64:
		switch fd.Kind() {
		case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
			return schema.Int64Value(int64(d.Uint()))
		default:
			return schema.Int64Value(d.Int())
		}
	case schema.Float32:
		return schema.Float32Value(float32(d.Float()))
	case schema.Float64:
		return schema.Float64Value(d.Float())
	case schema.Boolean:
		return schema.BooleanValue(d.Bool())
	case schema.Bytes:
		return schema.BytesValue(d.Bytes())
	}
	if fd.Kind() == protoreflect.EnumKind {
		return schema.StringValue(string(defaultEnum(fd).Name()))
	}
	return schema.StringValue(d.String())
}

func (r *reader) scalar(fd protoreflect.FieldDescriptor) (*schema.Schema, error) {
	var s *schema.Schema
	switch fd.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		switch params(fd)[connectType] {
		case "int8":
			return schema.Of(schema.Int8), nil
		case "int16":
			return schema.Of(schema.Int16), nil
		}
		s = schema.Of(schema.Int32)
		if fd.Kind() != protoreflect.Int32Kind {
			putParameter(s, typeName, fd.Kind().String())
		}
	case protoreflect.FloatKind:
		s = schema.Of(schema.Float32)
	case protoreflect.DoubleKind:
		s = schema.Of(schema.Float64)
	case protoreflect.BoolKind:
		s = schema.Of(schema.Boolean)
	case protoreflect.StringKind:
		s = schema.Of(schema.String)
	case protoreflect.BytesKind:
		s = schema.Of(schema.Bytes)
	case protoreflect.EnumKind, protoreflect.MessageKind, protoreflect.GroupKind:
		return nil, connect.DataErrorf("Unknown Connect schema type: %s", fd.Kind())
	default:
		s = schema.Of(schema.Int64)
		if fd.Kind() != protoreflect.Int64Kind {
			putParameter(s, typeName, fd.Kind().String())
		}
	}
	return s, nil
}

func (r *reader) enum(f *fieldNode, fd protoreflect.FieldDescriptor) *schema.Schema {
	ed := fd.Enum()
	s := &schema.Schema{Type: schema.String, Name: r.nameOf(ed), Optional: true}
	if r.IntEnums {
		s.Type = schema.Int32
	} else {
		f.symbols, f.enum = map[int64]string{}, string(ed.Name())
	}
	param := r.enumParam()
	putParameter(s, param, string(ed.Name()))
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		putParameter(s, param+"."+string(v.Name()), strconv.Itoa(int(v.Number())))
		if f.symbols != nil {
			if _, aliased := f.symbols[int64(v.Number())]; !aliased {
				f.symbols[int64(v.Number())] = string(v.Name())
			}
		}
	}
	return s
}
