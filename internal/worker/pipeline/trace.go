package pipeline

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"sluice/connect"
)

// PanicError is a panic of a plugin.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Guard runs code of a plugin and turns a panic into a *PanicError.
func Guard(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return run()
}

// Trace is the text of an error in statuses and dead letters: the first line
// is "class: message" as Java has it, the second, where a record is at fault,
// is Failure.Explain; then the causes, then the stack of a panic.
func Trace(err error) string {
	var b strings.Builder
	b.WriteString(connect.ClassOf(err) + ": " + err.Error())
	if f, ok := errors.AsType[*Failure](err); ok {
		b.WriteString("\n" + f.Explain())
	}
	said := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		if text := cause.Error(); !strings.Contains(said, text) {
			b.WriteString("\nCaused by: " + connect.ClassOf(cause) + ": " + text)
			said = text
		}
	}
	if p, ok := errors.AsType[*PanicError](err); ok {
		b.WriteByte('\n')
		b.Write(p.Stack)
	}
	return b.String()
}
