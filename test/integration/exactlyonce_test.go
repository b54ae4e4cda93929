//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// exactlyOnceProps are those of a worker whose source tasks write in transactions.
func exactlyOnceProps(t *testing.T, group, support string) map[string]string {
	props := kafkatest.DistributedProps(t, group)
	maps.Copy(props, map[string]string{
		"exactly.once.source.support": support, "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000", "rebalance.timeout.ms": "10000",
	})
	return props
}

// startLines has a connector copy a growing file to a topic, both of its name.
func startLines(t *testing.T, url, name string, more map[string]string) *kafkatest.Lines {
	t.Helper()
	lines := kafkatest.WriteLines(t, filepath.Join(t.TempDir(), name))
	kafkatest.Do(t, http.MethodPut, url+"/connectors/"+name+"/config", linesConfig(name, lines, more))
	return lines
}

// linesConfig is the configuration of such a connector.
func linesConfig(name string, lines *kafkatest.Lines, more map[string]string) map[string]string {
	cfg := map[string]string{
		"connector.class": "FileStreamSource", "tasks.max": "1", "topic": name, "file": lines.Path, "batch.size": "30",
		"exactly.once.support": "required",
	}
	maps.Copy(cfg, more)
	return cfg
}

// committed says how what a reader of committed records sees of the topic differs
// from n lines, each once and in order.
func committed(t *testing.T, topic string, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(kafkatest.Broker(t)), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return err.Error()
	}
	end, ok := ends.Lookup(topic, 0)
	if !ok || end.Err != nil {
		return fmt.Sprintf("topic %s is not there: %v", topic, end.Err)
	}
	seen := 0
	for at := int64(0); at < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Sprintf("%d lines are committed, at offset %d of %d: %v", seen, at, end.Offset, err)
		}
		wrong := ""
		fetches.EachRecord(func(r *kgo.Record) {
			at = r.Offset + 1
			if r.Attrs.IsControl() {
				return
			}
			if want := fmt.Sprintf("line %d", seen); wrong == "" && string(r.Value) != want {
				wrong = fmt.Sprintf("offset %d has %q, want %q", r.Offset, r.Value, want)
			}
			seen++
		})
		if wrong != "" {
			return wrong
		}
	}
	if seen != n {
		return fmt.Sprintf("%d lines are committed, want %d", seen, n)
	}
	return ""
}

// position is the committed position of the only source partition.
func position(t *testing.T, url, name string) int64 {
	t.Helper()
	var got struct {
		Offsets []struct {
			Offset struct {
				Position int64 `json:"position"`
			} `json:"offset"`
		} `json:"offsets"`
	}
	if err := json.Unmarshal(kafkatest.Do(t, http.MethodGet, url+"/connectors/"+name+"/offsets", nil), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Offsets) != 1 {
		return -1
	}
	return got.Offsets[0].Offset.Position
}

// allOnce waits until every line of the file is committed, once, and the offset is
// the end of the file.
func allOnce(t *testing.T, url, name string, lines *kafkatest.Lines) {
	t.Helper()
	n := lines.Finish()
	kafkatest.Until(t, func() string { return committed(t, name, n) })
	info, err := os.Stat(lines.Path)
	if err != nil {
		t.Fatal(err)
	}
	if at := position(t, url, name); at != info.Size() {
		t.Errorf("the committed position of %s is %d, the file has %d bytes", name, at, info.Size())
	}
	t.Logf("%s: %d lines, each once", name, n)
}

// TestExactlyOnceSurvivesKills kills a worker again and again while connectors
// with each kind of boundary, and one with a topic of its own for offsets, copy
// files. A reader of committed records sees each line once, in order.
func TestExactlyOnceSurvivesKills(t *testing.T) {
	group := strings.ToLower(kafkatest.Name(t))
	props := exactlyOnceProps(t, group, "enabled")
	worker := kafkatest.Distributed(t, props)
	kinds := map[string]map[string]string{
		"poll":     {},
		"interval": {"transaction.boundary": "interval", "transaction.boundary.interval.ms": "300"},
		"own":      {"offsets.storage.topic": group + "-own-offsets"},
	}
	lines := map[string]*kafkatest.Lines{}
	for kind, more := range kinds {
		lines[kind] = startLines(t, worker.URL, group+"-"+kind, more)
	}
	for i := range 4 {
		kafkatest.Until(t, func() string { return kafkatest.Running(t.Context(), worker.URL, len(kinds), worker.WorkerID()) })
		time.Sleep(time.Duration(300+170*i) * time.Millisecond) // the instants are the input of this test
		worker.Kill()
		worker = kafkatest.Distributed(t, props)
	}
	for kind := range kinds {
		allOnce(t, worker.URL, group+"-"+kind, lines[kind])
	}
	worker.Stop(t)
}

// TestExactlyOnceFencesZombies freezes the worker that runs a connector until
// another one runs it, and lets it go on: what it still writes counts for nothing.
func TestExactlyOnceFencesZombies(t *testing.T) {
	name := strings.ToLower(kafkatest.Name(t))
	props := exactlyOnceProps(t, name, "enabled")
	workers := []*kafkatest.Worker{kafkatest.Distributed(t, props), kafkatest.Distributed(t, props)}
	lines := startLines(t, workers[0].URL, name, map[string]string{"transaction.boundary": "interval", "transaction.boundary.interval.ms": "400"})
	owner := func(w *kafkatest.Worker) string {
		all, err := kafkatest.Statuses(t.Context(), w.URL)
		if err != nil {
			return err.Error()
		}
		if s := all[name]; len(s.Tasks) == 1 && s.Tasks[0].State == "RUNNING" {
			return s.Tasks[0].WorkerID
		}
		return fmt.Sprintf("%+v", all[name])
	}
	// moves waits until both know who runs the task, and it commits.
	moves := func() (runs, other *kafkatest.Worker) {
		t.Helper()
		kafkatest.Until(t, func() string {
			at, also := owner(workers[0]), owner(workers[1])
			for i, w := range workers {
				if at == also && at == w.WorkerID() {
					runs, other = w, workers[1-i]
					return ""
				}
			}
			return "the task is on " + at + " and on " + also
		})
		before := position(t, other.URL, name)
		kafkatest.Until(t, func() string {
			if position(t, other.URL, name) <= before {
				return "the task commits nothing: " + owner(other)
			}
			return ""
		})
		return runs, other
	}
	for range 3 {
		frozen, other := moves()
		before := position(t, other.URL, name)
		frozen.Freeze(t)
		kafkatest.Until(t, func() string {
			if at := owner(other); at != other.WorkerID() {
				return "the task is still on " + at
			}
			if position(t, other.URL, name) <= before {
				return "the task commits nothing"
			}
			return ""
		})
		frozen.Thaw(t)
		t.Logf("the task of %s went to %s", frozen.WorkerID(), other.WorkerID())
	}
	moves()
	allOnce(t, workers[0].URL, name, lines)
	for _, w := range workers {
		w.Stop(t)
	}
}

// TestRollingUpgradeToExactlyOnce takes a group of two workers from disabled over
// preparing to enabled, one worker at a time, while a connector copies a file.
func TestRollingUpgradeToExactlyOnce(t *testing.T) {
	name := strings.ToLower(kafkatest.Name(t))
	start := func(support string) *kafkatest.Worker {
		return kafkatest.Distributed(t, exactlyOnceProps(t, name, support))
	}
	a, b := start("disabled"), start("disabled")
	lines := startLines(t, a.URL, name, map[string]string{"exactly.once.support": "requested", "offsets.storage.topic": name + "-own"})
	for _, support := range []string{"preparing", "enabled"} {
		for _, w := range []**kafkatest.Worker{&a, &b} {
			kafkatest.Until(t, func() string {
				if position(t, (*w).URL, name) <= 0 {
					return "nothing is committed"
				}
				return ""
			})
			(*w).Stop(t)
			*w = start(support)
			before := int64(-1)
			kafkatest.Until(t, func() string {
				statuses, err := kafkatest.Statuses(t.Context(), (*w).URL)
				if err != nil {
					return err.Error()
				}
				if s := statuses[name]; len(s.Tasks) != 1 || s.Tasks[0].State != "RUNNING" {
					return fmt.Sprintf("with a worker of %s: %+v", support, s)
				}
				now := position(t, (*w).URL, name)
				if before < 0 {
					before = now
				}
				if now <= before {
					return fmt.Sprintf("with a worker of %s nothing is committed", support)
				}
				return ""
			})
		}
	}
	allOnce(t, a.URL, name, lines)
	a.Stop(t)
	b.Stop(t)
}

// TestOffsetsUnderExactlyOnce resets and alters the offsets of a connector with a
// topic of its own for offsets, where Java 4.3.1 ends with an error, and looks at
// where the connector goes on.
func TestOffsetsUnderExactlyOnce(t *testing.T) {
	name := strings.ToLower(kafkatest.Name(t))
	worker := kafkatest.Distributed(t, exactlyOnceProps(t, name, "enabled"))
	lines := startLines(t, worker.URL, name, map[string]string{"offsets.storage.topic": name + "-own"})
	url := worker.URL + "/connectors/" + name
	for _, tt := range []struct {
		method string
		body   any
		want   int64
	}{
		{http.MethodDelete, nil, -1},
		{http.MethodPatch, map[string]any{"offsets": []any{map[string]any{
			"partition": map[string]any{"filename": lines.Path}, "offset": map[string]any{"position": 7},
		}}}, 7},
	} {
		kafkatest.Until(t, func() string {
			if position(t, worker.URL, name) <= tt.want {
				return "nothing is committed"
			}
			return ""
		})
		kafkatest.Do(t, http.MethodPut, url+"/stop", nil)
		kafkatest.Until(t, func() string {
			if _, err := kafkatest.Call(t.Context(), tt.method, url+"/offsets", tt.body); err != nil {
				return err.Error()
			}
			return ""
		})
		if at := position(t, worker.URL, name); at != tt.want {
			t.Errorf("after %s the position is %d, want %d", tt.method, at, tt.want)
		}
		kafkatest.Do(t, http.MethodPut, url+"/resume", nil)
	}
	lines.Finish()
	worker.Stop(t)
}
