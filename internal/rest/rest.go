// Package rest serves the REST API of Kafka Connect 4.3.1 over a herder.
//
// Answers to GET come from the herder's snapshot and wait for nothing. The
// package routes by itself: the standard mux would redirect paths that Java's
// server answers. One file per resource; server.go holds the routing, errors.go
// the way from errors to answers.
package rest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// Config is what the API needs.
type Config struct {
	Herder herder.Herder
	Log    *slog.Logger
	// Version is the version of Kafka Connect that the worker speaks, shown by
	// GET / and by the versions of its own plugins.
	Version string
	// Commit and OwnVersion are those of this program.
	Commit, OwnVersion string
	// Settings are the worker's properties.
	Settings config.Map
	// Metrics answers GET /metrics; nil is none.
	Metrics http.Handler
	// Stalled says of a task whether it stands still with records to move; nil
	// never does.
	Stalled func(connector string, task int) (since time.Time, stalled bool)
}

type server struct {
	Config
	routes []route
}

// New returns the handler of the API.
func New(cfg Config) http.Handler {
	s := &server{Config: cfg}
	s.routes = slices.Concat(s.rootRoutes(), s.connectorRoutes(), s.actionRoutes(), s.pluginRoutes(), s.laterRoutes())
	return s
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

type route struct {
	method  string
	pattern []string
	handle  handler
}

func on(method, path string, h handler) route {
	return route{method, strings.Split(strings.Trim(path, "/"), "/"), h}
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

func none(status int, err error) (answer, error) { return answer{status: status}, err }

// encode writes JSON as Jackson does: no escapes of <, > and &.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
