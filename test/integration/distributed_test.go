//go:build integration

package integration

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// TestGroupSurvivesKill kills one of three workers with twelve connectors, which
// then run on the other two, and stops another in order. The lines that flow
// meanwhile all arrive, in order. How long it takes is logged; test/bench
// measures it.
func TestGroupSurvivesKill(t *testing.T) {
	const pairs = 6
	group := kafkatest.Name(t)
	props, dir := kafkatest.DistributedProps(t, group), t.TempDir()
	workers := []*kafkatest.Worker{kafkatest.Distributed(t, props), kafkatest.Distributed(t, props), kafkatest.Distributed(t, props)}
	first, killed, stopped := workers[0], workers[1], workers[2]
	var lines []*kafkatest.Lines
	for i := range pairs {
		topic, in, out := fmt.Sprintf("%s-%d", group, i), filepath.Join(dir, fmt.Sprintf("in-%d", i)), filepath.Join(dir, fmt.Sprintf("out-%d", i))
		lines = append(lines, kafkatest.WriteLines(t, in))
		ask := workers[i%len(workers)].URL // any member answers
		kafkatest.Do(t, http.MethodPut, fmt.Sprintf("%s/connectors/source-%d/config", ask, i), map[string]string{
			"connector.class": "FileStreamSource", "tasks.max": "1", "topic": topic, "file": in,
		})
		kafkatest.Do(t, http.MethodPut, fmt.Sprintf("%s/connectors/sink-%d/config", ask, i), map[string]string{
			"connector.class": "FileStreamSink", "tasks.max": "1", "topics": topic, "file": out,
			"consumer.override.session.timeout.ms": "6000",
		})
	}
	settle := func(what string, on ...string) {
		t.Helper()
		began := time.Now()
		kafkatest.Until(t, func() string { return kafkatest.Running(t.Context(), first.URL, 2*pairs, on...) })
		t.Logf("all runs %.2f s after %s", time.Since(began).Seconds(), what)
	}
	settle("the creation", first.WorkerID(), killed.WorkerID(), stopped.WorkerID())
	killed.Kill()
	settle("one was killed", first.WorkerID(), stopped.WorkerID())
	stopped.Stop(t)
	settle("one has left", first.WorkerID())
	for i, l := range lines {
		n := l.Finish()
		kafkatest.Until(t, func() string { return kafkatest.Arrived(filepath.Join(dir, fmt.Sprintf("out-%d", i)), n) })
	}
}
