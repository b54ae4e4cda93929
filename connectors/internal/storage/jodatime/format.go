// Package jodatime prints and parses times as the parts of Joda-Time that storage
// sinks use: patterns of DateTimeFormat (path.format), ISODateTimeFormat.dateTimeParser
// (texts in timestamp.field), the names of time zones, and the way from local time
// back to an instant. The calendar is the ISO one, proleptic, as in Joda-Time.
//
// Nothing changes after it was made; any goroutine may use it. Nothing blocks.
// Start reading at [New].
package jodatime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Format is a compiled pattern.
type Format struct {
	parts []part
	names *names
}

// part is a run of one letter, or literal text where letter is 0.
type part struct {
	letter byte
	count  int
	text   string
}

const letters = "GCxyYMdahHkKmsSeEDwzZ"

// New compiles a pattern with the names of a language; one that nobody knows, such
// as "en-US", has short English names, as in Java. The error is the message of
// Joda-Time's IllegalArgumentException.
func New(pattern, language string) (*Format, error) {
	if pattern == "" {
		return nil, fmt.Errorf("Invalid pattern specification: Pattern is null or empty") //nolint:staticcheck // Joda-Time's text.
	}
	f := &Format{names: namesOf(language)}
	for rest := pattern; rest != ""; {
		p, size := token(rest)
		switch {
		case p.letter == 0:
		case strings.IndexByte(letters, p.letter) < 0:
			return nil, fmt.Errorf("Illegal pattern component: %s", rest[:size]) //nolint:staticcheck // Joda-Time's text.
		case p.letter == 'z' && p.count >= 4:
			return nil, fmt.Errorf("the full name of a time zone (%s) is not supported; z, Z and ZZZ are", rest[:size])
		}
		f.parts = append(f.parts, p)
		rest = rest[size:]
	}
	return f, nil
}

// token reads a run of a letter, or text up to the next letter out of quotes. A
// quote that is not closed reaches to the end.
func token(text string) (p part, size int) {
	if c := text[0]; isLetter(c) {
		for size < len(text) && text[size] == c {
			size++
		}
		return part{letter: c, count: size}, size
	}
	var b strings.Builder
	quoted := false
	for ; size < len(text); size++ {
		c := text[size]
		switch {
		case c == '\'' && strings.HasPrefix(text[size+1:], "'"):
			b.WriteByte(c)
			size++
		case c == '\'':
			quoted = !quoted
		case !quoted && isLetter(c):
			return part{text: b.String()}, size
		default:
			b.WriteByte(c)
		}
	}
	return part{text: b.String()}, size
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// Append appends the time, which is printed in its location.
func (f *Format) Append(dst []byte, t time.Time) []byte {
	for i := range f.parts {
		p := &f.parts[i]
		if p.letter == 0 {
			dst = append(dst, p.text...)
			continue
		}
		dst = f.field(dst, p, t)
	}
	return dst
}

func (f *Format) field(dst []byte, p *part, t time.Time) []byte {
	switch p.letter {
	case 'y', 'Y', 'x', 'C':
		return year(dst, p, t)
	case 'G', 'a', 'E':
		return append(dst, f.text(p, t)...)
	case 'M':
		if p.count >= 3 {
			return append(dst, f.text(p, t)...)
		}
		return padded(dst, int(t.Month()), p.count)
	case 'S':
		return fraction(dst, p.count, t)
	case 'z', 'Z':
		return zone(dst, p, t)
	default:
		return padded(dst, number(p.letter, t), p.count)
	}
}

// number is the value of the letters that have no other form.
func number(letter byte, t time.Time) int {
	switch letter {
	case 'd':
		return t.Day()
	case 'h':
		return (t.Hour()+11)%12 + 1
	case 'H':
		return t.Hour()
	case 'k':
		return (t.Hour()+23)%24 + 1
	case 'K':
		return t.Hour() % 12
	case 'm':
		return t.Minute()
	case 's':
		return t.Second()
	case 'e':
		return (int(t.Weekday())+6)%7 + 1
	case 'D':
		return t.YearDay()
	default: // w
		_, week := t.ISOWeek()
		return week
	}
}

func year(dst []byte, p *part, t time.Time) []byte {
	y := t.Year()
	if p.letter == 'x' {
		y, _ = t.ISOWeek()
	}
	switch {
	case p.letter == 'C':
		return padded(dst, ofEra(y)/100, p.count)
	case p.count == 2:
		return padded(dst, max(y, -y)%100, 2)
	case p.letter == 'Y':
		y = ofEra(y)
	}
	return padded(dst, y, p.count)
}

// ofEra is the year of an era: the year 0 is 1 BC.
func ofEra(y int) int {
	if y <= 0 {
		return 1 - y
	}
	return y
}

func (f *Format) text(p *part, t time.Time) string {
	n := f.names
	switch p.letter {
	case 'G':
		if t.Year() <= 0 {
			return n.eras[0]
		}
		return n.eras[1]
	case 'a':
		return n.halves[t.Hour()/12]
	case 'E':
		day := (int(t.Weekday()) + 6) % 7
		if p.count >= 4 {
			return n.days[day]
		}
		return n.shortDays[day]
	default: // M
		month := int(t.Month()) - 1
		if p.count >= 4 {
			return n.months[month]
		}
		return n.shortMonths[month]
	}
}

// padded appends a number with so many digits at least.
func padded(dst []byte, n, digits int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	var room [20]byte
	text := strconv.AppendInt(room[:0], int64(n), 10)
	for range digits - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// fraction appends that many digits of the second's fraction, of which three mean
// something.
func fraction(dst []byte, digits int, t time.Time) []byte {
	text := padded(nil, t.Nanosecond()/int(time.Millisecond), 3)
	for i := range digits {
		if i < len(text) {
			dst = append(dst, text[i])
		} else {
			dst = append(dst, '0')
		}
	}
	return dst
}

func zone(dst []byte, p *part, t time.Time) []byte {
	name, offset := t.Zone()
	switch {
	case p.letter == 'Z' && p.count >= 3:
		return append(dst, id(t.Location())...)
	case p.letter == 'Z':
		return appendOffset(dst, offset, p.count == 2)
	case name != "" && isLetter(name[0]):
		return append(dst, name...)
	}
	return appendOffset(dst, offset, true)
}

func appendOffset(dst []byte, seconds int, colon bool) []byte {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = padded(append(dst, sign), seconds/3600, 2)
	if colon {
		dst = append(dst, ':')
	}
	return padded(dst, seconds/60%60, 2)
}
