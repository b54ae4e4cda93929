package sink

import (
	"fmt"
	"time"

	"sluice/connect/schema"
)

// appendInstant writes a Date, Time or Timestamp. PostgreSQL also gets the
// offset: columns without a zone ignore it.
func (v values) appendInstant(dst []byte, logical string, millis int64) []byte {
	at := time.UnixMilli(millis)
	switch logical {
	case schema.DateName:
		dst, era := v.appendDate(dst, at.In(v.dateZone))
		return append(dst, era...)
	case schema.TimeName:
		return at.In(v.zone).AppendFormat(dst, "15:04:05.000")
	}
	return v.appendTimestamp(dst, at)
}

func (v values) appendTimestamp(dst []byte, at time.Time) []byte {
	at = at.In(v.zone)
	dst, era := v.appendDate(dst, at)
	dst = at.AppendFormat(dst, " 15:04:05.000")
	if rest := at.Nanosecond() % int(time.Millisecond); rest != 0 {
		dst = fmt.Appendf(dst, "%06d", rest)
	}
	if v.dialect == dialectPostgres {
		dst = at.AppendFormat(dst, "-07:00:00")
	}
	return append(dst, era...)
}

// appendDate writes year, month and day; before October 1582 those of the Julian
// calendar unless the settings say otherwise, as java.util.Calendar does. The
// era goes behind the time: PostgreSQL has no year 0.
func (v values) appendDate(dst []byte, at time.Time) (date []byte, era string) {
	year, month, day := at.Date()
	gregorian := time.Date(1582, time.October, 15, 0, 0, 0, 0, time.UTC)
	if v.julian && time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Before(gregorian) {
		year, month, day = julianDate(year, month, day)
	}
	if year <= 0 && v.dialect == dialectPostgres {
		year, era = 1-year, " BC"
	}
	return fmt.Appendf(dst, "%04d-%02d-%02d", year, int(month), day), era
}

// julianDate turns a day of the Gregorian calendar into that of the Julian one.
func julianDate(year int, month time.Month, day int) (int, time.Month, int) {
	const (
		secondsPerDay  = 24 * 60 * 60
		julianDayEpoch = 2440588 // of 1 January 1970
	)
	number := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay + julianDayEpoch
	// Richards' algorithm.
	f := number + 1401
	e := 4*f + 3
	h := 5*(e%1461/4) + 2
	d := h%153/5 + 1
	m := (h/153+2)%12 + 1
	y := e/1461 - 4716 + (12+2-m)/12
	return int(y), time.Month(m), int(d)
}
