// Package telemetry makes the worker's loggers: text for people or JSON, a level
// for each logger name that can change at run time, secrets masked.
//
// It owns the form of a log line and the levels; it writes no line of its own.
// Loggers are log/slog loggers, made here once and handed on, so no other package
// needs this one to log. Start reading at [New].
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// NameKey is the attribute that names a logger: log.With(NameKey, "sluice.rest")
// logs at the level of that name. A name is dotted; it has the level of the
// nearest name above it that has one.
const NameKey = "logger"

// Format is the form of log lines.
type Format string

// The formats of log.format.
const (
	Text Format = "text"
	JSON Format = "json"
)

// ParseFormat reads a value of log.format, in any case; empty is [Text].
func ParseFormat(value string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimSpace(value))); f {
	case "":
		return Text, nil
	case Text, JSON:
		return f, nil
	}
	return "", fmt.Errorf("log.format=%s is not known: text or json is possible", value)
}

// Options says how to log. Writer is needed, the rest is not.
type Options struct {
	// Writer gets each line in one call; calls do not overlap.
	Writer io.Writer
	// Format is Text where it is empty.
	Format Format
	// Levels is nil for a set of its own, with INFO for all.
	Levels *Levels
	// Secrets is nil for none.
	Secrets *Secrets
}

// New makes the root logger. It never fails; a line that the writer does not
// take is lost. The loggers made from it may be used by many goroutines at once.
func New(o Options) *slog.Logger {
	if o.Levels == nil {
		o.Levels = NewLevels()
	}
	if o.Secrets == nil {
		o.Secrets = &Secrets{}
	}
	var lines slog.Handler
	if o.Format == JSON {
		lines = newJSON(o.Writer, o.Secrets)
	} else {
		lines = &textHandler{mu: new(sync.Mutex), w: o.Writer, secrets: o.Secrets}
	}
	return slog.New(&handler{levels: o.Levels, logger: o.Levels.logger(Root), lines: lines})
}
