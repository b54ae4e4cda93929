package herder_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/store"
)

// TestWritesOfAGroupSayWhatIsInTheWay: a write that waits behind another one of
// its connector times out with what that one does and since when; it holds up
// neither other connectors nor reads.
func TestWritesOfAGroupSayWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	for doing, begin := range map[string]func(ctx context.Context, n *node) error{
		"writing the PAUSED target state for connector x to the config topic": func(ctx context.Context, n *node) error {
			return n.SetTarget(ctx, "x", store.TargetPaused)
		},
		"writing a config for connector x to the config topic": func(ctx context.Context, n *node) error {
			_, err := n.Patch(ctx, "x", config.Map{"more": "1"}.Raw())
			return err
		},
		"removing the config for connector x from the config topic": func(ctx context.Context, n *node) error {
			return n.Delete(ctx, "x")
		},
	} {
		t.Run(doing, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, nil)
			a := c.join("a:1")
			c.eventually(a.isReady)
			a.create("x", nil)
			a.create("y", nil)
			entered, release := make(chan struct{}), make(chan struct{})
			a.ledger.holdOnce("x", func() {
				close(entered)
				<-release
			})
			began := time.Now().UTC().Truncate(time.Millisecond)
			first := make(chan error, 1)
			go func() { first <- begin(context.WithoutCancel(t.Context()), a) }()
			<-entered
			for what, second := range map[string]func(ctx context.Context) error{
				"pause":  func(ctx context.Context) error { return a.SetTarget(ctx, "x", store.TargetPaused) },
				"stop":   func(ctx context.Context) error { return a.SetTarget(ctx, "x", store.TargetStopped) },
				"delete": func(ctx context.Context) error { return a.Delete(ctx, "x") },
			} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				code, text := status(t, second(ctx))
				cancel()
				since, found := strings.CutPrefix(text, "Request timed out. The worker is currently "+doing+", which began at ")
				at, err := time.Parse(time.RFC3339, strings.TrimSuffix(since, "."))
				if code != 500 || !found || err != nil || at.Before(began) || at.After(time.Now()) {
					t.Errorf("%s: %d %q", what, code, text)
				}
			}
			if err := a.SetTarget(t.Context(), "y", store.TargetPaused); err != nil {
				t.Errorf("another connector waits, too: %v", err)
			}
			if _, there := a.Info("x"); !there {
				t.Error("x cannot be read")
			}
			close(release)
			if err := <-first; err != nil {
				t.Errorf("what was in the way ended with %v", err)
			}
		})
	}
}
