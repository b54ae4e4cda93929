//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// letter is a record of a dead letter queue as testdata/deadletters.json holds
// it; nil is null.
type letter struct {
	Key, Value *string
	Timestamp  int64 // milliseconds after that of the first bad record
	Headers    []letterHeader
}

type letterHeader struct {
	Key   string
	Value *string
}

// badRecords are the input of both workers. Key and value are JSON in the eyes
// of the connector, and a transformation casts the value to a number.
func badRecords(topic string, base time.Time) []*kgo.Record {
	record := func(n int64, key, value string, headers ...kgo.RecordHeader) *kgo.Record {
		r := &kgo.Record{Topic: topic, Timestamp: base.Add(time.Duration(n) * time.Millisecond), Headers: headers}
		if key != "" {
			r.Key = []byte(key)
		}
		if value != "" {
			r.Value = []byte(value)
		}
		return r
	}
	return []*kgo.Record{
		record(0, `1`, `"12"`),
		record(1, `2`, `"no number"`, kgo.RecordHeader{Key: "h", Value: []byte("kept")}, kgo.RecordHeader{Key: "nil"}),
		record(2, `3`, "\x00\x00\x00\x00\x2a\x06foo"),
		record(3, "broken", `"14"`),
		record(4, "", `{"a":`),
		record(5, `5`, `{"a":1}`),
		record(6, `6`, `"13"`),
	}
}

const badCount = 5

// deadLetterSink is the connector of both workers.
func deadLetterSink(topic, queue, file string) map[string]string {
	const jsonConverter = "org.apache.kafka.connect.json.JsonConverter"
	return map[string]string{
		"name": "dlq-sink", "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1",
		"topics": topic, "file": file,
		"key.converter": jsonConverter, "key.converter.schemas.enable": "false",
		"value.converter": jsonConverter, "value.converter.schemas.enable": "false",
		"transforms": "number", "transforms.number.type": "org.apache.kafka.connect.transforms.Cast$Value", "transforms.number.spec": "int32",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue,
		"errors.deadletterqueue.topic.replication.factor": "1", "errors.deadletterqueue.context.headers.enable": "true",
	}
}

// TestDeadLettersAreThoseOfJava lets a sink drop bad records and compares its
// dead letter queue with that of the Java worker 4.3.1 for the same input. The
// letters of Java are recorded in testdata/deadletters.json; with
// SLUICE_RECORD=true this test runs the Java worker and writes them anew.
func TestDeadLettersAreThoseOfJava(t *testing.T) {
	const recorded = "testdata/deadletters.json"
	if os.Getenv("SLUICE_RECORD") == "true" {
		recordLetters(t, recorded)
	}
	topic := kafkatest.Name(t)
	base := time.Now().Truncate(time.Millisecond) // older records would fall to the retention
	client := produceBad(t, topic, base)
	want := recordedLetters(t, recorded)
	dir := t.TempDir()
	out, port := filepath.Join(dir, "out.txt"), freePort(t)
	write(t, filepath.Join(dir, "worker.properties"), fmt.Sprintf(`bootstrap.servers=%s
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=%s
listeners=http://127.0.0.1:%d
`, kafkatest.Broker(t), filepath.Join(dir, "offsets"), port))
	sink, err := json.Marshal(map[string]any{"name": "dlq-sink", "config": deadLetterSink(topic, topic+"-dlq", out)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sink.json"), string(sink))
	cmd := startWith(t, dir, filepath.Join(dir, "sink.json"))
	got := readLetters(t, client, topic+"-dlq", topic, base)
	if diff := cmp.Diff(sameInBoth(want), sameInBoth(got)); diff != "" {
		t.Errorf("dead letters (-Java +Sluice):\n%s", diff)
	}
	for _, l := range got {
		trace := l.header("__connect.errors.exception.stacktrace")
		first := l.header("__connect.errors.exception.class.name") + ": " + l.header("__connect.errors.exception.message") + "\n"
		if !strings.HasPrefix(trace, first+"Record TOPIC-0@") {
			t.Errorf("the trace does not begin with %q and a line for people: %q", first, trace)
		}
	}
	until(t, "the good records in the file", func() bool {
		b, err := os.ReadFile(out)
		return err == nil && string(b) == "12\n13\n"
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the worker ended with %v after TERM", err)
	}
}

// recordLetters lets the Java worker do the same and writes what it queued.
func recordLetters(t *testing.T, path string) {
	t.Helper()
	topic := kafkatest.Name(t)
	base := time.Now().Truncate(time.Millisecond)
	client := produceBad(t, topic, base)
	conn := filepath.Join(t.TempDir(), "sink.properties")
	write(t, conn, string(kafkatest.Properties(deadLetterSink(topic, topic+"-dlq", filepath.Join(t.TempDir(), "out.txt")))))
	java := kafkatest.JavaConnect(t, nil, conn)
	java.Wait(t, "/connectors/dlq-sink")
	text, err := json.MarshalIndent(readLetters(t, client, topic+"-dlq", topic, base), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text)+"\n")
	java.Stop(t)
}

// produceBad makes the topic and fills it.
func produceBad(t *testing.T, topic string, base time.Time) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), badRecords(topic, base)...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return client
}

// readLetters reads the queue. The name of the topic, which differs from run to
// run, comes as TOPIC.
func readLetters(t *testing.T, client *kgo.Client, queue, topic string, base time.Time) []letter {
	t.Helper()
	until(t, "the dead letter queue", func() bool {
		found, err := kadm.NewClient(client).ListTopics(t.Context(), queue)
		return err == nil && found[queue].Err == nil
	})
	reader, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t)), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{queue: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	var letters []letter
	for len(letters) < badCount {
		f := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("only %d dead letters", len(letters))
		}
		f.EachRecord(func(r *kgo.Record) {
			l := letter{Key: nullable(r.Key, topic), Value: nullable(r.Value, topic), Timestamp: r.Timestamp.Sub(base).Milliseconds()}
			for _, h := range r.Headers {
				l.Headers = append(l.Headers, letterHeader{h.Key, nullable(h.Value, topic)})
			}
			letters = append(letters, l)
		})
	}
	return letters
}

func nullable(b []byte, topic string) *string {
	if b == nil {
		return nil
	}
	return new(strings.ReplaceAll(string(b), topic, "TOPIC"))
}

func (l letter) header(key string) string {
	i := slices.IndexFunc(l.Headers, func(h letterHeader) bool { return h.Key == key })
	if i < 0 || l.Headers[i].Value == nil {
		return ""
	}
	return *l.Headers[i].Value
}

// sameInBoth takes out what cannot be the same: the lines of stack traces, and
// the words of Jackson about a place in the input.
func sameInBoth(letters []letter) []letter {
	place := regexp.MustCompile(`(?s)(com\.fasterxml\.jackson\.[A-Za-z.]+):.*`)
	var out []letter
	for _, l := range letters {
		l.Headers = slices.Clone(l.Headers)
		for i, h := range l.Headers {
			switch h.Key {
			case "__connect.errors.exception.stacktrace":
				first, _, _ := strings.Cut(*h.Value, "\n")
				l.Headers[i].Value = new(place.ReplaceAllString(first, "$1"))
			case "__connect.errors.exception.message":
				l.Headers[i].Value = new(place.ReplaceAllString(*h.Value, "$1"))
			}
		}
		out = append(out, l)
	}
	return out
}

func recordedLetters(t *testing.T, path string) []letter {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var letters []letter
	if err := json.Unmarshal(text, &letters); err != nil {
		t.Fatal(err)
	}
	return letters
}
