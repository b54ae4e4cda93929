package connecttest

import (
	"reflect"
	"testing"
	"time"

	"sluice/connect/config"
)

// goTypes are the types of parsed values, by the type of their key.
func goTypes() map[config.Type]reflect.Type {
	return map[config.Type]reflect.Type{
		config.Boolean: reflect.TypeFor[bool](), config.String: reflect.TypeFor[string](), config.Int: reflect.TypeFor[int32](),
		config.Short: reflect.TypeFor[int16](), config.Long: reflect.TypeFor[int64](), config.Double: reflect.TypeFor[float64](),
		config.List: reflect.TypeFor[[]string](), config.Class: reflect.TypeFor[string](), config.Password: reflect.TypeFor[config.Secret](),
	}
}

// CheckDef looks at the table of a configuration: names that are there once,
// types, importance and texts, defaults that have the type of their key and that
// its validator takes, and dependents that exist.
func CheckDef(t *testing.T, d config.Def) {
	t.Helper()
	seen := make(map[string]bool)
	for _, k := range d {
		typed, known := goTypes()[k.Type]
		switch {
		case k.Name == "":
			t.Error("a key has no name")
		case seen[k.Name]:
			t.Errorf("key %s is defined twice", k.Name)
		case !known:
			t.Errorf("key %s has the type %q, which there is not", k.Name, k.Type)
		case k.Required && k.Default != nil:
			t.Errorf("key %s is required and has a default", k.Name)
		case k.Default != nil && reflect.TypeOf(k.Default) != typed:
			t.Errorf("key %s is of type %s and has a default of the Go type %T: give a %s", k.Name, k.Type, k.Default, typed)
		}
		seen[k.Name] = true
		if k.Doc == "" {
			t.Errorf("key %s has no text", k.Name)
		}
		if k.Importance != config.High && k.Importance != config.Medium && k.Importance != config.Low {
			t.Errorf("key %s has the importance %q", k.Name, k.Importance)
		}
		if k.Validator != nil && !k.Required && k.Default != nil {
			if err := k.Validator.Check(k.Name, k.Default); err != nil {
				t.Errorf("key %s does not take its own default: %v", k.Name, err)
			}
		}
		for _, dep := range k.Dependents {
			if _, ok := d.Find(dep); !ok {
				t.Errorf("key %s names the dependent %s, which there is not", k.Name, dep)
			}
		}
	}
}

// CheckConfig looks at the struct T that config.Decode fills from the table:
// every tag names a key, and every field can hold the values of its key.
func CheckConfig[T any](t *testing.T, d config.Def) {
	t.Helper()
	CheckDef(t, d)
	checkFields(t, reflect.TypeFor[T](), d)
}

func checkFields(t *testing.T, s reflect.Type, d config.Def) {
	t.Helper()
	if s.Kind() != reflect.Struct {
		t.Fatalf("%s is not a struct", s)
	}
	for f := range s.Fields() {
		name, tagged := f.Tag.Lookup("config")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct:
			checkFields(t, f.Type, d)
			continue
		case !tagged:
			continue
		case !f.IsExported():
			t.Errorf("field %s.%s has a tag and cannot be set: it is not exported", s, f.Name)
		}
		k, ok := d.Find(name)
		if !ok {
			t.Errorf("field %s.%s names the key %q, which the table does not have", s, f.Name, name)
			continue
		}
		if !holds(f.Type, k.Type) {
			t.Errorf("field %s.%s of type %s cannot hold the key %s of type %s", s, f.Name, f.Type, name, k.Type)
		}
	}
}

// holds reports whether config.Decode can put values of the key type into the field.
func holds(field reflect.Type, t config.Type) bool {
	if field.Kind() == reflect.Pointer {
		return holds(field.Elem(), t)
	}
	value := goTypes()[t]
	integer := value.Kind() == reflect.Int16 || value.Kind() == reflect.Int32 || value.Kind() == reflect.Int64
	switch {
	case value == nil:
		return false
	case field == reflect.TypeFor[time.Duration]():
		return integer
	case integer:
		return field.Kind() >= reflect.Int && field.Kind() <= reflect.Int64 && field.Bits() >= value.Bits()
	default:
		return field.Kind() == value.Kind() && value.ConvertibleTo(field)
	}
}
