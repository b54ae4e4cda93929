//go:build integration

package hdfs_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connectors/hdfs/dfs"
	kafkatest "sluice/test/kafka"
)

// killPlan is the length of the kill test. KILL_TEST=full is the long form, and
// SEED repeats the instants of a run.
type killPlan struct {
	records int
	during  time.Duration
	kills   int
}

func planKills() killPlan {
	if os.Getenv("KILL_TEST") == "full" {
		return killPlan{500_000, 75 * time.Second, 5}
	}
	return killPlan{60_000, 10 * time.Second, 1}
}

const killPartitions = 3

// TestKills writes numbered records to a topic while the worker that copies them
// to HDFS is killed at random. Each record is in exactly one file, in order, and
// the names of the files say which.
func TestKills(t *testing.T) {
	t.Parallel()
	plan := planKills()
	random := rand.New(rand.NewPCG(kafkatest.Seed(t, uint64(time.Now().UnixNano())), 1))
	url, files, dir := cluster(t)
	name := topic(t, killPartitions, 0, nil)

	sink := filepath.Join(t.TempDir(), "sink.properties")
	if err := os.WriteFile(sink, kafkatest.Properties(map[string]string{
		"name": name, "connector.class": "io.confluent.connect.hdfs.HdfsSinkConnector", "tasks.max": "2", "topics": name,
		"store.url": url, "topics.dir": dir + "/topics", "logs.dir": dir + "/logs",
		"format.class": "io.confluent.connect.hdfs.string.StringFormat", "flush.size": "2000", "rotate.interval.ms": "2000", "retry.backoff.ms": "1000",
	}), 0o600); err != nil {
		t.Fatal(err)
	}
	props := map[string]string{
		"bootstrap.servers":                 kafkatest.Broker(t),
		"key.converter":                     "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":                   "org.apache.kafka.connect.storage.StringConverter",
		"offset.storage.file.filename":      filepath.Join(t.TempDir(), "offsets"),
		"consumer.session.timeout.ms":       "6000",
		"consumer.max.poll.records":         "500",
		"offset.flush.interval.ms":          "1000",
		"task.shutdown.graceful.timeout.ms": "5000",
	}
	instants := make([]time.Duration, plan.kills)
	for i := range instants {
		instants[i] = plan.during/5 + time.Duration(random.Int64N(int64(plan.during*7/10)))
	}
	slices.Sort(instants)

	written := make(chan error, 1)
	go func() { written <- number(t, name, plan) }()
	began := time.Now()
	worker := kafkatest.Standalone(t, props, sink)
	for _, at := range instants {
		time.Sleep(time.Until(began.Add(at))) // the instants are the input of this test
		worker.Kill()
		t.Logf("killed after %v, with %d records in files", time.Since(began).Round(time.Millisecond), count(t, files, dir+"/topics"))
		worker = kafkatest.Standalone(t, props, sink)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	// A lease that a kill left lives for a minute, and the group waits for the dead member.
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		n := count(t, files, dir+"/topics")
		if n >= plan.records {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d records are in files", n, plan.records)
		}
	}
	worker.Stop(t)
	verify(t, files, path.Join(dir, "topics", name), plan)
	t.Logf("%d records, %d kills, %d files, %v", plan.records, plan.kills, len(committed(t, files, dir+"/topics")), time.Since(began).Round(time.Second))
}

// number writes the numbers of the records to the partitions in turn, spread over
// the time of the plan.
func number(t *testing.T, topic string, plan killPlan) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	const steps = 200
	began := time.Now()
	var failed error
	for step := range steps {
		for i := step * plan.records / steps; i < (step+1)*plan.records/steps; i++ {
			client.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(i % killPartitions), Value: strconv.AppendInt(nil, int64(i), 10)}, func(_ *kgo.Record, err error) {
				if err != nil {
					failed = err
				}
			})
		}
		if err := client.Flush(t.Context()); err != nil {
			return err
		}
		time.Sleep(time.Until(began.Add(plan.during * time.Duration(step+1) / steps))) // a rate
	}
	return failed
}

// verify compares the files with what was written, row by row.
func verify(t *testing.T, files dfs.FileSystem, dir string, plan killPlan) {
	t.Helper()
	for p := range killPartitions {
		next := 0 // offset
		for _, name := range committed(t, files, fmt.Sprintf("%s/partition=%d", dir, p)) {
			var first, last int
			parts := strings.Split(path.Base(name), "+")
			if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "%d %d.txt", &first, &last); err != nil {
				t.Fatal(err)
			}
			rows := strings.Split(strings.TrimSuffix(read(t, files, name), "\n"), "\n")
			if first != next || len(rows) != last-first+1 {
				t.Errorf("%s has %d rows, and offset %d is next", name, len(rows), next)
			}
			for i, row := range rows {
				if want := strconv.Itoa((first+i)*killPartitions + p); row != want {
					t.Fatalf("%s has %q in row %d, want %q", name, row, i, want)
				}
			}
			next = last + 1
		}
		if want := (plan.records + killPartitions - 1 - p) / killPartitions; next != want {
			t.Errorf("partition %d has %d records in files, want %d", p, next, want)
		}
	}
}
