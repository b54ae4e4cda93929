package kafkatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
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
