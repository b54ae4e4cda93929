package kafka

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// After a failure the next attempt at the same address waits, and another
// address does not; a success forgets the failures.
func TestDialerWaitsAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dialer{
			net:    net.Dialer{Timeout: time.Second},
			pause:  func(fails int) time.Duration { return time.Duration(fails) * time.Minute },
			failed: make(map[string]failure),
		}
		// Port 0 cannot be connected to, so nothing leaves the process.
		for _, tt := range []struct {
			address string
			wait    time.Duration
		}{
			{"127.0.0.1:0", 0}, {"127.0.0.1:0", time.Minute}, {"127.0.0.2:0", 0}, {"127.0.0.1:0", 2 * time.Minute},
		} {
			began := time.Now()
			if _, err := d.dial(t.Context(), "tcp", tt.address); err == nil {
				t.Fatalf("connected to %s", tt.address)
			}
			if got := time.Since(began); got != tt.wait {
				t.Errorf("%s waited %v, want %v", tt.address, got, tt.wait)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.dial(ctx, "tcp", "127.0.0.1:0"); !errors.Is(err, context.Canceled) {
			t.Errorf("ended while waiting: %v", err)
		}
	})
}
