package avro_test

import (
	"math/big"
	"testing"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
)

func withDefault(s *schema.Schema, v schema.Value) *schema.Schema {
	c := s.Clone()
	c.Default = &v
	return c
}

func named(s *schema.Schema, name string) *schema.Schema {
	c := s.Clone()
	c.Name = name
	return c
}

func enumSchema() *schema.Schema {
	return &schema.Schema{Type: schema.String, Name: "shop.Colour", Parameters: []schema.Parameter{
		{Name: "io.confluent.connect.avro.Enum", Value: "shop.Colour"},
		{Name: "io.confluent.connect.avro.Enum.RED", Value: "RED"},
		{Name: "io.confluent.connect.avro.Enum.BLUE", Value: "BLUE"},
	}}
}

// TestSchemasThatAreRegistered holds the text that the Java converter registers,
// by the documented rules of AvroData and Avro's Schema.toString, and that the
// Connect schema comes back from it.
func TestSchemasThatAreRegistered(t *testing.T) {
	t.Parallel()
	price := schema.DecimalOf(2)
	price.Parameters = append(price.Parameters, schema.Parameter{Name: "connect.decimal.precision", Value: "10"})
	address := schema.StructOf("shop.Address", schema.Field{Name: "street", Schema: schema.Of(schema.String)})
	inner := schema.StructOf("", schema.Field{Name: "n", Schema: schema.Of(schema.Int32)})
	enhanced := config.Map{"enhanced.avro.schema.support": "true"}
	for _, tt := range []struct {
		name  string
		cfg   config.Map
		s     *schema.Schema
		v     schema.Value
		want  string
		lossy bool // the Connect schema that comes back is another one
	}{
		{name: "string", s: schema.Of(schema.String), v: schema.StringValue("x"), want: `"string"`},
		{name: "int8", s: schema.Of(schema.Int8), v: schema.Int8Value(-1), want: `{"type":"int","connect.type":"int8"}`},
		{name: "optional int64", s: schema.OptionalOf(schema.Int64), v: schema.Int64Value(5), want: `["null","long"]`},
		{
			name: "date", s: schema.Date(), v: schema.InstantValue(schema.MillisPerDay * 3),
			want: `{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Date","logicalType":"date"}`,
		},
		{
			name: "timestamp", s: schema.Timestamp(), v: schema.InstantValue(1234),
			want: `{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}`,
		},
		{
			name: "decimal", s: schema.DecimalOf(2), v: schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(156), Scale: 2}),
			want: `{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},` +
				`"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}`,
		},
		{
			name: "decimal with precision", s: price, v: schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(-156), Scale: 2}),
			want: `{"type":"bytes","scale":2,"precision":10,"connect.version":1,"connect.parameters":{"scale":"2","connect.decimal.precision":"10"},` +
				`"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}`,
		},
		{
			name: "list", s: schema.ArrayOf(schema.Of(schema.Float32)), v: schema.ListValue([]schema.Value{schema.Float32Value(1.5)}),
			want: `{"type":"array","items":"float"}`,
		},
		{
			name: "map", s: schema.MapOf(schema.Of(schema.String), schema.Of(schema.Boolean)),
			v:    schema.MapValue([]schema.Entry{{Key: schema.StringValue("a"), Value: schema.BooleanValue(true)}}),
			want: `{"type":"map","values":"boolean"}`,
		},
		{
			name: "map with other keys", s: schema.MapOf(schema.Of(schema.Int32), schema.Of(schema.String)),
			v: schema.MapValue([]schema.Entry{{Key: schema.Int32Value(1), Value: schema.StringValue("a")}}),
			want: `{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro",` +
				`"fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}`,
		},
		{
			name: "map with other keys and a name", s: named(schema.MapOf(schema.OptionalOf(schema.String), schema.Of(schema.Int32)), "shop.Counts"),
			v: schema.MapValue([]schema.Entry{{Key: schema.StringValue("a"), Value: schema.Int32Value(1)}}),
			want: `{"type":"array","items":{"type":"record","name":"Counts","namespace":"shop","fields":[{"name":"key","type":["null","string"],"default":null},` +
				`{"name":"value","type":"int"}],"connect.internal.type":"MapEntry"},"connect.name":"shop.Counts"}`,
		},
		{
			name: "struct without a name", s: inner, v: structOf(t, inner, schema.Int32Value(3)),
			want: `{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"n","type":"int"}]}`,
		},
		{name: "enum as text", s: enumSchema(), v: schema.StringValue("BLUE"), want: `{"type":"string","connect.parameters":{` +
			`"io.confluent.connect.avro.Enum":"shop.Colour","io.confluent.connect.avro.Enum.RED":"RED","io.confluent.connect.avro.Enum.BLUE":"BLUE"},` +
			`"connect.name":"shop.Colour"}`},
		{name: "enum", cfg: enhanced, s: enumSchema(), v: schema.StringValue("BLUE"), want: `{"type":"enum","name":"Colour","namespace":"shop","symbols":["RED","BLUE"],` +
			`"connect.parameters":{"io.confluent.connect.avro.Enum":"shop.Colour","io.confluent.connect.avro.Enum.RED":"RED",` +
			`"io.confluent.connect.avro.Enum.BLUE":"BLUE"},"connect.name":"shop.Colour"}`},
		{
			name: "record", s: recordSchema(address), v: recordValue(t, address), want: `{"type":"record","name":"Order","namespace":"shop",` +
				`"fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null},` +
				`{"name":"count","type":[{"type":"int","connect.default":7},"null"],"default":7},` +
				`{"name":"rate","type":{"type":"float","connect.default":1.1},"default":1.1},` +
				`{"name":"from","type":{"type":"record","name":"Address","fields":[{"name":"street","type":"string"}],"connect.name":"shop.Address"}},` +
				`{"name":"to","type":["null","Address"],"default":null}],"connect.doc":"an order","connect.version":3,"connect.name":"shop.Order"}`,
		},
		{
			name: "without metadata", cfg: config.Map{"connect.meta.data": "false"}, s: recordSchema(address), v: recordValue(t, address), lossy: true,
			want: `{"type":"record","name":"Order","namespace":"shop",` +
				`"fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null},` +
				`{"name":"count","type":["int","null"],"default":7},{"name":"rate","type":"float","default":1.1},` +
				`{"name":"from","type":{"type":"record","name":"Address","fields":[{"name":"street","type":"string"}]}},` +
				`{"name":"to","type":["null","Address"],"default":null}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, r := open(t, tt.cfg)
			raw := encode(t, c, tt.s, tt.v)
			if got := r.Text(t, topic+"-value"); got != tt.want {
				t.Errorf("registered\n%s\nwant\n%s", got, tt.want)
			}
			got := decode(t, c, raw)
			if tt.lossy {
				return
			}
			want := tt.s.Clone()
			if want.Version == nil && want.Type == schema.StructType || want.Version == nil && !tt.s.Optional {
				want.Version = new(int32(1)) // the registry's
			}
			if !got.Schema.Equal(want) {
				t.Errorf("read the schema %s\nwant %s", convertertest.Describe(got.Schema), convertertest.Describe(want))
			}
			if got.Value.String() != tt.v.String() {
				t.Errorf("read %s, want %s", got.Value, tt.v)
			}
		})
	}
}

func recordSchema(address *schema.Schema) *schema.Schema {
	return &schema.Schema{
		Type: schema.StructType, Name: "shop.Order", Doc: "an order", Version: new(int32(3)),
		Fields: []schema.Field{
			{Name: "id", Schema: schema.Of(schema.Int64)},
			{Name: "note", Schema: schema.OptionalOf(schema.String)},
			{Name: "count", Schema: withDefault(schema.OptionalOf(schema.Int32), schema.Int32Value(7))},
			{Name: "rate", Schema: withDefault(schema.Of(schema.Float32), schema.Float32Value(1.1))},
			{Name: "from", Schema: address},
			{Name: "to", Schema: address.AsOptional()},
		},
	}
}

func recordValue(t *testing.T, address *schema.Schema) schema.Value {
	return structOf(t, recordSchema(address), schema.Int64Value(12), schema.StringValue("é"), schema.Int32Value(1), schema.Float32Value(2),
		structOf(t, address, schema.StringValue("A")), structOf(t, address.AsOptional(), schema.StringValue("B")))
}
