package dialect

import (
	"testing"
	"time"
)

func TestZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"UTC": "12:00", "Z": "12:00", "America/New_York": "07:00", "EST": "07:00", "+02:00": "14:00", "UTC+2": "14:00", "GMT-0330": "08:30", "PST": "04:00",
	} {
		loc, err := Zone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := at.In(loc).Format("15:04"); got != want {
			t.Errorf("%s: noon is %s there, want %s", name, got, want)
		}
	}
	for _, bad := range []string{"", "Local", "Nowhere/X", "+99:00:00:00"} {
		if _, err := Zone(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
