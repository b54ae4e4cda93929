package values

import (
	"math"
	"strconv"
	"strings"
	"time"

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
		return readTemporal(text, "H:m:s.SZ", timeSchema)
	case timestampLength:
		return readTemporal(text, "y-M-dTH:m:s.SZ", timestampSchema)
	case dateLength:
		return readTemporal(text, "y-M-d", dateSchema)
	}
	return typed{}, false
}

// readTemporal is as lenient as a SimpleDateFormat: fields have any number of
// digits, a sign, and any value, blanks may stand before them, and text may follow.
func readTemporal(text, pattern string, of *schema.Schema) (typed, bool) {
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
	return typed{of, schema.InstantValue(f.millis())}, true
}

// readField reads an integer as a DecimalFormat does, exponent included, and
// turns it into an int as Number.intValue does: a long loses its high bits, and
// what is beyond a long gives the nearest end.
func readField(text string) (n int32, rest string, ok bool) {
	text = strings.TrimLeft(text, " \t")
	negative := strings.HasPrefix(text, "-")
	digits, rest := readDigits(strings.TrimPrefix(text, "-"))
	if digits == "" {
		return 0, text, false
	}
	if after, found := strings.CutPrefix(rest, "E"); found {
		down := strings.HasPrefix(after, "-")
		if exponent, end := readDigits(strings.TrimPrefix(after, "-")); exponent != "" {
			digits, rest = shift(digits, exponent, down), end
		}
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if negative {
		value = -value
	}
	switch {
	case err == nil:
		return int32(value), rest, true
	case negative:
		return math.MinInt32, rest, true
	}
	return math.MaxInt32, rest, true
}

func readDigits(text string) (digits, rest string) {
	var b strings.Builder
	for i, r := range text {
		d, ok := digit(r)
		if !ok {
			return b.String(), text[i:]
		}
		b.WriteByte('0' + d)
	}
	return b.String(), ""
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

// fields holds the parts of a date and time by the letter of the pattern.
type fields map[byte]int32

func (f fields) millis() int64 {
	at := func(zone *time.Location) int64 {
		return time.Date(1970, time.January, 1+int(f.days()), int(f['H']), int(f['m']), int(f['s']), int(f['S'])*int(time.Millisecond), zone).UnixMilli()
	}
	millis := at(time.Local)
	if zone := zoneAt(millis); zone != time.Local {
		return at(zone)
	}
	return millis
}

// zoneAt returns the zone of the process. Java knows no local mean times: before
// 1900 it takes the standard offset of today.
func zoneAt(millis int64) *time.Location {
	const year1900 = -2208988800000
	if millis >= year1900 {
		return time.Local
	}
	t := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.Local)
	if t.IsDST() {
		t = t.AddDate(0, 6, 0)
	}
	name, offset := t.Zone()
	return time.FixedZone(name, offset)
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
