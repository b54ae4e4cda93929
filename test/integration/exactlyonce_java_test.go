//go:build integration

package integration

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// beside is a group of a Java worker and one of ours, with two connectors that copy
// growing files.
type beside struct {
	t     *testing.T
	group string
	java  *kafkatest.Java
	ours  *kafkatest.Worker
	lines map[string]*kafkatest.Lines
}

// configure gives the connectors a configuration, which makes new tasks.
func (b *beside) configure(support, batch string) {
	b.t.Helper()
	for name, lines := range b.lines {
		// A batch takes more than a read can bring: what it leaves over waits, in
		// Java, for the next line of the file.
		cfg := linesConfig(name, lines, map[string]string{"batch.size": batch, "exactly.once.support": support})
		kafkatest.Do(b.t, http.MethodPut, b.ours.URL+"/connectors/"+name+"/config", cfg)
	}
}

// runs waits until each of the workers runs something, and both connectors commit.
func (b *beside) runs(workers ...string) {
	b.t.Helper()
	before := map[string]int64{}
	for name := range b.lines {
		before[name] = position(b.t, b.ours.URL, name)
	}
	kafkatest.Until(b.t, func() string {
		if text := kafkatest.Running(b.t.Context(), b.ours.URL, len(b.lines), workers...); text != "" {
			return text
		}
		for name := range b.lines {
			if position(b.t, b.ours.URL, name) <= before[name] {
				return name + " commits nothing"
			}
		}
		return ""
	})
}

func (b *beside) bothRun() {
	b.t.Helper()
	b.runs(b.java.WorkerID(), b.ours.WorkerID())
}

// restart restarts one of the workers with other support; the other one leads then.
func (b *beside) restart(java bool, support string) {
	b.t.Helper()
	props := exactlyOnceProps(b.t, b.group, support)
	if java {
		b.java.Stop(b.t)
		b.runs(b.ours.WorkerID())
		b.java = kafkatest.JavaConnect(b.t, props)
	} else {
		b.ours.Stop(b.t)
		b.ours = kafkatest.Distributed(b.t, props)
	}
	b.bothRun()
}

// fenced has the leader fence the producers of former tasks: it stops each connector,
// sets its offsets to what they are, and lets it go on. The task count records of
// all connectors must be new.
func (b *beside) fenced() {
	b.t.Helper()
	before := b.taskCounts()
	for name, lines := range b.lines {
		url := b.ours.URL + "/connectors/" + name
		kafkatest.Do(b.t, http.MethodPut, url+"/stop", nil)
		kafkatest.Until(b.t, func() string {
			at := position(b.t, b.ours.URL, name)
			_, err := kafkatest.Call(b.t.Context(), http.MethodPatch, url+"/offsets", map[string]any{"offsets": []any{map[string]any{
				"partition": map[string]any{"filename": lines.Path}, "offset": map[string]any{"position": at},
			}}})
			if err != nil {
				return err.Error() // not stopped yet
			}
			return ""
		})
		kafkatest.Do(b.t, http.MethodPut, url+"/resume", nil)
	}
	b.bothRun()
	after := b.taskCounts()
	for name := range b.lines {
		// One of the configuration before may come late.
		if len(after[name]) < len(before[name])+2 || !strings.HasSuffix(after[name], "01") {
			b.t.Errorf("the task count records of %s are %s, before %s: want two more, 0 and 1", name, after[name], before[name])
		}
	}
}

// taskCounts returns the task counts in the config topic of each connector, one
// digit a record.
func (b *beside) taskCounts() map[string]string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	topic := b.group + "-config"
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(b.t)), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		b.t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	counts := map[string]string{}
	for at := int64(0); at < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			b.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at = r.Offset + 1
			if name, found := strings.CutPrefix(string(r.Key), "tasks-fencing-"); found {
				counts[name] += strings.TrimSuffix(strings.TrimPrefix(string(r.Value), `{"task-count":`), "}")
			}
		})
	}
	return counts
}

// TestExactlyOnceBesideJava takes a group of a Java worker and one of ours from
// disabled over preparing to enabled, one worker at a time. Then ours leads, and
// Java: tasks of each ask the other to fence their predecessors, offsets are
// changed, and each line is committed once.
func TestExactlyOnceBesideJava(t *testing.T) {
	b := &beside{t: t, group: strings.ToLower(kafkatest.Name(t)), lines: map[string]*kafkatest.Lines{}}
	b.java = kafkatest.JavaConnect(t, exactlyOnceProps(t, b.group, "disabled"))
	b.ours = kafkatest.Distributed(t, exactlyOnceProps(t, b.group, "disabled"))
	for _, kind := range []string{"-a", "-b"} {
		b.lines[b.group+kind] = kafkatest.WriteLines(t, t.TempDir()+"/in")
	}
	b.configure("requested", "3000")
	b.bothRun()
	for _, support := range []string{"preparing", "enabled"} {
		b.restart(false, support)
		b.restart(true, support)
	}
	kafkatest.SameExactlyOnceValidation(t, b.java.URL, b.ours.URL)
	t.Log("ours leads")
	b.configure("required", "2999")
	b.bothRun()
	b.fenced()
	b.restart(false, "enabled")
	t.Log("Java leads")
	b.configure("required", "2998")
	b.bothRun()
	b.fenced()
	for name, lines := range b.lines {
		allOnce(t, b.ours.URL, name, lines)
	}
	b.ours.Stop(t)
	b.java.Stop(t)
}
