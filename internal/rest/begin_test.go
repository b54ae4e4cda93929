package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"sluice/connect/config"
	"sluice/internal/rest"
)

// TestBegin asks a worker that has no herder yet, and then has one.
func TestBegin(t *testing.T) {
	t.Parallel()
	s, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s.Begin(log, "1.2.3")
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.Header.Get("X-Sluice-Version") == "" || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("GET /%s: headers %v", path, res.Header)
		}
		return res.StatusCode, string(body)
	}
	if code, body := get("health"); code != http.StatusServiceUnavailable || body != `{"status":"starting","message":"Worker is still starting up."}` {
		t.Errorf("health of a worker that starts: %d %s", code, body)
	}
	served := make(chan error, 1)
	go func() {
		served <- s.Serve(rest.Config{Herder: &fakeHerder{configs: map[string]config.Raw{}}, Log: log, Version: "4.3.1", OwnVersion: "1.2.3"})
	}()
	if code, body := get("connectors"); code != http.StatusOK {
		t.Errorf("a request that waited for the start: %d %s", code, body)
	}
	if err := s.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestBeginWithoutAHerder ends a worker that never got so far.
func TestBeginWithoutAHerder(t *testing.T) {
	t.Parallel()
	s, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	s.Begin(slog.New(slog.DiscardHandler), "1.2.3")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
