//go:build integration

package hdfs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/connectors/hdfs/dfs"
	kafkatest "sluice/test/kafka"
)

// topic makes a topic with n texts in each partition, "0" and so on over all.
func topic(t *testing.T, partitions, n int, value func(i int) []byte) string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	name := strings.ToLower(kafkatest.Name(t))
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), int32(partitions), 1, nil, name); err != nil {
		t.Fatal(err)
	}
	produce(t, client, name, 0, n, partitions, value)
	return name
}

// more writes the numbers from one to another to the first partition of a topic.
func more(t *testing.T, topic string, from, to int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	produce(t, client, topic, from, to, 1, func(i int) []byte { return strconv.AppendInt(nil, int64(i), 10) })
}

func produce(t *testing.T, client *kgo.Client, topic string, from, to, partitions int, value func(i int) []byte) {
	t.Helper()
	for i := from; i < to; i++ {
		client.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(i % partitions), Value: value(i)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// committed are the names of the files below a folder, without temporary ones.
func committed(t *testing.T, files dfs.FileSystem, dir string) []string {
	t.Helper()
	infos, err := files.List(dir)
	if err != nil {
		return nil // not yet
	}
	var names []string
	for _, i := range infos {
		name := path.Join(dir, i.Name)
		switch {
		case i.Dir && i.Name != "+tmp":
			names = append(names, committed(t, files, name)...)
		case !i.Dir:
			names = append(names, name)
		}
	}
	return names
}

// lines are those of all files below a folder.
func lines(t *testing.T, files dfs.FileSystem, dir string) []string {
	t.Helper()
	var out []string
	for _, name := range committed(t, files, dir) {
		out = append(out, strings.Split(strings.TrimSuffix(read(t, files, name), "\n"), "\n")...)
	}
	return out
}

// count is the number of records in the files below a folder, by their names.
func count(t *testing.T, files dfs.FileSystem, dir string) int {
	t.Helper()
	sum := 0
	for _, name := range committed(t, files, dir) {
		parts := strings.Split(path.Base(name), "+")
		first, err := strconv.Atoi(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		last, err := strconv.Atoi(strings.Split(parts[3], ".")[0])
		if err != nil {
			t.Fatal(err)
		}
		sum += last - first + 1
	}
	return sum
}

// TestPageExample runs the connector of the REST reference as the guide has it; the
// address is that of a cluster that there is, and topic and folders are the test's.
func TestPageExample(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	name := topic(t, 3, 1000, func(i int) []byte { return fmt.Appendf(nil, "%d", i) })
	worker := kafkatest.Sluice(t, map[string]string{"offset.flush.interval.ms": "1000"})
	cfg := examples(t)[0].Config
	maps.Copy(cfg, config.Map{"topics": name, "hdfs.url": url, "topics.dir": dir + "/topics", "logs.dir": dir + "/logs"})
	kafkatest.Do(t, "POST", worker+"/connectors", map[string]any{"name": "hdfs-sink-connector", "config": cfg})
	kafkatest.Until(t, func() string {
		if n := count(t, files, dir+"/topics"); n != 1000 {
			return fmt.Sprintf("%d of 1000 records are in files", n)
		}
		return ""
	})
	names := committed(t, files, dir+"/topics")
	want := fmt.Sprintf("%s/topics/%s/partition=0/%s+0+0000000000+0000000099.avro", dir, name, name)
	if !slices.Contains(names, want) {
		t.Errorf("there is no %s in %q", want, names)
	}
	for _, n := range names {
		if text := read(t, files, n); !strings.HasPrefix(text, "Obj\x01") || !strings.Contains(text, `"string"`) {
			t.Errorf("%s is no Avro file of strings", n)
		}
	}
	// The offsets of the consumer group follow the files.
	kafkatest.Until(t, func() string {
		var answer struct {
			Offsets []struct {
				Offset struct {
					At int `json:"kafka_offset"`
				}
			}
		}
		if err := json.Unmarshal(kafkatest.Do(t, "GET", worker+"/connectors/hdfs-sink-connector/offsets", nil), &answer); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, o := range answer.Offsets {
			sum += o.Offset.At
		}
		if sum != 1000 {
			return fmt.Sprintf("offsets sum up to %d: %+v", sum, answer)
		}
		return ""
	})
}

// TestGuide runs the second example of the guide: hours of a day in Parquet, and a
// record that no file takes.
func TestGuide(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	at := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC) // the hour after it is 03 in Berlin
	name := topic(t, 1, 0, nil)
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	send := func(value string, at time.Time) {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: name, Value: []byte(value), Timestamp: at}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	const order = `{"schema":{"type":"struct","fields":[{"field":"id","type":"int64"}]},"payload":{"id":1}}`
	send(order, at)
	send(`{"schema":{"type":"string"},"payload":"no struct"}`, at)
	send(order, at.Add(time.Hour))
	send(order, at.Add(2*time.Hour)) // which ends the files before it
	worker := kafkatest.Sluice(t, map[string]string{"offset.flush.interval.ms": "1000"})
	e := examples(t)[1]
	maps.Copy(e.Config, config.Map{
		"topics": name, "store.url": url, "topics.dir": dir + "/topics", "logs.dir": dir + "/logs",
		"errors.deadletterqueue.topic.name": name + "-dead",
	})
	kafkatest.Do(t, "POST", worker+"/connectors", e)
	want := []string{
		dir + "/topics/" + name + "/day=2026-03-29/hour=01/" + name + "+0+0000000000+0000000000.parquet",
		dir + "/topics/" + name + "/day=2026-03-29/hour=03/" + name + "+0+0000000002+0000000002.parquet",
	}
	kafkatest.Until(t, func() string {
		if got := committed(t, files, dir+"/topics"); !slices.Equal(got, want) {
			return fmt.Sprintf("the files are %q, want %q", got, want)
		}
		return ""
	})
	client.AddConsumeTopics(name + "-dead")
	f := client.PollFetches(t.Context())
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	if letters := f.Records(); len(letters) != 1 || !strings.Contains(string(letters[0].Value), "no struct") {
		t.Errorf("%d dead letters", len(letters))
	}
}

// TestKinds runs each format with each partitioner and each rotation.
func TestKinds(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	const records = 60
	name := topic(t, 2, records, func(i int) []byte {
		return fmt.Appendf(nil, `{"schema":{"type":"struct","fields":[{"field":"n","type":"int32"},{"field":"kind","type":"string"},{"field":"at","type":"int64"}]},"payload":{"n":%d,"kind":"k%d","at":%d}}`,
			i, i%3, 1_750_000_000_000+i*60_000)
	})
	worker := kafkatest.Sluice(t, nil)
	times := map[string]string{"locale": "en", "timezone": "UTC", "timestamp.extractor": "RecordField", "timestamp.field": "at"}
	partitioners := map[string]map[string]string{
		"DefaultPartitioner":   {},
		"FieldPartitioner":     {"partition.field.name": "kind"},
		"DailyPartitioner":     times,
		"HourlyPartitioner":    times,
		"TimeBasedPartitioner": {"path.format": "'y'=YYYY/'m'=MM/'d'=dd/'h'=HH", "partition.duration.ms": "1800000"},
	}
	maps.Copy(partitioners["TimeBasedPartitioner"], times)
	rotations := map[string]map[string]string{
		"size":     {"flush.size": "7"},
		"interval": {"flush.size": "1000", "rotate.interval.ms": "1500"},
		"schedule": {"flush.size": "1000", "rotate.schedule.interval.ms": "2000", "timezone": "UTC"},
	}
	type kind struct {
		dir string
		// whole says that every record gets into a file, and not only up to the last rotation.
		whole bool
		magic string
	}
	kinds := map[string]kind{}
	for format, magic := range map[string]string{"avro.AvroFormat": "Obj\x01", "parquet.ParquetFormat": "PAR1", "json.JsonFormat": "{", "string.StringFormat": ""} {
		for partitioner, more := range partitioners {
			for rotation, rotate := range rotations {
				id := strings.ToLower(strings.Join([]string{strings.Split(format, ".")[0], strings.TrimSuffix(partitioner, "Partitioner"), rotation}, "-"))
				cfg := map[string]string{
					"connector.class": "HdfsSink", "topics": name, "store.url": url, "topics.dir": path.Join(dir, id), "logs.dir": path.Join(dir, "logs-"+id),
					"format.class": "io.confluent.connect.hdfs." + format, "partitioner.class": "io.confluent.connect.storage.partitioner." + partitioner,
					"value.converter": "org.apache.kafka.connect.json.JsonConverter",
				}
				if format == "string.StringFormat" {
					if partitioner != "DefaultPartitioner" {
						continue // a text has no fields
					}
					cfg["value.converter"] = "org.apache.kafka.connect.storage.StringConverter"
				}
				maps.Copy(cfg, more)
				maps.Copy(cfg, rotate)
				// With record time the last span stays open.
				kinds[id] = kind{dir: cfg["topics.dir"], magic: magic, whole: rotation == "schedule" || rotation == "interval" && cfg["timestamp.extractor"] == ""}
				kafkatest.Do(t, "PUT", worker+"/connectors/"+id+"/config", cfg)
			}
		}
	}
	for id, k := range kinds {
		kafkatest.Until(t, func() string {
			n := count(t, files, k.dir)
			if strings.Contains(id, "field") || strings.Contains(id, "time") || strings.Contains(id, "hourly") {
				n = 0 // directories share spans of offsets: count the files
				if names := committed(t, files, k.dir); len(names) >= 3 {
					n = records
				}
			}
			if least := records - 14; n < least || k.whole && n < records {
				return fmt.Sprintf("%s has %d records in files", id, n)
			}
			return ""
		})
		names := committed(t, files, k.dir)
		if text := read(t, files, names[0]); !strings.HasPrefix(text, k.magic) {
			t.Errorf("%s begins with %q", names[0], text[:min(len(text), 10)])
		}
		if strings.Contains(id, "-field-") && !strings.Contains(names[0], "/kind=k0/") || strings.Contains(id, "-hourly-") && !strings.Contains(names[0], "/year=2025/month=06/day=15/hour=15/") {
			t.Errorf("%s is in %s", id, names[0])
		}
	}
	statuses, err := kafkatest.Statuses(t.Context(), worker)
	if err != nil {
		t.Fatal(err)
	}
	for id, s := range statuses {
		for _, task := range s.Tasks {
			if task.State != "RUNNING" {
				t.Errorf("%s is %s: %s", id, task.State, task.Trace)
			}
		}
	}
	if got := lines(t, files, path.Join(dir, "json-default-schedule")); len(got) != records || !slices.Contains(got, `{"n":7,"kind":"k1","at":1750000420000}`) {
		t.Errorf("the JSON files hold %q", got)
	}
}

// TestWrongAddress: the task fails and says where it looked.
func TestWrongAddress(t *testing.T) {
	t.Parallel()
	o, err := dfs.Resolve(fmt.Sprintf("hdfs://127.0.0.1:%d", kafkatest.FreePort(t)), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dfs.Dial(o); err == nil || !strings.Contains(err.Error(), "store.url") || !strings.Contains(err.Error(), o.Addresses[0]) {
		t.Errorf("no name node: %v", err)
	}
}
