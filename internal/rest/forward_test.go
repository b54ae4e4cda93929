package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// follower is a herder that is not the leader.
type follower struct {
	fakeHerder
	leader string
	caught int // calls of CatchUp
}

func (f *follower) CatchUp(context.Context) { f.caught++ }

func (f *follower) away() error {
	return &herder.ForwardError{URL: f.leader, Message: "not the leader"}
}

func (f *follower) Put(context.Context, string, config.Raw, *store.TargetState, bool) (bool, herder.ConnectorInfo, error) {
	return false, herder.ConnectorInfo{}, f.away()
}

func (f *follower) RestartWith(context.Context, string, bool, bool) (herder.ConnectorStatus, error) {
	return herder.ConnectorStatus{}, f.away()
}
func (f *follower) SetTarget(context.Context, string, store.TargetState) error { return f.away() }
func (f *follower) Delete(context.Context, string) error                       { return f.away() }
func (f *follower) PutTaskConfigs(context.Context, string, []config.Map, *herder.Signature) error {
	return f.away()
}

// seen is a request as the other worker got it.
type seen struct {
	line, body, accept, agent, credentials, signature, contentType string
}

func otherWorker(t *testing.T, status int, body string, header ...string) (string, *seen) {
	t.Helper()
	got := &seen{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*got = seen{
			r.Method + " " + r.RequestURI, string(b), r.Header.Get("Accept"), r.Header.Get("User-Agent"),
			r.Header.Get("Authorization"), r.Header.Get("X-Connect-Authorization"), r.Header.Get("Content-Type"),
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/", got
}

func TestForwardsToTheLeader(t *testing.T) {
	t.Parallel()
	const info = `{"name":"a b","config":{"name":"a b"},"tasks":[],"type":"source"}`
	url, got := otherWorker(t, 201, info, "Location", "http://leader/connectors/a%20b")
	h := serve(t, &follower{leader: url}, nil)
	const body = `{"name":"a b","config":{"connector.class":"X","n":1.0}}`
	w := call(t, h, "POST", "/connectors", body, "Authorization", "Basic Ym9i")
	want := seen{"POST /connectors?forward=true", body, "application/json", "kafka-connect", "Basic Ym9i", "", "application/json"}
	if *got != want {
		t.Errorf("the leader got %+v, want %+v", *got, want)
	}
	if w.Code != 201 || w.Body.String() != info || w.Header().Get("Location") != "http://h:1/connectors/a%20b" {
		t.Errorf("answered %d %s, Location %s", w.Code, w.Body, w.Header().Get("Location"))
	}
}

// TestForwardedWritesAreRead has the worker read what the leader has written
// before it answers (invariant 8).
func TestForwardedWritesAreRead(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{204: 1, 409: 0} {
		url, _ := otherWorker(t, status, `{"error_code":409,"message":"rebalance"}`)
		f := &follower{leader: url}
		call(t, serve(t, f, nil), "DELETE", "/connectors/c", "")
		if f.caught != want {
			t.Errorf("after %d the worker caught up %d times, want %d", status, f.caught, want)
		}
	}
}

func TestForwardCountsHops(t *testing.T) {
	t.Parallel()
	url, got := otherWorker(t, 202, `{"name":"c"}`)
	h := serve(t, &follower{leader: url}, nil)
	for query, want := range map[string]string{
		"includeTasks=true&onlyFailed=false":        "forward=true&includeTasks=true&onlyFailed=false",
		"includeTasks=true&forward=true":            "forward=false&includeTasks=true",
		"includeTasks=true&forward=True&forward=no": "forward=false&includeTasks=true",
	} {
		if w := call(t, h, "POST", "/connectors/c%20d/restart?"+query, ""); w.Code != 202 || got.line != "POST /connectors/c%20d/restart?"+want {
			t.Errorf("%s: %d %s, sent %q", query, w.Code, w.Body, got.line)
		}
	}
	for _, query := range []string{"forward=false", "forward=banana", "forward="} {
		w := call(t, h, "PUT", "/connectors/c/stop?"+query, "")
		if w.Code != 409 || !strings.Contains(w.Body.String(), "Cannot complete request because of a conflicting operation (e.g. worker rebalance)") {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	unknown := serve(t, &follower{}, nil)
	if w := call(t, unknown, "DELETE", "/connectors/c", ""); w.Code != 409 || !strings.Contains(w.Body.String(), "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.") {
		t.Errorf("no leader: %d %s", w.Code, w.Body)
	}
}

func TestForwardKeepsSignatures(t *testing.T) {
	t.Parallel()
	url, got := otherWorker(t, 204, "")
	h := serve(t, &follower{leader: url}, nil)
	w := call(t, h, "POST", "/connectors/c/tasks", `[ {} ]`, "X-Connect-Authorization", "bWFj", "X-Connect-Request-Signature-Algorithm", "HmacSHA256")
	if w.Code != 204 || got.signature != "bWFj" || got.body != `[ {} ]` {
		t.Errorf("%d, the leader got %+v", w.Code, *got)
	}
}

func TestForwardedErrorsComeBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{404, `{"error_code":404,"message":"Connector c not found"}`, `{"error_code":404,"message":"Connector c not found"}`},
		{409, `{"error_code":409,"message":"rebalance"}`, `{"error_code":409,"message":"rebalance"}`},
		{502, `<html>`, `{"error_code":500,"message":"IO Error trying to forward REST request: the worker answered 502 without an error of Kafka Connect"}`},
		{302, ``, `{"error_code":500,"message":"Unexpected status code when handling forwarded request: 302"}`},
		{200, `x`, `{"error_code":500,"message":"IO Error trying to forward REST request: the worker's answer is not JSON"}`},
	} {
		url, _ := otherWorker(t, tt.status, tt.body, "Location", "http://127.0.0.1:1/")
		h := serve(t, &follower{leader: url}, nil)
		if w := call(t, h, "DELETE", "/connectors/c", ""); w.Body.String() != tt.want {
			t.Errorf("%d %s: %d %s, want %s", tt.status, tt.body, w.Code, w.Body, tt.want)
		}
	}
	h := serve(t, &follower{leader: "http://127.0.0.1:1/"}, nil)
	if w := call(t, h, "DELETE", "/connectors/c", ""); w.Code != 500 || !strings.Contains(w.Body.String(), "IO Error trying to forward REST request: ") {
		t.Errorf("nobody there: %d %s", w.Code, w.Body)
	}
}

func TestForwardedAnswersFollowThePage(t *testing.T) {
	t.Parallel()
	url, _ := otherWorker(t, 204, "")
	h := serve(t, &follower{leader: url}, config.Map{"rest.answers": "page"})
	if w := call(t, h, "PUT", "/connectors/c/stop", ""); w.Code != 202 {
		t.Errorf("stop with rest.answers=page: %d", w.Code)
	}
}
