package jsonschema_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/internal/registrytest"
)

// checked are the keys of a converter that refuses what its schema does not allow.
func checked() config.Map { return config.Map{"json.fail.invalid.schema": "true"} }

func TestReadingRefusesWhatTheSchemaDoesNotAllow(t *testing.T) {
	t.Parallel()
	c, r := open(t, checked())
	r.SeedSchema("address", 1, 2, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","properties":{"zip":{"type":"string","pattern":"^(?=\\d)\\d{5}$"}},"required":["zip"]}`})
	r.SeedSchema("orders-value", 1, 3, sr.Schema{
		Type: sr.TypeJSON, References: []sr.SchemaReference{{Name: "address.json", Subject: "address", Version: 1}},
		Schema: `{"type":"object","additionalProperties":false,"properties":{"id":{"type":"integer","minimum":1},"when":{"type":"string","format":"date-time"},` +
			`"to":{"$ref":"address.json"},"kind":{"enum":["a","geheim"]}},"required":["id"]}`,
	})
	const prefix = "\x00\x00\x00\x00\x03"
	for _, good := range []string{
		`{"id":1}`, `{"id":2,"to":{"zip":"12345"},"kind":"a"}`, `{"id":3,"when":"2024-02-29T12:00:00Z"}`,
	} {
		if _, err := c.Decode("orders", nil, []byte(prefix+good), nil); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	loose := at(t, r, nil, false)
	for bad, says := range map[string]string{
		`{"id":"geheim"}`:                    "/id is string, not integer",
		`{"to":{"zip":"12345"}}`:             "/ lacks id",
		`{"id":1,"to":{}}`:                   "/to lacks zip",
		`{"id":1,"to":{"zip":"geheim"}}`:     "/to/zip breaks the rule pattern",
		`{"id":0}`:                           "/id breaks the rule minimum",
		`{"id":1,"more":"geheim"}`:           "/ has the unknown members more",
		`{"id":1,"when":"geheim"}`:           "/when breaks the rule format",
		`{"id":1,"kind":"b"}`:                "/kind breaks the rule enum",
		`{"id":"geheim","to":{"zip":false}}`: "/to/zip is boolean, not string",
	} {
		_, err := c.Decode("orders", nil, []byte(prefix+bad), nil)
		registrytest.CheckError(t, err, connect.DataException, []string{"JSON does not match the schema with id 3", "json.fail.invalid.schema", says}, []string{"geheim"})
		if _, err := loose.Decode("orders", nil, []byte(prefix+bad), nil); err != nil && bad != `{"id":1,"to":{}}` && bad != `{"to":{"zip":"12345"}}` {
			t.Errorf("%s is refused without the key: %v", bad, err)
		}
	}
}

// TestWritingRefusesWhatTheSchemaDoesNotAllow writes with the registry's schema,
// which asks for more than the record's own.
func TestWritingRefusesWhatTheSchemaDoesNotAllow(t *testing.T) {
	t.Parallel()
	cfg := checked()
	cfg["auto.register.schemas"], cfg["use.latest.version"], cfg["latest.compatibility.strict"] = "false", "true", "false"
	c, r := open(t, cfg)
	r.SeedSchema("t-value", 1, 7, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","properties":{"n":{"type":"integer","maximum":9}}}`})
	s := &schema.Schema{Type: schema.StructType, Name: "N", Fields: []schema.Field{{Name: "n", Schema: &schema.Schema{Type: schema.Int32}}}}
	write := func(n int32) ([]byte, error) {
		st := schema.NewStruct(s)
		st.Values[0] = schema.Int32Value(n)
		return c.AppendEncode([]byte("before"), "t", &[]connect.RawHeader{}, connect.Data{Schema: s, Value: schema.StructValue(st)})
	}
	if b, err := write(9); err != nil || string(b) != "before\x00\x00\x00\x00\x07{\"n\":9}" {
		t.Errorf("%q, %v", b, err)
	}
	_, err := write(10)
	registrytest.CheckError(t, err, connect.DataException, []string{"JSON does not match the schema with id 7", "/n breaks the rule maximum"}, nil)
}

// TestSchemasThatCannotBeChecked holds that nothing is fetched for a schema, and
// that a broken one is an error and no panic.
func TestSchemasThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	c, r := open(t, checked())
	r.SeedSchema("a-value", 1, 3, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","properties":{"a":{"type":"integer","pattern":"("}}}`})
	r.SeedSchema("b-value", 1, 4, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","properties":{"a":{"type":"integer"}},"not":{"$ref":"http://127.0.0.1:1/other.json"}}`})
	for topic, tt := range map[string]struct{ raw, says string }{
		"a": {"\x00\x00\x00\x00\x03{}", "the JSON Schema with id 3 cannot be used to check records"},
		"b": {"\x00\x00\x00\x00\x04{}", "http://127.0.0.1:1/other.json is not among those that the registry has"},
	} {
		_, err := c.Decode(topic, nil, []byte(tt.raw), nil)
		registrytest.CheckError(t, err, connect.DataException, []string{tt.says}, nil)
	}
}
