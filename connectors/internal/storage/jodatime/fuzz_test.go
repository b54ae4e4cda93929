package jodatime

import (
	"testing"
	"time"
)

func FuzzNew(f *testing.F) {
	for _, s := range []string{"'year'=YYYY/'month'=MM", "''", "'", "yyyyyyyyyyyyyyyyyyyy", "ä'ö''", "zZSSSSSSSSSS", "EEEE a G"} {
		f.Add(s, "en", int64(1764056123456))
	}
	f.Fuzz(func(t *testing.T, pattern, language string, ms int64) {
		format, err := New(pattern, language)
		if err != nil {
			return
		}
		at := time.UnixMilli(ms).UTC()
		if a, b := string(format.Append(nil, at)), string(format.Append([]byte("x"), at)); "x"+a != b {
			t.Errorf("%q prints %q, and %q behind an x", pattern, a, b)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-11-25T10:30:05.123+01:00", "2026-W48-3", "2026-329", "T10,5", "-0044-03-15Z", "2026-11-25T10+01:00:30.5", "292278994-08-17"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ms, err := Parse(text, time.UTC)
		if err != nil {
			return
		}
		if at := time.UnixMilli(ms).UTC(); at.Year() >= 0 && at.Year() <= 9999 {
			again, err := Parse(at.Format("2006-01-02T15:04:05.000Z07:00"), time.UTC)
			if err != nil || again != ms {
				t.Errorf("%q is %d, which is printed and read as %d, %v", text, ms, again, err)
			}
		}
	})
}
