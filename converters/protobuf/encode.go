package protobuf

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/schema"
)

// writer is a step of the program that writes one field of a message.
type writer struct {
	number protowire.Number
	kind   protoreflect.Kind
	schema *schema.Schema
	// at and member are the places of the value in the struct, and of it in the
	// struct of a union; member is -1 for what is in none.
	at, member int
	list       bool
	packed     bool
	entries    bool // a map as repeated messages
	presence   bool // zero values are written
	wrapper    bool // the value is within a message of one field
	logical    bool
	inner      []writer // of a message, by number; of a map, key and value
	symbols    map[string]int64
}

type encoder struct {
	*mapping
	equal [2]*schema.Schema
}

// compile makes the program that writes structs of the schema as the message.
func (m *mapping) compile(s *schema.Schema, md protoreflect.MessageDescriptor) ([]writer, error) {
	var out []writer
	for i := range s.Fields {
		fs := s.Fields[i].Schema
		if isUnion(fs) {
			for j := range fs.Fields {
				w, err := m.writer(fs.Fields[j].Schema, m.scrubbed(fs.Fields[j].Name), md)
				if err != nil {
					return nil, err
				}
				w.at, w.member = i, j
				out = append(out, w)
			}
			continue
		}
		w, err := m.writer(fs, m.scrubbed(s.Fields[i].Name), md)
		if err != nil {
			return nil, err
		}
		w.at, w.member = i, -1
		out = append(out, w)
	}
	// Messages are written in the order of the numbers of their fields.
	slices.SortStableFunc(out, func(a, b writer) int { return int(a.number) - int(b.number) })
	return out, nil
}

func (m *mapping) writer(s *schema.Schema, name string, md protoreflect.MessageDescriptor) (writer, error) {
	fd := md.Fields().ByName(protoreflect.Name(name))
	if fd == nil {
		return writer{}, connect.DataErrorf("Cannot find field with name %s in the message %s", name, md.FullName())
	}
	w := writer{number: fd.Number(), kind: fd.Kind(), schema: s, presence: fd.HasPresence(), packed: fd.IsPacked()}
	if s.Type == schema.Array {
		w.list, w.schema = true, s.Elem
		s = s.Elem
	}
	if w.list != (fd.Cardinality() == protoreflect.Repeated && s.Type != schema.Map) {
		return w, connect.DataErrorf("the field %s of the message %s is repeated, or not, where the data is not, or is", name, md.FullName())
	}
	return w, m.fit(&w, s, fd)
}

// fit completes the writer for the schema and the type of the field.
func (m *mapping) fit(w *writer, s *schema.Schema, fd protoreflect.FieldDescriptor) error {
	mismatch := connect.DataErrorf("a value of type %s cannot be written to the field %s of type %s", s.Type, fd.FullName(), fd.Kind())
	if fd.Kind() == protoreflect.EnumKind {
		return m.enums(w, s, fd, mismatch)
	}
	if fd.Kind() != protoreflect.MessageKind {
		if !scalarFits(s, fd.Kind()) {
			return mismatch
		}
		return nil
	}
	inner := fd.Message()
	switch {
	case s.Logical():
		if string(inner.FullName()) != logicalMessage(s) {
			return mismatch
		}
		w.logical = true
	case s.Type == schema.Map:
		w.entries = true
		for i, part := range []*schema.Schema{s.Key, s.Elem} {
			one, err := m.writer(part, []string{"key", "value"}[i], inner)
			if err != nil {
				return err
			}
			one.member = -1
			w.inner = append(w.inner, one)
		}
	case s.Type == schema.StructType:
		var err error
		w.inner, err = m.compile(s, inner)
		return err
	case isWrapper(inner.FullName()):
		value := inner.Fields().ByName("value")
		if !scalarFits(s, value.Kind()) {
			return mismatch
		}
		w.wrapper, w.kind = true, value.Kind()
	default:
		return mismatch
	}
	return nil
}

func (m *mapping) enums(w *writer, s *schema.Schema, fd protoreflect.FieldDescriptor, mismatch error) error {
	if s.Type == schema.Int32 {
		return nil
	}
	if s.Type != schema.String {
		return mismatch
	}
	w.symbols = map[string]int64{}
	values := fd.Enum().Values()
	for i := range values.Len() {
		w.symbols[string(values.Get(i).Name())] = int64(values.Get(i).Number())
	}
	return nil
}

func logicalMessage(s *schema.Schema) string {
	switch s.Name {
	case schema.DecimalName:
		return decimalType
	case schema.DateName:
		return dateType
	case schema.TimeName:
		return timeType
	default:
		return timestampType
	}
}

func scalarFits(s *schema.Schema, k protoreflect.Kind) bool {
	if s.Logical() {
		return false
	}
	switch k {
	case protoreflect.BoolKind:
		return s.Type == schema.Boolean
	case protoreflect.StringKind:
		return s.Type == schema.String
	case protoreflect.BytesKind:
		return s.Type == schema.Bytes
	case protoreflect.FloatKind:
		return s.Type == schema.Float32
	case protoreflect.DoubleKind:
		return s.Type == schema.Float64 || s.Type == schema.Float32
	case protoreflect.EnumKind, protoreflect.MessageKind, protoreflect.GroupKind:
		return false
	default:
		return s.Type >= schema.Int8 && s.Type <= schema.Int64
	}
}

// message appends the fields of a struct.
func (e *encoder) message(dst []byte, s *schema.Schema, fields []writer, st *schema.Struct) ([]byte, error) {
	if st.Schema != s && e.equal != [2]*schema.Schema{st.Schema, s} {
		if !st.Schema.Equal(s) {
			return nil, connect.DataErrorf("Mismatching struct schema")
		}
		e.equal = [2]*schema.Schema{st.Schema, s}
	}
	var err error
	for i := range fields {
		w := &fields[i]
		v := e.at(s, st, w.at)
		if w.member >= 0 && !v.IsNull() {
			union := v.Struct()
			if union == nil {
				return nil, invalidType(s.Fields[w.at].Schema, v)
			}
			if v, err = e.chosen(union, w.member); err != nil {
				return nil, err
			}
		}
		if v.IsNull() {
			continue
		}
		if dst, err = e.field(dst, w, v); err != nil {
			return nil, within(s.Fields[w.at].Name, err)
		}
	}
	return dst, nil
}

func within(name string, err error) error {
	if c, ok := err.(*connect.Error); ok { //nolint:errorlint // One that this package made.
		return &connect.Error{Class: c.Class, Message: c.Message + " (field " + name + ")", Cause: c.Cause}
	}
	return err
}

// chosen returns the member of a union where it is the one that is set first.
func (e *encoder) chosen(union *schema.Struct, member int) (schema.Value, error) {
	for i := range union.Values {
		if v := e.at(union.Schema, union, i); !v.IsNull() {
			if i == member {
				return v, nil
			}
			return schema.Null(), nil
		}
	}
	return schema.Null(), connect.DataErrorf("Cannot find non-null field")
}

func (e *encoder) at(s *schema.Schema, st *schema.Struct, i int) schema.Value {
	v := st.Values[i]
	if v.IsNull() && !e.IgnoreDefaults {
		if d := s.Fields[i].Schema.Default; d != nil {
			return *d
		}
	}
	return v
}

func invalidType(s *schema.Schema, v schema.Value) error {
	return connect.DataErrorf("Invalid type for %s: class %s", strings.ToUpper(s.Type.String()), v.Kind().JavaClass())
}

func (e *encoder) field(dst []byte, w *writer, v schema.Value) ([]byte, error) {
	switch {
	case w.entries:
		return e.entries(dst, w, v)
	case !w.list:
		return e.one(dst, w, v)
	case v.Kind() != schema.KindList:
		return nil, connect.DataErrorf("Invalid type for ARRAY: class %s", v.Kind().JavaClass())
	case len(v.List()) == 0:
		return dst, nil
	}
	var err error
	if !w.packed {
		for _, item := range v.List() {
			if item.IsNull() {
				return nil, nullItem()
			}
			if dst, err = e.one(dst, w, item); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}
	dst = protowire.AppendTag(dst, w.number, protowire.BytesType)
	start := len(dst)
	for _, item := range v.List() {
		if item.IsNull() {
			return nil, nullItem()
		}
		bits, err := w.bits(item)
		if err != nil {
			return nil, err
		}
		dst = appendBits(dst, w.kind, bits)
	}
	return withLength(dst, start), nil
}

func nullItem() error {
	return connect.ClassErrorf("java.lang.NullPointerException", "a list holds a null, which Protobuf cannot")
}

// withLength puts the length of what stands behind the place before it.
func withLength(dst []byte, start int) []byte {
	size := len(dst) - start
	width := protowire.SizeVarint(uint64(size))
	for range width {
		dst = append(dst, 0)
	}
	copy(dst[start+width:], dst[start:start+size])
	protowire.AppendVarint(dst[:start], uint64(size))
	return dst
}

// one appends a field that is no list.
func (e *encoder) one(dst []byte, w *writer, v schema.Value) ([]byte, error) {
	if w.kind != protoreflect.MessageKind && !w.wrapper {
		return w.scalar(dst, w.number, v, w.presence || w.list)
	}
	dst = protowire.AppendTag(dst, w.number, protowire.BytesType)
	start := len(dst)
	var err error
	switch {
	case w.wrapper:
		dst, err = w.scalar(dst, 1, v, false)
	case w.logical:
		dst, err = logical(dst, w.schema, v)
	case v.Kind() != schema.KindStruct:
		return nil, invalidType(w.schema, v)
	default:
		dst, err = e.message(dst, w.schema, w.inner, v.Struct())
	}
	if err != nil {
		return nil, err
	}
	return withLength(dst, start), nil
}

func (e *encoder) entries(dst []byte, w *writer, v schema.Value) ([]byte, error) {
	if v.Kind() != schema.KindMap {
		return nil, connect.DataErrorf("Invalid type for MAP: class %s", v.Kind().JavaClass())
	}
	var err error
	for _, entry := range v.Map() {
		dst = protowire.AppendTag(dst, w.number, protowire.BytesType)
		start := len(dst)
		for i, part := range []schema.Value{entry.Key, entry.Value} {
			if part.IsNull() {
				continue
			}
			if dst, err = e.field(dst, &w.inner[i], part); err != nil {
				return nil, err
			}
		}
		dst = withLength(dst, start)
	}
	return dst, nil
}
