package faults

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	type found struct{ Lost, Arrived, Repeated, Disorder, Torn, Foreign int }
	for _, c := range []struct {
		name, text string
		want       found
	}{
		{"all in order", "line 0\nline 1\nline 2", found{Arrived: 3}},
		{"one is lost", "line 0\nline 2", found{Arrived: 2, Lost: 1}},
		{"repeats keep the order of first occurrences", "line 0\nline 1\nline 0\nline 1\nline 2", found{Arrived: 5, Repeated: 2}},
		{"a first occurrence comes late", "line 0\nline 2\nline 1", found{Arrived: 3, Disorder: 1}},
		{"a cut line is not the next one", "line 0\nline 1line 1\nline 2", found{Arrived: 3, Torn: 1}},
		{"the end of a cut line is no line", "line 0\n\nline 1\nline 2", found{Arrived: 3, Torn: 1}},
		{"a line that nobody wrote", "line 0\nline 1\nline 2\nline 7", found{Arrived: 3, Foreign: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAudit(3)
			for line := range strings.SplitSeq(c.text, "\n") {
				a.line([]byte(line))
			}
			got := found{a.lost(), a.arrived, a.repeated, a.disorder, a.torn, a.foreign}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
