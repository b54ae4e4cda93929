// Package rest serves the REST API of Kafka Connect 4.3.1 over a herder.
//
// [Listen] opens the worker's listeners and reads every setting of the API, so
// that a wrong one ends the start; [Server.Serve] then serves a herder on them.
// Answers to GET come from the herder's snapshot and wait for nothing.
//
// The package routes by itself: the standard mux would redirect paths that Java's
// server answers. One file per resource; routes.go is the table of all routes,
// from which requests are served and the OpenAPI description is made; server.go
// is the way of a request, path.go and negotiate.go hold the rules of Java's
// server, errors.go the way from errors to answers, forward.go that to another
// worker.
package rest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"sluice/internal/herder"
	"sluice/internal/telemetry"
)

// Config is what the API needs beside its settings.
type Config struct {
	Herder herder.Herder
	Log    *slog.Logger
	// Levels are the levels of the loggers behind /admin/loggers; nil is an empty
	// set of its own.
	Levels *telemetry.Levels
	// Version is the version of Kafka Connect that the worker speaks, shown by
	// GET / and by the versions of its own plugins.
	Version string
	// Commit and OwnVersion are those of this program.
	Commit, OwnVersion string
	// Metrics answers GET /metrics; nil is none.
	Metrics http.Handler
	// Stalled says of a task whether it stands still with records to move; nil
	// never does.
	Stalled func(connector string, task int) (since time.Time, stalled bool)
}

// api is the handler of a set of routes.
type api struct {
	Config
	settings
	routes  []route
	forward *http.Client
	openapi []byte
	infos   fragments
}

// request is one request that found its route.
type request struct {
	*http.Request
	names  []string // the decoded values of the {x} in the pattern
	body   []byte
	accept string
}

// answer is what a handler returns: a status, a body to encode as JSON (nil is
// none), and headers beside those that every answer has.
type answer struct {
	status int
	body   any
	header map[string]string
}

type handler func(r *request) (answer, error)

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

func none(status int, err error) (answer, error) { return answer{status: status}, err }

// encode writes JSON as Jackson does: no escapes of <, > and &.
func encode(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
