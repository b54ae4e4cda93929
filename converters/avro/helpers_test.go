package avro_test

import (
	"maps"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/avro"
	"sluice/converters/internal/registrytest"
)

const topic = "orders"

// open returns a configured converter for values and its registry.
func open(t testing.TB, cfg config.Map) (connect.Converter, *registrytest.Registry) {
	t.Helper()
	r := registrytest.New(t, avro.Compatible)
	return at(t, r, cfg, false), r
}

func at(t testing.TB, r *registrytest.Registry, cfg config.Map, isKey bool) connect.Converter {
	t.Helper()
	c := avro.Plugins().Converters[0].New()
	all := config.Map{"schema.registry.url": r.URL(), "retries.wait.ms": "1", "retries.max.wait.ms": "1"}
	maps.Copy(all, cfg)
	if err := c.Configure(all, isKey); err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(t testing.TB, c connect.Converter, s *schema.Schema, v schema.Value) []byte {
	t.Helper()
	var headers []connect.RawHeader
	b, err := c.AppendEncode([]byte{}, topic, &headers, connect.Data{Schema: s, Value: v})
	if err != nil {
		t.Fatalf("write %s: %s", v, registrytest.Chain(err))
	}
	return b
}

func decode(t testing.TB, c connect.Converter, raw []byte) connect.Data {
	t.Helper()
	d, err := c.Decode(topic, nil, raw, nil)
	if err != nil {
		t.Fatalf("read % x: %s", raw, registrytest.Chain(err))
	}
	return d
}

func structOf(t testing.TB, s *schema.Schema, members ...schema.Value) schema.Value {
	t.Helper()
	st := schema.NewStruct(s)
	copy(st.Values, members)
	return schema.StructValue(st)
}
