// Package javadate formats and parses dates by patterns of
// java.text.SimpleDateFormat, in English and UTC and as leniently as Java: fields
// may have any value, whitespace may stand before them, text may follow.
//
// A Format does not change after New; any goroutine may use it. Nothing blocks.
// Weeks start on Sunday and the first has a day at least, as in Java's default
// for English; dates before October 1582 are Julian. Start reading at [New].
package javadate

import (
	"fmt"
	"strings"
	"time"
)

// letters are those that have a meaning in patterns.
const letters = "GyMdkHmsSEDFwWahKzZYuXL"

// Format is a compiled pattern.
type Format struct {
	pattern string
	parts   []part
	// century is the first year of the hundred that years of two digits are in.
	century int
}

// part is a run of one letter, or literal text where letter is 0.
type part struct {
	letter byte
	count  int
	text   string
	names  []string // that the field is written as; nil for numbers
	// counted says that a number follows: the digits of this one end with its count.
	counted bool
}

func (p *part) isNumber() bool {
	return p.letter != 0 && p.names == nil && p.letter != 'z' && p.letter != 'Z' && p.letter != 'X'
}

// New compiles a pattern. The error is the message of Java's IllegalArgumentException.
func New(pattern string) (*Format, error) {
	f := &Format{pattern: pattern, century: time.Now().UTC().Year() - 80}
	rest := pattern
	for rest != "" {
		c := rest[0]
		switch {
		case c == '\'':
			text, after, ok := quoted(rest[1:])
			if !ok {
				return nil, fmt.Errorf("Unterminated quote") //nolint:staticcheck // Java's text.
			}
			f.literal(text)
			rest = after
		case isLetter(c):
			if strings.IndexByte(letters, c) < 0 {
				return nil, fmt.Errorf("Illegal pattern character '%c'", c) //nolint:staticcheck // Java's text.
			}
			n := 1
			for n < len(rest) && rest[n] == c {
				n++
			}
			if c == 'X' && n > 3 {
				return nil, fmt.Errorf("invalid ISO 8601 format: length=%d", n)
			}
			f.parts = append(f.parts, part{letter: c, count: n, names: namesOf(c, n)})
			rest = rest[n:]
		default:
			n := 1
			for n < len(rest) && rest[n] != '\'' && !isLetter(rest[n]) {
				n++
			}
			f.literal(rest[:n])
			rest = rest[n:]
		}
	}
	for i := range max(len(f.parts)-1, 0) {
		f.parts[i].counted = f.parts[i+1].isNumber()
	}
	return f, nil
}

// Pattern returns the text that the format was made of.
func (f *Format) Pattern() string { return f.pattern }

func (f *Format) literal(text string) {
	if n := len(f.parts); n > 0 && f.parts[n-1].letter == 0 {
		f.parts[n-1].text += text
		return
	}
	f.parts = append(f.parts, part{text: text})
}

// quoted reads text up to the closing quote; two quotes are one. A quote right
// after the opening one is a quote of its own.
func quoted(text string) (unquoted, rest string, ok bool) {
	if strings.HasPrefix(text, "'") {
		return "'", text[1:], true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != '\'' {
			return b.String(), text[i+1:], true
		}
		b.WriteByte('\'')
		i++
	}
	return "", "", false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// monthNames and dayNames are fixed arrays so that nothing can change them.
func monthName(month int) string {
	return [...]string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	}[month]
}

// dayName takes the days of java.util.Calendar: Sunday is 1.
func dayName(day int) string {
	return [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}[day-1]
}

// shortName is how English abbreviates months and days.
func shortName(name string) string { return name[:3] }
