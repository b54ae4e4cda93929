//go:build integration

package integration

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// alone is a worker in standalone mode that is started again and again with the
// same properties and connectors.
type alone struct {
	t     *testing.T
	props map[string]string
	files []string
	lines map[string]*kafkatest.Lines // by the name of the connector
}

// newAlone prepares a worker with exactly-once delivery, and a connector for each
// kind of boundary and place of offsets.
func newAlone(t *testing.T) *alone {
	name, dir := strings.ToLower(kafkatest.Name(t)), t.TempDir()
	a := &alone{t: t, lines: map[string]*kafkatest.Lines{}, props: map[string]string{
		"bootstrap.servers": kafkatest.Broker(t), "worker.name": name, "exactly.once.source.support": "enabled",
		"offset.storage.topic": name + "-offsets", "offset.storage.replication.factor": "1",
		"offset.storage.file.filename": filepath.Join(dir, "offsets"), "offset.flush.interval.ms": "500",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}}
	for kind, more := range map[string]map[string]string{
		"poll":     {},
		"interval": {"transaction.boundary": "interval", "transaction.boundary.interval.ms": "300"},
		"own":      {"offsets.storage.topic": name + "-own-offsets"},
	} {
		connector := name + "-" + kind
		lines := kafkatest.WriteLines(t, filepath.Join(dir, connector))
		cfg := map[string]string{"name": connector}
		maps.Copy(cfg, linesConfig(connector, lines, more))
		file := filepath.Join(dir, connector+".properties")
		if err := os.WriteFile(file, kafkatest.Properties(cfg), 0o600); err != nil {
			t.Fatal(err)
		}
		a.files, a.lines[connector] = append(a.files, file), lines
	}
	return a
}

func (a *alone) start() *kafkatest.Worker { return kafkatest.Standalone(a.t, a.props, a.files...) }

// runs waits until every connector runs on the worker and commits.
func (a *alone) runs(w *kafkatest.Worker) {
	a.t.Helper()
	kafkatest.Until(a.t, func() string { return kafkatest.Running(a.t.Context(), w.URL, len(a.files), w.WorkerID()) })
	for name := range a.lines {
		before := position(a.t, w.URL, name)
		kafkatest.Until(a.t, func() string {
			if position(a.t, w.URL, name) <= before {
				return name + " commits nothing"
			}
			return ""
		})
	}
}

func (a *alone) allOnce(w *kafkatest.Worker) {
	a.t.Helper()
	for name, lines := range a.lines {
		allOnce(a.t, w.URL, name, lines)
	}
}

// TestStandaloneExactlyOnceSurvivesKills kills a worker in standalone mode again
// and again: a reader of committed records sees each line once, in order. A run
// without exactly-once delivery before that leaves offsets in the file, from which
// the topic goes on; one after it goes on from the copies there, and then the topic
// from what that one has left.
func TestStandaloneExactlyOnceSurvivesKills(t *testing.T) {
	a := newAlone(t)
	a.props["exactly.once.source.support"] = "disabled"
	worker := a.start()
	a.runs(worker)
	worker.Stop(t) // in order: nothing is repeated after it
	a.props["exactly.once.source.support"] = "enabled"
	worker = a.start()
	for i := range 4 {
		a.runs(worker)
		time.Sleep(time.Duration(70+110*i) * time.Millisecond) // the instants are the input of this test
		worker.Kill()
		worker = a.start()
	}
	a.runs(worker)
	worker.Stop(t)
	a.props["exactly.once.source.support"] = "disabled"
	worker = a.start()
	a.runs(worker)
	worker.Stop(t)
	a.props["exactly.once.source.support"] = "enabled"
	worker = a.start()
	a.runs(worker)
	a.allOnce(worker)
	worker.Stop(t)
}

// TestStandaloneExactlyOnceFencesZombies starts a worker while another one of its
// name is frozen, and lets that one go on: what it still writes counts for nothing.
func TestStandaloneExactlyOnceFencesZombies(t *testing.T) {
	a := newAlone(t)
	zombie := a.start()
	a.runs(zombie)
	zombie.Freeze(t)
	worker := a.start()
	a.runs(worker)
	zombie.Thaw(t)
	kafkatest.Until(t, func() string {
		statuses, err := kafkatest.Statuses(t.Context(), zombie.URL)
		if err != nil {
			return err.Error()
		}
		for name, s := range statuses {
			if len(s.Tasks) != 1 || s.Tasks[0].State != "FAILED" {
				return name + " is not fenced on the worker that was frozen"
			}
		}
		return ""
	})
	a.allOnce(worker)
	worker.Stop(t)
}
