package herder_test

import (
	"fmt"
	"maps"
	"testing"

	"sluice/connect/config"
)

// TestGroupRules checks the errors that only a distributed worker finds.
func TestGroupRules(t *testing.T) {
	t.Parallel()
	c := newCluster(t, config.Map{"group.id": "connect-x"})
	a := c.join("a:1")
	sink := config.Map{"connector.class": sinkClass, "topics": "t"}
	source := config.Map{"connector.class": sourceClass, "name": "n", "topic": "t"}
	for _, tt := range []struct {
		name     string
		base     config.Map
		set      config.Map
		key, err string
	}{
		{"a name whose consumers join the workers", sink, config.Map{"name": "x"}, "name", "[Consumer group for sink connector named x conflicts with Connect worker group connect-x]"},
		{"another name", sink, config.Map{"name": "y"}, "name", "[]"},
		{"a group of its own", sink, config.Map{"name": "x", "consumer.override.group.id": "z"}, "name", "[]"},
		{
			"the workers' group", sink,
			config.Map{"name": "y", "consumer.override.group.id": "connect-x"},
			"consumer.override.group.id",
			"[Consumer group connect-x conflicts with Connect worker group connect-x]",
		},
		{"a source of that name", source, config.Map{"name": "x"}, "name", "[]"},
		{
			"exactly once", source,
			config.Map{"exactly.once.support": "required"},
			"exactly.once.support",
			"[This worker does not have exactly-once source support enabled. The connector does not implement the API required for preflight validation of exactly-once " +
				"source support. Please consult the documentation for the connector to determine whether it supports exactly-once semantics, and then consider reconfiguring " +
				"the connector to use the value \"requested\" for this property (which will disable this preflight check and allow the connector to be created).]",
		},
		{"at least once", source, config.Map{"exactly.once.support": "requested"}, "exactly.once.support", "[]"},
		{
			"boundaries of the connector", source,
			config.Map{"transaction.boundary": "connector"},
			"transaction.boundary",
			"[The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := maps.Clone(tt.base)
			maps.Copy(cfg, tt.set)
			infos, err := a.Validate(t.Context(), cfg.Raw())
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range infos.Configs {
				if i.Value.Name == tt.key && i.Definition != nil || i.Value.Name == "consumer.override.group.id" && tt.key == i.Value.Name {
					if got := fmt.Sprint(i.Value.Errors); got != tt.err {
						t.Errorf("%s has errors %s, want %s", tt.key, got, tt.err)
					}
					return
				}
			}
			t.Errorf("there is no value of %s", tt.key)
		})
	}
}
