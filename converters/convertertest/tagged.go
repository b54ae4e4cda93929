package convertertest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"sluice/connect/schema"
)

// taggedSchema is the recorded form of a schema.
type taggedSchema struct {
	Type       string
	Optional   bool
	Name       string
	Version    *int32
	Doc        string
	Parameters parameters
	Default    json.RawMessage
	Fields     []struct {
		Field  string
		Schema *taggedSchema
	}
	Keys, Values, Items *taggedSchema
}

// parameters keep the order in which they are written.
type parameters []schema.Parameter

func (p *parameters) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open == nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		value, err := d.Token()
		if err != nil {
			return err
		}
		n, okName := name.(string)
		v, okValue := value.(string)
		if !okName || !okValue {
			return fmt.Errorf("parameter %v has the value %v, want a text", name, value)
		}
		*p = append(*p, schema.Parameter{Name: n, Value: v})
	}
	return nil
}

func (s *taggedSchema) build(t testing.TB) *schema.Schema {
	t.Helper()
	if s == nil {
		return nil
	}
	typ, ok := schema.TypeNamed(s.Type)
	if !ok {
		t.Fatalf("a case has the unknown schema type %q", s.Type)
	}
	out := &schema.Schema{
		Type: typ, Optional: s.Optional, Name: s.Name, Version: s.Version, Doc: s.Doc, Parameters: s.Parameters,
		Key: s.Keys.build(t),
	}
	if typ == schema.Map {
		out.Elem = s.Values.build(t)
	} else {
		out.Elem = s.Items.build(t)
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, schema.Field{Name: f.Field, Schema: f.Schema.build(t)})
	}
	if v := buildValue(t, out, s.Default); !v.IsNull() {
		out.Default = &v
	}
	return out
}

// tagged is the recorded form of a value.
type tagged struct {
	T     string
	V     json.RawMessage
	Scale int32
}

func buildValue(t testing.TB, s *schema.Schema, raw json.RawMessage) schema.Value {
	t.Helper()
	if len(raw) == 0 || string(raw) == "null" {
		return schema.Null()
	}
	var in tagged
	decode(t, raw, &in)
	switch in.T {
	case "list":
		return buildList(t, s, in.V)
	case "map":
		return buildMap(t, s, in.V)
	case "struct":
		return buildStruct(t, s, in.V)
	case "java":
		t.Skipf("the input is a Java object that no value stands for: %s", in.V)
	}
	v, err := scalar(in)
	if err != nil {
		t.Fatalf("value %s of a case: %v", raw, err)
	}
	return v
}

func scalar(in tagged) (schema.Value, error) {
	text := strings.Trim(string(in.V), `"`)
	switch in.T {
	case "int8", "int16", "int32", "int64", "date":
		return integer(in.T, text)
	case "float32":
		f, err := strconv.ParseFloat(text, 32)
		return schema.Float32Value(float32(f)), err
	case "float64":
		f, err := strconv.ParseFloat(text, 64)
		return schema.Float64Value(f), err
	case "boolean":
		b, err := strconv.ParseBool(text)
		return schema.BooleanValue(b), err
	case "string":
		var s string
		err := json.Unmarshal(in.V, &s)
		return schema.StringValue(s), err
	case "bytes":
		b, err := hex.DecodeString(text)
		return schema.BytesValue(b), err
	case "decimal", "biginteger":
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return schema.Value{}, fmt.Errorf("%q is no integer", text)
		}
		return schema.DecimalValue(&schema.Decimal{Unscaled: n, Scale: in.Scale}), nil
	}
	return schema.Value{}, fmt.Errorf("unknown tag %q", in.T)
}

func integer(tag, text string) (schema.Value, error) {
	bits := map[string]int{"int8": 8, "int16": 16, "int32": 32, "int64": 64, "date": 64}[tag]
	n, err := strconv.ParseInt(text, 10, bits)
	switch tag {
	case "int8":
		return schema.Int8Value(int8(n)), err
	case "int16":
		return schema.Int16Value(int16(n)), err
	case "int32":
		return schema.Int32Value(int32(n)), err
	case "int64":
		return schema.Int64Value(n), err
	default:
		return schema.InstantValue(n), err
	}
}

func elem(s *schema.Schema) *schema.Schema {
	if s == nil {
		return nil
	}
	return s.Elem
}

func buildList(t testing.TB, s *schema.Schema, raw json.RawMessage) schema.Value {
	t.Helper()
	var items []json.RawMessage
	decode(t, raw, &items)
	out := make([]schema.Value, len(items))
	for i, item := range items {
		out[i] = buildValue(t, elem(s), item)
	}
	return schema.ListValue(out)
}

func buildMap(t testing.TB, s *schema.Schema, raw json.RawMessage) schema.Value {
	t.Helper()
	var pairs [][2]json.RawMessage
	decode(t, raw, &pairs)
	out := make([]schema.Entry, len(pairs))
	var key *schema.Schema
	if s != nil {
		key = s.Key
	}
	for i, p := range pairs {
		out[i] = schema.Entry{Key: buildValue(t, key, p[0]), Value: buildValue(t, elem(s), p[1])}
	}
	return schema.MapValue(out)
}

// buildStruct takes the schema beside the value. A value that does not list all
// of its fields belongs to another schema, which the case does not tell: one
// with the listed fields only stands in.
func buildStruct(t testing.TB, s *schema.Schema, raw json.RawMessage) schema.Value {
	t.Helper()
	var members [][2]json.RawMessage
	decode(t, raw, &members)
	names := make([]string, len(members))
	for i, m := range members {
		decode(t, m[0], &names[i])
	}
	if s == nil || len(names) != len(s.Fields) {
		s = otherSchema(s, names)
	}
	st := schema.NewStruct(s)
	for i, name := range names {
		at := s.FieldIndex(name)
		if at < 0 {
			t.Fatalf("the struct of a case has the field %q, which its schema does not have", name)
		}
		st.Values[at] = buildValue(t, s.Fields[at].Schema, members[i][1])
	}
	return schema.StructValue(st)
}

func otherSchema(s *schema.Schema, names []string) *schema.Schema {
	other := &schema.Schema{Type: schema.StructType}
	for _, name := range names {
		f := schema.Field{Name: name, Schema: schema.OptionalOf(schema.String)}
		if s != nil {
			if i := s.FieldIndex(name); i >= 0 {
				f = s.Fields[i]
			}
		}
		other.Fields = append(other.Fields, f)
	}
	return other
}

// Describe returns the schema in words that show every part that Equal looks at.
func Describe(s *schema.Schema) string {
	if s == nil {
		return "null"
	}
	var b strings.Builder
	b.WriteString(s.Type.String())
	if s.Optional {
		b.WriteByte('?')
	}
	fmt.Fprintf(&b, " %s", s.Name)
	if s.Version != nil {
		fmt.Fprintf(&b, " v%d", *s.Version)
	}
	fmt.Fprintf(&b, " %q %v", s.Doc, s.Parameters)
	if s.Default != nil {
		fmt.Fprintf(&b, " default %s %s", s.Default.Kind(), s.Default)
	}
	for _, f := range s.Fields {
		fmt.Fprintf(&b, " %s:(%s)", f.Name, Describe(f.Schema))
	}
	if s.Key != nil {
		fmt.Fprintf(&b, " keys:(%s)", Describe(s.Key))
	}
	if s.Elem != nil {
		fmt.Fprintf(&b, " items:(%s)", Describe(s.Elem))
	}
	return b.String()
}
