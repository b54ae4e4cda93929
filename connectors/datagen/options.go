package datagen

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"sluice/connect/schema"
)

// options returns the node of a schema whose values are listed, in the schema
// or in a file.
func (*compiler) options(s *avroSchema, cs *schema.Schema, props object) (node, error) {
	if err := exclude(props, "options", "length", "regex", "iteration", "range"); err != nil {
		return nil, err
	}
	v, _ := props.get("options")
	switch v := v.(type) {
	case []any:
		return listed(s, cs, v)
	case object:
		from, err := optionsFile(s, cs, v)
		return choice{from}, err
	}
	return nil, fmt.Errorf("options prop must be an array or an object, was %s instead", javaClass(v))
}

func listed(s *avroSchema, cs *schema.Schema, list []any) (node, error) {
	if len(list) == 0 {
		return nil, errors.New("options property cannot be empty")
	}
	n := choice{}
	for _, item := range list {
		v, err := wrapOption(s, cs, item)
		if err != nil {
			return nil, err
		}
		n.from = append(n.from, v)
	}
	return n, nil
}

func optionsFile(s *avroSchema, cs *schema.Schema, o object) ([]schema.Value, error) {
	for _, name := range []string{"file", "encoding"} {
		v, ok := o.get(name)
		if !ok {
			return nil, fmt.Errorf("options property must contain '%s' field when given as object", name)
		}
		if _, ok := v.(string); !ok {
			return nil, fmt.Errorf("'%s' field of options property must be given as string, was %s instead", name, javaClass(v))
		}
	}
	name, encoding := o.text("file"), o.text("encoding")
	if encoding != "json" && encoding != "binary" {
		return nil, errors.New("'encoding' field of options property only supports two formats: 'binary' and 'json'")
	}
	raw, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("Unable to locate options file '%s'", name) //nolint:staticcheck // Java's text.
	}
	if err != nil {
		return nil, fmt.Errorf("Unable to read options file '%s': %w", name, err) //nolint:staticcheck // Java's text.
	}
	var all []schema.Value
	if encoding == "binary" {
		all, err = decodeAll(s, cs, raw)
	} else {
		all, err = decodeJSON(s, cs, raw)
	}
	if err == nil && len(all) == 0 {
		err = errors.New("it holds no value")
	}
	if err != nil {
		return nil, fmt.Errorf("Unable to read options file '%s': %w", name, err) //nolint:staticcheck // Java's text.
	}
	return all, nil
}

func decodeJSON(s *avroSchema, cs *schema.Schema, raw []byte) ([]schema.Value, error) {
	values, err := parseJSON(raw)
	if err != nil {
		return nil, err
	}
	all := make([]schema.Value, len(values))
	for i, v := range values {
		if all[i], err = wrapOption(s, cs, v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func invalidOption(s *avroSchema, v any) error {
	return fmt.Errorf("Invalid option for %s schema: type %s, value '%s'", s.kind, javaClass(v), showJSON(v)) //nolint:staticcheck // Java's text.
}

func showJSON(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case object:
		return "an object"
	case []any:
		return "a list"
	default:
		return fmt.Sprint(v)
	}
}

// wrapOption returns the Connect value of a JSON value that stands for one of
// the Avro schema; whole numbers widen to the schema's type.
func wrapOption(s *avroSchema, cs *schema.Schema, v any) (schema.Value, error) {
	switch s.kind {
	case "record":
		return wrapRecord(s, cs, v)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return schema.Null(), invalidOption(s, v)
		}
		items := make([]schema.Value, len(list))
		for i, item := range list {
			var err error
			if items[i], err = wrapOption(s.elem, cs.Elem, item); err != nil {
				return schema.Null(), err
			}
		}
		return schema.ListValue(items), nil
	case "map":
		o, ok := v.(object)
		if !ok {
			return schema.Null(), invalidOption(s, v)
		}
		entries := make([]schema.Entry, len(o))
		for i, m := range o {
			value, err := wrapOption(s.elem, cs.Elem, m.value)
			if err != nil {
				return schema.Null(), err
			}
			entries[i] = schema.Entry{Key: schema.StringValue(m.name), Value: value}
		}
		return schema.MapValue(entries), nil
	case "union":
		return wrapUnion(s, cs, v)
	case "int", "long", "float", "double":
		return wrapNumber(s, v)
	}
	return wrapLeaf(s, v)
}

func wrapLeaf(s *avroSchema, v any) (schema.Value, error) {
	if b, ok := v.(bool); ok && s.kind == "boolean" {
		return schema.BooleanValue(b), nil
	}
	if v == nil && s.kind == "null" {
		return schema.Null(), nil
	}
	text, ok := v.(string)
	switch {
	case !ok:
	case s.kind == "string", s.kind == "enum" && slices.Contains(s.symbols, text):
		return schema.StringValue(text), nil
	case s.kind == "bytes", s.kind == "fixed" && len(text) == s.size:
		return bytesValue(s, []byte(text)), nil
	}
	return schema.Null(), invalidOption(s, v)
}

func wrapNumber(s *avroSchema, v any) (schema.Value, error) {
	number, ok := v.(json.Number)
	if !ok {
		return schema.Null(), invalidOption(s, v)
	}
	if s.kind == "float" || s.kind == "double" {
		f, err := number.Float64()
		if err != nil {
			return schema.Null(), invalidOption(s, v)
		}
		if s.kind == "float" {
			return schema.Float32Value(float32(f)), nil
		}
		return schema.Float64Value(f), nil
	}
	n, err := number.Int64()
	if err != nil || s.kind == "int" && n != int64(int32(n)) {
		return schema.Null(), invalidOption(s, v)
	}
	return integerValue(s, n), nil
}

func integerValue(s *avroSchema, n int64) schema.Value {
	if unit := unitOf(s); unit != 0 {
		return schema.InstantValue(n * unit)
	}
	if s.kind == "int" {
		return schema.Int32Value(int32(n))
	}
	return schema.Int64Value(n)
}

func wrapRecord(s *avroSchema, cs *schema.Schema, v any) (schema.Value, error) {
	o, ok := v.(object)
	if !ok {
		return schema.Null(), invalidOption(s, v)
	}
	st := schema.NewStruct(cs)
	for i, f := range s.fields {
		item, given := o.get(f.name)
		if !given {
			if !f.hasDefault {
				return schema.Null(), fmt.Errorf("option of record %s has no field %s, which has no default value", s.name, f.name)
			}
			item = f.def
		}
		value, err := wrapOption(f.schema, cs.Fields[i].Schema, item)
		if err != nil {
			return schema.Null(), fmt.Errorf("field %s of record %s: %w", f.name, s.name, err)
		}
		st.Values[i] = value
	}
	return schema.StructValue(st), nil
}

// wrapUnion takes the first branch that accepts the value, bare or as Avro's
// JSON encoding writes it: {"branch": value}.
func wrapUnion(s *avroSchema, cs *schema.Schema, v any) (schema.Value, error) {
	tagged, ok := v.(object)
	for _, b := range s.branches {
		if ok && len(tagged) == 1 && (tagged[0].name == b.kind || b.name != "" && tagged[0].name == b.name) {
			return wrapBranch(s, b, cs, tagged[0].value)
		}
	}
	for _, b := range s.branches {
		if value, err := wrapBranch(s, b, cs, v); err == nil {
			return value, nil
		}
	}
	return schema.Null(), invalidOption(s, v)
}

func wrapBranch(s, b *avroSchema, cs *schema.Schema, v any) (schema.Value, error) {
	if b.kind == "null" || optionalBranch(s) != nil {
		return wrapOption(b, cs, v)
	}
	i := cs.FieldIndex(branchName(b))
	value, err := wrapOption(b, cs.Fields[i].Schema, v)
	if err != nil {
		return schema.Null(), err
	}
	return unionValue(cs, i, value), nil
}

func unionValue(cs *schema.Schema, field int, v schema.Value) schema.Value {
	st := schema.NewStruct(cs)
	st.Values[field] = v
	return schema.StructValue(st)
}
