package jdbc

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

// timeField returns the schemas and readers of dates and times.
func (r reader) timeField(c column) (*schema.Schema, readFunc) {
	switch c.kind {
	case dialect.KindDate, dialect.KindYear, dialect.KindEpochDate:
		return schema.Date(), r.readDate
	case dialect.KindTime:
		return schema.Time(), r.readTime
	case dialect.KindTimeZone:
		return schema.Time(), r.readTime
	case dialect.KindTimestamp, dialect.KindInstant, dialect.KindEpochStamp:
		return r.stampSchema(), func(c cell, a *schema.Arena) (schema.Value, error) {
			t, ok, err := r.time(c)
			if err != nil || !ok {
				return schema.Null(), err
			}
			return r.stamp(t, a), nil
		}
	}
	return nil, nil
}

func (r reader) stampSchema() *schema.Schema {
	switch r.granularity {
	case "micros_long", "nanos_long":
		return schema.Of(schema.Int64)
	case "connect_logical":
		return schema.Timestamp()
	}
	return schema.Of(schema.String)
}

// stamp writes a point in time in the configured granularity.
func (r reader) stamp(t time.Time, a *schema.Arena) schema.Value {
	micros := t.UnixMicro()
	nanos := t.Unix()*int64(time.Second) + int64(t.Nanosecond())
	switch r.granularity {
	case "micros_long":
		return schema.Int64Value(micros)
	case "nanos_long":
		return schema.Int64Value(nanos)
	case "micros_string":
		return a.CopyText(strconv.AppendInt(nil, micros, 10))
	case "nanos_string":
		return a.CopyText(strconv.AppendInt(nil, nanos, 10))
	case "micros_iso_datetime_string":
		return a.CopyText(t.In(r.loc).AppendFormat(nil, "2006-01-02T15:04:05.000000"))
	case "nanos_iso_datetime_string":
		return a.CopyText(t.In(r.loc).AppendFormat(nil, "2006-01-02T15:04:05.000000000"))
	}
	return schema.InstantValue(t.UnixMilli())
}

// exact returns the time to the precision that the records have: what is put
// into an offset must not be after the row that it came from.
func (r reader) exact(t time.Time) time.Time {
	if len(r.granularity) >= 6 && r.granularity[:6] == "micros" {
		return t.Truncate(time.Microsecond)
	}
	return t
}

// time reads a timestamp; ok is false for a zero date of MySQL that counts as null.
func (r reader) time(c cell) (at time.Time, ok bool, err error) {
	switch v := c.other.(type) {
	case time.Time:
		return v.UTC(), true, nil
	case int64:
		return time.UnixMilli(v).UTC(), true, nil
	}
	text := c.text
	if text == nil {
		text = []byte(c.asText())
	}
	p := timeParser{rest: text}
	at, err = p.parse(r)
	switch {
	case errors.Is(err, errZeroDate) && r.zeroAsNull:
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, fmt.Errorf("Bad value for type timestamp : %s: %w", text, err) //nolint:staticcheck // Java's text.
	}
	return at, true, nil
}

func (r reader) readDate(c cell, _ *schema.Arena) (schema.Value, error) {
	switch v := c.other.(type) {
	case time.Time:
		return schema.InstantValue(r.days(v.Year(), int(v.Month()), v.Day()) * schema.MillisPerDay), nil
	case int64:
		return schema.InstantValue(floorDay(v)), nil
	}
	text := c.text
	if text == nil {
		text = []byte(c.asText())
	}
	p := timeParser{rest: text}
	if len(text) == 4 { // a year
		text = append(text[:4:4], "-01-01"...)
		p.rest = text
	}
	year, month, day, err := p.date()
	switch {
	case errors.Is(err, errZeroDate) && r.zeroAsNull:
		return schema.Null(), nil
	case err != nil:
		return schema.Null(), fmt.Errorf("Bad value for type date : %s: %w", text, err) //nolint:staticcheck // Java's text.
	}
	if p.era() {
		year = 1 - year
	}
	return schema.InstantValue(r.days(year, month, day) * schema.MillisPerDay), nil
}

func floorDay(millis int64) int64 {
	rest := millis % schema.MillisPerDay
	if rest < 0 {
		rest += schema.MillisPerDay
	}
	return millis - rest
}

// readTime reads a time of day: one without a zone is in that of the database on
// 1 January 1970, as java.sql.Time has it.
func (r reader) readTime(c cell, _ *schema.Arena) (schema.Value, error) {
	if t, ok := c.other.(time.Time); ok {
		return schema.InstantValue(t.UTC().UnixMilli() - floorDay(t.UTC().UnixMilli())), nil
	}
	text := c.text
	if text == nil {
		text = []byte(c.asText())
	}
	p := timeParser{rest: text}
	nanos, err := p.clock()
	if err != nil {
		return schema.Null(), fmt.Errorf("Bad value for type time : %s: %w", text, err) //nolint:staticcheck // Java's text.
	}
	offset, zoned, err := p.zone()
	if err != nil {
		return schema.Null(), fmt.Errorf("Bad value for type time : %s: %w", text, err) //nolint:staticcheck // Java's text.
	}
	if !zoned {
		_, offset = time.Unix(0, 0).In(r.loc).Zone()
	}
	millis := nanos/int64(time.Millisecond) - int64(offset)*1000
	return schema.InstantValue((millis%schema.MillisPerDay + schema.MillisPerDay) % schema.MillisPerDay), nil
}

// days counts from 1970. Under the legacy calendar a date before 15 October 1582
// is one of the Julian calendar.
func (r reader) days(year, month, day int) int64 {
	if r.proleptic || year > 1582 || year == 1582 && (month > 10 || month == 10 && day >= 15) {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	}
	// The number of the day by the Julian calendar.
	m := (14 - month) / 12
	y, mm := int64(year+4800-m), int64(month+12*m-3)
	julian := int64(day) + (153*mm+2)/5 + 365*y + floorDiv(y, 4) - 32083
	const epoch = 2440588
	return julian - epoch
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

var errZeroDate = errors.New("a date of zeros: set zeroDateTimeBehavior=convertToNull in connection.url to read it as null")

// timeParser reads dates and times as databases write them: "2024-02-29
// 13:14:15.123456+02", with " BC" behind years before the first.
type timeParser struct{ rest []byte }

func (p *timeParser) number(least, most int) (int, bool) {
	n, i := 0, 0
	for i < len(p.rest) && i < most && p.rest[i] >= '0' && p.rest[i] <= '9' {
		n = n*10 + int(p.rest[i]-'0')
		i++
	}
	p.rest = p.rest[i:]
	return n, i >= least
}

func (p *timeParser) skip(b byte) bool {
	if len(p.rest) > 0 && p.rest[0] == b {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

var errForm = errors.New("it is not of the form 2024-02-29 13:14:15")

func (p *timeParser) date() (year, month, day int, err error) {
	var ok [3]bool
	year, ok[0] = p.number(4, 6)
	a := p.skip('-')
	month, ok[1] = p.number(1, 2)
	b := p.skip('-')
	day, ok[2] = p.number(1, 2)
	switch {
	case !a || !b || ok != [3]bool{true, true, true}:
		return 0, 0, 0, errForm
	case month == 0 || day == 0:
		return 0, 0, 0, errZeroDate
	case month > 12 || day > 31:
		return 0, 0, 0, errForm
	}
	return year, month, day, nil
}

// clock reads a time of day in nanoseconds.
func (p *timeParser) clock() (int64, error) {
	hour, ok1 := p.number(1, 2)
	colon := p.skip(':')
	minute, ok2 := p.number(2, 2)
	if !ok1 || !ok2 || !colon || hour > 24 || minute > 59 {
		return 0, errForm
	}
	second, nanos := 0, int64(0)
	if p.skip(':') {
		var ok bool
		if second, ok = p.number(2, 2); !ok || second > 60 {
			return 0, errForm
		}
		if p.skip('.') {
			scale := int64(time.Second)
			for len(p.rest) > 0 && p.rest[0] >= '0' && p.rest[0] <= '9' {
				scale /= 10
				nanos += int64(p.rest[0]-'0') * scale
				p.rest = p.rest[1:]
			}
		}
	}
	return int64(hour*3600+minute*60+second)*int64(time.Second) + nanos, nil
}

// zone reads an offset such as +02, -05:30 or Z, in seconds.
func (p *timeParser) zone() (seconds int, zoned bool, err error) {
	if p.skip('Z') {
		return 0, true, nil
	}
	sign := 0
	switch {
	case p.skip('+'):
		sign = 1
	case p.skip('-'):
		sign = -1
	default:
		return 0, false, nil
	}
	unit := 3600
	for range 3 {
		n, ok := p.number(2, 2)
		if !ok {
			return 0, false, errForm
		}
		seconds += n * unit
		unit /= 60
		if !p.skip(':') {
			break
		}
	}
	return sign * seconds, true, nil
}

// era reads " BC" and reports whether it was there.
func (p *timeParser) era() bool {
	if string(p.rest) == " BC" {
		p.rest = nil
		return true
	}
	return false
}

func (p *timeParser) parse(r reader) (time.Time, error) {
	year, month, day, err := p.date()
	if err != nil {
		return time.Time{}, err
	}
	var nanos int64
	if p.skip(' ') || p.skip('T') {
		if nanos, err = p.clock(); err != nil {
			return time.Time{}, err
		}
	}
	offset, zoned, err := p.zone()
	if err != nil {
		return time.Time{}, err
	}
	if p.era() {
		year = 1 - year
	}
	if len(p.rest) > 0 {
		return time.Time{}, errForm
	}
	at := time.Unix(r.days(year, month, day)*24*60*60, nanos).UTC()
	if zoned {
		return at.Add(-time.Duration(offset) * time.Second), nil
	}
	if r.loc == time.UTC {
		return at, nil
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), r.loc).UTC(), nil
}
