package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// handler lets pass what the level of its logger name allows.
type handler struct {
	levels *Levels
	logger *logger
	lines  slog.Handler
	// grouped is set below a group, where NameKey is a plain attribute.
	grouped bool
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.logger.now() && h.logger.now() != LevelOff
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error { return h.lines.Handle(ctx, r) }

// WithAttrs implements slog.Handler. The attribute NameKey changes the name.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	named := *h
	rest := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		if a.Key == NameKey && a.Value.Kind() == slog.KindString && !h.grouped {
			named.logger = h.levels.logger(a.Value.String())
			continue
		}
		rest = append(rest, a)
	}
	if named.logger != h.logger {
		if t, ok := named.lines.(namer); ok {
			named.lines = t.withName(named.logger.name)
		}
	}
	if len(rest) > 0 {
		named.lines = named.lines.WithAttrs(rest)
	}
	return &named
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{levels: h.levels, logger: h.logger, lines: h.lines.WithGroup(name), grouped: true}
}

// namer shows the logger's name in its lines.
type namer interface {
	withName(name string) slog.Handler
}

// jsonHandler writes one JSON object a line: time, level, logger, msg, and the
// attributes.
type jsonHandler struct {
	slog.Handler
	name string
}

func newJSON(w io.Writer, secrets *Secrets) *jsonHandler {
	replace := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.LevelKey {
			if level, ok := a.Value.Any().(slog.Level); ok {
				a.Value = slog.StringValue(LevelName(level))
			}
			return a
		}
		a.Value = secrets.mask(a.Value)
		return a
	}
	return &jsonHandler{Handler: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: LevelAll, ReplaceAttr: replace})}
}

// Handle implements slog.Handler.
func (h *jsonHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.name != "" {
		r = r.Clone()
		r.AddAttrs(slog.String(NameKey, h.name))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *jsonHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &jsonHandler{Handler: h.Handler.WithAttrs(attrs), name: h.name}
}

// WithGroup implements slog.Handler.
func (h *jsonHandler) WithGroup(name string) slog.Handler {
	return &jsonHandler{Handler: h.Handler.WithGroup(name), name: h.name}
}

func (h *jsonHandler) withName(name string) slog.Handler {
	return &jsonHandler{Handler: h.Handler, name: name}
}
