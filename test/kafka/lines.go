package kafkatest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Lines is a file that grows by numbered lines until it is finished.
type Lines struct {
	Path string

	stop chan struct{}
	n    chan int
}

// WriteLines begins to write lines, a hundred every tenth of a second.
func WriteLines(t testing.TB, path string) *Lines {
	t.Helper()
	f, err := os.Create(path)
	check(t, err)
	l := &Lines{Path: path, stop: make(chan struct{}), n: make(chan int, 1)}
	go func() {
		defer func() { _ = f.Close() }()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		n := 0
		for {
			select {
			case <-l.stop:
				l.n <- n
				return
			case <-tick.C:
			}
			var b strings.Builder
			for range 100 {
				fmt.Fprintf(&b, "line %d\n", n)
				n++
			}
			if _, err := f.WriteString(b.String()); err != nil {
				t.Error(err)
			}
		}
	}()
	return l
}

// Finish ends the writing and returns the number of lines.
func (l *Lines) Finish() int {
	close(l.stop)
	return <-l.n
}

// Arrived says how the lines of a file differ from the first n lines: each must be
// there, and first appear in order. Repeated lines are allowed: delivery is at
// least once.
func Arrived(path string, n int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	next := 0
	for line := range bytes.Lines(b) {
		var i int
		if _, err := fmt.Sscanf(string(line), "line %d\n", &i); err != nil {
			return fmt.Sprintf("a line of %s is %q", path, line)
		}
		if i > next {
			return fmt.Sprintf("%s has line %d before line %d", path, i, next)
		}
		if i == next {
			next++
		}
	}
	if next != n {
		return fmt.Sprintf("%s has %d of %d lines", path, next, n)
	}
	return ""
}
