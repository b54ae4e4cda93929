package kafkatest

import (
	"fmt"
	"os"
	"strings"
)

// ReplaceSection replaces the part of a document between the lines
// "<!-- NAME: begin -->" and "<!-- NAME: end -->"; the rest is written by hand. A
// document without these lines is left alone, and that is an error.
func ReplaceSection(path, name, text string) error {
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s lacks the lines %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o644) //nolint:gosec // a document, for all to read
}
