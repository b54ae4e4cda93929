package avro_test

import (
	"encoding/hex"
	"math"
	"math/big"
	"strings"
	"testing"

	twmb "github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/converters/internal/registrytest"
)

// TestBytes holds the documented form: magic 0, the id in four bytes, the value as
// Avro's specification has it.
func TestBytes(t *testing.T) {
	t.Parallel()
	union := schema.StructOf("io.confluent.connect.avro.Union",
		schema.Field{Name: "int", Schema: schema.OptionalOf(schema.Int32)}, schema.Field{Name: "string", Schema: schema.OptionalOf(schema.String)})
	for _, tt := range []struct {
		name string
		s    *schema.Schema
		v    schema.Value
		want string
	}{
		{"int", schema.Of(schema.Int32), schema.Int32Value(-65), "8101"},
		{"long", schema.Of(schema.Int64), schema.Int64Value(math.MinInt64), "ffffffffffffffffff01"},
		{"float", schema.Of(schema.Float32), schema.Float32Value(1), "0000803f"},
		{"double", schema.Of(schema.Float64), schema.Float64Value(-2), "00000000000000c0"},
		{"boolean", schema.Of(schema.Boolean), schema.BooleanValue(true), "01"},
		{"string", schema.Of(schema.String), schema.StringValue("foo"), "06666f6f"},
		{"bytes alone have no length", schema.Of(schema.Bytes), schema.BytesValue([]byte{1, 2}), "0102"},
		{"optional bytes", schema.OptionalOf(schema.Bytes), schema.BytesValue([]byte{1, 2}), "02040102"},
		{"decimal alone has no length", schema.DecimalOf(2), schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(-129), Scale: 2}), "ff7f"},
		{"date", schema.Date(), schema.InstantValue(-schema.MillisPerDay), "01"},
		{"time", schema.Time(), schema.InstantValue(1), "02"},
		{"empty list", schema.ArrayOf(schema.Of(schema.Int32)), schema.ListValue(nil), "00"},
		{"list", schema.ArrayOf(schema.Of(schema.Int64)), schema.ListValue([]schema.Value{schema.Int64Value(3), schema.Int64Value(27)}), "04063600"},
		// "b" and "a" have the buckets 2 and 1 of a HashMap.
		{"map in the order of Java", schema.MapOf(schema.Of(schema.String), schema.Of(schema.Int32)), schema.MapValue([]schema.Entry{
			{Key: schema.StringValue("b"), Value: schema.Int32Value(2)}, {Key: schema.StringValue("a"), Value: schema.Int32Value(1)},
		}), "04026102026204" + "00"},
		{"optional, set", schema.OptionalOf(schema.Int32), schema.Int32Value(1), "0202"},
		{"optional with a default, set", withDefault(schema.OptionalOf(schema.Int32), schema.Int32Value(4)), schema.Int32Value(1), "0002"},
		{"union", union, structOf(t, union, schema.Null(), schema.StringValue("a")), "020261"},
		{
			"no schema, list", nil, schema.ListValue([]schema.Value{schema.Null(), schema.BooleanValue(false)}),
			"00000000000000" + "02" + "04" + "000000000000000000" + "02000000000000000000" + "00" + "00",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := open(t, nil)
			raw := encode(t, c, tt.s, tt.v)
			if got, want := hex.EncodeToString(raw), "0000000001"+tt.want; got != want {
				t.Fatalf("wrote %s, want %s", got, want)
			}
			if got := decode(t, c, raw).Value; got.Kind() != tt.v.Kind() || got.String() != tt.v.String() && got.Kind() != schema.KindMap {
				t.Errorf("read %s, want %s", got, tt.v)
			}
		})
	}
}

func TestNullIsNull(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	for _, s := range []*schema.Schema{nil, schema.OptionalOf(schema.String)} {
		if b, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: s}); b != nil || err != nil {
			t.Errorf("null became % x, %v", b, err)
		}
	}
	if d := decode(t, c, nil); d.Schema != nil || !d.Value.IsNull() {
		t.Errorf("null bytes became %v", d)
	}
	if n := len(r.Requests()); n != 0 {
		t.Errorf("the registry was asked %d times", n)
	}
}

// TestAgainstAnotherCodec compares with a library that shares nothing with ours.
func TestAgainstAnotherCodec(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	address := schema.StructOf("shop.Address", schema.Field{Name: "street", Schema: schema.Of(schema.String)})
	s := recordSchema(address)
	raw := encode(t, c, s, recordValue(t, address))
	other, err := twmb.Parse(r.Text(t, topic+"-value"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ID    int64   `avro:"id"`
		Note  *string `avro:"note"`
		Count *int32  `avro:"count"`
		Rate  float32 `avro:"rate"`
		From  struct {
			Street string `avro:"street"`
		} `avro:"from"`
		To *struct {
			Street string `avro:"street"`
		} `avro:"to"`
	}
	rest, err := other.Decode(raw[5:], &got)
	if err != nil || len(rest) != 0 {
		t.Fatalf("the other codec leaves % x: %v", rest, err)
	}
	if got.ID != 12 || *got.Note != "é" || *got.Count != 1 || got.Rate != 2 || got.From.Street != "A" || got.To.Street != "B" {
		t.Errorf("the other codec reads %+v", got)
	}
	again, err := other.Encode(&got)
	if err != nil || string(again) != string(raw[5:]) {
		t.Errorf("the other codec writes % x (%v), ours % x", again, err, raw[5:])
	}
}

const writerText = `{"type":"record","name":"User","namespace":"n","doc":"a user","fields":[
 {"name":"id","type":"int","default":5},
 {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"],"default":"A"},"doc":"which"},
 {"name":"hash","type":{"type":"fixed","name":"Hash","size":2}},
 {"name":"price","type":{"type":"fixed","name":"Price","size":4,"logicalType":"decimal","precision":9,"scale":2}},
 {"name":"either","type":["null","int","string",{"type":"record","name":"Deep","fields":[{"name":"x","type":"double"}]}]},
 {"name":"many","type":{"type":"map","values":["null","long"]}},
 {"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}}]}`

// TestForeignSchema reads what another program wrote.
func TestForeignSchema(t *testing.T) {
	t.Parallel()
	c, r := open(t, config.Map{"enhanced.avro.schema.support": "true"})
	r.SeedSchema(topic+"-value", 1, 42, sr.Schema{Schema: writerText})
	payload := "02" + "02" + "beef" + "fffffe0c" + "06" + "000000000000f83f" + "02" + "026b" + "0206" + "00" + "14"
	raw, err := hex.DecodeString("000000002a" + payload)
	if err != nil {
		t.Fatal(err)
	}
	d := decode(t, c, raw)
	if got, want := d.Value.String(), "Struct{id=1,kind=B,hash=[B@2,price=-5.00,either=Struct{n.Deep=Struct{x=1.5}},many={k=3},at=10}"; got != want {
		t.Errorf("read  %s\nwant %s", got, want)
	}
	described := convertertest.Describe(d.Schema)
	for _, part := range []string{
		"struct n.User v1", `io.confluent.connect.avro.record.doc a user`, `io.confluent.connect.avro.field.doc.kind which`,
		`id:(int32  "" [{io.confluent.connect.avro.field.default true}] default int32 5)`,
		`{io.confluent.connect.avro.enum.default.Kind A} {io.confluent.connect.avro.Enum n.Kind} {io.confluent.connect.avro.Enum.A A}`,
		`hash:(bytes n.Hash "" [{connect.fixed.size 2}])`,
		`price:(bytes org.apache.kafka.connect.data.Decimal v1 "" [{scale 2} {connect.decimal.precision 9} {connect.fixed.size 4}])`,
		`either:(struct? io.confluent.connect.avro.Union "" [] int:(int32? `,
	} {
		if !strings.Contains(described, part) {
			t.Errorf("the schema does not have %s:\n%s", part, described)
		}
	}
	// What was read is written again as the same bytes with the same schema.
	same := at(t, r, config.Map{"enhanced.avro.schema.support": "true", "auto.register.schemas": "false", "use.latest.version": "true", "latest.compatibility.strict": "false"}, false)
	again := encode(t, same, d.Schema, d.Value)
	if hex.EncodeToString(again) != "000000002a"+payload {
		t.Errorf("wrote %x, want %s", again, payload)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	r.SeedSchema("address", 3, 7, sr.Schema{Schema: `{"type":"record","name":"Address","namespace":"n","fields":[{"name":"street","type":"string"}]}`})
	r.SeedSchema(topic+"-value", 1, 8, sr.Schema{
		Schema:     `{"type":"record","name":"Person","namespace":"n","fields":[{"name":"home","type":"n.Address"},{"name":"work","type":["null","Address"]}]}`,
		References: []sr.SchemaReference{{Name: "n.Address", Subject: "address", Version: 3}},
	})
	d := decode(t, c, []byte{0, 0, 0, 0, 8, 2, 'a', 2, 2, 'b'})
	if got, want := d.Value.String(), "Struct{home=Struct{street=a},work=Struct{street=b}}"; got != want {
		t.Errorf("read %s, want %s", got, want)
	}
}

func TestSchemaNamedInHeader(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	// The interceptor answers with a guid, as registries do since 8.0.
	const guid = "0c1f0a5e-3a5f-4f8e-9b36-2f0a35e4a111"
	r.Answer(t, "POST /subjects/orders-value/versions", `{"id":9,"guid":"`+guid+`"}`)
	r.Answer(t, "GET /schemas/guids/"+guid, `{"schema":"\"string\"","id":9}`)
	r.Answer(t, "POST /subjects/orders-value", `{"subject":"orders-value","version":4,"id":9,"schema":"\"string\""}`)
	c := at(t, r, config.Map{"value.schema.id.serializer": "io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer"}, false)
	var headers []connect.RawHeader
	b, err := c.AppendEncode([]byte{}, topic, &headers, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("a")})
	if err != nil {
		t.Fatal(registrytest.Chain(err))
	}
	want := "01" + strings.ReplaceAll(guid, "-", "")
	if hex.EncodeToString(b) != "0261" || len(headers) != 1 || headers[0].Key != "__value_schema_id" || hex.EncodeToString(headers[0].Value) != want {
		t.Fatalf("wrote %x with the headers %v", b, headers)
	}
	d, err := c.Decode(topic, headers, b, nil)
	if err != nil || d.Value.Text() != "a" || *d.Schema.Version != 4 {
		t.Errorf("read %s of %s: %v", d.Value, convertertest.Describe(d.Schema), err)
	}
}
