package protobuf_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/internal/registrytest"
	"sluice/converters/protobuf"
)

const allFields = `syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "confluent/type/decimal.proto";
message R {
  int32 a = 1; string s = 2; repeated sint64 l = 3; map<string,int64> m = 4; Kind k = 5; Sub sub = 6;
  oneof u { int32 x = 7; string y = 8; Sub z = 9; }
  optional int32 o = 10; bytes b = 11; repeated Sub subs = 12; double d = 13; google.protobuf.Timestamp t = 14;
  google.protobuf.StringValue w = 15; google.type.Date date = 16; google.type.TimeOfDay time = 17; confluent.type.Decimal n = 18;
  fixed32 f = 19; bool g = 20; float h = 21; repeated float floats = 22;
  message Sub { string v = 1; repeated Kind kinds = 2; }
  enum Kind { ZERO = 0; ONE = 1; }
}`

// FuzzDecode reads any bytes: nothing panics, and what was read is written as the
// bytes that are read as the same.
func FuzzDecode(f *testing.F) {
	r := registrytest.New(f, nil)
	r.SeedSchema("orders-value", 1, 1, sr.Schema{Schema: allFields, Type: sr.TypeProtobuf})
	c := at(f, r, config.Map{"auto.register.schemas": "false", "use.latest.version": "true"}, false)
	for _, seed := range []string{
		"00080512017832030a017632030a0177", "001a0203041802" + "22050a016b1009", "0038014201794a020a00", "020072030801107b", "008201070" + "8e60f10011802" + "920104" + "0a02ff64",
	} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d, err := c.Decode("orders", nil, append([]byte{0, 0, 0, 0, 1}, payload...), nil)
		if err != nil {
			return
		}
		if err := schema.Check(d.Schema, d.Value); err != nil {
			t.Fatalf("%s does not fit its schema: %v", d.Value, err)
		}
		again, err := c.AppendEncode([]byte{}, "orders", nil, d)
		if err != nil {
			return // an unknown symbol of an enum has a name that no schema has
		}
		e, err := c.Decode("orders", nil, again, nil)
		if err != nil {
			t.Fatalf("%x of %s cannot be read: %s", again, d.Value, registrytest.Chain(err))
		}
		if len(e.Value.String()) != len(d.Value.String()) {
			t.Fatalf("%s became %s", d.Value, e.Value)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	for id, s := range map[int]sr.Schema{
		3: {Schema: `syntax = "proto3"; message M { M next = 1; }`, Type: sr.TypeProtobuf},
		4: {Schema: `"string"`},
		5: {Schema: `syntax = "proto3"; import "other.proto"; message M { }`, Type: sr.TypeProtobuf},
		6: {Schema: `syntax = "proto3"; message M { string s = 1; }`, Type: sr.TypeProtobuf},
	} {
		r.SeedSchema("orders-value", id, id, s)
	}
	for raw, text := range map[string]string{
		"\x00\x00\x00\x00\x03\x00":         "refers to itself",
		"\x00\x00\x00\x00\x04\x00":         "of the type AVRO, not PROTOBUF",
		"\x00\x00\x00\x00\x05\x00":         "the schema imports other.proto, which is none of its references",
		"\x00\x00\x00\x00\x06\x02\x04":     "Invalid message indexes: [2] in the Protobuf schema with id 6",
		"\x00\x00\x00\x00\x06\x00\x0a\x05": "Error deserializing Protobuf message for id 6",
		"{\"a\":1}":                        "Unknown magic byte!",
	} {
		_, err := c.Decode("orders", nil, []byte(raw), nil)
		registrytest.CheckError(t, err, connect.DataException, []string{text}, nil)
	}
}

// TestRefusedSettings names what would change the schemas that are registered.
func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"skip.known.types": "false", "schema.format": "serialized", "schema.backup.enabled": "true"} {
		c := protobuf.Plugins().Converters[0].New()
		err := c.Configure(config.Map{"schema.registry.url": "http://x", name: value}, false)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: got %v, want an error that names the key", name, value, err)
		}
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	r.SeedSchema("address", 1, 7, sr.Schema{Schema: `syntax = "proto3"; package n; message Address { string street = 1; }`, Type: sr.TypeProtobuf})
	r.SeedSchema("orders-value", 1, 8, sr.Schema{
		Schema: `syntax = "proto3"; package n; import "address.proto"; message Person { Address home = 1; }`, Type: sr.TypeProtobuf,
		References: []sr.SchemaReference{{Name: "address.proto", Subject: "address", Version: 1}},
	})
	d, err := c.Decode("orders", nil, []byte("\x00\x00\x00\x00\x08\x00\x0a\x03\x0a\x01x"), nil)
	if err != nil {
		t.Fatal(registrytest.Chain(err))
	}
	if got, want := d.Value.String(), "Struct{home=Struct{street=x}}"; got != want {
		t.Errorf("read %s, want %s", got, want)
	}
}
