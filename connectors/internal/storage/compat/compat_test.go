package compat

import (
	"testing"

	"sluice/connect"
	"sluice/connect/schema"
)

func field(name string, s *schema.Schema) schema.Field { return schema.Field{Name: name, Schema: s} }

func with(s *schema.Schema, change func(*schema.Schema)) *schema.Schema {
	c := s.Clone()
	change(c)
	return c
}

func version(s *schema.Schema, n int32) *schema.Schema {
	return with(s, func(s *schema.Schema) { s.Version = &n })
}

func enum(symbols ...string) *schema.Schema {
	return with(schema.Of(schema.String), func(s *schema.Schema) {
		s.Parameters = []schema.Parameter{{Name: "io.confluent.connect.avro.Enum", Value: "E"}}
		for _, symbol := range symbols {
			s.Parameters = append(s.Parameters, schema.Parameter{Name: "io.confluent.connect.avro.Enum." + symbol, Value: symbol})
		}
	})
}

func TestChanged(t *testing.T) {
	t.Parallel()
	base := schema.StructOf("S", field("a", schema.Of(schema.Int32)))
	zero := schema.Int32Value(0)
	withDefault := with(schema.Of(schema.Int32), func(s *schema.Schema) { s.Default = &zero })
	doc := with(base, func(s *schema.Schema) {
		s.Parameters = []schema.Parameter{{Name: "io.confluent.connect.avro.field.doc.a", Value: "x"}, {Name: "connect.record.doc", Value: "y"}}
	})
	for _, tt := range []struct {
		name            string
		record, current *schema.Schema
		want            [4]bool // NONE, BACKWARD, FORWARD, FULL
	}{
		{"the same", version(base, 1), version(base, 1), [4]bool{}},
		{"newer", version(base, 2), version(base, 1), [4]bool{true, true, false, true}},
		{"older", version(base, 1), version(base, 2), [4]bool{true, false, true, false}},
		{"another name", version(schema.StructOf("T", base.Fields...), 1), version(base, 1), [4]bool{true, true, true, true}},
		{"a wider number", version(base, 1), version(schema.StructOf("S", field("a", schema.Of(schema.Float64))), 1), [4]bool{true, false, false, false}},
		{"a narrower number", version(base, 1), version(schema.StructOf("S", field("a", schema.Of(schema.Int16))), 1), [4]bool{true, true, true, true}},
		{"another type", version(base, 1), version(schema.StructOf("S", field("a", schema.Of(schema.String))), 1), [4]bool{true, true, true, true}},
		{"a new field", version(schema.StructOf("S", field("a", schema.Of(schema.Int32)), field("b", schema.Of(schema.Int32))), 1), version(base, 1), [4]bool{true, false, false, false}},
		{"a missing field", version(base, 1), version(schema.StructOf("S", field("a", schema.Of(schema.Int32)), field("b", schema.Of(schema.Int32))), 1), [4]bool{true, true, true, true}},
		{"a missing field with a default", version(base, 1), version(schema.StructOf("S", field("a", schema.Of(schema.Int32)), field("b", withDefault)), 1), [4]bool{true, false, false, false}},
		{"optional to required", version(schema.StructOf("S", field("a", schema.OptionalOf(schema.Int32))), 1), version(base, 1), [4]bool{true, true, true, true}},
		{"optional to a default", version(schema.StructOf("S", field("a", schema.OptionalOf(schema.Int32))), 1), version(schema.StructOf("S", field("a", withDefault)), 1), [4]bool{true, false, false, false}},
		{"documentation", version(doc, 1), version(base, 1), [4]bool{true, false, false, false}},
		{"fewer symbols", version(schema.StructOf("S", field("a", enum("x"))), 1), version(schema.StructOf("S", field("a", enum("x", "y"))), 1), [4]bool{true, false, false, false}},
		{"more symbols", version(schema.StructOf("S", field("a", enum("x", "y"))), 1), version(schema.StructOf("S", field("a", enum("x"))), 1), [4]bool{true, true, true, true}},
		{"items", version(schema.ArrayOf(schema.Of(schema.Int64)), 1), version(schema.ArrayOf(schema.Of(schema.Int32)), 1), [4]bool{true, true, true, true}},
		{
			"values of a map", version(schema.MapOf(schema.Of(schema.String), schema.Of(schema.Int32)), 1),
			version(schema.MapOf(schema.Of(schema.String), schema.Of(schema.Int64)), 1),
			[4]bool{true, false, false, false},
		},
	} {
		for mode, want := range tt.want {
			got, err := Mode(mode).Changed(tt.record, tt.current)
			if err != nil || got != want {
				t.Errorf("%s, %s: %v, %v, want %v", tt.name, Mode(mode), got, err, want)
			}
		}
	}
	for _, tt := range []struct {
		mode            Mode
		record, current *schema.Schema
		want            string
	}{
		{None, base, nil, "Switch between schema-based and schema-less data is not supported"},
		{None, nil, base, "Switch between schema-based and schema-less data is not supported"},
		{Forward, base, version(base, 1), "Schema version required for FORWARD compatibility"},
	} {
		if _, err := tt.mode.Changed(tt.record, tt.current); err == nil || err.Error() != tt.want || connect.ClassOf(err) != ProjectorException {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	if got, err := Backward.Changed(nil, nil); got || err != nil {
		t.Errorf("no schema twice: %v, %v", got, err)
	}
	for name, want := range map[string]Mode{"BACKWARD": Backward, "FORWARD": Forward, "FULL": Full, "NONE": None, "full": None, "": None} {
		if got := Parse(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	seven := schema.Int64Value(7)
	inner := schema.StructOf("I", field("n", schema.Of(schema.Int16)))
	source := schema.StructOf("S",
		field("gone", schema.Of(schema.String)),
		field("i", inner),
		field("list", schema.ArrayOf(schema.Of(schema.Int32))),
		field("map", schema.MapOf(schema.Of(schema.String), schema.Of(schema.Float32))),
		field("maybe", schema.OptionalOf(schema.Int64)))
	target := schema.StructOf("S",
		field("map", schema.MapOf(schema.Of(schema.String), schema.Of(schema.Float64))),
		field("i", schema.StructOf("I", field("n", schema.Of(schema.Float32)), field("new", schema.OptionalOf(schema.String)))),
		field("list", schema.ArrayOf(schema.Of(schema.Int64))),
		field("maybe", with(schema.Of(schema.Int64), func(s *schema.Schema) { s.Default = &seven })),
		field("added", with(schema.Of(schema.Int64), func(s *schema.Schema) { s.Default = &seven })))
	in := schema.NewStruct(inner)
	in.Values[0] = schema.Int16Value(3)
	st := schema.NewStruct(source)
	copy(st.Values, []schema.Value{
		schema.StringValue("x"), schema.StructValue(in), schema.ListValue([]schema.Value{schema.Int32Value(-1)}),
		schema.MapValue([]schema.Entry{{Key: schema.StringValue("k"), Value: schema.Float32Value(0.5)}}), schema.Null(),
	})
	var p Projector
	var arena schema.Arena
	for range 2 {
		got, err := p.Project(connect.Data{Schema: source, Value: schema.StructValue(st)}, target, &arena)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Check(got.Schema, got.Value); err != nil {
			t.Error(err)
		}
		if text := got.Value.String(); text != "Struct{map={k=0.5},i=Struct{n=3.0},list=[-1],maybe=7,added=7}" {
			t.Error(text)
		}
		arena.Reset()
	}
	same := connect.Data{Schema: source, Value: schema.StructValue(st)}
	if got, err := p.Project(same, source.Clone(), nil); err != nil || got.Value.Struct() != st {
		t.Errorf("an equal schema copies: %v", err)
	}
}

func TestProjectRefuses(t *testing.T) {
	t.Parallel()
	one := schema.StructOf("S", field("a", schema.Of(schema.Int32)))
	st := schema.NewStruct(one)
	st.Values[0] = schema.Int32Value(1)
	for _, tt := range []struct {
		source, target *schema.Schema
		value          schema.Value
		want           string
	}{
		{schema.Of(schema.Int64), schema.Of(schema.Int32), schema.Int64Value(1), "Schema type mismatch. source type: INT64 and target type: INT32"},
		{schema.Of(schema.Int64), schema.Timestamp(), schema.Int64Value(1), "Schema name mismatch. source name: null and target name: org.apache.kafka.connect.data.Timestamp"},
		{schema.DecimalOf(1), schema.DecimalOf(2), schema.Null(), "Schema parameters not equal. source parameters: {scale=1} and target parameters: {scale=2}"},
		{schema.OptionalOf(schema.Int32), schema.Of(schema.Int64), schema.Int32Value(1), "Writer schema is optional, however, target schema does not provide a default value."},
		{one, schema.StructOf("S", field("b", schema.Of(schema.Int32))), schema.StructValue(st), "Required field `b` is missing from source schema: Schema{S:STRUCT}"},
		{one, schema.StructOf("S", field("a", schema.Of(schema.String))), schema.StructValue(st), "Error projecting a"},
		{nil, one, schema.Null(), "Switch between schema-based and schema-less data is not supported"},
	} {
		var p Projector
		_, err := p.Project(connect.Data{Schema: tt.source, Value: tt.value}, tt.target, nil)
		if err == nil || err.Error() != tt.want || connect.ClassOf(err) != ProjectorException {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}
