//go:build integration

package jdbc

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/connectors/jdbc/dialect"
	kafkatest "sluice/test/kafka"
)

// patience bounds every wait; nothing is measured with it.
const patience = 3 * time.Minute

// worker is a standalone worker that may be killed and started again.
type worker struct {
	dir, url   string
	connectors []string
	cmd        *exec.Cmd
}

// newWorker writes the properties of a worker with JSON values, and the file of
// one connector. It does not start it.
func newWorker(t *testing.T, bootstrap string, props, connector map[string]string) *worker {
	t.Helper()
	w := &worker{dir: t.TempDir(), url: fmt.Sprintf("http://127.0.0.1:%d", kafkatest.FreePort(t))}
	all := map[string]string{
		"bootstrap.servers": bootstrap, "listeners": w.url,
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"offset.storage.file.filename": w.offsets(), "offset.flush.interval.ms": "100",
	}
	maps.Copy(all, props)
	w.write(t, "worker.properties", kafkatest.Properties(all))
	if connector != nil {
		w.connectors = []string{w.write(t, "connector.properties", kafkatest.Properties(connector))}
	}
	return w
}

func (w *worker) offsets() string { return filepath.Join(w.dir, "offsets") }

func (w *worker) write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs the worker; the end of the test ends it.
func (w *worker) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(w.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), kafkatest.Binary(t), append([]string{"standalone", filepath.Join(w.dir, "worker.properties")}, w.connectors...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.cmd = cmd
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have been killed
		_ = cmd.Wait()
		if t.Failed() && cmd == w.cmd {
			text, _ := os.ReadFile(filepath.Join(w.dir, "log"))
			t.Logf("log of the worker:\n%s", text[max(0, len(text)-6000):])
		}
	})
}

// kill ends the worker by signal 9.
func (w *worker) kill(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.cmd.Wait() // killed: its error is expected
}

// ask sends a request until the worker answers with success.
func (w *worker) ask(t *testing.T, method, path, body string) []byte {
	t.Helper()
	var last string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			last = err.Error()
			continue
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil && response.StatusCode/100 == 2 {
			return text
		}
		last = response.Status + ": " + string(text)
	}
	t.Fatalf("%s %s: %s", method, path, last)
	return nil
}

// failed returns the trace of the connector's first task, "" while it runs.
func (w *worker) failed(t *testing.T, name string) string {
	t.Helper()
	var status struct {
		Tasks []struct{ State, Trace string }
	}
	if err := json.Unmarshal(w.ask(t, http.MethodGet, "/connectors/"+name+"/status", ""), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Tasks) == 0 || status.Tasks[0].State != "FAILED" {
		return ""
	}
	return status.Tasks[0].Trace
}

// await waits until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// open connects the test to the database.
func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := dialect.Open(t.Context(), slog.New(slog.DiscardHandler), dialect.Config{URL: url, User: "postgres", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.DB
}

func execute(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// one asks for a single value.
func one[V any](t *testing.T, db *sql.DB, query string) V {
	t.Helper()
	var v V
	if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}
