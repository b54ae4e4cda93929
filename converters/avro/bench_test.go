package avro_test

import (
	"testing"

	twmb "github.com/twmb/avro"

	"sluice/connect"
	"sluice/connect/schema"
)

// tenFields is a record as connectors make them.
func tenFields(t testing.TB) (*schema.Schema, schema.Value) {
	s := schema.StructOf("n.Ten",
		schema.Field{Name: "id", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "name", Schema: schema.Of(schema.String)},
		schema.Field{Name: "mail", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "age", Schema: schema.Of(schema.Int32)},
		schema.Field{Name: "score", Schema: schema.Of(schema.Float64)},
		schema.Field{Name: "active", Schema: schema.Of(schema.Boolean)},
		schema.Field{Name: "at", Schema: schema.Timestamp()},
		schema.Field{Name: "note", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "count", Schema: schema.Of(schema.Int32)},
		schema.Field{Name: "city", Schema: schema.Of(schema.String)},
	)
	return s, structOf(t, s, schema.Int64Value(1234567), schema.StringValue("Ada Lovelace"), schema.StringValue("ada@example.org"), schema.Int32Value(36),
		schema.Float64Value(99.5), schema.BooleanValue(true), schema.InstantValue(1700000000000), schema.Null(), schema.Int32Value(-3), schema.StringValue("London"))
}

// TestAllocations holds the budget: nothing per record.
func TestAllocations(t *testing.T) {
	c, _ := open(t, nil)
	s, v := tenFields(t)
	d := connect.Data{Schema: s, Value: v}
	raw := encode(t, c, s, v)
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { dst, _ = c.AppendEncode(dst[:0], topic, nil, d) }); n > 0 {
		t.Errorf("writing allocates %v times a record, want 0", n)
	}
	var arena schema.Arena
	if n := testing.AllocsPerRun(100, func() {
		arena.Reset()
		if _, err := c.Decode(topic, nil, raw, &arena); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("reading allocates %v times a record, want 0", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	c, _ := open(b, nil)
	s, v := tenFields(b)
	d := connect.Data{Schema: s, Value: v}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = c.AppendEncode(dst[:0], topic, nil, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	c, _ := open(b, nil)
	s, v := tenFields(b)
	raw := encode(b, c, s, v)
	var arena schema.Arena
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%500 == 0 {
			arena.Reset() // a batch
		}
		if _, err := c.Decode(topic, nil, raw, &arena); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLibraryDecode is the library's way to the same data, without a schema
// and positions.
func BenchmarkLibraryDecode(b *testing.B) {
	c, r := open(b, nil)
	s, v := tenFields(b)
	raw := encode(b, c, s, v)
	other, err := twmb.Parse(r.Text(b, topic+"-value"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var into any
		if _, err := other.Decode(raw[5:], &into); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLibraryEncode is the library's way from a map.
func BenchmarkLibraryEncode(b *testing.B) {
	c, r := open(b, nil)
	s, v := tenFields(b)
	raw := encode(b, c, s, v)
	other, err := twmb.Parse(r.Text(b, topic+"-value"))
	if err != nil {
		b.Fatal(err)
	}
	var from any
	if _, err := other.Decode(raw[5:], &from); err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = other.AppendEncode(dst[:0], from); err != nil {
			b.Fatal(err)
		}
	}
}
