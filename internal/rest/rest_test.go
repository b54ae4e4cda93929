package rest_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/rest"
	"sluice/internal/store"
)

// fakeHerder keeps configurations and runs nothing.
type fakeHerder struct {
	herder.Herder // for what no test calls
	configs       map[string]config.Raw
}

func (f *fakeHerder) Connectors() []string {
	var names []string
	for n := range f.configs {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (f *fakeHerder) Info(name string) (herder.ConnectorInfo, bool) {
	c, ok := f.configs[name]
	return herder.ConnectorInfo{Name: name, Config: c, Tasks: []store.TaskID{{Connector: name}}, Type: "source"}, ok
}

func (f *fakeHerder) Status(name string) (herder.ConnectorStatus, bool) {
	_, ok := f.configs[name]
	st := store.Status{State: store.Running, WorkerID: "h:1", Version: "4.3.1"}
	return herder.ConnectorStatus{Name: name, Connector: st, Type: "source", Tasks: []herder.TaskStatus{{ID: 0, Status: st}}}, ok
}

func (f *fakeHerder) TaskConfigs(name string) ([]herder.TaskConfig, bool) {
	_, ok := f.configs[name]
	return nil, ok
}
func (f *fakeHerder) Topics(string) []string                    { return nil }
func (f *fakeHerder) ResetTopics(context.Context, string) error { return nil }
func (f *fakeHerder) Put(_ context.Context, name string, cfg config.Raw, _ *store.TargetState, replace bool) (bool, herder.ConnectorInfo, error) {
	_, had := f.configs[name]
	if had && !replace {
		return false, herder.ConnectorInfo{}, &herder.Error{Status: http.StatusConflict, Message: "Connector " + name + " already exists"}
	}
	f.configs[name] = cfg
	info, _ := f.Info(name)
	return !had, info, nil
}

func (f *fakeHerder) Patch(context.Context, string, config.Raw) (herder.ConnectorInfo, error) {
	return herder.ConnectorInfo{}, nil
}

func (f *fakeHerder) Delete(_ context.Context, name string) error {
	delete(f.configs, name)
	return nil
}
func (f *fakeHerder) SetTarget(context.Context, string, store.TargetState) error { return nil }
func (f *fakeHerder) Restart(context.Context, string) error                      { return nil }
func (f *fakeHerder) RestartWith(_ context.Context, name string, _, _ bool) (herder.ConnectorStatus, error) {
	st, _ := f.Status(name)
	return st, nil
}
func (f *fakeHerder) RestartTask(context.Context, store.TaskID) error { return nil }
func (f *fakeHerder) Validate(context.Context, config.Raw) (herder.ConfigInfos, error) {
	return herder.ConfigInfos{}, nil
}

func (f *fakeHerder) PutTaskConfigs(context.Context, string, []config.Map, *herder.Signature) error {
	return errors.New("unsigned")
}

func (f *fakeHerder) FenceZombies(context.Context, string, *herder.Signature) error {
	return errors.New("unsigned")
}
func (f *fakeHerder) CatchUp(context.Context)         {}
func (f *fakeHerder) Plugins() []plugins.Desc         { return nil }
func (f *fakeHerder) ClusterID() string               { return "cluster" }
func (f *fakeHerder) Health() (state, message string) { return "starting", "not yet" }

// serve returns the handler of an API with the settings.
func serve(t testing.TB, h herder.Herder, settings config.Map) http.Handler {
	t.Helper()
	main, _ := serveBoth(t, h, settings)
	return main
}

// serveBoth returns also the handler of admin.listeners.
func serveBoth(t testing.TB, h herder.Herder, settings config.Map) (main, admin http.Handler) {
	t.Helper()
	all := config.Map{"listeners": "http://127.0.0.1:0"}
	maps.Copy(all, settings)
	s, err := rest.Listen(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Handlers(rest.Config{Herder: h, Log: slog.New(slog.DiscardHandler), Version: "4.3.1", Commit: "c"})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const create = `{"name":" a ","config":{"connector.class":"X","n":1.0,"b":true}}`
	tests := []struct {
		method, path, contentType, body string
		status                          int
		want                            string // the whole body, or a part of it after "~"
	}{
		{"GET", "/", "", "", 200, `{"version":"4.3.1","commit":"c","kafka_cluster_id":"cluster"}`},
		{"GET", "/health", "", "", 503, `{"status":"starting","message":"not yet"}`},
		{"GET", "/connectors", "", "", 200, `[]`},
		{"POST", "/connectors", "application/json", create, 201, `~"n":"1.0"`},
		{"POST", "/connectors", "application/json; charset=utf-8", create, 409, `{"error_code":409,"message":"Connector a already exists"}`},
		{"GET", "/connectors/a/", "", "", 200, `~"name":"a"`},
		{"GET", "/connectors/a;v=1/status", "", "", 200, `~"connector":{"state":"RUNNING","worker_id":"h:1","version":"4.3.1"}`},
		{"GET", "/connectors?expand=status", "", "", 200, `~{"a":{"status":{"name":"a"`},
		{"GET", "/connectors?expand=banana", "", "", 200, `{"a":{}}`},
		{"GET", "/connectors/%61/tasks/0/status", "", "", 200, `{"id":0,"state":"RUNNING","worker_id":"h:1","version":"4.3.1"}`},
		{"GET", "/connectors/a/tasks/7/status", "", "", 404, `{"error_code":404,"message":"No status found for task a-7"}`},
		{"GET", "/connectors/a/tasks/x/status", "", "", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
		{"GET", "/nowhere", "", "", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
		{"GET", "/%63onnectors", "", "", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
		{"DELETE", "/connectors", "", "", 405, `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`},
		{"PUT", "/connectors/a/pause", "text/plain", "", 415, `{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}`},
		{"PUT", "/connectors/a/pause", "", "", 202, ``},
		{"PUT", "/connectors/a/stop", "", "", 204, ``},
		{"POST", "/connectors/a/restart", "", "", 204, ``},
		{"POST", "/connectors/a/restart?includeTasks=TRUE", "", "", 202, `~"name":"a"`},
		{"POST", "/connectors", "application/json", `{"name":"b"}`, 422, `{"error_code":422,"message":"config may not be empty"}`},
		{"POST", "/connectors", "application/json", `{"name":"b","config":{},"tasks":[]}`, 400, `~unknown field \"tasks\"`},
		{"POST", "/connectors", "application/json", `{"name":"b","config":{"a":[1]}}`, 400, `~a string, number, boolean or null is expected`},
		{"POST", "/connectors", "application/json", `{"name":"b"`, 400, `~is not valid JSON: it ends too early`},
		{"POST", "/connectors", "application/json", `{"name":"b","config":{"name":"c"}}`, 400, `~Connector name configuration (c) doesn't match connector name in the URL (b)`},
		{"GET", "/connectors/a%2fb", "", "", 400, `~<html>`},
		{"GET", "//connectors", "", "", 400, `~<html>`},
		{"DELETE", "/connectors/a", "", "", 204, ``},
		{"GET", "/connectors/a", "", "", 404, `{"error_code":404,"message":"Connector a not found"}`},
		{"GET", "/admin/loggers/root", "", "", 200, `{"level":"INFO","last_modified":null}`},
	}
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "http://h:1"+tt.path, strings.NewReader(tt.body))
		if tt.contentType != "" {
			r.Header.Set("Content-Type", tt.contentType)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Body)
		part, isPart := strings.CutPrefix(tt.want, "~")
		if w.Code != tt.status || isPart && !strings.Contains(string(body), part) || !isPart && string(body) != tt.want {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.path, w.Code, body, tt.status, tt.want)
		}
		if tt.method == "POST" && w.Code == http.StatusCreated && w.Header().Get("Location") != "http://h:1/connectors/a" {
			t.Errorf("location is %q", w.Header().Get("Location"))
		}
	}
}

func TestHeadersOfErrorsAndOptions(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	call := func(method, path, accept string) http.Header {
		r := httptest.NewRequest(method, path, http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Header()
	}
	if got := call("DELETE", "/connectors", ""); got.Get("Content-Type") != "" || got.Get("Allow") != "" {
		t.Errorf("405 has headers %v", got)
	}
	if got := call("OPTIONS", "/connectors", "application/json"); got.Get("Allow") != "HEAD,POST,GET,OPTIONS" || got.Get("Content-Type") != "application/json" {
		t.Errorf("OPTIONS has headers %v", got)
	}
	if got := call("GET", "/connectors", "application/json; charset=utf-8"); got.Get("Content-Type") != "application/json;charset=utf-8" {
		t.Errorf("an Accept with a charset gives %v", got)
	}
}

func TestListenNamesKeyAndValue(t *testing.T) {
	t.Parallel()
	l, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, bad := range []string{"http://" + l.WorkerID, "ftp://127.0.0.1:0", "8083", "http://127.0.0.1:0/path"} {
		if _, err := rest.Listen(t.Context(), config.Map{"listeners": bad}); err == nil || !strings.Contains(err.Error(), "listeners="+bad) {
			t.Errorf("listeners=%s: %v", bad, err)
		}
	}
	if _, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0", "rest.advertised.port": "x"}); err == nil {
		t.Error("rest.advertised.port=x was accepted")
	}
}
