package faults

import (
	"bytes"
	"strconv"
)

// audit compares numbered lines as they arrive with those that were written.
type audit struct {
	seen     []bool // by number
	arrived  int    // lines with a number
	repeated int    // lines whose number was there before
	disorder int    // first occurrences after that of a higher number
	torn     int    // lines that a kill cut, and that the next one follows
	foreign  int    // lines that nobody wrote
	highest  int
}

func newAudit(written int) *audit { return &audit{seen: make([]bool, written), highest: -1} }

// line takes the next line, without its end.
func (a *audit) line(text []byte) {
	n, whole := number(text)
	if !whole {
		a.torn++
	}
	if n < 0 || n >= len(a.seen) {
		if whole {
			a.foreign++
		}
		return
	}
	a.arrived++
	switch {
	case a.seen[n]:
		a.repeated++
	case n < a.highest:
		a.disorder++
	}
	a.seen[n] = true
	a.highest = max(a.highest, n)
}

// lost counts the lines that were written and never came.
func (a *audit) lost() int {
	n := 0
	for _, seen := range a.seen {
		if !seen {
			n++
		}
	}
	return n
}

// number returns the number of a line, -1 where it has none. A write that a kill
// cut leaves a line without an end, and the next one is written behind it: that
// one's number counts, and the line is not whole.
func number(line []byte) (n int, whole bool) {
	at := bytes.LastIndex(line, []byte("line "))
	if at < 0 {
		return -1, false
	}
	n, err := strconv.Atoi(string(line[at+len("line "):]))
	if err != nil || n < 0 {
		return -1, false
	}
	return n, at == 0
}
