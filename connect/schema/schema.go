// Package schema holds the data model of Connect records: schemas, and values
// that go with them.
//
// A [Schema] says what a value looks like; it is built once, never changed
// afterwards, and shared by pointer. A [Value] is a tagged union of 24 bytes. A
// [Struct] is positional: its values stand in the order of the schema's fields.
// Memory for values may come from an [Arena] that a batch owns.
//
// The package stands on the standard library alone, and nothing in it blocks.
// Read schema.go first, then value.go.
package schema

import (
	"slices"
	"strconv"
	"sync/atomic"
)

// Type is the base type of a schema, as org.apache.kafka.connect.data.Schema.Type.
type Type uint8

// The types of Connect. The zero Type is none of them.
const (
	Int8 Type = iota + 1
	Int16
	Int32
	Int64
	Float32
	Float64
	Boolean
	String
	Bytes
	Array
	Map
	StructType
)

// typeNames is indexed by Type.
var typeNames = [...]string{"", "int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string", "bytes", "array", "map", "struct"}

// String gives the lower-case name that Connect prints, such as "int8".
func (t Type) String() string {
	if int(t) < len(typeNames) && t != 0 {
		return typeNames[t]
	}
	return "type(" + strconv.Itoa(int(t)) + ")"
}

// TypeNamed returns the type with the lower-case name that String prints.
func TypeNamed(name string) (Type, bool) {
	i := slices.Index(typeNames[1:], name)
	return Type(i + 1), i >= 0
}

// Primitive reports whether values of the type hold no other values.
func (t Type) Primitive() bool { return t >= Int8 && t <= Bytes }

// Schema describes a value. Build it as a literal and do not change it once it
// is in use: schemas are shared between records, batches and goroutines.
type Schema struct {
	Type     Type
	Optional bool
	// Name is the name of a struct or of a logical type; "" is none.
	Name string
	// Version is nil where the schema has none.
	Version *int32
	Doc     string
	// Parameters keep their order.
	Parameters []Parameter
	// Default is the value to take where none is given; nil where there is none.
	Default *Value
	// Fields are those of a struct.
	Fields []Field
	// Key is the key schema of a map. It may be nil in schemas that
	// org.apache.kafka.connect.data.Values derives from text.
	Key *Schema
	// Elem is the schema of an array's items or of a map's values; nil as Key.
	Elem *Schema

	index atomic.Pointer[map[string]int]
}

// Field is a named member of a struct schema.
type Field struct {
	Name   string
	Schema *Schema
}

// Parameter is one entry of a schema's parameters.
type Parameter struct {
	Name, Value string
}

// Param returns the value of the named parameter.
func (s *Schema) Param(name string) (string, bool) {
	for _, p := range s.Parameters {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// linearFields is the number of fields up to which a scan beats a map.
const linearFields = 8

// FieldIndex returns the position of the named field, or -1.
func (s *Schema) FieldIndex(name string) int {
	if len(s.Fields) <= linearFields {
		for i := range s.Fields {
			if s.Fields[i].Name == name {
				return i
			}
		}
		return -1
	}
	m := s.index.Load()
	if m == nil {
		made := make(map[string]int, len(s.Fields))
		for i, f := range s.Fields {
			made[f.Name] = i
		}
		m = &made
		s.index.Store(m)
	}
	if i, ok := (*m)[name]; ok {
		return i
	}
	return -1
}

// Is reports whether the schema is the named logical type.
func (s *Schema) Is(logical string) bool { return s != nil && s.Name == logical }

// AsOptional returns a copy that also accepts null; s itself if it already does.
func (s *Schema) AsOptional() *Schema {
	if s.Optional {
		return s
	}
	c := s.Clone()
	c.Optional = true
	return c
}

// Clone returns a shallow copy that may be changed before it is put to use.
func (s *Schema) Clone() *Schema {
	return &Schema{
		Type: s.Type, Optional: s.Optional, Name: s.Name, Version: s.Version, Doc: s.Doc,
		Parameters: slices.Clone(s.Parameters), Default: s.Default, Fields: slices.Clone(s.Fields),
		Key: s.Key, Elem: s.Elem,
	}
}

// Equal reports whether both schemas say the same in every part, as
// ConnectSchema.equals does; the order of parameters does not count.
func (s *Schema) Equal(o *Schema) bool {
	if s == o {
		return true
	}
	if s == nil || o == nil || s.Type != o.Type || s.Optional != o.Optional || s.Name != o.Name || s.Doc != o.Doc {
		return false
	}
	if (s.Version == nil) != (o.Version == nil) || s.Version != nil && *s.Version != *o.Version {
		return false
	}
	if !s.sameDefault(o) {
		return false
	}
	if len(s.Parameters) != len(o.Parameters) || len(s.Fields) != len(o.Fields) {
		return false
	}
	for _, p := range s.Parameters {
		if v, ok := o.Param(p.Name); !ok || v != p.Value {
			return false
		}
	}
	for i := range s.Fields {
		if s.Fields[i].Name != o.Fields[i].Name || !s.Fields[i].Schema.Equal(o.Fields[i].Schema) {
			return false
		}
	}
	return s.Key.Equal(o.Key) && s.Elem.Equal(o.Elem)
}

// sameDefault compares the defaults. A struct is often the default of the very
// schema that it refers to: then only its values count, or there would be no end.
func (s *Schema) sameDefault(o *Schema) bool {
	if s.Default == nil || o.Default == nil {
		return s.Default == o.Default
	}
	a, b := s.Default.Struct(), o.Default.Struct()
	if a != nil && b != nil && a.Schema == s && b.Schema == o {
		return equalLists(a.Values, b.Values)
	}
	return s.Default.Equal(*o.Default)
}
