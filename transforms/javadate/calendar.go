package javadate

// The calendar of java.util.GregorianCalendar: Julian before 1582-10-15. Days
// count from the epoch, weekdays from Sunday as 1.

const (
	millisPerDay = 24 * 60 * 60 * 1000
	cutoverDay   = -141427 // 1582-10-15
	cutoverYear  = 1582
	sunday       = 1
)

// dayOf returns the day of a date; year is 0 for 1 BC. A date within the year
// of the change that neither calendar alone decides is a Julian one.
func dayOf(year int64, of func(year int64, gregorian bool) int64) int64 {
	if year >= cutoverYear {
		if g := of(year, true); g >= cutoverDay {
			return g
		}
	}
	return of(year, false)
}

// civilDay returns the first day of a month in one of the calendars. Years count from
// March, so that a leap day is the last of its year.
func civilDay(year, month int64, gregorian bool) int64 {
	const (
		gregorianEpoch = 719468 // days from 0000-03-01 to 1970-01-01
		julianEpoch    = 719470
	)
	m := month - 2
	if m < 0 {
		m += 12
		year--
	}
	days := year*365 + floorDiv(year, 4) + (153*m+2)/5
	if !gregorian {
		return days - julianEpoch
	}
	return days - floorDiv(year, 100) + floorDiv(year, 400) - gregorianEpoch
}

// date is a day taken apart.
type date struct {
	year       int64 // 0 is 1 BC
	month, day int   // month from 0
	number     int64 // days since the epoch
}

func dateOf(number int64) date {
	const (
		gregorianEpoch = 719468
		julianEpoch    = 719470
		daysOf4        = 1461
		daysOf400      = 146097
	)
	var year, ofYear int64
	if number >= cutoverDay {
		n := number + gregorianEpoch
		era := floorDiv(n, daysOf400)
		in := n - era*daysOf400
		y := (in - in/1460 + in/36524 - in/146096) / 365
		year, ofYear = era*400+y, in-(365*y+y/4-y/100)
	} else {
		n := number + julianEpoch
		era := floorDiv(n, daysOf4)
		in := n - era*daysOf4
		y := (in - in/1460) / 365
		year, ofYear = era*4+y, in-365*y
	}
	m := (5*ofYear + 2) / 153
	d := date{year: year, day: int(ofYear-(153*m+2)/5) + 1, number: number}
	if d.month = int(m) + 2; d.month >= 12 {
		d.month -= 12
		d.year++
	}
	return d
}

// weekday returns the day of the week, Sunday being 1.
func (d date) weekday() int { return weekdayOf(d.number) }

func weekdayOf(number int64) int { return int(floorMod(number+4, 7)) + 1 }

// ofYear returns the day of the year from 1. In 1582 Java skips no number.
func (d date) ofYear() int { return int(d.number-firstOfYear(d.year)) + 1 }

func firstOfYear(year int64) int64 {
	return dayOf(year, func(y int64, gregorian bool) int64 { return civilDay(y, 0, gregorian) })
}

// ofMonth returns the day of the first of the date's month.
func (d date) firstOfMonth() int64 {
	return dayOf(d.year, func(y int64, gregorian bool) int64 { return civilDay(y, int64(d.month), gregorian) })
}

// weekOf counts weeks from the one that holds first.
func weekOf(first, number int64) int {
	return int((number-onOrBefore(first, sunday))/7) + 1
}

// weekYear returns the year that the date's week belongs to: the one in which
// the week ends, since a week with one day of a year is its first.
func (d date) weekYear() int64 {
	if d.number >= onOrBefore(firstOfYear(d.year+1), sunday) {
		return d.year + 1
	}
	return d.year
}

func (d date) weekOfYear() int { return weekOf(firstOfYear(d.weekYear()), d.number) }

// onOrBefore returns the last day of that weekday up to the number.
func onOrBefore(number int64, weekday int) int64 {
	return number - floorMod(int64(weekdayOf(number)-weekday), 7)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
