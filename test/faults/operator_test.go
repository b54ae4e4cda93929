//go:build integration

package faults

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// operator does what a person on call does: it looks at the statuses, and restarts
// connectors and tasks that stay FAILED.
type operator struct {
	urls   []string
	looked time.Time
	failed map[string]bool // what was FAILED at the last look

	restarts map[string]int // by fault: of calm connectors, which nobody changes meanwhile
	reasons  map[string]int // first lines of their traces
}

const lookEvery = time.Second

// look restarts what was FAILED at the last look, too, a second ago or more. The
// names are those of the calm connectors.
func (o *operator) look(t *testing.T, fault string, calm []string) {
	t.Helper()
	if time.Since(o.looked) < lookEvery {
		return
	}
	o.looked = time.Now()
	url, statuses := o.statuses(t.Context())
	now := map[string]bool{}
	for name, s := range statuses {
		all := append([]kafkatest.Instance{s.Connector}, s.Tasks...)
		at := slices.IndexFunc(all, func(i kafkatest.Instance) bool { return i.State == "FAILED" })
		if at < 0 {
			continue
		}
		now[name] = true
		if !o.failed[name] {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := kafkatest.Call(ctx, http.MethodPost, url+"/connectors/"+name+"/restart?includeTasks=true&onlyFailed=true", nil)
		cancel()
		if err != nil {
			continue // the group rebalances: again at the next look
		}
		delete(now, name)
		if slices.Contains(calm, name) {
			o.restarts[fault]++
			reason, _, _ := strings.Cut(all[at].Trace, "\n")
			o.reasons[reason]++
			t.Logf("%s is FAILED on %s and is restarted: %s", name, all[at].WorkerID, all[at].Trace)
		}
	}
	o.failed = now
}

// statuses asks the workers one after the other, and says which one answered.
func (o *operator) statuses(ctx context.Context) (string, map[string]kafkatest.Status) {
	for _, url := range o.urls {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		s, err := kafkatest.Statuses(ctx, url)
		cancel()
		if err == nil {
			return url, s
		}
	}
	return "", nil
}

// String says how many restarts there were, and after which faults.
func (o *operator) String() string {
	if len(o.restarts) == 0 {
		return "none"
	}
	n, parts := 0, []string(nil)
	for _, fault := range slices.Sorted(maps.Keys(o.restarts)) {
		n += o.restarts[fault]
		parts = append(parts, fmt.Sprintf("%d after %q", o.restarts[fault], fault))
	}
	return fmt.Sprintf("%d (%s)", n, strings.Join(parts, ", "))
}
