package group

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// generation is one state of a Java group, as its coordinator stored it.
type generation struct {
	Generation int
	Protocol   string
	Leader     string
	Timestamp  int64
	Members    []struct {
		ID         string       `json:"member_id"`
		Metadata   metadataJSON `json:"metadata"`
		Assignment string       `json:"assignment_hex"`
	}
}

// configRecord is a record of a config topic.
type configRecord struct {
	Offset int64
	Key    string `json:"keyText"`
	Value  *string
}

func (r *configRecord) UnmarshalJSON(b []byte) error {
	var raw struct {
		Offset    int64   `json:"offset"`
		KeyText   *string `json:"keyText"`
		ValueText *string `json:"valueText"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	r.Offset, r.Value = raw.Offset, raw.ValueText
	if raw.KeyText != nil {
		r.Key = *raw.KeyText
	}
	return nil
}

// configuredAt returns what the records below the offset configure.
func configuredAt(t *testing.T, records []configRecord, offset int64) assign.Work {
	t.Helper()
	counts := map[string]int{}
	for _, r := range records {
		if r.Offset >= offset {
			break
		}
		if name, ok := strings.CutPrefix(r.Key, "connector-"); ok {
			if r.Value == nil {
				delete(counts, name)
			} else if _, known := counts[name]; !known {
				counts[name] = 0
			}
		}
		if name, ok := strings.CutPrefix(r.Key, "commit-"); ok {
			var commit struct{ Tasks int }
			if err := json.Unmarshal([]byte(*r.Value), &commit); err != nil {
				t.Fatal(err)
			}
			counts[name] = commit.Tasks
		}
	}
	var w assign.Work
	for name, n := range counts {
		w.Connectors = append(w.Connectors, name)
		for i := range n {
			w.Tasks = append(w.Tasks, store.TaskID{Connector: name, Task: i})
		}
	}
	return w
}

// TestReplay gives the assignors what Java leaders were given, generation by
// generation, and wants the very units that they assigned and revoked.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, h := range []struct {
		history, configs string
		maxDelay         time.Duration
	}{
		{"history-sessioned", "groups-sessioned-configs", 12 * time.Second},
		{"history-eos", "eos-configs", 300 * time.Second},
		{"history-eager", "groups-eager-configs", 12 * time.Second},
	} {
		for _, dir := range fixtureDirs() {
			history, ok := readFixture[generation](t, filepath.Join(dir, "groups", h.history+".json"))
			configs, ok2 := readFixture[configRecord](t, filepath.Join(dir, "topics", h.configs+".json"))
			if !ok || !ok2 {
				if dir == "testdata" {
					t.Fatalf("%s or %s is missing", h.history, h.configs)
				}
				continue
			}
			t.Run(h.history, func(t *testing.T) {
				t.Parallel()
				replay(t, history, configs, h.maxDelay)
			})
		}
	}
}

func replay(t *testing.T, history []generation, configs []configRecord, maxDelay time.Duration) {
	t.Helper()
	state, leader, completed := assign.NewState(), "", -1
	for _, g := range history {
		if g.Leader == "" {
			continue
		}
		if g.Leader != leader { // another process, which has never led
			state, leader, completed = assign.NewState(), g.Leader, -1
		}
		round := assign.Round{Generation: g.Generation, Completed: completed, MaxDelay: maxDelay, Now: time.UnixMilli(g.Timestamp)}
		var offset int64
		for _, m := range g.Members {
			member := assign.Member{ID: m.ID}
			if held := m.Metadata.metadata().holds; held != nil {
				member.Holds = work(held.assigned)
			}
			round.Members = append(round.Members, member)
			offset = max(offset, m.Metadata.ConfigOffset)
		}
		round.Configured = configuredAt(t, configs, offset)
		var plan assign.Plan
		if g.Protocol == "default" {
			plan.Assigned = assign.Eager(round.Members, round.Configured)
		} else {
			state, plan = assign.Incremental(state, round)
		}
		completed = g.Generation
		for _, m := range g.Members {
			java, err := readAssignment(unhex(t, m.Assignment))
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("generation %d, member %s", g.Generation, m.ID)
			if diff := cmp.Diff(work(java.assigned).Sorted(), plan.Assigned[m.ID].Sorted(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s is assigned (-java +ours):\n%s", what, diff)
			}
			if diff := cmp.Diff(work(java.revoked).Sorted(), plan.Revoked[m.ID].Sorted(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s is revoked (-java +ours):\n%s", what, diff)
			}
			if got := plan.Delay.Milliseconds(); got != int64(java.delay) {
				t.Errorf("%s has delay %d, want %d", what, got, java.delay)
			}
		}
	}
}
