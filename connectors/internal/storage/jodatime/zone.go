package jodatime

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Zones that a small system may not have.
)

// Zone returns the time zone of an id: a name of the tz database, UTC, or an
// offset such as +02:00. The error is the message of DateTimeZone.forID of
// Joda-Time.
func Zone(name string) (*time.Location, error) {
	switch name {
	case "UTC", "UT", "GMT", "Z":
		return time.UTC, nil
	case "", "Local":
		return nil, unrecognised(name)
	}
	if zone, err := time.LoadLocation(name); err == nil {
		return zone, nil
	}
	offset := name
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			offset = rest
			break
		}
	}
	if offset == "" || offset[0] != '+' && offset[0] != '-' {
		return nil, unrecognised(name)
	}
	seconds, ok := parseOffset(offset)
	switch {
	case !ok:
		return nil, fmt.Errorf("Invalid format: %q is malformed at %q", offset, offset[1:]) //nolint:staticcheck // Joda-Time's text.
	case seconds == 0:
		return time.UTC, nil
	}
	return time.FixedZone("", seconds), nil
}

func unrecognised(name string) error {
	return fmt.Errorf("The datetime zone id '%s' is not recognised", name) //nolint:staticcheck // Joda-Time's text.
}

// parseOffset reads +hh, +hh:mm or +hh:mm:ss, in which the colons may be missing.
func parseOffset(text string) (seconds int, ok bool) {
	digits := strings.ReplaceAll(text[1:], ":", "")
	for i, unit := range [...]int{3600, 60, 1} {
		if digits == "" {
			if i == 0 {
				return 0, false
			}
			break
		}
		if len(digits) < 2 {
			return 0, false
		}
		n, err := strconv.ParseUint(digits[:2], 10, 8)
		if err != nil || i == 0 && n > 23 || i > 0 && n > 59 {
			return 0, false
		}
		seconds += int(n) * unit
		digits = digits[2:]
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, digits == ""
}

// id is the name of the zone as Joda-Time prints it.
func id(zone *time.Location) string {
	if name := zone.String(); name != "" {
		return name
	}
	_, offset := time.Unix(0, 0).In(zone).Zone()
	return string(appendOffset(nil, offset, true))
}

// Bucket returns the start of the span of the given length that an instant is in,
// both in milliseconds since the epoch: local time is cut down to a multiple of
// the length, towards the epoch, and becomes an instant again. An hour that a
// change of the clocks leaves out is moved behind the change.
func Bucket(length, instant int64, zone *time.Location) int64 {
	local := instant + offsetAt(instant, zone)
	return fromLocal(local/length*length, zone)
}

func offsetAt(instant int64, zone *time.Location) int64 {
	_, seconds := time.UnixMilli(instant).In(zone).Zone()
	return int64(seconds) * 1000
}

// fromLocal is DateTimeZone.convertLocalToUTC, not strict.
func fromLocal(local int64, zone *time.Location) int64 {
	first := offsetAt(local, zone)
	offset := offsetAt(local-first, zone)
	if first != offset && first < 0 && nextChange(local-first, zone) != nextChange(local-offset, zone) {
		// In the gap of a change west of Greenwich the second guess lies before it.
		offset = first
	}
	return local - offset
}

// localOffset is DateTimeZone.getOffsetFromLocal: the offset in milliseconds of a
// local time, the earlier one of two that there is twice.
func localOffset(local int64, zone *time.Location) int64 {
	first := offsetAt(local, zone)
	adjusted := local - first
	offset := offsetAt(adjusted, zone)
	switch {
	case first < offset:
		if nextChange(adjusted, zone) != nextChange(local-offset, zone) {
			return first
		}
	case first == offset && first >= 0:
		if start, _ := time.UnixMilli(adjusted).In(zone).ZoneBounds(); !start.IsZero() {
			before := start.UnixMilli() - 1
			if earlier := offsetAt(before, zone); adjusted-before <= earlier-first {
				return earlier
			}
		}
	}
	return offset
}

// nextChange returns when the zone's clocks change next.
func nextChange(instant int64, zone *time.Location) int64 {
	if _, end := time.UnixMilli(instant).In(zone).ZoneBounds(); !end.IsZero() {
		return end.UnixMilli()
	}
	return math.MaxInt64
}
