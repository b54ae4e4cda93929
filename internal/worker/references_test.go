package worker

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/properties"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

// A connector and its tasks get the values; the task configurations that clients
// see keep the references, as Java's do.
func TestReferences(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.properties")
	if err := os.WriteFile(path, []byte("password=hunter22\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	var err error
	r.Providers, err = properties.NewProviders(map[string]string{
		"config.providers": "file", "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Secrets = &telemetry.Secrets{}
	reference := "${file:" + path + ":password}"
	cfg := config.Map{"connector.class": "FakeSource", "tasks": "1", "do": "hand on", "password": reference}
	r.StartConnector("c", cfg, store.TargetStarted, 1)
	r.ears.await(t, "c", store.Running)
	tasks, err := r.TaskConfigs(deadline(t), "c", 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Map{{"password": reference, "of": "hunter22", "task.class": "FakeSourceTask"}}
	if diff := cmp.Diff(want, tasks); diff != "" {
		t.Errorf("task configurations: %s", diff)
	}
	r.script.poll = count(0)
	r.StartTask(task0(), cfg, tasks[0], store.TargetStarted, 1)
	r.ears.await(t, "c-0", store.Running)
	r.stop(t, task0())
	if got := r.script.cfg["password"]; got != "hunter22" {
		t.Errorf("the task got the password %q", got)
	}
	if got := r.Secrets.Mask("it is hunter22"); got != "it is "+telemetry.Hidden {
		t.Errorf("the value is not known as a secret: %s", got)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.StartConnector("d", cfg, store.TargetStarted, 1)
	s := r.ears.await(t, "d", store.Failed)
	if !strings.HasPrefix(s.Trace, "org.apache.kafka.common.config.ConfigException: resolve password by config provider file: Could not read properties from file "+path) {
		t.Errorf("trace %s", s.Trace)
	}
	if err := r.Close(deadline(t)); err != nil {
		t.Error(err)
	}
}

func TestUnresolvedReferenceIsSaidOnce(t *testing.T) {
	t.Parallel()
	var logs strings.Builder
	p, err := properties.NewProviders(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &Worker{Config: Config{Providers: p}}
	for range 2 {
		got, err := w.resolve(slog.New(slog.NewTextHandler(&logs, nil)), config.Map{"k": "${vault:a:b}"})
		if err != nil || got["k"] != "${vault:a:b}" {
			t.Errorf("%v, %v", got, err)
		}
	}
	if n := strings.Count(logs.String(), "config.providers has no such provider"); n != 1 {
		t.Errorf("said %d times: %s", n, logs.String())
	}
}
