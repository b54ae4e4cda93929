package values

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/connect/schema"
)

// Lengths of the temporal forms, in UTF-16 units.
const (
	dateLength      = len(dateLayout)
	timeLength      = len(timeLayout)
	timestampLength = len(timestampLayout)
)

// parseTemporal reads a date, a time or a timestamp; which of them is said by
// the length of the text. ok is false where it is none.
func parseTemporal(text string) (typed, bool) {
	text = strings.ReplaceAll(text, `\:`, ":")
	switch utf16Len(text) {
	case timeLength:
		return readTemporal(text, "H:m:s.SZ", schema.Time)
	case timestampLength:
		return readTemporal(text, "y-M-dTH:m:s.SZ", schema.Timestamp)
	case dateLength:
		return readTemporal(text, "y-M-d", schema.Date)
	}
	return typed{}, false
}

// readTemporal is as lenient as a SimpleDateFormat: fields have any number of
// digits, a sign, and any value, blanks may stand before them, and text may follow.
func readTemporal(text, pattern string, of func() *schema.Schema) (typed, bool) {
	f := fields{'y': 1970, 'M': 1, 'd': 1}
	for i := range len(pattern) {
		c := pattern[i]
		if strings.IndexByte("yMdHmsS", c) < 0 {
			if text == "" || text[0] != c {
				return typed{}, false
			}
			text = text[1:]
			continue
		}
		n, rest, ok := readField(text)
		if !ok {
			return typed{}, false
		}
		f[c], text = n, rest
	}
	return typed{of(), schema.InstantValue(f.millis())}, true
}

func readField(text string) (n int32, rest string, ok bool) {
	text = strings.TrimLeft(text, " \t")
	negative := strings.HasPrefix(text, "-")
	if negative {
		text = text[1:]
	}
	value, saturated := int64(0), false
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		d, isDigit := digit(r)
		if !isDigit {
			break
		}
		ok = true
		text = text[size:]
		if value > (math.MaxInt64-int64(d))/10 {
			saturated = true
			continue
		}
		value = value*10 + int64(d)
	}
	if negative {
		value = -value
	}
	switch {
	case saturated && negative:
		return math.MinInt32, text, ok
	case saturated:
		return math.MaxInt32, text, ok
	}
	return int32(value), text, ok
}

// fields holds the parts of a date and time by the letter of the pattern.
type fields map[byte]int32

func (f fields) millis() int64 {
	days := f.days()
	t := time.Date(1970, time.January, 1+int(days), int(f['H']), int(f['m']), int(f['s']), int(f['S'])*int(time.Millisecond), time.Local)
	return t.UnixMilli()
}

// days counts from the epoch, with the change from the Julian to the Gregorian
// calendar in October 1582 that java.util.GregorianCalendar makes.
func (f fields) days() int64 {
	const cutover = -141427 // 1582-10-15
	month := int64(f['M']) - 1
	year := int64(f['y']) + floorDiv(month, 12)
	month -= floorDiv(month, 12) * 12
	day := int64(f['d'])
	if f['y'] >= 1582 {
		if g := civil(year, month, day, true); g >= cutover {
			return g
		}
	}
	return civil(year, month, day, false)
}

// civil returns the days from the epoch of a date of the Gregorian or the Julian
// calendar. Years count from March, so that a leap day is the last of its year.
func civil(year, month, day int64, gregorian bool) int64 {
	const (
		gregorianEpoch = 719468 // days from 0000-03-01 to 1970-01-01
		julianEpoch    = 719470
	)
	m := month - 2
	if m < 0 {
		m += 12
		year--
	}
	days := year*365 + floorDiv(year, 4) + (153*m+2)/5 + day - 1
	if !gregorian {
		return days - julianEpoch
	}
	return days - floorDiv(year, 100) + floorDiv(year, 400) - gregorianEpoch
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// utf16Len is the length of a Java string of the text.
func utf16Len(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
