package schema

import (
	"fmt"
	"strings"
)

// Struct is a value with named members. Values stand in the order of the
// schema's fields; len(Values) is len(Schema.Fields).
type Struct struct {
	Schema *Schema
	Values []Value
}

// NewStruct returns a struct of the schema with all members null.
func NewStruct(s *Schema) *Struct {
	return &Struct{Schema: s, Values: make([]Value, len(s.Fields))}
}

// Get returns the named member, or its schema's default where it is null, as
// Struct.get of Java. ok is false where the schema has no such field.
func (s *Struct) Get(name string) (v Value, ok bool) {
	i := s.Schema.FieldIndex(name)
	if i < 0 {
		return Value{}, false
	}
	return s.At(i), true
}

// At returns the member at a position, or its schema's default where it is null.
func (s *Struct) At(i int) Value {
	if v := s.Values[i]; !v.IsNull() {
		return v
	}
	if d := s.Schema.Fields[i].Schema.Default; d != nil {
		return *d
	}
	return Value{}
}

// Set puts the named member. The error names a field that is not there or a
// value that does not fit the field's schema.
func (s *Struct) Set(name string, v Value) error {
	i := s.Schema.FieldIndex(name)
	if i < 0 {
		return fmt.Errorf("%s is not a valid field name", name)
	}
	if err := check(fieldPlace(name), s.Schema.Fields[i].Schema, v); err != nil {
		return err
	}
	s.Values[i] = v
	return nil
}

// Check reports the first value that does not fit its schema, in the words of
// ConnectSchema.validateValue. A nil schema fits every value.
func Check(s *Schema, v Value) error {
	if s == nil {
		return nil
	}
	return check("value", s, v)
}

func check(place string, s *Schema, v Value) error {
	if s == nil {
		return fmt.Errorf("No schema defined for %s", place) //nolint:staticcheck // Java's text, which clients match.
	}
	if v.IsNull() {
		if s.Optional {
			return nil
		}
		return fmt.Errorf("Invalid value: null used for required %s, schema type: %s", place, upper(s.Type)) //nolint:staticcheck // Java's text.
	}
	if KindOf(s) != v.kind {
		named := ""
		if s.Name != "" {
			named = fmt.Sprintf(" \"%s\"", s.Name)
		}
		return fmt.Errorf("Invalid Java object for schema%s with type %s: class %s for %s", named, upper(s.Type), v.kind.JavaClass(), place) //nolint:staticcheck // Java's text.
	}
	switch s.Type {
	case StructType:
		return checkStruct(s, v.Struct())
	case Array:
		for _, item := range v.List() {
			if err := check("element of array "+place, s.Elem, item); err != nil {
				return err
			}
		}
	case Map:
		for _, e := range v.Map() {
			if err := check("key of map "+place, s.Key, e.Key); err != nil {
				return err
			}
			if err := check("value of map "+place, s.Elem, e.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkStruct(s *Schema, st *Struct) error {
	if st.Schema != s && !st.Schema.Equal(s) {
		return fmt.Errorf("Struct schemas do not match.") //nolint:staticcheck // Java's text.
	}
	for i, f := range s.Fields {
		// A default stands in for a null that was never set, as in Struct.validate.
		v := st.Values[i]
		if v.IsNull() && (f.Schema.Optional || f.Schema.Default != nil) {
			continue
		}
		if err := check(fieldPlace(f.Name), f.Schema, v); err != nil {
			return err
		}
	}
	return nil
}

func fieldPlace(name string) string { return "field: \"" + name + "\"" }

// kindOf is indexed by Type.
var kindOf = [...]Kind{
	KindNull, KindInt8, KindInt16, KindInt32, KindInt64, KindFloat32, KindFloat64,
	KindBoolean, KindString, KindBytes, KindList, KindMap, KindStruct,
}

// KindOf returns the kind of the values of a schema.
func KindOf(s *Schema) Kind {
	switch s.Name {
	case DecimalName:
		return KindDecimal
	case DateName, TimeName, TimestampName:
		return KindInstant
	}
	return kindOf[s.Type]
}

func upper(t Type) string { return strings.ToUpper(t.String()) }
