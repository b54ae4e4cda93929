package file

import (
	"bytes"
	"fmt"
)

const (
	// bufferSize is the bytes that a read asks for at most while lines are short.
	bufferSize = 256 << 10
	// longestLine is the bytes of a line that the task still holds in memory,
	// about what an array of Java holds.
	longestLine = 1 << 30
)

var errLongLine = fmt.Errorf("line is longer than %d bytes", longestLine)

// lines cuts lines out of bytes as they come. A line ends in \n, \r\n or \r. The
// fields lf, cr and high are where the search for the next \n, \r and byte
// beyond ASCII has come to, so that no byte is looked at twice for each.
type lines struct {
	buf          []byte
	start, end   int // buf[start:end] is not cut yet
	lf, cr, high int
}

// line is a place in lines.buf, good until the next room.
type line struct {
	from, to   int // the text, without its end
	next       int // where the following line starts
	units      int // UTF-16 units from from to next
	wellFormed bool
}

// room returns free space to read into; used says how much of it was filled. It
// fails where a line is too long to hold.
func (l *lines) room() ([]byte, error) {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.end -= l.start
		l.lf, l.cr, l.high = max(l.lf-l.start, 0), max(l.cr-l.start, 0), max(l.high-l.start, 0)
		l.start = 0
	}
	if l.end == len(l.buf) {
		if l.end >= longestLine {
			return nil, errLongLine
		}
		grown := make([]byte, max(2*len(l.buf), bufferSize))
		copy(grown, l.buf)
		l.buf = grown
	}
	return l.buf[l.end:], nil
}

func (l *lines) used(n int) { l.end += n }

// find carries a search for c on from at, which may lie behind start.
func (l *lines) find(at int, c byte) int {
	at = max(at, l.start)
	if at == l.end || l.buf[at] == c {
		return at
	}
	if i := bytes.IndexByte(l.buf[at:l.end], c); i >= 0 {
		return at + i
	}
	return l.end
}

// cut takes the next whole line. A \r at the end of the bytes waits for the byte
// after it, which may belong to the line's end.
func (l *lines) cut() (line, bool) {
	l.lf, l.cr = l.find(l.lf, '\n'), l.find(l.cr, '\r')
	n := line{from: l.start, to: min(l.lf, l.cr)}
	switch {
	case n.to == l.end:
		return line{}, false
	case l.lf < l.cr:
		n.next = l.lf + 1
	case l.cr+1 == l.end:
		return line{}, false
	case l.lf == l.cr+1:
		n.next = l.cr + 2
	default:
		n.next = l.cr + 1
	}
	if l.high = max(l.high, l.start); l.high < n.to {
		l.high += asciiPrefix(l.buf[l.high:l.end])
	}
	n.units, n.wellFormed = n.to-n.from, true
	if l.high < n.to {
		n.units, n.wellFormed = measure(l.buf[n.from:n.to])
	}
	n.units += n.next - n.to
	l.start = n.next
	return n, true
}
