package transforms_test

import (
	"slices"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// hot are the transformations that many records go through.
func hot() []struct {
	name, class string
	cfg         config.Map
} {
	return []struct {
		name, class string
		cfg         config.Map
	}{
		{"ReplaceField", "ReplaceField$Value", config.Map{"exclude": "amount", "renames": "name:customer"}},
		{"InsertField", "InsertField$Value", config.Map{"topic.field": "topic", "timestamp.field": "at", "static.field": "s", "static.value": "v"}},
		{"Cast", "Cast$Value", config.Map{"spec": "id:string,amount:int64"}},
		{"ExtractField", "ExtractField$Value", config.Map{"field": "inner.x", "field.syntax.version": "V2"}},
		{"TimestampConverter to text", "TimestampConverter$Value", config.Map{"field": "ts", "target.type": "string", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"}},
		{"TimestampConverter from text", "TimestampConverter$Value", config.Map{"field": "stamp", "target.type": "Timestamp", "format": "d MMM yyyy HH:mm:ss Z"}},
		{"MaskField", "MaskField$Value", config.Map{"fields": "name,amount"}},
		{"Flatten", "Flatten$Value", config.Map{}},
		{"ValueToKey", "ValueToKey", config.Map{"fields": "id,name"}},
		{"SetSchemaMetadata", "SetSchemaMetadata$Value", config.Map{"schema.name": "n"}},
		{"RegexRouter", "RegexRouter", config.Map{"regex": "(?!x)(.*)", "replacement": "new-$1"}},
		{"TimestampRouter", "TimestampRouter", config.Map{}},
		{"HoistField", "HoistField$Value", config.Map{"field": "f"}},
	}
}

// hotRecord has a struct of six fields, or a map with the same members.
func hotRecord(schemaless bool) connect.Record {
	base := suiteRecords()[0]
	from := base.Value.Value.Struct()
	to := schema.StructOf("order", append(slices.Clip(from.Schema.Fields),
		schema.Field{Name: "stamp", Schema: schema.Of(schema.String)})...)
	st := schema.NewStruct(to)
	copy(st.Values, from.Values)
	st.Values[len(st.Values)-1] = schema.StringValue("14 Nov 2023 22:13:20 +0100")
	r := connect.Record{Topic: "orders", Timestamp: 1700000000123, Value: connect.Data{Schema: to, Value: schema.StructValue(st)}}
	if schemaless {
		r.Value = connect.Data{Value: asMap(st)}
	}
	return r
}

func asMap(st *schema.Struct) schema.Value {
	entries := make([]schema.Entry, len(st.Values))
	for i, f := range st.Schema.Fields {
		v := st.Values[i]
		switch {
		case v.Struct() != nil:
			v = asMap(v.Struct())
		case v.Kind() == schema.KindInstant:
			v = schema.Int64Value(v.Int())
		}
		entries[i] = schema.Entry{Key: schema.StringValue(f.Name), Value: v}
	}
	return schema.MapValue(entries)
}

// TestNothingIsAllocatedPerRecord holds the budget of a full batch: none.
func TestNothingIsAllocatedPerRecord(t *testing.T) { // not parallel: it counts allocations
	for _, schemaless := range []bool{false, true} {
		for _, h := range hot() {
			if schemaless && h.name == "SetSchemaMetadata" {
				continue // it needs a schema
			}
			smt := newTransform(t, "org.apache.kafka.connect.transforms."+h.class)
			if err := smt.Configure(h.cfg); err != nil {
				t.Fatal(err)
			}
			in := hotRecord(schemaless)
			var arena schema.Arena
			var r connect.Record
			batch := func() {
				for range 500 {
					r = in
					if _, err := smt.Apply(&r, &arena); err != nil {
						t.Fatal(err)
					}
				}
				arena.Reset()
			}
			batch()
			if n := testing.AllocsPerRun(3, batch); n != 0 {
				t.Errorf("%s, schemaless %v: %v allocations for 500 records", h.name, schemaless, n)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, schemaless := range []bool{false, true} {
		for _, h := range hot() {
			name := h.name + "/struct"
			if schemaless {
				if h.name == "SetSchemaMetadata" {
					continue
				}
				name = h.name + "/map"
			}
			b.Run(name, func(b *testing.B) {
				smt := newTransform(b, "org.apache.kafka.connect.transforms."+h.class)
				if err := smt.Configure(h.cfg); err != nil {
					b.Fatal(err)
				}
				in := hotRecord(schemaless)
				var arena schema.Arena
				var r connect.Record
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					r = in
					if _, err := smt.Apply(&r, &arena); err != nil {
						b.Fatal(err)
					}
					if n++; n == 500 {
						arena.Reset()
						n = 0
					}
				}
			})
		}
	}
}
