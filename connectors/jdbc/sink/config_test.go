package sink

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/plugin"
)

func pluginOf(t *testing.T, aiven bool) plugin.Sink {
	t.Helper()
	i := 0
	if aiven {
		i = 1
	}
	return Plugins().Sinks[i]
}

func TestSettings(t *testing.T) {
	t.Parallel()
	connecttest.CheckConfig[confluent](t, confluentKeys())
	connecttest.CheckConfig[settings](t, confluentKeys())
	connecttest.CheckConfig[settings](t, aivenKeys())
	connecttest.CheckConfig[aiven](t, aivenKeys())
}

// recordedValidation is an answer of the validate endpoint of Java Connect.
type recordedValidation struct {
	Groups  []string `json:"groups"`
	Configs []struct {
		Definition map[string]any `json:"definition"`
		Value      struct {
			Name        string   `json:"name"`
			Value       any      `json:"value"`
			Recommended []any    `json:"recommended_values"`
			Errors      []string `json:"errors"`
			Visible     bool     `json:"visible"`
		} `json:"value"`
	} `json:"configs"`
}

func TestDefinitionIsAsRecorded(t *testing.T) {
	t.Parallel()
	for _, p := range Plugins().Sinks {
		var want recordedValidation
		readJSON(t, "validate-"+p.Class+".json", &want)
		values := p.Config.Validate(config.Raw{})
		compared := 0
		for _, w := range want.Configs {
			name := w.Value.Name
			k, ok := p.Config.Find(name)
			if !ok {
				continue // One of the worker's keys.
			}
			compared++
			got := definitionOf(k)
			if diff := cmp.Diff(w.Definition, got); diff != "" {
				t.Errorf("%s: definition of %s:\n%s", p.Class, name, diff)
			}
			v := values.Find(name)
			if diff := cmp.Diff(texts(w.Value.Recommended), texts(v.Recommended)); diff != "" {
				t.Errorf("%s: recommended values of %s:\n%s", p.Class, name, diff)
			}
			if diff := cmp.Diff(w.Value.Errors, append([]string{}, v.Errors...)); diff != "" {
				t.Errorf("%s: errors of %s:\n%s", p.Class, name, diff)
			}
			if v.Visible != w.Value.Visible {
				t.Errorf("%s: %s is visible: %t, want %t", p.Class, name, v.Visible, w.Value.Visible)
			}
		}
		if compared != len(p.Config) {
			t.Errorf("%s: %d of %d keys are recorded", p.Class, compared, len(p.Config))
		}
		groups := p.Config.Groups()
		if diff := cmp.Diff(strings.TrimSuffix(strings.Join(want.Groups[len(want.Groups)-len(groups)-empties(want.Groups):], ","), ","), strings.Join(groups, ",")); diff != "" {
			t.Errorf("%s: groups:\n%s", p.Class, diff)
		}
	}
}

func empties(groups []string) int {
	n := 0
	for _, g := range groups {
		if g == "" {
			n++
		}
	}
	return n
}

func definitionOf(k config.Key) map[string]any {
	display, width := k.DisplayName, k.Width
	if display == "" {
		display = k.Name
	}
	if width == "" {
		width = config.WidthNone
	}
	var byDefault any
	if text, ok := config.Format(k.Default); ok {
		byDefault = text
	}
	dependents := make([]any, 0)
	for _, d := range k.Dependents {
		dependents = append(dependents, d)
	}
	return map[string]any{
		"name": k.Name, "type": string(k.Type), "required": k.Required, "default_value": byDefault, "importance": string(k.Importance),
		"group": k.Group, "order_in_group": float64(k.OrderInGroup()), "width": string(width), "display_name": display, "dependents": dependents,
	}
}

func texts(values []any) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		text, _ := config.Format(v)
		out = append(out, text)
	}
	return out
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestValidationErrorsAreAsRecorded(t *testing.T) {
	t.Parallel()
	given := map[string]config.Map{
		"empty":         {"-connection.url": ""},
		"badinsert":     {"insert.mode": "x"},
		"badpk":         {"pk.mode": "x"},
		"delete-none":   {"delete.enabled": "true"},
		"kafka-2fields": {"pk.mode": "kafka", "pk.fields": "a,b"},
		"upsert-none":   {"insert.mode": "upsert"},
		"batch-neg":     {"batch.size": "-1"},
		"tabletype":     {"table.types": "ZZ"},
	}
	var want map[string]map[string][]string
	readJSON(t, "validate-errors.json", &want)
	for name := range want {
		if given[name] == nil {
			t.Errorf("the recorded case %s is not tried", name)
		}
	}
	for name, cfg := range given {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := config.Map{"connection.url": "jdbc:sqlite:" + filepath.Join(t.TempDir(), "a.db"), "name": "x"}
			for k, v := range cfg {
				if k == "-connection.url" {
					delete(full, "connection.url")
					continue
				}
				full[k] = v
			}
			if diff := cmp.Diff(want[name], validationErrors(t, false, full)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func validationErrors(t *testing.T, aiven bool, cfg config.Map) map[string][]string {
	t.Helper()
	p := pluginOf(t, aiven)
	values := p.Config.Validate(cfg.Raw())
	check, ok := p.New().(connect.ConfigValidator)
	if !ok {
		t.Fatal("the connector has no rules of its own")
	}
	check.ValidateConfig(t.Context(), cfg, values)
	got := make(map[string][]string)
	for _, v := range values {
		if len(v.Errors) > 0 {
			got[v.Name] = v.Errors
		}
	}
	return got
}

func TestValidationOfMoreKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		aiven bool
		cfg   config.Map
		key   string
		want  string
	}{
		{"no driver", false, config.Map{"connection.url": "jdbc:nosuch://x"}, "connection.url", "Could not connect to database. No suitable driver found for jdbc:nosuch://x"},
		{"refused", false, config.Map{"connection.url": "jdbc:postgresql://127.0.0.1:1/d"}, "connection.url", "Could not connect to database. Connection to 127.0.0.1:1 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections."},
		{"zone", false, config.Map{"connection.url": "x", "db.timezone": "Nowhere/X"}, "db.timezone", "Invalid value Nowhere/X for configuration db.timezone: Invalid time zone. See the list of valid time zones at https://docs.oracle.com/javase/8/docs/api/java/time/ZoneId.html#shortIds"},
		{"mixed case", false, config.Map{"connection.url": "x", "insert.mode": "Upsert"}, "insert.mode", "Invalid value Upsert for configuration insert.mode: Invalid enumerator"},
		{"Aiven and Kafka's coordinates", true, config.Map{"connection.url": "x", "pk.mode": "kafka"}, "pk.fields", "Primary key fields must be set with three fields (topic, partition, offset) when pkMode is 'kafka'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := validationErrors(t, tt.aiven, tt.cfg)
			if diff := cmp.Diff([]string{tt.want}, got[tt.key]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTableName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		aiven bool
		cfg   config.Map
		want  string
		err   string
	}{
		{false, config.Map{}, "a.b-c", ""},
		{false, config.Map{"table.name.format": "kafka_${topic}"}, "kafka_a.b-c", ""},
		{false, config.Map{"table.name.format": ""}, "", "Destination table name for topic 'a.b-c' is empty using the format string '' and 0 entries of topics.to.tables.mapping"},
		{true, config.Map{"table.name.normalize": "true"}, "a_b_c", ""},
		{true, config.Map{"topics.to.tables.mapping": "x:y,a.b-c:z"}, "z", ""},
		{true, config.Map{"topics.to.tables.mapping": "x:y"}, "", "Destination table name for topic 'a.b-c' is empty using the format string '${topic}' and 1 entries of topics.to.tables.mapping"},
	} {
		tt.cfg["connection.url"] = "x"
		s, err := parseSettings(tt.cfg, tt.aiven)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.tableName("a.b-c")
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%v: %q, %q; want %q, %q", tt.cfg, got, text, tt.want, tt.err)
		}
	}
}
