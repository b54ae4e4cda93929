package rest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/telemetry"
)

// Bounds for clients that are slow or talk too much. Java's server has the same
// for idle connections and for headers.
const (
	headerTime = 30 * time.Second
	idleTime   = 90 * time.Second
	writeTime  = deadline + bodyTime + 30*time.Second
	maxHeaders = 8 << 10 // of a request with its first line
	// readHeaders is what is read of a request that goes beyond maxHeaders, so that
	// the answer says what is too long.
	readHeaders = 64 << 10
)

// servers are the running HTTP servers.
type servers struct {
	main, admin *phase

	mu      sync.Mutex // guards the following
	closed  bool
	started bool
	all     []*http.Server
	results chan error // of each of all
}

// phase hands requests to the API, once there is one.
type phase struct {
	api     atomic.Pointer[http.Handler]
	ready   chan struct{} // closed when there is one
	version string        // of Sluice
	wait    time.Duration // how long a request waits for it
}

// startWait is how long a request waits for a worker that starts: most are ready
// in less, and a script that does not try again gets its answer.
const startWait = 5 * time.Second

func newPhase() *phase { return &phase{ready: make(chan struct{}), wait: startWait} }

// serve hands requests to the API from now on.
func (p *phase) serve(api http.Handler) {
	if p.api.Swap(&api) == nil {
		close(p.ready)
	}
}

// ServeHTTP implements http.Handler.
func (p *phase) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	probe := strings.TrimSuffix(r.URL.Path, "/") == "/health"
	if !probe && p.api.Load() == nil {
		ctx, cancel := context.WithTimeout(r.Context(), p.wait)
		defer cancel()
		select {
		case <-p.ready:
		case <-ctx.Done():
		}
	}
	if api := p.api.Load(); api != nil {
		(*api).ServeHTTP(w, r)
		return
	}
	w.Header().Set("X-Sluice-Version", p.version)
	if !probe {
		writeError(w, jsonType, fail(http.StatusServiceUnavailable, "Worker is still starting up: it waits for the Kafka cluster, or reads its internal topics. GET /health tells when it is ready."))
		return
	}
	b, err := encode(workerHealth{"starting", "Worker is still starting up."})
	if err != nil {
		writeError(w, jsonType, err)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(b) // A client that went away is no event here.
}

// Begin answers requests before there is a herder to ask: /health at once with
// 503 and the state "starting", others with 503 when Serve has not taken over
// within five seconds. Close ends it. Calling it is optional.
func (s *Server) Begin(log *slog.Logger, version string) {
	s.servers.main.version, s.servers.admin.version = version, version
	s.begin(log)
}

// begin starts the servers, once.
func (s *Server) begin(log *slog.Logger) {
	s.servers.mu.Lock()
	defer s.servers.mu.Unlock()
	if s.servers.started {
		return
	}
	s.servers.started = true
	s.servers.results = make(chan error, len(s.main)+len(s.admin))
	logger := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	for _, of := range []struct {
		listeners []net.Listener
		handler   http.Handler
	}{{s.main, s.servers.main}, {s.admin, s.servers.admin}} {
		for _, l := range of.listeners {
			server := &http.Server{
				Handler: of.handler, ErrorLog: logger, MaxHeaderBytes: readHeaders, DisableGeneralOptionsHandler: true,
				ReadHeaderTimeout: headerTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
			}
			if s.servers.closed {
				_ = l.Close() // Shutdown came first; nothing was served
				continue
			}
			s.servers.all = append(s.servers.all, server)
			go func() { s.servers.results <- server.Serve(l) }() // there is room for all
		}
	}
}

// Serve answers requests until Shutdown, and returns nil then. An error is that
// of a listener that failed; the others are closed.
func (s *Server) Serve(cfg Config) error {
	main, admin := s.Handlers(cfg)
	s.servers.main.serve(main)
	s.servers.admin.serve(admin)
	s.begin(cfg.Log)
	s.servers.mu.Lock()
	started := len(s.servers.all)
	s.servers.mu.Unlock()
	var failed error
	for range started {
		if err := <-s.servers.results; !errors.Is(err, http.ErrServerClosed) {
			failed = errors.Join(failed, err, s.closeAll())
		}
	}
	return failed
}

// Shutdown ends Serve: running requests are answered, within ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.servers.mu.Lock()
	s.servers.closed = true
	all := slices.Clone(s.servers.all)
	s.servers.mu.Unlock()
	var errs []error
	for _, server := range all {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, err, server.Close())
		}
	}
	return errors.Join(errs...)
}

func (s *Server) closeAll() error {
	s.servers.mu.Lock()
	defer s.servers.mu.Unlock()
	var errs []error
	for _, server := range s.servers.all {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// Handlers returns the handler of listeners and that of admin.listeners. Serve
// uses them; tests may without a listener.
func (s *Server) Handlers(cfg Config) (main, admin http.Handler) {
	if cfg.Levels == nil {
		cfg.Levels = telemetry.NewLevels()
	}
	m := &api{Config: cfg, settings: s.settings, forward: s.forward}
	m.routes = m.allRoutes()
	// As in Java neither CORS, header rules nor credentials hold for
	// admin.listeners; so a scraper without credentials can ask there.
	a := &api{Config: cfg, settings: settings{maxBody: s.settings.maxBody}, forward: s.forward}
	a.routes = a.adminRoutes()
	if !s.ownAdmin {
		m.routes = append(m.routes, m.adminRoutes()...)
	}
	m.openapi = describe(cfg.Version, m.routes)
	return m, a
}
