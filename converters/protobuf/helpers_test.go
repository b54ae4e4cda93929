package protobuf_test

import (
	"maps"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/converters/internal/registrytest"
	"sluice/converters/protobuf"
)

// open returns a configured converter for values and its registry.
func open(t testing.TB, cfg config.Map) (connect.Converter, *registrytest.Registry) {
	t.Helper()
	r := registrytest.New(t, nil)
	return at(t, r, cfg, false), r
}

func at(t testing.TB, r *registrytest.Registry, cfg config.Map, isKey bool) connect.Converter {
	t.Helper()
	c := protobuf.Plugins().Converters[0].New()
	all := config.Map{"schema.registry.url": r.URL(), "retries.wait.ms": "1", "retries.max.wait.ms": "1"}
	maps.Copy(all, cfg)
	if err := c.Configure(all, isKey); err != nil {
		t.Fatal(err)
	}
	return c
}
