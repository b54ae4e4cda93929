//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	kafkatest "sluice/test/kafka"
)

// TestDoctorBesideJava examines the group of a running Java worker: first one that
// can be taken over, then one that cannot, and the worker runs on.
func TestDoctorBesideJava(t *testing.T) {
	name := kafkatest.Name(t)
	settings := map[string]string{
		"bootstrap.servers": kafkatest.Broker(t), "group.id": name,
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
		"config.storage.topic": name + "-configs", "offset.storage.topic": name + "-offsets", "status.storage.topic": name + "-status",
		"config.storage.replication.factor": "1", "offset.storage.replication.factor": "1", "status.storage.replication.factor": "1",
		"offset.flush.interval.ms": "200",
	}
	java := kafkatest.JavaConnect(t, settings)
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	write(t, in, "one\ntwo\n")
	put(t, java.URL, "src", map[string]string{"connector.class": "FileStreamSource", "file": in, "topic": name + "-lines"})
	put(t, java.URL, "snk", map[string]string{"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "file": in + ".out", "topics": name + "-lines"})
	until(t, "the source has stored its offset", func() bool { return strings.Contains(get(t, java.URL+"/connectors/src/offsets"), `"position":8`) })

	file := filepath.Join(dir, "worker.properties")
	if err := os.WriteFile(file, kafkatest.Properties(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	report, code := doctor(t, file)
	for _, want := range []string{
		"protocol sessioned, leader " + java.URL + "/", "worker " + java.URL + "/", "connector src (FileStreamSource, 1 task, STARTED RUNNING)\n  offsets of 1 partition",
		"connector snk (", "0 problems", "can take over",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if code != 0 || t.Failed() {
		t.Errorf("exit code %d\n%s", code, report)
	}

	put(t, java.URL, "picky", map[string]string{
		"connector.class": "FileStreamSink", "file": in + ".picky", "topics": name + "-lines",
		"consumer.override.client.dns.lookup": "resolve_canonical_bootstrap_servers_only",
	})
	other := maps.Clone(settings)
	other["config.storage.topic"] = name + "-typo"
	otherFile := filepath.Join(dir, "other.properties")
	if err := os.WriteFile(otherFile, kafkatest.Properties(other), 0o600); err != nil {
		t.Fatal(err)
	}
	report, code = doctor(t, file)
	if code == 0 || !strings.Contains(report, "PROBLEM: consumer.override.*") {
		t.Errorf("with a key that is not supported: exit code %d\n%s", code, report)
	}
	report, code = doctor(t, otherFile)
	if code == 0 || !strings.Contains(report, "does the group use another config.storage.topic?") || !strings.Contains(report, "some of the internal topics exist and some do not") {
		t.Errorf("with another config topic: exit code %d\n%s", code, report)
	}
	if strings.Contains(get(t, java.URL+"/connectors?expand=status"), "FAILED") {
		t.Error("the Java worker does not run on")
	}
}

// put creates a connector on a worker and waits until its one task runs.
func put(t *testing.T, worker, name string, cfg map[string]string) {
	t.Helper()
	body, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, worker+"/connectors/"+name+"/config", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s %s %v", name, resp.Status, answer, err)
	}
	until(t, name+" RUNNING", func() bool { return strings.Count(get(t, worker+"/connectors/"+name+"/status"), "RUNNING") == 2 })
}

// get returns the body of an answer, whatever its status.
func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// doctor runs the command and returns what it printed.
func doctor(t *testing.T, file string) (string, int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), "doctor", file).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}
