package herder_test

import (
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// with returns a herder with further settings of the worker. It does not run:
// validation needs no loop.
func with(settings config.Map) *herder.Standalone {
	all := config.Map{"key.converter": jsonClass, "value.converter": jsonClass}
	maps.Copy(all, settings)
	return herder.NewStandalone(herder.StandaloneConfig{Plugins: registry(), Settings: all, Log: slog.New(slog.DiscardHandler)})
}

// faults returns the errors of an answer by key.
func faults(infos herder.ConfigInfos) map[string][]string {
	out := map[string][]string{}
	for _, info := range infos.Configs {
		if len(info.Value.Errors) > 0 {
			out[info.Value.Name] = info.Value.Errors
		}
	}
	return out
}

func TestOverridePolicies(t *testing.T) {
	t.Parallel()
	const key, list = "connector.client.config.override.policy", "connector.client.config.override.allowlist"
	const full = "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy"
	const acks, mechanism = "producer.override.acks", "producer.override.sasl.mechanism"
	refused := func(policy, name string) []string {
		return []string{"The '" + policy + "' policy does not allow '" + name + "' to be overridden in the connector configuration."}
	}
	for _, c := range []struct {
		settings config.Map
		want     map[string][]string
	}{
		{nil, map[string][]string{}},
		{config.Map{key: "All"}, map[string][]string{}},
		{config.Map{key: "None"}, map[string][]string{acks: refused("None", "acks"), mechanism: refused("None", "sasl.mechanism")}},
		{config.Map{key: full}, map[string][]string{acks: refused("Principal", "acks")}},
		{config.Map{key: "Allowlist"}, map[string][]string{acks: refused("Allowlist", "acks"), mechanism: refused("Allowlist", "sasl.mechanism")}},
		{config.Map{key: "Allowlist", list: "acks, linger.ms"}, map[string][]string{mechanism: refused("Allowlist", "sasl.mechanism")}},
	} {
		if err := herder.CheckSettings(c.settings); err != nil {
			t.Errorf("%v: %v", c.settings, err)
		}
		infos, err := with(c.settings).Validate(t.Context(), source("n", config.Map{acks: "1", mechanism: "PLAIN", "consumer.override.x": "not used by sources"}))
		if diff := cmp.Diff(c.want, faults(infos)); diff != "" || err != nil || infos.ErrorCount != len(c.want) {
			t.Errorf("%v: %d errors, %v %s", c.settings, infos.ErrorCount, err, diff)
		}
	}
	for _, settings := range []config.Map{{key: "com.example.Own"}, {key: "all"}, {key: "Allowlist", list: "acks,acks"}} {
		if err := herder.CheckSettings(settings); err == nil || !strings.Contains(err.Error(), "connector.client.config.override.") {
			t.Errorf("%v: %v", settings, err)
		}
	}
}

// TestOverridesShowTheClientsKey: forms need type, default and importance.
func TestOverridesShowTheClientsKey(t *testing.T) {
	t.Parallel()
	infos, err := with(nil).Validate(t.Context(), source("n", config.Map{"producer.override.linger.ms": "7", "producer.override.no.such": " x "}))
	if err != nil {
		t.Fatal(err)
	}
	last := infos.Configs[len(infos.Configs)-2:]
	byName := map[string]herder.ConfigInfo{last[0].Value.Name: last[0], last[1].Value.Name: last[1]}
	linger := byName["producer.override.linger.ms"]
	if d := linger.Definition; d == nil || d.Type != "LONG" || *d.DefaultValue != "5" || d.Importance != "MEDIUM" || d.Order != -1 || d.Documentation == "" || *linger.Value.Value != "7" {
		t.Errorf("%+v", linger)
	}
	if unknown := byName["producer.override.no.such"]; unknown.Definition != nil || *unknown.Value.Value != " x " {
		t.Errorf("%+v", unknown)
	}
}

func TestVersionsOfPlugins(t *testing.T) {
	t.Parallel()
	const insert = "org.apache.kafka.connect.transforms.InsertField$Value"
	none := func(class, wanted string) []string {
		return []string{"Plugin " + class + " not found that matches the version range " + wanted + ", available versions: [4.3.1]"}
	}
	transform := config.Map{"transforms": "a", "transforms.a.type": insert, "transforms.a.static.field": ""}
	for _, c := range []struct {
		config config.Map
		want   map[string][]string
	}{
		{config.Map{"connector.plugin.version": "[4,5)", "key.converter": "JsonConverter", "key.converter.plugin.version": "latest"}, map[string][]string{}},
		{config.Map{"key.converter": "JsonConverter", "key.converter.plugin.version": "(4.3.1,)"}, map[string][]string{
			"key.converter": none(jsonClass, "(4.3.1,)"), "key.converter.plugin.version": none(jsonClass, "(4.3.1,)"),
		}},
		{config.Map{"value.converter.plugin.version": "[9"}, map[string][]string{"value.converter.plugin.version": {"Unbounded range: [9"}}},
		{config.Map{"transforms.a.plugin.version": "1"}, map[string][]string{
			"transforms.a.type": none(insert, "[1,1]"), "transforms.a.plugin.version": none(insert, "[1,1]"),
		}},
		{config.Map{"transforms.a.plugin.version": "[1"}, map[string][]string{
			"transforms.a.type": {"Unbounded range: [1"}, "transforms.a.plugin.version": {"Unbounded range: [1"},
		}},
		{config.Map{"transforms.a.plugin.version": "4.3.1"}, map[string][]string{
			"transforms.a.static.field": {"Invalid value  for configuration static.field: String must be non-empty"},
		}},
		{config.Map{"transforms.a.type": jsonClass}, map[string][]string{
			"transforms.a.type": {"Class class " + jsonClass + " does not implement the Transformation interface"},
		}},
		{config.Map{"key.converter": "InsertField"}, map[string][]string{
			"key.converter": {"Invalid value InsertField for configuration key.converter: Class InsertField could not be found."},
		}},
	} {
		cfg := config.Map{}
		for k := range c.config {
			if strings.HasPrefix(k, "transforms.") {
				maps.Copy(cfg, transform)
			}
		}
		maps.Copy(cfg, c.config)
		infos, err := with(nil).Validate(t.Context(), source("n", cfg))
		if diff := cmp.Diff(c.want, faults(infos)); diff != "" || err != nil {
			t.Errorf("%v: %v %s", c.config, err, diff)
		}
	}
}

func TestPluginConfig(t *testing.T) {
	t.Parallel()
	h := with(nil)
	names := func(class string) []string {
		t.Helper()
		infos, err := h.PluginConfig(t.Context(), class, "latest")
		if err != nil {
			t.Fatal(err)
		}
		out := []string{}
		for _, info := range infos {
			out = append(out, info.Name)
		}
		return out
	}
	// The connector's own keys come first, and stand for those of the framework.
	got := names("FileStreamSource")
	if len(got) != 27 || got[0] != "file" || got[3] != "name" || got[26] != "offsets.storage.topic" {
		t.Errorf("%d keys: %v", len(got), got)
	}
	for class, want := range map[string][]string{
		"JsonConverter": {"converter.type", "schemas.enable"},
		"org.apache.kafka.connect.transforms.InsertField$Value": {"static.field"},
		"SimpleHeaderConverter":                                 {},
	} {
		if diff := cmp.Diff(want, names(class)); diff != "" {
			t.Errorf("%s: %s", class, diff)
		}
	}
	for _, c := range []struct {
		class, version string
		code           int
		text           string
	}{
		{"Nope", "latest", 404, "Unknown plugin Nope."},
		{"InsertField", "latest", 404, "Unknown plugin InsertField."},
		{"java.lang.String", "latest", 500, "Instantiation error"},
		{"org.apache.kafka.connect.transforms.InsertField", "latest", 500, "Instantiation error"},
		{"java.lang.String", "1", 400, "Plugin java.lang.String is not part of Connect's plugin loading mechanism (ClassPath or Plugin Path)"},
		{"FileStreamSink", "[[", 400, "Invalid version specification: [["},
		{"FileStreamSink", "", 400, "Plugin " + sinkClass + " not found that matches the version range [,], available versions: [4.3.1]"},
	} {
		_, err := h.PluginConfig(t.Context(), c.class, c.version)
		if err == nil {
			t.Errorf("%s %q is found", c.class, c.version)
			continue
		}
		if code, text := status(t, err); code != c.code || text != c.text {
			t.Errorf("%s %s: %d %q", c.class, c.version, code, text)
		}
	}
}

// TestOrderOfOverrides holds the order in which Java 4.3.1 answered.
func TestOrderOfOverrides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config config.Map
		prefix string
		want   []string
	}{
		{config.Map{
			"producer.override.acks": "9", "producer.override.linger.ms": "3", "producer.override.batch.size": "1", "producer.override.bogus": "1",
			"producer.override.compression.type": "zip", "producer.override.client.id": "", "producer.override.max.block.ms": "7",
			"producer.override.ssl.key.password": "secret", "producer.override.interceptor.classes": "a,b", "consumer.override.x": "1", "admin.override.retries": "1",
		}, "producer.override.", []string{
			"compression.type", "bogus", "ssl.key.password", "batch.size", "max.block.ms", "acks", "interceptor.classes", "client.id", "linger.ms",
		}},
		{config.Map{
			"topic.creation.default.partitions": "1", "admin.override.retries": "5", "admin.override.bogus": "x", "admin.override.client.id": "z",
		}, "admin.override.", []string{"retries", "bogus", "client.id"}},
	} {
		cfg := config.Map{"connector.class": sourceClass, "name": "n", "topic": "t", "file": "/tmp/x"}
		maps.Copy(cfg, c.config)
		infos, err := with(nil).Validate(t.Context(), cfg.Raw())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, info := range infos.Configs {
			if name, ok := strings.CutPrefix(info.Value.Name, c.prefix); ok {
				got = append(got, name)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
