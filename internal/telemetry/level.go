package telemetry

import (
	"fmt"
	"log/slog"
	"strings"
)

// Java's levels that slog has no name for.
const (
	LevelTrace = slog.LevelDebug - 4
	LevelFatal = slog.LevelError + 4
	// LevelOff is above everything; nothing is logged at it.
	LevelOff = slog.Level(1 << 20)
	// LevelAll is below everything.
	LevelAll = -LevelOff
)

// levelNames are log4j's, the lowest first.
var levelNames = [...]struct {
	level slog.Level
	name  string
}{
	{LevelAll, "ALL"},
	{LevelTrace, "TRACE"},
	{slog.LevelDebug, "DEBUG"},
	{slog.LevelInfo, "INFO"},
	{slog.LevelWarn, "WARN"},
	{slog.LevelError, "ERROR"},
	{LevelFatal, "FATAL"},
	{LevelOff, "OFF"},
}

// LevelError is a level that does not exist. Its text is that of Java's REST
// answer.
type LevelError struct{ Level string }

// Error gives Java's text.
func (e *LevelError) Error() string { return fmt.Sprintf("invalid log level '%s'.", e.Level) }

// ParseLevel reads a level's name in any case, with blanks around it allowed, as
// Java does. The error is a [*LevelError].
func ParseLevel(name string) (slog.Level, error) {
	trimmed := strings.TrimSpace(name)
	for _, l := range levelNames {
		if strings.EqualFold(l.name, trimmed) {
			return l.level, nil
		}
	}
	return 0, &LevelError{name}
}

// LevelName gives Java's name of a level; one in between has the name of the next
// lower one.
func LevelName(level slog.Level) string {
	name := levelNames[0].name
	for _, l := range levelNames {
		if level >= l.level {
			name = l.name
		}
	}
	return name
}
