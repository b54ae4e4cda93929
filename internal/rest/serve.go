package rest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"sluice/internal/telemetry"
)

// Bounds for clients that are slow or talk too much. Java's server has the same
// for idle connections and for headers.
const (
	headerTime = 30 * time.Second
	idleTime   = 90 * time.Second
	writeTime  = deadline + bodyTime + 30*time.Second
	maxHeaders = 8 << 10
)

// servers are the running HTTP servers.
type servers struct {
	mu     sync.Mutex // guards the following
	closed bool
	all    []*http.Server
}

// Serve answers requests until Shutdown, and returns nil then. An error is that
// of a listener that failed; the others are closed.
func (s *Server) Serve(cfg Config) error {
	main, admin := s.Handlers(cfg)
	logger := slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug)
	results := make(chan error)
	started := 0
	s.servers.mu.Lock()
	for _, of := range []struct {
		listeners []net.Listener
		handler   http.Handler
	}{{s.main, main}, {s.admin, admin}} {
		for _, l := range of.listeners {
			server := &http.Server{
				Handler: of.handler, ErrorLog: logger, MaxHeaderBytes: maxHeaders,
				ReadHeaderTimeout: headerTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
			}
			if s.servers.closed {
				_ = l.Close() // Shutdown came first; nothing was served
				continue
			}
			s.servers.all = append(s.servers.all, server)
			started++
			go func() { results <- server.Serve(l) }()
		}
	}
	s.servers.mu.Unlock()
	var failed error
	for range started {
		if err := <-results; !errors.Is(err, http.ErrServerClosed) {
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
