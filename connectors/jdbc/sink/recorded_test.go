package sink

import (
	"math/big"
	"slices"

	"sluice/connect"
	"sluice/connect/schema"
)

// recorded makes the records that the recorded cases wrote.
type recorded struct {
	key, value *schema.Schema
	topic      string
	offset     int64
}

func newRecorded(topic string) *recorded {
	opt := schema.OptionalOf
	logical := func(s *schema.Schema) *schema.Schema { return s.AsOptional() }
	return &recorded{
		topic: topic,
		key:   schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)}),
		value: schema.StructOf(
			"", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)},
			schema.Field{Name: "i8", Schema: opt(schema.Int8)}, schema.Field{Name: "i16", Schema: opt(schema.Int16)},
			schema.Field{Name: "i32", Schema: opt(schema.Int32)}, schema.Field{Name: "i64", Schema: opt(schema.Int64)},
			schema.Field{Name: "f32", Schema: opt(schema.Float32)}, schema.Field{Name: "f64", Schema: opt(schema.Float64)},
			schema.Field{Name: "b", Schema: opt(schema.Boolean)}, schema.Field{Name: "s", Schema: opt(schema.String)},
			schema.Field{Name: "by", Schema: opt(schema.Bytes)}, schema.Field{Name: "dec", Schema: logical(schema.DecimalOf(2))},
			schema.Field{Name: "d", Schema: logical(schema.Date())}, schema.Field{Name: "t", Schema: logical(schema.Time())},
			schema.Field{Name: "ts", Schema: logical(schema.Timestamp())},
			schema.Field{Name: "def", Schema: &schema.Schema{Type: schema.String, Default: new(schema.StringValue("dflt"))}},
			schema.Field{Name: "req", Schema: schema.Of(schema.String)},
		),
	}
}

// evolved has one more field.
func (m *recorded) evolved() *recorded {
	c := *m
	c.value = schema.StructOf("", append(slices.Clip(m.value.Fields), schema.Field{Name: "added", Schema: schema.OptionalOf(schema.Int64)})...)
	return &c
}

func (m *recorded) full(id int32, text string) connect.Record {
	r := m.nulls(id)
	v := r.Value.Value.Struct().Values
	const noon = 13*3600_000 + 14*60_000 + 15_123
	const day = 19782 * schema.MillisPerDay // 29 February 2024
	copy(v[1:], []schema.Value{
		schema.Int8Value(1), schema.Int16Value(2), schema.Int32Value(3), schema.Int64Value(4), schema.Float32Value(1.5), schema.Float64Value(2.5),
		schema.BooleanValue(true), schema.StringValue(text), schema.BytesValue([]byte{0xde, 0xad, 0xbe, 0xef}),
		schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(1234567891), Scale: 2}),
		schema.InstantValue(day), schema.InstantValue(noon), schema.InstantValue(day + noon),
	})
	if len(v) > 16 {
		v[16] = schema.Int64Value(7)
	}
	return r
}

func (m *recorded) nulls(id int32) connect.Record {
	st := schema.NewStruct(m.value)
	st.Values[0], st.Values[14], st.Values[15] = schema.Int32Value(id), schema.StringValue("x"), schema.StringValue("r")
	r := m.tombstone(id)
	r.Value = connect.Data{Schema: m.value, Value: schema.StructValue(st)}
	return r
}

func (m *recorded) tombstone(id int32) connect.Record {
	key := schema.NewStruct(m.key)
	key.Values[0] = schema.Int32Value(id)
	r := connect.Record{
		Topic: m.topic, Timestamp: 1795399455797, Key: connect.Data{Schema: m.key, Value: schema.StructValue(key)},
		Origin: connect.Origin{Topic: m.topic, Offset: m.offset},
	}
	m.offset++
	return r
}

// records are those of a recorded case, by its name without the connector's.
func (m *recorded) records(name string) []connect.Record {
	out := []connect.Record{m.full(1, "str"), m.nulls(2)}
	switch name {
	case "evolve", "noevolve":
		e := m.evolved()
		out = append(out, e.full(3, "str"))
	case "nullvalue-nodelete":
		out = append(out, m.full(1, "second"), m.tombstone(2))
	case "upsert-delete":
		out = append(out, m.full(1, "second"), m.tombstone(2))
	default:
		out = append(out, m.full(1, "second"))
	}
	return out
}
