package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		"a.properties": "name=c\nfile=/d/x\n",
		"request.json": `{"name":"c","config":{"file":"${data}/x"},"initial_state":"paused"}`,
		"flat.json":    `{"name":"c","file":"${data}/x"}`,
	} {
		c, err := readConnector(put(t, name, text), map[string]string{"data": "/d"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.name != "c" || *c.config["file"] != "/d/x" || *c.config["name"] != "c" {
			t.Errorf("%s: name %q, config %v", name, c.name, c.config.Map())
		}
		if name == "request.json" && (c.initial == nil || *c.initial != store.TargetPaused) {
			t.Errorf("initial state is %v", c.initial)
		}
	}
	for name, text := range map[string]string{
		"noname.json": `{"config":{"file":"x"}}`,
		"broken.json": `{"name":`,
		"state.json":  `{"name":"c","config":{},"initial_state":"asleep"}`,
	} {
		path := put(t, name, text)
		var c *ConnectorError
		if _, err := readConnector(path, nil); !errors.As(err, &c) || c.File != path {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStandaloneSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	err := Standalone(t.Context(), put(t, "w.properties", "bootstrap.servers=127.0.0.1:1\nkey.converter=x\n"), nil, &logs)
	if err == nil || !strings.Contains(err.Error(), `"value.converter"`) || !strings.Contains(err.Error(), `"offset.storage.file.filename"`) {
		t.Errorf("got %v", err)
	}
	if err := Standalone(t.Context(), put(t, "l.properties", "log.format=xml\n"), nil, &logs); err == nil || !strings.Contains(err.Error(), "log.format") {
		t.Errorf("got %v", err)
	}
}
