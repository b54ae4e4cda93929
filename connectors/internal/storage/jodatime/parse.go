package jodatime

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads a date, a time, or both in one of the forms of ISO 8601, as
// ISODateTimeFormat.dateTimeParser of Joda-Time: 2026, 2026-11, 2026-11-25,
// 2026-329, 2026-W48-3, T10:30, 2026-11-25T10:30:05.123+01:00. What has no offset
// is of the zone. It returns milliseconds since the epoch; the error is the
// message of Joda-Time's IllegalArgumentException.
func Parse(text string, zone *time.Location) (int64, error) {
	r := reader{text: text, zone: zone, year: 1970, month: 1, day: 1}
	if timeOnly := r.take("T"); !timeOnly && !r.date() {
		return 0, r.malformed()
	} else if timeOnly || r.take("T") {
		whole := r.at == 1
		if !r.clock() && whole {
			return 0, r.malformed()
		}
		r.offset()
	}
	if r.at < len(text) {
		return 0, r.malformed()
	}
	return r.millis()
}

// reader is the state of reading one text.
type reader struct {
	text string
	at   int
	zone *time.Location

	year, month, day int
	ordinal          int // day of the year; 0 is none
	week, weekday    int // of the week year; 0 is none
	clockUnits       [3]int
	nanos            int64 // below the smallest unit that was given
	hasOffset        bool
	offsetMillis     int64
}

// malformed is the message of FormatUtils.createErrorMessage.
func (r *reader) malformed() error {
	sample := r.text
	if cut := r.at + 32; len(sample) > cut+3 {
		for cut > r.at && !utf8.RuneStart(sample[cut]) {
			cut--
		}
		sample = sample[:cut] + "..."
	}
	switch {
	case r.at <= 0:
		return fmt.Errorf(`Invalid format: "%s"`, sample) //nolint:staticcheck,gocritic // Joda-Time's text, which quotes nothing.
	case r.at >= len(r.text):
		return fmt.Errorf(`Invalid format: "%s" is too short`, sample) //nolint:staticcheck,gocritic // As above.
	}
	return fmt.Errorf(`Invalid format: "%s" is malformed at "%s"`, sample, sample[r.at:]) //nolint:staticcheck,gocritic // As above.
}

// take reads a text in upper or lower case.
func (r *reader) take(s string) bool {
	end := r.at + len(s)
	if end > len(r.text) || !strings.EqualFold(r.text[r.at:end], s) {
		return false
	}
	r.at = end
	return true
}

// digits counts the digits that follow.
func (r *reader) digits() int {
	n := 0
	for r.at+n < len(r.text) && r.text[r.at+n] >= '0' && r.text[r.at+n] <= '9' {
		n++
	}
	return n
}

// number reads up to so many digits.
func (r *reader) number(most int) (int, bool) {
	count := min(r.digits(), most)
	n := 0
	for range count {
		n = n*10 + int(r.text[r.at]-'0')
		r.at++
	}
	return n, count > 0
}

// after reads a number behind a mark; without both nothing is read.
func (r *reader) after(mark string, most int) (int, bool) {
	start := r.at
	if r.take(mark) {
		if n, ok := r.number(most); ok {
			return n, true
		}
	}
	r.at = start
	return 0, false
}

// digitsAfter reads a mark that a digit follows.
func (r *reader) digitsAfter(mark string) bool {
	start := r.at
	if r.take(mark) && r.digits() > 0 {
		return true
	}
	r.at = start
	return false
}

func (r *reader) date() bool {
	negative := r.take("-")
	if !negative {
		r.take("+")
	}
	y, ok := r.number(9)
	if !ok {
		r.at = 0
		return false
	}
	if negative {
		y = -y
	}
	r.year = y
	if week, ok := r.after("-W", 2); ok {
		r.week, r.weekday = week, 1
		if day, ok := r.after("-", 1); ok {
			r.weekday = day
		}
		return true
	}
	mark := r.at
	if day, ok := r.after("-", 3); ok && r.at-mark == len("-DDD") {
		r.ordinal = day
		return true
	}
	r.at = mark
	if month, ok := r.after("-", 2); ok {
		r.month = month
		if day, ok := r.after("-", 2); ok {
			r.day = day
		}
	}
	return true
}

// clock reads HH[:mm[:ss]], with a fraction of the last.
func (r *reader) clock() bool {
	hour, ok := r.number(2)
	if !ok {
		return false
	}
	r.clockUnits[0] = hour
	unit := time.Hour
	for i, below := range [...]time.Duration{time.Minute, time.Second} {
		n, ok := r.after(":", 2)
		if !ok {
			break
		}
		r.clockUnits[i+1], unit = n, below
	}
	r.fraction(unit)
	return true
}

// fraction reads the fraction of a unit: nine digits at most.
func (r *reader) fraction(unit time.Duration) {
	if !r.digitsAfter(".") && !r.digitsAfter(",") {
		return
	}
	count := min(r.digits(), 9)
	scale := int64(unit)
	for range count {
		scale /= 10
		r.nanos += int64(r.text[r.at]-'0') * scale
		r.at++
	}
}

// offset reads Z or +hh[:mm[:ss[.SSS]]], in which the colons may be missing.
func (r *reader) offset() {
	if r.take("Z") {
		r.hasOffset = true
		return
	}
	start := r.at
	sign := int64(1)
	if r.take("-") {
		sign = -1
	} else if !r.take("+") {
		return
	}
	limits := [...]int{23, 59, 59}
	for i, unit := range [...]int64{3600 * 1000, 60 * 1000, 1000} {
		mark := r.at
		if i > 0 {
			r.take(":")
		}
		n, ok := r.number(2)
		if !ok || r.at-mark < 2 || n > limits[i] {
			r.at = mark
			if i == 0 {
				r.at = start
				return
			}
			break
		}
		r.offsetMillis += int64(n) * unit
	}
	if start := r.at + 1; r.digitsAfter(".") {
		n, _ := r.number(3)
		for range 3 - (r.at - start) {
			n *= 10
		}
		r.offsetMillis += int64(n)
	}
	r.hasOffset = true
	r.offsetMillis *= sign
}

func (r *reader) millis() (int64, error) {
	for _, f := range []struct {
		name         string
		n, low, high int
	}{
		{"year", r.year, -292275055, 292278994},
		{"monthOfYear", r.month, 1, 12},
		{"hourOfDay", r.clockUnits[0], 0, 23},
		{"minuteOfHour", r.clockUnits[1], 0, 59},
		{"secondOfMinute", r.clockUnits[2], 0, 59},
		{"dayOfMonth", r.day, 1, daysIn(r.year, r.month)},
		{"dayOfYear", max(r.ordinal, 1), 1, daysIn(r.year, 0)},
		{"weekOfWeekyear", max(r.week, 1), 1, weeksIn(r.year)},
		{"dayOfWeek", max(r.weekday, 1), 1, 7},
	} {
		if f.n < f.low || f.n > f.high {
			return 0, fmt.Errorf("Cannot parse %q: Value %d for %s must be in the range [%d,%d]", r.text, f.n, f.name, f.low, f.high) //nolint:staticcheck // Joda-Time's text.
		}
	}
	day := time.Date(r.year, time.Month(r.month), r.day, 0, 0, 0, 0, time.UTC)
	switch {
	case r.ordinal > 0:
		day = time.Date(r.year, 1, r.ordinal, 0, 0, 0, 0, time.UTC)
	case r.week > 0:
		day = firstWeek(r.year).AddDate(0, 0, (r.week-1)*7+r.weekday-1)
	}
	c := r.clockUnits
	local := day.UnixMilli() + int64(c[0])*3600_000 + int64(c[1])*60_000 + int64(c[2])*1000 + r.nanos/int64(time.Millisecond)
	switch {
	case r.year > 1970 && local < 0, r.year < 1969 && local > 0:
		return 0, fmt.Errorf("Cannot parse %q: the time is too far away", r.text) //nolint:staticcheck // Joda-Time's text.
	case r.hasOffset:
		return local - r.offsetMillis, nil
	}
	return r.inZone(local)
}

// inZone refuses times that clocks leave out.
func (r *reader) inZone(local int64) (int64, error) {
	offset := localOffset(local, r.zone)
	instant := local - offset
	if offsetAt(instant, r.zone) != offset {
		return 0, fmt.Errorf("Cannot parse %q: Illegal instant due to time zone offset transition (%s)", r.text, id(r.zone)) //nolint:staticcheck // Joda-Time's text.
	}
	return instant, nil
}

func daysIn(year, month int) int {
	if month == 0 {
		return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	}
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// firstWeek is the Monday of the week year.
func firstWeek(year int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
}

func weeksIn(year int) int {
	_, week := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return week
}
