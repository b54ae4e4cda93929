package all_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
	"sluice/converters/all"
	"sluice/converters/internal/registrytest"
)

func data(t schema.Type, values ...schema.Value) []connect.Data {
	var out []connect.Data
	for _, v := range values {
		out = append(out, connect.Data{Schema: schema.OptionalOf(t), Value: v})
	}
	return out
}

// conversions are configurations with data for each class; a class without any
// fails the test.
func conversions(t *testing.T) map[string][]connecttest.Conversion {
	item := &schema.Schema{Type: schema.StructType, Name: "item", Fields: []schema.Field{
		{Name: "id", Schema: &schema.Schema{Type: schema.Int64}},
		{Name: "tags", Schema: &schema.Schema{Type: schema.Array, Elem: &schema.Schema{Type: schema.String}}},
		{Name: "note", Schema: schema.OptionalOf(schema.String)},
	}}
	st := schema.NewStruct(item)
	st.Values[0], st.Values[1] = schema.Int64Value(1<<53+1), schema.ListValue([]schema.Value{schema.StringValue("a\n"), schema.StringValue("😀")})
	free := schema.MapValue([]schema.Entry{
		{Key: schema.StringValue("n"), Value: schema.Int64Value(-5)}, {Key: schema.StringValue("l"), Value: schema.ListValue([]schema.Value{schema.Null(), schema.BooleanValue(true), schema.Float64Value(0.5)})},
	})
	text := data(schema.String, schema.StringValue(""), schema.StringValue("tëxt"), schema.Null())
	versioned := func(s *schema.Schema) *schema.Schema {
		c := s.Clone()
		c.Version = new(int32(1)) // as the registry counts
		return c
	}
	order := versioned(item)
	placed := schema.StructValue(&schema.Struct{Schema: order, Values: st.Values})
	tag := func(n string, s *schema.Schema) *schema.Schema {
		s.Optional, s.Parameters = true, []schema.Parameter{{Name: "io.confluent.connect.protobuf.Tag", Value: n}}
		return s
	}
	tagged := versioned(schema.StructOf("item", schema.Field{Name: "id", Schema: tag("1", schema.Of(schema.Int64))},
		schema.Field{Name: "tags", Schema: tag("2", schema.ArrayOf(schema.OptionalOf(schema.String)))}))
	registries := func(cfg config.Map) config.Map {
		cfg["schema.registry.url"] = registrytest.New(t, nil).URL()
		return cfg
	}
	const kafka = "org.apache.kafka.connect."
	return map[string][]connecttest.Conversion{
		"io.confluent.connect.avro.AvroConverter": {
			{Config: registries(config.Map{}), RoundTrip: []connect.Data{
				{Schema: order, Value: placed},
				{Schema: schema.Timestamp(), Value: schema.InstantValue(5)},
				{Value: free},
				{},
				{Schema: versioned(schema.Of(schema.Bytes)), Value: schema.BytesValue([]byte{0, 255})},
				{Schema: schema.OptionalOf(schema.Int16), Value: schema.Int16Value(-3)},
			}},
			{
				Config:    registries(config.Map{"enhanced.avro.schema.support": "true", "generalized.sum.type.support": "true", "scrub.invalid.names": "true"}),
				RoundTrip: []connect.Data{{Schema: order, Value: placed}},
			},
		},
		"io.confluent.connect.json.JsonSchemaConverter": {
			{Config: registries(config.Map{}), RoundTrip: []connect.Data{
				{Schema: order, Value: placed},
				{Schema: schema.Timestamp(), Value: schema.InstantValue(5)},
				{},
				{Schema: versioned(schema.Of(schema.Bytes)), Value: schema.BytesValue([]byte{0, 255})},
				{Schema: versioned(schema.OptionalOf(schema.Int16)), Value: schema.Int16Value(-3)},
			}},
		},
		"io.confluent.connect.protobuf.ProtobufConverter": {
			{Config: registries(config.Map{"scrub.invalid.names": "true"}), RoundTrip: []connect.Data{
				{Schema: tagged, Value: schema.StructValue(&schema.Struct{Schema: tagged, Values: st.Values[:2]})},
				{},
			}},
			{Config: registries(config.Map{}), RoundTrip: []connect.Data{
				{Schema: versioned(schema.Of(schema.Bytes)), Value: schema.BytesValue([]byte{0, 255})},
				{Schema: versioned(schema.Of(schema.String)), Value: schema.StringValue("")},
			}},
		},
		kafka + "json.JsonConverter": {
			{Config: config.Map{}, RoundTrip: []connect.Data{{Schema: item, Value: schema.StructValue(st)}, {Schema: &schema.Schema{Type: schema.Bytes}, Value: schema.BytesValue([]byte{0, 255})}}},
			{Config: config.Map{"schemas.enable": "false"}, RoundTrip: []connect.Data{{Value: free}, {Value: schema.StringValue("\u2028\"")}, {}}, Bytes: [][]byte{[]byte(` {"a" : [1,2.50,1e3,{"b":null}]}`), nil}},
		},
		kafka + "storage.StringConverter": {
			{Config: config.Map{}, RoundTrip: text, Bytes: [][]byte{{0xff, 'a'}}},
			{Config: config.Map{"converter.encoding": "UTF-16LE"}, RoundTrip: text[:2], Bytes: [][]byte{{1}}},
		},
		kafka + "converters.ByteArrayConverter": {{Config: config.Map{}, RoundTrip: data(schema.Bytes, schema.BytesValue([]byte{}), schema.BytesValue([]byte{0, 200}), schema.Null())}},
		kafka + "converters.BooleanConverter":   {{Config: config.Map{}, RoundTrip: data(schema.Boolean, schema.BooleanValue(true), schema.BooleanValue(false), schema.Null())}},
		kafka + "converters.ShortConverter":     {{Config: config.Map{}, RoundTrip: data(schema.Int16, schema.Int16Value(-300), schema.Null())}},
		kafka + "converters.IntegerConverter":   {{Config: config.Map{}, RoundTrip: data(schema.Int32, schema.Int32Value(1<<30), schema.Null())}},
		kafka + "converters.LongConverter":      {{Config: config.Map{}, RoundTrip: data(schema.Int64, schema.Int64Value(-1<<62), schema.Null())}},
		kafka + "converters.FloatConverter":     {{Config: config.Map{}, RoundTrip: data(schema.Float32, schema.Float32Value(1.25), schema.Null())}},
		kafka + "converters.DoubleConverter":    {{Config: config.Map{}, RoundTrip: data(schema.Float64, schema.Float64Value(-1e300), schema.Null())}},
		kafka + "storage.SimpleHeaderConverter": {{Config: config.Map{}, Bytes: [][]byte{[]byte("12"), []byte(`{"a":1}`), []byte("text")}}},
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	cases := conversions(t)
	for _, c := range all.Plugins().Converters {
		t.Run(c.Class, func(t *testing.T) {
			t.Parallel()
			if len(cases[c.Class]) == 0 {
				t.Fatal("the contract has no data for this class")
			}
			connecttest.Converter(t, c, cases[c.Class]...)
		})
	}
	for _, h := range all.Plugins().HeaderConverters {
		t.Run(h.Class+" for headers", func(t *testing.T) {
			t.Parallel()
			if len(cases[h.Class]) == 0 {
				t.Fatal("the contract has no data for this class")
			}
			connecttest.HeaderConverter(t, h, cases[h.Class]...)
		})
	}
}
