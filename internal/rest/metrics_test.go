package rest_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/rest"
	"sluice/internal/store"
)

type oneTask struct{ *fakeHerder }

func (oneTask) Status(name string) (herder.ConnectorStatus, bool) {
	task := herder.TaskStatus{ID: 0, Status: store.Status{State: store.Running, WorkerID: "w:1"}}
	return herder.ConnectorStatus{Name: name, Tasks: []herder.TaskStatus{task}}, true
}

func TestMetricsAndStalls(t *testing.T) {
	t.Parallel()
	stalled := false
	s, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h, admin := s.Handlers(rest.Config{
		Herder: oneTask{&fakeHerder{configs: map[string]config.Raw{}}}, Log: slog.New(slog.DiscardHandler),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Stalled: func(string, int) (time.Time, bool) { return time.Unix(1, 5), stalled },
	})
	ask := func(h http.Handler, path string) string {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("Accept", "text/plain")
		if path != "/metrics" {
			r.Header.Set("Accept", "*/*")
		}
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	get := func(path string) string { return ask(h, path) }
	for name, h := range map[string]http.Handler{"listeners": h, "admin.listeners": admin} {
		if got := ask(h, "/metrics"); got != "up 1\n" {
			t.Errorf("/metrics on %s answers %q", name, got)
		}
	}
	const field = `"stalled_since":"1970-01-01T00:00:01Z"`
	for _, path := range []string{"/connectors/a/status", "/connectors/a/tasks/0/status"} {
		stalled = false
		if got := get(path); strings.Contains(got, "stalled") {
			t.Errorf("%s of a task that moves has a field that Java does not have: %s", path, got)
		}
		stalled = true
		if got := get(path); !strings.Contains(got, field) {
			t.Errorf("%s has no %s: %s", path, field, got)
		}
	}
}
