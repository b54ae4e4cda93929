package jsonschema_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/internal/registrytest"
)

// FuzzDecode reads any text by schemas of all kinds: nothing panics, and what was
// read and fits its schema is written and read again.
func FuzzDecode(f *testing.F) {
	r := registrytest.New(f, nil)
	texts := []string{
		`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":["null","string"]},"c":{"type":"array","items":{"type":"number"}}}}`,
		`{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"type":"string","connect.type":"bytes"}}}}`,
		`{"oneOf":[{"type":"integer"},{"type":"string"},{"type":"object","title":"o","properties":{"x":{"type":"boolean"}}}]}`,
		`{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.version":1,"connect.parameters":{"scale":"2"}}`,
	}
	for i, text := range texts {
		r.SeedSchema("orders-value", i+1, i+1, sr.Schema{Schema: text, Type: sr.TypeJSON})
	}
	c := at(f, r, config.Map{"decimal.format": "NUMERIC"}, false)
	f.Add(byte(0), []byte(`{"a":1,"b":"x","c":[1.5,2e3]}`))
	f.Add(byte(1), []byte(`[{"key":1,"value":"AP+A"},{"key":1,"value":""}]`))
	f.Add(byte(2), []byte(`{"x":true}`))
	f.Add(byte(3), []byte(`-1.50e-2`))
	f.Fuzz(func(t *testing.T, id byte, payload []byte) {
		d, err := c.Decode("orders", nil, append([]byte{0, 0, 0, 0, id%byte(len(texts)) + 1}, payload...), nil)
		if err != nil || d.Value.IsNull() || schema.Check(d.Schema, d.Value) != nil {
			return
		}
		again, err := c.AppendEncode([]byte{}, "orders", nil, d)
		if err != nil {
			t.Fatalf("%s was read and cannot be written: %s", d.Value, registrytest.Chain(err))
		}
		e, err := c.Decode("orders", nil, again, nil)
		if err != nil || len(e.Value.String()) != len(d.Value.String()) {
			t.Fatalf("%s became %s: %v", d.Value, e.Value, err)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	r.SeedSchema("orders-value", 1, 3, sr.Schema{Schema: `{"type":"object","properties":{"next":{"$ref":"#"}}}`, Type: sr.TypeJSON})
	r.SeedSchema("other-value", 1, 4, sr.Schema{Schema: `"string"`})
	for raw, text := range map[string]string{
		"\x00\x00\x00\x00\x03{}":   "refers to itself",
		"\x00\x00\x00\x00\x04{}":   "of the type AVRO, not JSON",
		"{\"a\":1}":                "Unknown magic byte!",
		"\x00\x00\x00\x00\x09null": "Error retrieving JSON value schema for id 9",
	} {
		_, err := c.Decode("orders", nil, []byte(raw), nil)
		registrytest.CheckError(t, err, connect.DataException, []string{text}, nil)
	}
	bad := c.(interface {
		Configure(config.Map, bool) error
	}).Configure(config.Map{"schema.registry.url": "http://x", "preserve.additional.properties": "true"}, false)
	if bad == nil {
		t.Error("preserve.additional.properties was accepted")
	}
}
