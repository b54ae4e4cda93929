package javadate

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads the date at the start of a text and returns it in milliseconds
// since the epoch; ok is false where the text does not fit.
func (f *Format) Parse(text string) (millis int64, ok bool) {
	r := reader{text: text, century: f.century}
	for i := range f.parts {
		p := &f.parts[i]
		if p.letter == 0 {
			if !strings.HasPrefix(r.text[r.at:], p.text) {
				return 0, false
			}
			r.at += len(p.text)
			continue
		}
		if !r.field(p) {
			return 0, false
		}
	}
	return r.fields.millis(), r.at > 0
}

// reader is a text that is being parsed.
type reader struct {
	text    string
	at      int
	century int
	fields  fields
}

func (r *reader) field(p *part) bool {
	start := r.at
	if p.names != nil {
		return r.name(p)
	}
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\t') {
		r.at++
	}
	if r.at == len(r.text) {
		return false
	}
	switch p.letter {
	case 'z', 'Z':
		return r.zone()
	case 'X':
		return r.isoZone(p.count)
	}
	limit := len(r.text)
	if p.counted {
		if limit = start + p.count; limit > len(r.text) {
			return false
		}
	}
	from := r.at
	n, ok := r.number(limit)
	if !ok {
		return false
	}
	return r.put(p, n, r.text[from:r.at])
}

// put sets the field of a numeric letter.
func (r *reader) put(p *part, n int64, digits string) bool {
	switch p.letter {
	case 'y', 'Y':
		if p.count <= 2 && twoDigits(digits) {
			first := int64(r.century)
			n += first - first%100
			if n < first {
				n += 100
			}
		}
		if p.letter == 'Y' {
			r.fields.set(weekYear, n)
			return true
		}
		r.fields.set(year, n)
	case 'M', 'L':
		r.fields.set(month, n-1)
	case 'k':
		if n == 24 {
			n = 0
		}
		r.fields.set(hourOfDay, n)
	case 'h':
		if n == 12 {
			n = 0
		}
		r.fields.set(hour, n)
	case 'u':
		r.fields.set(dayOfWeek, isoDay(n))
	default:
		r.fields.set(numeric(p.letter), n)
	}
	return true
}

// isoDay turns Monday as 1 into Sunday as 1; other numbers stay.
func isoDay(n int64) int64 {
	switch {
	case n == 7:
		return sunday
	case n >= 1 && n < 7:
		return n + 1
	}
	return n
}

func numeric(letter byte) int {
	switch letter {
	case 'd':
		return dayOfMonth
	case 'H':
		return hourOfDay
	case 'K':
		return hour
	case 'm':
		return minute
	case 's':
		return second
	case 'S':
		return millisecond
	case 'D':
		return dayOfYear
	case 'F':
		return dayOfWeekInMonth
	case 'w':
		return weekOfYear
	default: // W
		return weekOfMonth
	}
}

// number reads an integer up to the limit as a DecimalFormat does, exponent
// included, and turns it into an int as Number.intValue does.
func (r *reader) number(limit int) (int64, bool) {
	text := r.text[r.at:max(limit, r.at)]
	negative := strings.HasPrefix(text, "-")
	unsigned := strings.TrimPrefix(text, "-")
	digits, rest := readDigits(unsigned)
	if digits == "" {
		return 0, false
	}
	if after, found := strings.CutPrefix(rest, "E"); found {
		down := strings.HasPrefix(after, "-")
		if exponent, end := readDigits(strings.TrimPrefix(after, "-")); exponent != "" {
			digits, rest = shift(digits, exponent, down), end
		}
	}
	r.at += len(text) - len(rest)
	n, err := strconv.ParseInt(digits, 10, 64)
	if negative {
		n = -n
	}
	switch {
	case err == nil:
		return int64(int32(n)), true
	case negative:
		return math.MinInt32, true
	}
	return math.MaxInt32, true
}

// readDigits cuts decimal digits, of any script, off the start of the text.
func readDigits(text string) (digits, rest string) {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	if n == len(text) || text[n] < utf8.RuneSelf {
		return text[:n], text[n:]
	}
	var b strings.Builder
	for i, c := range text {
		d, ok := digitOf(c)
		if !ok {
			return b.String(), text[i:]
		}
		b.WriteByte('0' + d)
	}
	return b.String(), ""
}

// twoDigits reports whether the text is two digits of the basic plane, of any script.
func twoDigits(text string) bool {
	n := 0
	for _, c := range text {
		if _, ok := digitOf(c); !ok || c > 0xFFFF {
			return false
		}
		n++
	}
	return n == 2
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digitOf returns the value of a decimal digit: these stand in runs of ten.
func digitOf(c rune) (byte, bool) {
	if c < utf8.RuneSelf {
		return byte(c - '0'), c >= '0' && c <= '9'
	}
	if !unicode.Is(unicode.Nd, c) {
		return 0, false
	}
	zero := c
	for c-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return byte(c - zero), true
}

// shift moves the decimal point by the exponent; what is behind it is cut.
func shift(digits, exponent string, down bool) string {
	const enough = 40 // more than the digits of any text that is read and of a long
	by, err := strconv.Atoi(exponent)
	if err != nil || by > enough {
		by = enough
	}
	switch {
	case !down && strings.Trim(digits, "0") == "":
		return "0"
	case !down:
		return digits + strings.Repeat("0", by)
	case by >= len(digits):
		return "0"
	}
	return digits[:len(digits)-by]
}

// name reads the longest of the names, whatever its case. Unlike numbers they
// stand right where the text before ends.
func (r *reader) name(p *part) bool {
	rest := r.text[r.at:]
	best := -1
	for i, name := range p.names {
		if hasPrefixFold(rest, name) && (best < 0 || len(name) > len(p.names[best])) {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	r.at += len(p.names[best])
	switch p.letter {
	case 'G':
		r.fields.set(era, int64(best%2))
	case 'E':
		r.fields.set(dayOfWeek, int64(best/2)+sunday)
	case 'a':
		r.fields.set(amPM, int64(best))
	default:
		r.fields.set(month, int64(best/2))
	}
	return true
}

// namesOf lists what the field is written as; nil where that is no name.
func namesOf(letter byte, count int) []string {
	switch letter {
	case 'G':
		return []string{"BC", "AD", "Before Christ", "Anno Domini"}
	case 'E':
		return weekdays()
	case 'a':
		return []string{"AM", "PM"}
	case 'M', 'L':
		if count > 2 {
			return months()
		}
	}
	return nil
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// months lists the names of each month, long and short.
func months() []string {
	names := make([]string, 0, 24)
	for i := range 12 {
		names = append(names, monthName(i), shortName(monthName(i)))
	}
	return names
}

func weekdays() []string {
	names := make([]string, 0, 14)
	for i := range 7 {
		names = append(names, dayName(i+sunday), shortName(dayName(i+sunday)))
	}
	return names
}
