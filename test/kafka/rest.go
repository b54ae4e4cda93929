package kafkatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Status is the state of a connector and its tasks as REST shows it.
type Status struct {
	Connector Instance
	Tasks     []Instance
}

// Instance is the state of a connector or a task.
type Instance struct {
	State    string
	WorkerID string `json:"worker_id"`
	Trace    string
}

// patience bounds every wait of these helpers; nothing is measured with it.
const patience = 90 * time.Second

// Call sends a request to a worker and returns the body of the answer; another
// status than 2xx is an error.
func Call(ctx context.Context, method, url string, body any) ([]byte, error) {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, sent)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, text)
	}
	return text, err
}

// Do is Call, repeated while the worker answers that the group rebalances or does
// not listen yet. Another error fails the test.
func Do(t testing.TB, method, url string, body any) []byte {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		text, err := Call(t.Context(), method, url, body)
		if err == nil {
			return text
		}
		passing := slices.ContainsFunc([]string{
			"409 Conflict", "connection refused",
			"still starting up",       // 503 until the internal topics are read
			"a rebalance is expected", // Java answers some reads so, with 500
		}, func(s string) bool { return strings.Contains(err.Error(), s) })
		if !passing || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Statuses returns the states of all connectors, as the worker at the URL knows.
func Statuses(ctx context.Context, url string) (map[string]Status, error) {
	text, err := Call(ctx, http.MethodGet, url+"/connectors?expand=status", nil)
	if err != nil {
		return nil, err
	}
	var all map[string]struct{ Status Status }
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	out := make(map[string]Status, len(all))
	for name, s := range all {
		out[name] = s.Status
	}
	return out, nil
}

// Until waits until why returns "", and fails the test with what it returns
// otherwise.
func Until(t testing.TB, why func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		text := why()
		if text == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Running says what keeps n connectors, each with a task, from all RUNNING on the
// workers with these ids, and each of these from running something.
func Running(ctx context.Context, url string, n int, workers ...string) string {
	statuses, err := Statuses(ctx, url)
	if err != nil {
		return err.Error()
	}
	runs := map[string]int{}
	for name, s := range statuses {
		if len(s.Tasks) == 0 {
			return name + " has no tasks"
		}
		for _, i := range append([]Instance{s.Connector}, s.Tasks...) {
			if i.State != "RUNNING" {
				return fmt.Sprintf("%s is %s on %s: %s", name, i.State, i.WorkerID, i.Trace)
			}
			runs[i.WorkerID]++
		}
	}
	if len(statuses) != n || len(runs) != len(workers) {
		return fmt.Sprintf("%d connectors run, on %v", len(statuses), runs)
	}
	for _, id := range workers {
		if runs[id] == 0 {
			return fmt.Sprintf("%s runs nothing: %v", id, runs)
		}
	}
	return ""
}

// SameAnswers sends a request to two workers, Java's and ours, and fails the test
// where their answers of JSON differ, but for the prose of keys and for plugins that
// Apache Kafka does not have.
func SameAnswers(t testing.TB, java, ours, method, path string, body any) {
	t.Helper()
	var answers [2]any
	for i, url := range []string{java, ours} {
		if err := json.Unmarshal(Do(t, method, url+path, body), &answers[i]); err != nil {
			t.Fatal(err)
		}
		dropOwn(answers[i])
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		t.Errorf("%s %s of %v differs from Java: %s", method, path, body, diff)
	}
}

// dropOwn deletes what explains a key, and recommended plugins of Confluent.
func dropOwn(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			dropOwn(item)
		}
	case map[string]any:
		delete(v, "documentation")
		if values, ok := v["recommended_values"].([]any); ok {
			v["recommended_values"] = slices.DeleteFunc(values, func(value any) bool {
				class, isText := value.(string)
				return isText && strings.HasPrefix(class, "io.confluent.")
			})
		}
		for _, item := range v {
			dropOwn(item)
		}
	}
}

// SameExactlyOnceValidation has both workers validate configurations of a source
// that ask for exactly-once delivery, rightly and wrongly (KIP-618).
func SameExactlyOnceValidation(t testing.TB, java, ours string) {
	t.Helper()
	for _, more := range []map[string]string{
		{"exactly.once.support": "required"},
		{"exactly.once.support": "REQUIRED", "file": "/tmp/in"},
		{"exactly.once.support": "requested", "transaction.boundary": "connector", "file": "/tmp/in"},
		{"exactly.once.support": "required", "transaction.boundary": "CONNECTOR"},
		{"exactly.once.support": "always", "transaction.boundary": "batch"},
		{"exactly.once.support": "", "transaction.boundary": ""},
		{"transaction.boundary": "interval", "transaction.boundary.interval.ms": "0"},
		{"transaction.boundary": "interval", "transaction.boundary.interval.ms": "soon"},
		{"transaction.boundary.interval.ms": "-1", "offsets.storage.topic": " "},
		{"transaction.boundary.interval.ms": "", "offsets.storage.topic": ""},
		{"offsets.storage.topic": "own", "admin.override.acks": "1", "producer.override.transactional.id": "x", "consumer.override.isolation.level": "no"},
	} {
		cfg := map[string]string{"name": "x", "connector.class": "FileStreamSource", "topic": "t"}
		maps.Copy(cfg, more)
		SameAnswers(t, java, ours, http.MethodPut, "/connector-plugins/FileStreamSource/config/validate", cfg)
	}
}
