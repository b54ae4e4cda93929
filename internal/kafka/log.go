package kafka

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// NewLogger lets a franz-go client write to log; nil is silent. What the
// library calls information (each connection, each metadata update) is of no
// use to an operator and comes out as debug.
func NewLogger(log *slog.Logger) kgo.Logger { return logger{log} }

type logger struct{ log *slog.Logger }

var logLevels = [...]struct {
	from kgo.LogLevel
	to   slog.Level
}{
	{kgo.LogLevelDebug, slog.LevelDebug - 4}, // each request
	{kgo.LogLevelInfo, slog.LevelDebug},
	{kgo.LogLevelWarn, slog.LevelWarn},
	{kgo.LogLevelError, slog.LevelError},
}

// Level is asked for by the client before each line, so it follows a change
// of the level at run time.
func (l logger) Level() kgo.LogLevel {
	if l.log == nil {
		return kgo.LogLevelNone
	}
	for _, at := range logLevels {
		if l.log.Enabled(context.Background(), at.to) { //nolint:forbidigo // the library's logger has no context
			return at.from
		}
	}
	return kgo.LogLevelNone
}

func (l logger) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	if l.log == nil {
		return
	}
	for _, at := range logLevels {
		if at.from == level {
			l.log.Log(context.Background(), at.to, "kafka client", append([]any{"event", msg}, keyvals...)...) //nolint:forbidigo // as above
		}
	}
}
