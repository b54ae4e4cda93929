package transforms

import (
	"sluice/connect"
	"sluice/connect/schema"
)

// Java classes of errors that transformations raise beside those of connect.
const (
	illegalArgument = "java.lang.IllegalArgumentException"
	nullPointer     = "java.lang.NullPointerException"
	outOfBounds     = "java.lang.IndexOutOfBoundsException"
	arrayBounds     = "java.lang.ArrayIndexOutOfBoundsException"
	numberFormat    = "java.lang.NumberFormatException"
	parseFailure    = "java.text.ParseException"
)

// class returns the Java class of the value as messages show it.
func class(v schema.Value) string { return v.Kind().JavaClass() }

// requireMap returns the entries of a map without schema.
func requireMap(v schema.Value, purpose string) ([]schema.Entry, error) {
	if v.Kind() != schema.KindMap {
		return nil, connect.DataErrorf("Only Map objects supported in absence of schema for [%s], found: %s", purpose, class(v))
	}
	return v.Map(), nil
}

func requireStruct(v schema.Value, purpose string) (*schema.Struct, error) {
	if v.Kind() != schema.KindStruct {
		return nil, connect.DataErrorf("Only Struct objects supported for [%s], found: %s", purpose, class(v))
	}
	return v.Struct(), nil
}

// requireStructOrNull returns nil for null.
func requireStructOrNull(v schema.Value, purpose string) (*schema.Struct, error) {
	if v.IsNull() {
		return nil, nil //nolint:nilnil // Null is a value here.
	}
	return requireStruct(v, purpose)
}

// fieldsOf returns the fields of a struct schema (ConnectSchema.fields).
func fieldsOf(s *schema.Schema) ([]schema.Field, error) {
	if s.Type != schema.StructType {
		return nil, connect.DataErrorf("Cannot list fields on non-struct type")
	}
	return s.Fields, nil
}

// fieldIndex returns the place of a field or -1 (ConnectSchema.field).
func fieldIndex(s *schema.Schema, name string) (int, error) {
	if s.Type != schema.StructType {
		return -1, connect.DataErrorf("Cannot look up fields on non-struct type")
	}
	return s.FieldIndex(name), nil
}

// put sets a member that comes from a struct, where it fitted the same schema:
// only null may not be allowed (Struct.put).
func put(st *schema.Struct, i int, v schema.Value) error {
	if v.IsNull() && !st.Schema.Fields[i].Schema.Optional {
		return putChecked(st, i, v)
	}
	st.Values[i] = v
	return nil
}

// putChecked sets a member of which nothing is known.
func putChecked(st *schema.Struct, i int, v schema.Value) error {
	if fits(st.Schema.Fields[i].Schema, v) {
		st.Values[i] = v
		return nil
	}
	return dataError(st.Set(st.Schema.Fields[i].Name, v))
}

// dataError gives an error of a value that does not fit its class.
func dataError(err error) error {
	if err == nil {
		return nil
	}
	return connect.DataErrorf("%s", err.Error())
}

// sameSchema refuses a struct of another schema than the one beside it, by whose
// places of fields it is read.
func sameSchema(st *schema.Struct, s *schema.Schema) error {
	if st.Schema == s || st.Schema.Equal(s) {
		return nil
	}
	return connect.DataErrorf("Struct schemas do not match.")
}

// fits reports whether schema.Check would find nothing, without the words for it.
func fits(s *schema.Schema, v schema.Value) bool {
	switch {
	case s == nil:
		return false
	case v.IsNull():
		return s.Optional
	case schema.KindOf(s) != v.Kind():
		return false
	}
	switch s.Type {
	case schema.StructType:
		st := v.Struct()
		if st.Schema != s {
			return false
		}
		for i := range st.Values {
			f := s.Fields[i].Schema
			if st.Values[i].IsNull() && f.Default != nil {
				continue
			}
			if !fits(f, st.Values[i]) {
				return false
			}
		}
	case schema.Array:
		for _, item := range v.List() {
			if !fits(s.Elem, item) {
				return false
			}
		}
	case schema.Map:
		for _, e := range v.Map() {
			if !fits(s.Key, e.Key) || !fits(s.Elem, e.Value) {
				return false
			}
		}
	default:
	}
	return true
}
