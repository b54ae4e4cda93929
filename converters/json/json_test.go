package json_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/converters/json"
)

func TestEncodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "json-from") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			conv := &json.Converter{}
			if err := conv.Configure(c.Config, false); err != nil {
				t.Fatal(err)
			}
			in := c.Input.Data(t)
			// Twice: the second time the schema comes from the cache.
			for range 2 {
				got, err := conv.AppendEncode([]byte{}, "topic", nil, in)
				if !convertertest.CheckError(t, c, err) {
					convertertest.CheckBytes(t, got, c.Output.Bytes(t))
				}
			}
			header := &json.HeaderConverter{}
			if err := header.Configure(c.Config); err != nil {
				t.Fatal(err)
			}
			got, err := header.AppendEncode([]byte{}, "topic", "key", in)
			if !convertertest.CheckError(t, c, err) {
				convertertest.CheckBytes(t, got, c.Output.Bytes(t))
			}
		})
	}
}

func TestDecodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "json-to") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			conv := &json.Converter{}
			if err := conv.Configure(c.Config, true); err != nil {
				t.Fatal(err)
			}
			// Twice: the second time the schema is known by its bytes.
			for _, arena := range []*schema.Arena{nil, {}} {
				got, err := conv.Decode("topic", nil, c.Input.Bytes(t), arena)
				if !convertertest.CheckError(t, c, err) {
					convertertest.CheckData(t, got, c.Output.Data(t))
				}
			}
			header := &json.HeaderConverter{}
			if err := header.Configure(c.Config); err != nil {
				t.Fatal(err)
			}
			got, err := header.Decode("topic", "key", c.Input.Bytes(t), nil)
			if !convertertest.CheckError(t, c, err) {
				convertertest.CheckData(t, got, c.Output.Data(t))
			}
		})
	}
}

func converter(t testing.TB, cfg config.Map) *json.Converter {
	t.Helper()
	c := &json.Converter{}
	if err := c.Configure(cfg, false); err != nil {
		t.Fatal(err)
	}
	return c
}

var _ connect.Converter = (*json.Converter)(nil)
