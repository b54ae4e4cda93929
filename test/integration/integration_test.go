//go:build integration

// Package integration runs the built binary against a real Apache Kafka 4.3.1.
// Without Java and Maven it says so and skips; in CI (CI=true) it fails.
package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// wait bounds every wait of these tests; nothing is measured with it.
const wait = 90 * time.Second

func TestABadConnectorFileEndsWithExitCode3(t *testing.T) {
	bootstrap := kafkatest.Broker(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "worker.properties"), fmt.Sprintf(`bootstrap.servers=%s
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=%s
listeners=http://127.0.0.1:0
`, bootstrap, filepath.Join(dir, "offsets")))
	write(t, filepath.Join(dir, "bad.json"), `{"name":"bad","config":{"connector.class":"NoSuchConnector"}}`)
	err := exec.CommandContext(t.Context(), binary(t), "standalone", filepath.Join(dir, "worker.properties"), filepath.Join(dir, "bad.json")).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("the worker ended with %v, want exit code 3", err)
	}
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/sluice")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: build it first, with make build", err)
	}
	return path
}

func startSluice(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	return startWith(t, dir, filepath.Join(dir, "source.properties"), filepath.Join(dir, "sink.json"))
}

// startWith starts a standalone worker of the directory's worker.properties.
func startWith(t *testing.T, dir string, connectors ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"standalone", filepath.Join(dir, "worker.properties")}, connectors...)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), args...)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("log of the worker:\n%s", b[max(0, len(b)-8000):])
		}
	})
	return cmd
}

func running(port int) int {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/connectors?expand=status", port))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var all map[string]struct {
		Status struct {
			Connector struct{ State string }
			Tasks     []struct{ State string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return 0
	}
	n := 0
	for _, c := range all {
		if c.Status.Connector.State == "RUNNING" && len(c.Status.Tasks) == 1 && c.Status.Tasks[0].State == "RUNNING" {
			n++
		}
	}
	return n
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(wait)
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("no %s after %s", what, wait)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
