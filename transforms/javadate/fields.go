package javadate

// The fields of a calendar, as far as patterns set them.
const (
	era = iota
	year
	month
	weekOfYear
	weekOfMonth
	dayOfMonth
	dayOfYear
	dayOfWeek
	dayOfWeekInMonth
	amPM
	hour
	hourOfDay
	minute
	second
	millisecond
	zoneOffset
	weekYear
	fieldCount
)

// fields are what a text says about a date. A later one wins over an earlier
// one that says something about the same thing.
type fields struct {
	value [fieldCount]int64
	stamp [fieldCount]int // when it was set, from 1; 0 is never
	last  int
}

func (f *fields) set(field int, v int64) {
	f.last++
	f.value[field], f.stamp[field] = v, f.last
}

func (f *fields) isSet(field int) bool { return f.stamp[field] > 0 }

// both is when the later of two fields was set, or 0 where one is missing.
func (f *fields) both(a, b int) int {
	if !f.isSet(a) || !f.isSet(b) {
		return 0
	}
	return max(f.stamp[a], f.stamp[b])
}

func (f *fields) millis() int64 {
	ms := f.day()*millisPerDay + f.clock()
	return ms - f.value[zoneOffset]
}

func (f *fields) clock() int64 {
	hours := int64(0)
	half := f.both(hour, amPM)
	best := max(half, f.stamp[hourOfDay])
	if best == 0 {
		best = max(f.stamp[hour], f.stamp[amPM])
	}
	switch {
	case best == 0:
	case best == f.stamp[hourOfDay]:
		hours = f.value[hourOfDay]
	default:
		hours = f.value[hour] + 12*f.value[amPM]
	}
	return ((hours*60+f.value[minute])*60+f.value[second])*1000 + f.value[millisecond]
}

// day returns the days since the epoch (GregorianCalendar.computeTime).
func (f *fields) day() int64 {
	if f.stamp[weekYear] > f.stamp[year] {
		return f.weekDate()
	}
	y := int64(1970)
	if f.isSet(year) {
		y = f.value[year]
	}
	if f.isSet(era) && f.value[era] == 0 {
		y = 1 - y
	}
	how := f.dayGroup()
	return dayOf(y, func(y int64, gregorian bool) int64 { return f.dayIn(y, how, gregorian) })
}

// weekDate is a year of weeks with a week and a weekday of it.
func (f *fields) weekDate() int64 {
	week, weekday := int64(1), int64(sunday)
	if f.isSet(weekOfYear) {
		week = f.value[weekOfYear]
	}
	if f.isSet(dayOfWeek) {
		weekday = f.value[dayOfWeek]
	}
	switch {
	case weekday > 7:
		weekday--
		week += weekday / 7
		weekday = isoDay(weekday%7 + 1)
	case weekday < 1:
		for ; weekday <= 0; weekday += 7 {
			week--
		}
		weekday = isoDay(weekday)
	}
	return onOrBefore(firstOfYear(f.value[weekYear]), sunday) + 7*(week-1) + weekday - sunday
}

// dayGroup returns the field that, with others, says the day within the year:
// that of the group that was completed last, as Calendar.selectFields.
func (f *fields) dayGroup() int {
	dom, doy := f.stamp[dayOfMonth], f.stamp[dayOfYear]
	wom, dowim, woy := f.both(weekOfMonth, dayOfWeek), f.both(dayOfWeekInMonth, dayOfWeek), f.both(weekOfYear, dayOfWeek)
	best := max(dom, wom, dowim, doy, woy)
	if best == 0 {
		wom, dowim, woy = f.stamp[weekOfMonth], max(f.stamp[dayOfWeekInMonth], f.stamp[dayOfWeek]), f.stamp[weekOfYear]
		if best = max(wom, dowim, woy); best == 0 {
			return dayOfMonth
		}
	}
	switch {
	case best == dom:
		return dayOfMonth
	case best == wom && f.stamp[weekOfMonth] >= f.stamp[weekOfYear],
		best == dowim && f.stamp[dayOfWeekInMonth] >= f.stamp[weekOfYear]:
		if wom == dowim && f.stamp[weekOfMonth] >= f.stamp[dayOfWeekInMonth] || wom != dowim && best == wom {
			return weekOfMonth
		}
		return dayOfWeekInMonth
	case best == doy:
		return dayOfYear
	}
	return weekOfYear
}

// dayIn returns the day in one of the calendars (GregorianCalendar.getFixedDate).
func (f *fields) dayIn(y int64, how int, gregorian bool) int64 {
	m := int64(0)
	if how == dayOfMonth || how == weekOfMonth || how == dayOfWeekInMonth {
		m = f.value[month]
	}
	y += floorDiv(m, 12)
	m = floorMod(m, 12)
	first := civilDay(y, m, gregorian)
	weekday := sunday
	if f.isSet(dayOfWeek) {
		weekday = int(floorMod(f.value[dayOfWeek]-1, 7)) + 1
	}
	switch how {
	case dayOfMonth:
		if f.isSet(dayOfMonth) {
			return first + f.value[dayOfMonth] - 1
		}
		return first
	case dayOfYear:
		return first + f.value[dayOfYear] - 1
	case weekOfMonth:
		return onOrBefore(onOrBefore(first, sunday)+6, weekday) + 7*(f.value[weekOfMonth]-1)
	case weekOfYear:
		return onOrBefore(onOrBefore(first, sunday)+6, weekday) + 7*(f.value[weekOfYear]-1)
	}
	nth := int64(1)
	if f.isSet(dayOfWeekInMonth) {
		nth = f.value[dayOfWeekInMonth]
	}
	if nth >= 0 {
		return onOrBefore(first+7*nth-1, weekday)
	}
	next := civilDay(y+(m+1)/12, (m+1)%12, gregorian)
	return onOrBefore(next+7*(nth+1)-1, weekday)
}
