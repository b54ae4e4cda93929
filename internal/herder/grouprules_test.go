package herder_test

import (
	"fmt"
	"log/slog"
	"maps"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/internal/herder"
	"sluice/internal/plugins"
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

// TestOwnOffsetClients: overrides of clients that only the offsets need are listed
// where there are such clients.
func TestOwnOffsetClients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		support, topic string
		want           bool
	}{
		{"disabled", "", false},
		{"disabled", "own", true},
		{"preparing", "", false},
		{"enabled", "", true},
	} {
		a := newCluster(t, config.Map{"exactly.once.source.support": tt.support}).join("a:1")
		infos, err := a.Validate(t.Context(), config.Map{
			"connector.class": sourceClass, "name": "n", "topic": "t", "offsets.storage.topic": tt.topic,
			"consumer.override.fetch.min.bytes": "1", "admin.override.retries": "1",
		}.Raw())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"consumer.override.fetch.min.bytes", "admin.override.retries"} {
			listed := false
			for _, i := range infos.Configs {
				listed = listed || i.Value.Name == key
			}
			if listed != tt.want {
				t.Errorf("%s with topic %q: %s is listed: %v, want %v", tt.support, tt.topic, key, listed, tt.want)
			}
		}
	}
}

// ableSource says what its configuration tells it to say.
type ableSource struct{ noSource }

func (ableSource) ExactlyOnceSupport(cfg config.Map) connect.ExactlyOnceSupport {
	if cfg["able"] == "yes" {
		return connect.ExactlyOnceSupported
	}
	return connect.ExactlyOnceUnsupported
}

func (ableSource) CanDefineTransactionBoundaries(cfg config.Map) bool { return cfg["able"] == "yes" }

// TestConnectorsThatCan asks connectors that say what they can do.
func TestConnectorsThatCan(t *testing.T) {
	t.Parallel()
	plugins := plugins.New(plugin.Set{
		Sources:          []plugin.Source{{Info: plugin.Info{Class: "Able", Version: "1", Config: config.Def{{Name: "able", Type: config.String, Default: "no", Validator: config.NonEmpty{}}}}, New: func() connect.SourceConnector { return ableSource{} }}},
		Converters:       []plugin.Converter{{Info: plugin.Info{Class: jsonClass, Version: "1"}}},
		HeaderConverters: []plugin.HeaderConverter{{Info: plugin.Info{Class: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Version: "1"}}},
	})
	settings := config.Map{"key.converter": jsonClass, "value.converter": jsonClass, "group.id": "g", "exactly.once.source.support": "enabled"}
	for able, want := range map[string]string{
		"yes": "[] []",
		"": "[An unexpected error occurred during validation: Invalid value  for configuration able: String must be non-empty] " +
			"[The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.]",
		"no": "[The connector does not support exactly-once semantics with the provided configuration.] " +
			"[The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.]",
	} {
		infos, err := herder.Check(t.Context(), plugins, settings, nil, slog.New(slog.DiscardHandler), config.Map{
			"connector.class": "Able", "name": "n", "able": able, "exactly.once.support": "required", "transaction.boundary": "connector",
		}.Raw())
		if err != nil {
			t.Fatal(err)
		}
		errs := map[string][]string{}
		for _, i := range infos.Configs {
			errs[i.Value.Name] = i.Value.Errors
		}
		if got := fmt.Sprint(errs["exactly.once.support"], " ", errs["transaction.boundary"]); got != want {
			t.Errorf("able %s: %s, want %s", able, got, want)
		}
	}
}
