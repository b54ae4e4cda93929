package jdbc

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
)

// recordedKey is a key of a recorded answer to a validation.
type recordedKey struct {
	Definition struct {
		Name         string
		Type         string
		Required     bool
		Default      *string `json:"default_value"`
		Importance   string
		Group        string
		OrderInGroup int `json:"order_in_group"`
		Width        string
		DisplayName  string `json:"display_name"`
		Dependents   []string
	}
	Value struct {
		Recommended []any `json:"recommended_values"`
		Errors      []string
		Visible     bool
	}
}

// TestKeysAsTheOriginal compares the definitions, and the answer to an empty
// configuration, with those of the Java connectors.
func TestKeysAsTheOriginal(t *testing.T) {
	t.Parallel()
	for _, p := range Plugins().Sources {
		t.Run(p.Class, func(t *testing.T) {
			t.Parallel()
			var recorded struct{ Configs []recordedKey }
			if err := json.Unmarshal(readFile(t, filepath.Join("testdata", "validate-"+p.Class+".json")), &recorded); err != nil {
				t.Fatal(err)
			}
			values := p.Config.Validate(config.Raw{})
			p.New().(connect.ConfigValidator).ValidateConfig(t.Context(), config.Map{}, values) //nolint:forcetypeassert // It is one.
			var got []recordedKey
			for _, k := range p.Config {
				got = append(got, shownKey(k, values.Find(k.Name)))
			}
			var want []recordedKey
			for _, k := range recorded.Configs {
				switch k.Definition.Group {
				case "Database", "Mode", "Connector", "":
					want = append(want, k)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shownKey(k config.Key, v *config.Value) recordedKey {
	var r recordedKey
	d := &r.Definition
	d.Name, d.Type, d.Required, d.Importance, d.Group, d.OrderInGroup = k.Name, string(k.Type), k.Required, string(k.Importance), k.Group, k.OrderInGroup()
	d.Width, d.DisplayName, d.Dependents = string(k.Width), k.DisplayName, k.Dependents
	if d.Width == "" {
		d.Width = "NONE"
	}
	if d.DisplayName == "" {
		d.DisplayName = k.Name
	}
	if d.Dependents == nil {
		d.Dependents = []string{}
	}
	if text, ok := config.Format(k.Default); ok {
		d.Default = &text
	}
	r.Value.Recommended, r.Value.Errors, r.Value.Visible = []any{}, []string{}, v.Visible
	r.Value.Recommended = append(r.Value.Recommended, v.Recommended...)
	r.Value.Errors = append(r.Value.Errors, v.Errors...)
	return r
}

// TestValidation holds the messages of the Java connector. The cases need a
// database that answers; here it is a file.
func TestValidation(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, "CREATE TABLE a (id integer primary key)")
	base := config.Map{"connection.url": url, "mode": "bulk", "table.whitelist": "a"}
	cases := map[string]config.Map{
		"empty": {}, "nomode": {"mode": ""}, "badmode": {"mode": "x"},
		"incr-nocol": {"mode": "incrementing"}, "ts-nocol": {"mode": "timestamp"}, "white-and-black": {"table.blacklist": "b"},
		"query-and-white": {"query": "select 1"}, "badurl": {"connection.url": "jdbc:nosuch://x"},
		"refused": {"connection.url": "jdbc:postgresql://127.0.0.1:1/x"}, "badtz": {"db.timezone": "Nowhere/X"}, "badprefix": {"topic.prefix": "a b!"},
		"badnum": {"numeric.mapping": "zzz"}, "mixlegacy": {"table.include.list": "a"}, "exclude-only": {"table.whitelist": "", "table.exclude.list": "a"},
		"query-update": {"table.whitelist": "", "query": "update a set b=1"}, "notable": {"table.whitelist": ""},
		"pollint": {"poll.interval.ms": "abc"}, "gran": {"timestamp.granularity": "zz"},
	}
	var recorded map[string]map[string][]string
	if err := json.Unmarshal(readFile(t, "testdata/validate-errors-confluent.json"), &recorded); err != nil {
		t.Fatal(err)
	}
	for name, changes := range cases {
		want, ok := recorded["JdbcSourceConnector:"+name]
		if !ok {
			t.Errorf("nothing is recorded of %s", name)
			continue
		}
		cfg := config.Map{}
		if name != "empty" {
			for _, m := range []config.Map{base, changes} {
				maps.Copy(cfg, m)
			}
		}
		p := Plugins().Sources[0]
		values := p.Config.Validate(cfg.Raw())
		p.New().(connect.ConfigValidator).ValidateConfig(t.Context(), cfg, values) //nolint:forcetypeassert // It is one.
		got := map[string][]string{}
		for _, v := range values {
			if len(v.Errors) > 0 {
				got[v.Name] = v.Errors
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
