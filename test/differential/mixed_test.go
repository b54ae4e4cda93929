//go:build integration

package differential

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	kafkatest "sluice/test/kafka"
)

const pairs = 2

// TestMixedGroup hands the connectors of a Java worker over to Sluice and back:
// Java leads, Sluice joins and follows; Java leaves, Sluice leads; Java joins and
// follows; Sluice leaves. In each state connectors are changed, through whoever
// does not lead. Lines go from files through Kafka to files all the time, and
// none may be lost or overtake another.
func TestMixedGroup(t *testing.T) {
	group := kafkatest.Name(t)
	props, dir := kafkatest.DistributedProps(t, group), t.TempDir()
	java := kafkatest.JavaConnect(t, props)

	source := func(i int, more string) map[string]string {
		return map[string]string{
			"connector.class": "FileStreamSource", "tasks.max": "1", "topic": fmt.Sprintf("%s-%d", group, i),
			"file": filepath.Join(dir, fmt.Sprintf("in-%d", i)), "batch.size": more,
		}
	}
	path := func(i int) string { return filepath.Join(dir, fmt.Sprintf("out-%d", i)) }
	var lines []*kafkatest.Lines
	for i := range pairs {
		lines = append(lines, kafkatest.WriteLines(t, filepath.Join(dir, fmt.Sprintf("in-%d", i))))
		kafkatest.Do(t, http.MethodPut, fmt.Sprintf("%s/connectors/source-%d/config", java.URL, i), source(i, "2000"))
		kafkatest.Do(t, http.MethodPut, fmt.Sprintf("%s/connectors/sink-%d/config", java.URL, i), map[string]string{
			"connector.class": "FileStreamSink", "tasks.max": "1", "topics": fmt.Sprintf("%s-%d", group, i), "file": path(i),
			"consumer.override.session.timeout.ms": "6000",
		})
	}
	settles := func(url string, workers ...string) {
		t.Helper()
		kafkatest.Until(t, func() string { return kafkatest.Running(t.Context(), url, 2*pairs, workers...) })
	}
	// change gives every source another configuration, which makes new tasks.
	change := func(url, size string) {
		t.Helper()
		for i := range pairs {
			kafkatest.Do(t, http.MethodPut, fmt.Sprintf("%s/connectors/source-%d/config", url, i), source(i, size))
		}
		kafkatest.Until(t, func() string {
			for i := range pairs {
				text := string(kafkatest.Do(t, http.MethodGet, fmt.Sprintf("%s/connectors/source-%d/tasks", url, i), nil))
				if want := `"batch.size":"` + size + `"`; !strings.Contains(text, want) {
					return fmt.Sprintf("the task of source-%d lacks %s: %s", i, want, text)
				}
			}
			return ""
		})
		for i := range pairs {
			kafkatest.Do(t, http.MethodPost, fmt.Sprintf("%s/connectors/source-%d/restart", url, i), nil)
			kafkatest.Do(t, http.MethodPost, fmt.Sprintf("%s/connectors/source-%d/tasks/0/restart", url, i), nil)
			kafkatest.Do(t, http.MethodPost, fmt.Sprintf("%s/connectors/sink-%d/restart?includeTasks=true", url, i), nil)
		}
	}
	settles(java.URL, java.WorkerID())
	t.Log("Java runs everything")

	sluice := kafkatest.Distributed(t, props)
	settles(java.URL, java.WorkerID(), sluice.WorkerID())
	t.Log("Sluice follows")
	kafkatest.SameExactlyOnceValidation(t, java.URL, sluice.URL)
	change(sluice.URL, "1999")
	settles(sluice.URL, java.WorkerID(), sluice.WorkerID())

	java.Stop(t)
	settles(sluice.URL, sluice.WorkerID())
	t.Log("Sluice runs everything")
	change(sluice.URL, "1998")

	java = kafkatest.JavaConnect(t, props)
	settles(sluice.URL, java.WorkerID(), sluice.WorkerID())
	t.Log("Sluice leads")
	change(java.URL, "1997")
	settles(java.URL, java.WorkerID(), sluice.WorkerID())

	sluice.Stop(t)
	settles(java.URL, java.WorkerID())
	t.Log("Java runs everything again")
	for i, l := range lines {
		n := l.Finish()
		kafkatest.Until(t, func() string { return kafkatest.Arrived(path(i), n) })
	}
}
