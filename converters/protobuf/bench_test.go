package protobuf_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

func tenFields(t testing.TB) (connect.Converter, connect.Data, []byte) {
	s := schema.StructOf("n.Ten",
		schema.Field{Name: "id", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "name", Schema: schema.Of(schema.String)},
		schema.Field{Name: "mail", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "age", Schema: schema.Of(schema.Int32)},
		schema.Field{Name: "score", Schema: schema.Of(schema.Float64)},
		schema.Field{Name: "active", Schema: schema.Of(schema.Boolean)},
		schema.Field{Name: "at", Schema: schema.Timestamp()},
		schema.Field{Name: "note", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "tags", Schema: schema.ArrayOf(schema.Of(schema.String))},
		schema.Field{Name: "city", Schema: schema.Of(schema.String)},
	)
	st := schema.NewStruct(s)
	st.Values = []schema.Value{
		schema.Int64Value(1234567), schema.StringValue("Ada Lovelace"), schema.StringValue("ada@example.org"), schema.Int32Value(36),
		schema.Float64Value(99.5), schema.BooleanValue(true), schema.InstantValue(1700000000000), schema.Null(),
		schema.ListValue([]schema.Value{schema.StringValue("a"), schema.StringValue("b")}), schema.StringValue("London"),
	}
	c, _ := open(t, config.Map{})
	d := connect.Data{Schema: s, Value: schema.StructValue(st)}
	raw, err := c.AppendEncode([]byte{}, "orders", nil, d)
	if err != nil {
		t.Fatal(err)
	}
	return c, d, raw
}

// TestAllocations holds the budget: nothing per record.
func TestAllocations(t *testing.T) {
	c, d, raw := tenFields(t)
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { dst, _ = c.AppendEncode(dst[:0], "orders", nil, d) }); n > 0 {
		t.Errorf("writing allocates %v times a record, want 0", n)
	}
	var arena schema.Arena
	if n := testing.AllocsPerRun(100, func() {
		arena.Reset()
		if _, err := c.Decode("orders", nil, raw, &arena); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("reading allocates %v times a record, want 0", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	c, d, _ := tenFields(b)
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = c.AppendEncode(dst[:0], "orders", nil, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	c, _, raw := tenFields(b)
	var arena schema.Arena
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%500 == 0 {
			arena.Reset() // a batch
		}
		if _, err := c.Decode("orders", nil, raw, &arena); err != nil {
			b.Fatal(err)
		}
	}
}
