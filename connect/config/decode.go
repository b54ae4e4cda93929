package config

import (
	"fmt"
	"reflect"
	"time"
)

// Decode parses a configuration and puts the values into a T, a struct whose
// fields name their keys in a tag: `config:"batch.size"`. A null value leaves
// the field zero, or nil where it is a pointer. Numbers fit any integer field
// that can hold them; a time.Duration field takes milliseconds. The error is an
// *Error for a bad value; a tag without a key panics, since it is a mistake in
// the program.
func Decode[T any](d Def, m Map) (T, error) {
	var out T
	parsed, err := d.Parse(m)
	if err != nil {
		return out, err
	}
	fill(reflect.ValueOf(&out).Elem(), d, parsed)
	return out, nil
}

func fill(v reflect.Value, d Def, parsed map[string]any) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, ok := f.Tag.Lookup("config")
		switch {
		case !ok && f.Anonymous && f.Type.Kind() == reflect.Struct:
			fill(v.Field(i), d, parsed)
			continue
		case !ok:
			continue
		}
		if _, known := d.Find(name); !known {
			panic(fmt.Sprintf("config: field %s.%s names the key %q, which the definition does not have", t, f.Name, name)) //nolint:forbidigo // A mistake in the program, as the doc comment of Decode says.
		}
		if value := parsed[name]; value != nil {
			set(v.Field(i), value, t.String()+"."+f.Name)
		}
	}
}

func set(field reflect.Value, value any, where string) {
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		set(p.Elem(), value, where)
		field.Set(p)
		return
	}
	given := reflect.ValueOf(value)
	switch {
	case field.Type() == reflect.TypeFor[time.Duration]() && given.CanInt():
		field.SetInt(given.Int() * int64(time.Millisecond))
	case field.CanInt() && given.CanInt() && !field.OverflowInt(given.Int()):
		field.SetInt(given.Int())
	case given.Type().ConvertibleTo(field.Type()) && given.Kind() == field.Kind():
		field.Set(given.Convert(field.Type()))
	default:
		panic(fmt.Sprintf("config: field %s cannot hold a %s", where, given.Type())) //nolint:forbidigo // A mistake in the program, as the doc comment of Decode says.
	}
}
