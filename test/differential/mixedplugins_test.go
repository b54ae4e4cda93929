//go:build integration

package differential

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	kafkatest "sluice/test/kafka"
)

// heartbeats is a connector that Java has and Sluice has not.
const heartbeats = "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector"

// TestMixedPlugins has a connector in a mixed group that only the Java worker can
// run. Under a Java leader, who does not know, it may land on the Sluice worker,
// which says what is missing and who has it, and keeps still. Under a Sluice leader
// it runs on the Java worker, and can be changed through either.
func TestMixedPlugins(t *testing.T) {
	group := kafkatest.Name(t)
	props, dir := kafkatest.DistributedProps(t, group), t.TempDir()
	heartbeat := func(interval string) map[string]string {
		return map[string]string{
			"connector.class": heartbeats, "tasks.max": "1", "source.cluster.alias": "a", "target.cluster.alias": group,
			"source.cluster.bootstrap.servers": props["bootstrap.servers"], "target.cluster.bootstrap.servers": props["bootstrap.servers"],
			"emit.heartbeats.interval.seconds": interval, "heartbeats.topic.replication.factor": "1",
			"key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter", "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
		}
	}
	put := func(url, name string, cfg map[string]string) {
		t.Helper()
		kafkatest.Do(t, http.MethodPut, url+"/connectors/"+name+"/config", cfg)
	}
	javaProps := maps.Clone(props)
	javaProps["plugin.path"] = kafkatest.Mirror(t)
	java := kafkatest.JavaConnect(t, javaProps)
	const lines = 3
	for i := range lines {
		put(java.URL, fmt.Sprintf("lines-%d", i), map[string]string{
			"connector.class": "FileStreamSource", "tasks.max": "1", "topic": group, "file": filepath.Join(dir, "none"),
		})
	}
	put(java.URL, "beats-0", heartbeat("1"))
	put(java.URL, "beats-1", heartbeat("1"))
	kafkatest.Until(t, func() string { return kafkatest.Running(t.Context(), java.URL, lines+2, java.WorkerID()) })

	sluice := kafkatest.Distributed(t, props)
	// A Java leader deals without looking: what lands on Sluice is FAILED with words.
	var failed []kafkatest.Instance
	kafkatest.Until(t, func() string {
		statuses, err := kafkatest.Statuses(t.Context(), sluice.URL)
		if err != nil {
			return err.Error()
		}
		failed = nil
		here := 0
		for name, s := range statuses {
			for _, i := range append([]kafkatest.Instance{s.Connector}, s.Tasks...) {
				ours, beats := i.WorkerID == sluice.WorkerID(), strings.HasPrefix(name, "beats")
				if ours {
					here++
				}
				switch {
				case ours && beats && i.State == "FAILED":
					failed = append(failed, i)
				case i.State != "RUNNING" || ours && beats:
					return fmt.Sprintf("%s is %s on %s: %s", name, i.State, i.WorkerID, i.Trace)
				}
			}
		}
		if here == 0 {
			return "the Sluice worker has nothing"
		}
		return ""
	})
	t.Logf("under the Java leader %d of the connectors and tasks that it cannot run are on the Sluice worker", len(failed))
	for _, i := range failed {
		for _, want := range []string{heartbeats, "Worker " + sluice.WorkerID() + " has no plugin", java.URL + "/ (a Java worker", "The leader is a Java worker"} {
			if !strings.Contains(i.Trace, want) {
				t.Errorf("the trace does not say %q: %s", want, i.Trace)
			}
		}
	}

	java.Stop(t)
	kafkatest.Until(t, func() string {
		statuses, err := kafkatest.Statuses(t.Context(), sluice.URL)
		if err != nil {
			return err.Error()
		}
		for name, s := range statuses {
			if strings.HasPrefix(name, "beats") != strings.Contains(s.Connector.Trace, "no member of the group has it") {
				return fmt.Sprintf("%s: %+v", name, s)
			}
		}
		return ""
	})
	t.Log("Sluice is alone, and says what is missing")

	java = kafkatest.JavaConnect(t, javaProps) // Sluice leads
	apart := func() string {
		statuses, err := kafkatest.Statuses(t.Context(), sluice.URL)
		if err != nil {
			return err.Error()
		}
		for name, s := range statuses {
			for _, i := range append([]kafkatest.Instance{s.Connector}, s.Tasks...) {
				if i.State != "RUNNING" || len(s.Tasks) != 1 || strings.HasPrefix(name, "beats") && i.WorkerID != java.WorkerID() {
					return fmt.Sprintf("%s is %s on %s with %d tasks: %s", name, i.State, i.WorkerID, len(s.Tasks), i.Trace)
				}
			}
		}
		return kafkatest.Running(t.Context(), java.URL, len(statuses), java.WorkerID(), sluice.WorkerID())
	}
	kafkatest.Until(t, apart)
	t.Log("Sluice leads, and Java runs what only Java can")

	put(sluice.URL, "beats-1", heartbeat("2"))
	put(java.URL, "beats-2", heartbeat("1"))
	put(sluice.URL, "beats-3", heartbeat("1"))
	kafkatest.Until(t, apart)
	if _, err := kafkatest.Call(t.Context(), http.MethodPut, sluice.URL+"/connectors/beats-1/config", heartbeat("soon")); err == nil || !strings.Contains(err.Error(), "400 Bad Request") || !strings.Contains(err.Error(), "emit.heartbeats.interval.seconds") {
		t.Errorf("a configuration that Java refuses: %v", err)
	}
	validation := heartbeat("soon")
	validation["name"] = "x"
	if text := kafkatest.Do(t, http.MethodPut, sluice.URL+"/connector-plugins/MirrorHeartbeatConnector/config/validate", validation); !strings.Contains(string(text), `"error_count":1`) {
		t.Errorf("the validation answers %s", text)
	}
	kafkatest.Until(t, apart)
}
