package dialect

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // Zones that a small system may not have.
)

// Zone reads what java.time.ZoneId takes: names of zones, offsets such as
// +02:00, UTC+2 and Z, and the short names of old.
func Zone(s string) (*time.Location, error) {
	if long, ok := shortZones()[s]; ok {
		s = long
	}
	if s == "Z" {
		return time.UTC, nil
	}
	offset := s
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			offset = rest
			if rest == "" {
				return time.UTC, nil
			}
			break
		}
	}
	if strings.HasPrefix(offset, "+") || strings.HasPrefix(offset, "-") {
		for _, layout := range []string{"-07", "-0700", "-07:00", "-07:00:00", "-070000"} {
			if t, err := time.Parse(layout, padHour(offset)); err == nil {
				_, seconds := t.Zone()
				return time.FixedZone(s, seconds), nil
			}
		}
	}
	if s == "" || s == "Local" {
		return nil, fmt.Errorf("time zone %q is not known", s)
	}
	return time.LoadLocation(s)
}

// padHour writes the hour of an offset with two digits.
func padHour(offset string) string {
	if len(offset) == 2 {
		return offset[:1] + "0" + offset[1:]
	}
	return offset
}

func shortZones() map[string]string {
	return map[string]string{
		"EST": "-05:00", "HST": "-10:00", "MST": "-07:00", "ACT": "Australia/Darwin", "AET": "Australia/Sydney",
		"AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo",
		"BST": "Asia/Dhaka", "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
		"EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", //nolint:misspell // Java's names.
		"JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
		"PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
	}
}
