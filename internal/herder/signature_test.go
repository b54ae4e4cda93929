package herder

import (
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/store"
)

// TestKeyAndClocks renews session keys that were made by clocks that are ahead or
// behind: none lives longer than twice its time.
func TestKeyAndClocks(t *testing.T) {
	t.Parallel()
	s, err := readInternalRequests(config.Map{"inter.worker.key.ttl.ms": "3600000"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1_800_000_000_000)
	for _, tt := range []struct {
		made time.Duration // after now
		due  bool
		left time.Duration
	}{
		{0, false, time.Hour},
		{-59 * time.Minute, false, time.Minute},
		{-time.Hour, true, 0},
		{-1000 * time.Hour, true, 0},
		{time.Hour, false, 2 * time.Hour},
		{time.Hour + time.Millisecond, true, 0},
		{1000 * time.Hour, true, 0},
	} {
		key := s.newKey(now.Add(tt.made))
		due, end := s.renew(&key, now)
		if due != tt.due || !due && end.Sub(now) != tt.left {
			t.Errorf("a key made %v after now: due %v, else in %v", tt.made, due, end.Sub(now))
		}
	}
	if due, _ := s.renew(&store.SessionKey{}, now); !due {
		t.Error("a key of another kind is kept")
	}
}
