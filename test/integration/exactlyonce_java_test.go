//go:build integration

package integration

import (
	"net/http"
	"strings"
	"testing"

	kafkatest "sluice/test/kafka"
)

// TestExactlyOnceBesideJava has a Java worker lead a group with one of ours, then
// ours lead, with connectors that are reconfigured meanwhile: tasks of each ask the
// other to fence their predecessors.
func TestExactlyOnceBesideJava(t *testing.T) {
	group := strings.ToLower(kafkatest.Name(t))
	props := exactlyOnceProps(t, group, "enabled")
	java := kafkatest.JavaConnect(t, props)
	ours := kafkatest.Distributed(t, props)
	names := []string{group + "-a", group + "-b"}
	lines := map[string]*kafkatest.Lines{}
	for _, name := range names {
		// More than a read can bring: what a batch leaves over waits, in Java, for
		// the next line of the file.
		lines[name] = startLines(t, ours.URL, name, map[string]string{"batch.size": "3000"})
	}
	reconfigure := func(batch string) {
		t.Helper()
		for _, name := range names {
			kafkatest.Do(t, http.MethodPut, ours.URL+"/connectors/"+name+"/config", map[string]string{
				"connector.class": "FileStreamSource", "tasks.max": "1", "topic": name, "file": lines[name].Path, "batch.size": batch,
				"exactly.once.support": "required",
			})
		}
	}
	run := func(workers ...string) {
		t.Helper()
		before := map[string]int64{}
		for _, name := range names {
			before[name] = position(t, ours.URL, name)
		}
		kafkatest.Until(t, func() string {
			if text := kafkatest.Running(t.Context(), ours.URL, len(names), workers...); text != "" {
				return text
			}
			for _, name := range names {
				if position(t, ours.URL, name) <= before[name] {
					return name + " commits nothing"
				}
			}
			return ""
		})
	}
	run(java.WorkerID(), ours.WorkerID())
	reconfigure("2999")
	run(java.WorkerID(), ours.WorkerID())
	java.Stop(t)
	run(ours.WorkerID())
	java = kafkatest.JavaConnect(t, props)
	run(java.WorkerID(), ours.WorkerID())
	reconfigure("2998")
	run(java.WorkerID(), ours.WorkerID())
	for _, name := range names {
		allOnce(t, ours.URL, name, lines[name])
	}
	ours.Stop(t)
	java.Stop(t)
}
