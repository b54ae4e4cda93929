package dialect

import (
	"fmt"
	"strings"
	"time"
)

// TimeOf reads a point in time as drivers give it: a time, text such as
// "2024-02-29 13:14:15.123456" with or without a zone, or milliseconds. A time
// without zone is one of loc; the answer is in UTC.
func TimeOf(v any, loc *time.Location) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), nil
	case int64:
		return time.UnixMilli(v).UTC(), nil
	case []byte:
		return parseTime(string(v), loc)
	case string:
		return parseTime(v, loc)
	}
	return time.Time{}, fmt.Errorf("the database's time is a %T, which is not understood", v)
}

func parseTime(s string, loc *time.Location) (time.Time, error) {
	text := strings.Replace(strings.TrimSpace(s), "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, loc); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no point in time", s)
}
