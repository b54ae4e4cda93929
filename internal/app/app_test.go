package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/store"
)

func put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConnector(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a.properties":    "name=c\nfile=/d/x\ntasks.max=1",
		"request.json":    `{"name":"c","config":{"file":"${data}/x","tasks.max":1},"initial_state":"paused"}`,
		"both.json":       `{"name":"c","config":{"file":"${data}/x","name":"c","tasks.max":"1"}}`,
		"flat.json":       `{"name":"c","file":"${data}/x","tasks.max":1}`,
		"json.properties": `{"name":"c","file":"/d/x","tasks.max":1}`,
		"no-suffix":       `{"name":"c","config":{"file":"/d/x","tasks.max":1}}`,
		"plain":           "name:c\nfile /d/x\ntasks.max 1",
	} {
		c, err := readConnector(put(t, name, text), map[string]string{"data": "/d"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := config.Map{"name": "c", "file": "/d/x", "tasks.max": "1"}
		if diff := cmp.Diff(want, c.config.Map()); diff != "" || c.name != "c" {
			t.Errorf("%s: name %q, config %s", name, c.name, diff)
		}
		if name == "request.json" && (c.initial == nil || *c.initial != store.TargetPaused) {
			t.Errorf("initial state is %v", c.initial)
		}
	}
}

func TestReadConnectorRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"config":{"file":"x"}}`: "missing the mandatory 'name' configuration",
		`{"file":"x"}`:            "missing the mandatory 'name' configuration",
		`{"name":`:                "not a JSON object: unexpected end",
		`{"name":"c","config":{},"initial_state":"asleep"}`: `initial_state "asleep" is not one of`,
		`{"name":"c","config":{"name":"d"}}`:                "doesn't match the one specified in 'name'",
		`{"name":"c","config":{"x":[1]}}`:                   `config: the value of "x"`,
		`{"name":"c","x":{"y":1}}`:                          `the value of "x" is neither`,
		`{"name":1,"config":{}}`:                            "not a connector with name, config and initial_state",
	} {
		path := put(t, "c.json", text)
		_, err := readConnector(path, nil)
		var c *ConnectorError
		if !errors.As(err, &c) || c.File != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var c *ConnectorError
	if _, err := readConnector("/no/such", nil); !errors.As(err, &c) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzParseConnector(f *testing.F) {
	for _, seed := range []string{
		"", "name=c", `{"name":"c"}`, `{"name":"c","config":{"a":1,"b":null,"c":true}}`, `{"name":"c","config":null}`, `{"config":[]}`, "null", "{", "\\u12", `{"name":{}}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, isJSON bool) {
		c, err := parseConnector(raw, isJSON)
		if err == nil && (c.name == "" || c.config["name"] == nil || *c.config["name"] != c.name) {
			t.Errorf("a connector without a name: %+v", c)
		}
	})
}

func TestStandaloneSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	err := New().Standalone(t.Context(), put(t, "w.properties", "bootstrap.servers=127.0.0.1:1\nkey.converter=x\n"), nil, &logs)
	if err == nil || !strings.Contains(err.Error(), `"value.converter"`) || !strings.Contains(err.Error(), `"offset.storage.file.filename"`) {
		t.Errorf("got %v", err)
	}
	if err := New().Standalone(t.Context(), put(t, "l.properties", "log.format=xml\n"), nil, &logs); err == nil || !strings.Contains(err.Error(), "log.format") {
		t.Errorf("got %v", err)
	}
}
