package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The attributes that a text line shows in front of the message.
const (
	connectorKey = "connector"
	taskKey      = "task"
)

// textHandler writes lines for people:
//
//	2026-11-23 03:59:01.123 INFO  [file-source|task-0] message key=value
//
// A value of several lines, such as a stack trace, follows indented, so that it
// can be read and cannot pass for a line of its own.
type textHandler struct {
	mu      *sync.Mutex // guards w
	w       io.Writer
	secrets *Secrets

	connector, task string
	attrs           []byte // formatted, each with a blank before it
	blocks          []byte // values of several lines, formatted
	prefix          string // of groups, with a dot at its end
}

// Enabled implements slog.Handler; the levels are checked above.
func (h *textHandler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := h.copy()
	for _, a := range attrs {
		with.add(a, with.prefix)
	}
	return with
}

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	with := h.copy()
	if name != "" {
		with.prefix += name + "."
	}
	return with
}

// Handle implements slog.Handler.
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	with := h.copy()
	r.Attrs(func(a slog.Attr) bool {
		with.add(a, with.prefix)
		return true
	})
	line := make([]byte, 0, 256)
	if !r.Time.IsZero() {
		line = r.Time.AppendFormat(line, "2006-01-02 15:04:05.000 ")
	}
	line = fmt.Appendf(line, "%-5s ", LevelName(r.Level))
	line = with.appendContext(line)
	line = appendPlain(line, h.secrets.Mask(r.Message))
	line = append(line, with.attrs...)
	line = append(line, '\n')
	line = append(line, with.blocks...)
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(line)
	return err
}

// copy may share the backing arrays, since all appends go to full slices.
func (h *textHandler) copy() *textHandler {
	with := *h
	with.attrs = slices.Clip(with.attrs)
	with.blocks = slices.Clip(with.blocks)
	return &with
}

// appendContext writes [connector|task-0], [connector], or nothing.
func (h *textHandler) appendContext(line []byte) []byte {
	if h.connector == "" && h.task == "" {
		return line
	}
	line = append(line, '[')
	line = appendPlain(line, h.connector)
	if task := strings.TrimPrefix(h.task, h.connector+"-"); task != "" {
		if h.connector != "" {
			line = append(line, '|')
		}
		if _, err := strconv.Atoi(task); err == nil {
			line = append(line, "task-"...)
		}
		line = appendPlain(line, task)
	}
	return append(line, "] "...)
}

func (h *textHandler) add(a slog.Attr, prefix string) {
	v := h.secrets.mask(a.Value.Resolve())
	switch {
	case a.Equal(slog.Attr{}):
		return
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			h.add(member, prefix)
		}
		return
	case prefix == "" && a.Key == connectorKey:
		h.connector = text(v)
		return
	case prefix == "" && a.Key == taskKey:
		h.task = text(v)
		return
	}
	key, value := prefix+a.Key, text(v)
	if strings.Contains(strings.TrimRight(value, "\n"), "\n") {
		h.addBlock(key, value)
		return
	}
	h.attrs = append(h.attrs, ' ')
	h.attrs = appendQuoted(h.attrs, key)
	h.attrs = append(h.attrs, '=')
	h.attrs = appendQuoted(h.attrs, value)
}

func (h *textHandler) addBlock(key, value string) {
	h.blocks = append(h.blocks, "    "...)
	h.blocks = appendPlain(h.blocks, key)
	h.blocks = append(h.blocks, ":\n"...)
	for line := range strings.Lines(strings.TrimRight(value, "\r\n")) {
		h.blocks = append(h.blocks, "      "...)
		line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "  ")
		h.blocks = append(appendPlain(h.blocks, line), '\n')
	}
}

func text(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return v.String()
}

// appendPlain writes text as it is, but for characters that move the cursor or
// that no terminal shows.
func appendPlain(b []byte, s string) []byte {
	for _, r := range s {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b = utf8.AppendRune(b, r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b = append(b, quoted[1:len(quoted)-1]...)
	}
	return b
}

// appendQuoted quotes what would not be seen as one word.
func appendQuoted(b []byte, s string) []byte {
	plain := s != "" && utf8.ValidString(s)
	for _, r := range s {
		if r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) {
			plain = false
			break
		}
	}
	if plain {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}
