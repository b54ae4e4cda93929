package javadate

import "strconv"

// Append appends the text of a point in time, in milliseconds since the epoch.
func (f *Format) Append(dst []byte, millis int64) []byte {
	d := dateOf(floorDiv(millis, millisPerDay))
	clock := int(floorMod(millis, millisPerDay))
	for i := range f.parts {
		p := &f.parts[i]
		if p.letter == 0 {
			dst = append(dst, p.text...)
			continue
		}
		dst = p.append(dst, d, clock)
	}
	return dst
}

// named is the number of letters from which names are written in full.
const named = 4

func (p *part) append(dst []byte, d date, clock int) []byte {
	hour := clock / (60 * 60 * 1000)
	switch p.letter {
	case 'G':
		return append(dst, eraName(d.year <= 0)...)
	case 'y':
		return appendYear(dst, yearOfEra(d.year), p.count)
	case 'Y':
		return appendYear(dst, d.weekYear(), p.count)
	case 'M', 'L':
		switch {
		case p.count >= named:
			return append(dst, monthName(d.month)...)
		case p.count == 3:
			return append(dst, shortName(monthName(d.month))...)
		}
		return pad(dst, int64(d.month)+1, p.count)
	case 'E':
		if p.count >= named {
			return append(dst, dayName(d.weekday())...)
		}
		return append(dst, shortName(dayName(d.weekday()))...)
	case 'a':
		if hour < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'z':
		if p.count >= named {
			return append(dst, "Coordinated Universal Time"...)
		}
		return append(dst, "UTC"...)
	case 'Z':
		return append(dst, "+0000"...)
	case 'X':
		return append(dst, 'Z')
	}
	return pad(dst, int64(p.number(d, clock, hour)), p.count)
}

// number returns the value of a field that is written as one.
func (p *part) number(d date, clock, hour int) int {
	switch p.letter {
	case 'd':
		return d.day
	case 'k':
		return (hour+23)%24 + 1
	case 'H':
		return hour
	case 'h':
		return (hour+11)%12 + 1
	case 'K':
		return hour % 12
	case 'm':
		return clock / (60 * 1000) % 60
	case 's':
		return clock / 1000 % 60
	case 'S':
		return clock % 1000
	case 'D':
		return d.ofYear()
	case 'F':
		return int(d.number-d.firstOfMonth())/7 + 1
	case 'w':
		return d.weekOfYear()
	case 'W':
		return weekOf(d.firstOfMonth(), d.number)
	default: // u: Monday is 1
		return (d.weekday()+5)%7 + 1
	}
}

func eraName(before bool) string {
	if before {
		return "BC"
	}
	return "AD"
}

// yearOfEra counts years before Christ upward.
func yearOfEra(year int64) int64 {
	if year <= 0 {
		return 1 - year
	}
	return year
}

func appendYear(dst []byte, year int64, count int) []byte {
	if count == 2 {
		return pad(dst, year%100, 2)
	}
	return pad(dst, year, count)
}

func pad(dst []byte, n int64, width int) []byte {
	if n < 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	for limit := int64(10); width > 1; width-- {
		if width > 19 {
			dst = append(dst, '0')
			continue
		}
		limit = pow10(width - 1)
		if n >= limit {
			break
		}
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
