package group

import (
	"fmt"
	"slices"
	"testing"

	"sluice/connect/config"
	"sluice/internal/store"
)

// TestWorkIsGivenToThoseThatHaveThePlugins has a worker lead that lacks a plugin,
// then one that has it, and last nobody that has it.
func TestWorkIsGivenToThoseThatHaveThePlugins(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{sessioned, compatible, eager} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			settings := config.Map{"connect.protocol": protocol}
			lacking := c.joinWith("lacking", settings, []string{"native"})
			c.configure("java", 2)
			c.configure("native", 2)
			c.settled()
			c.join("old", settings) // says nothing of its plugins, as Java workers
			apart := func() string {
				if why := c.unsettled(); why != "" {
					return why
				}
				lacking.mu.Lock()
				defer lacking.mu.Unlock()
				if fmt.Sprint(lacking.running.Connectors) != "[native]" {
					return fmt.Sprintf("the worker that lacks a plugin runs %v", lacking.running)
				}
				return ""
			}
			c.until(apart)
			c.leave("lacking")
			c.settled()
			lacking = c.joinWith("lacking", settings, []string{"native"})
			c.until(apart) // now the other one leads
			c.leave("old")
			c.until(func() string {
				if why := c.unsettled(); why != "" {
					return why
				}
				if got := lacking.lastSeen; len(got.Held.Tasks) != 4 {
					return fmt.Sprintf("the only worker has %v", got.Held)
				}
				return ""
			})
		})
	}
}

// TestAFollowerKnowsWhoCanRunWhatItLacks is given work by a leader that does not
// care, as a Java worker, and asks the coordinator who could run it.
func TestAFollowerKnowsWhoCanRunWhatItLacks(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	leader := c.join("careless", nil)
	leader.careless()
	c.configure("java", 2)
	c.configure("native", 2)
	c.settled()
	follower := c.joinWith("follower", nil, []string{"native", "other"})
	c.until(func() string {
		follower.mu.Lock()
		defer follower.mu.Unlock()
		seen := follower.lastSeen
		if !slices.Contains(seen.Held.Connectors, "java") && !slices.ContainsFunc(seen.Held.Tasks, isOf("java")) {
			if len(seen.Peers) > 0 {
				return fmt.Sprintf("peers are looked for without need: %v", seen.Peers)
			}
			return fmt.Sprintf("the follower has no work that it lacks plugins for: %v", seen.Held)
		}
		if len(seen.Peers) != 2 {
			return fmt.Sprintf("the follower knows the peers %v", seen.Peers)
		}
		for _, p := range seen.Peers {
			if p.URL == "http://careless/" && p.Plugins != nil || p.URL == "http://follower/" && len(p.Plugins) != 2 {
				return fmt.Sprintf("a peer is seen as %v", p)
			}
		}
		return ""
	})
}

func isOf(connector string) func(store.TaskID) bool {
	return func(t store.TaskID) bool { return t.Connector == connector }
}
