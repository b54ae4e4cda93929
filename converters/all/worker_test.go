package all_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/converters/internal/registrytest"
	"sluice/internal/app"
)

// records is how many records each source makes.
const records = 50

// TestRecordsThroughTheWorker sends the same records with each converter of the
// registry from a source to a sink of a whole worker: what the sink gets is what
// it gets with JSON, and what is in the topic names a schema of the registry.
func TestRecordsThroughTheWorker(t *testing.T) {
	t.Parallel()
	registry := registrytest.New(t, nil)
	converters := map[string]map[string]string{
		"json":     {"value.converter": "org.apache.kafka.connect.json.JsonConverter"},
		"avro":     {"value.converter": "io.confluent.connect.avro.AvroConverter", "value.converter.schema.registry.url": registry.URL()},
		"protobuf": {"value.converter": "io.confluent.connect.protobuf.ProtobufConverter", "value.converter.schema.registry.url": registry.URL()},
		"schema":   {"value.converter": "io.confluent.connect.json.JsonSchemaConverter", "value.converter.schema.registry.url": registry.URL()},
	}
	dir := t.TempDir()
	for name, converter := range converters {
		connector(t, dir, "source-"+name, converter, map[string]string{
			"connector.class": "DatagenConnector", "kafka.topic": name, "quickstart": "users", "random.seed": "7",
			"iterations": strconv.Itoa(records), "max.interval": "0",
		})
		connector(t, dir, "sink-"+name, converter, map[string]string{
			"connector.class": "FileStreamSink", "topics": name, "file": filepath.Join(dir, name+".out"), "consumer.override.fetch.max.wait.ms": "50",
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	screen := &screen{}
	ended := make(chan error, 1)
	go func() {
		ended <- app.New().Dev(ctx, app.DevOptions{Data: t.TempDir(), Example: dir, LogFormat: "text", Out: screen, Logs: io.Discard})
	}()
	got := make(map[string][]string)
	for name := range converters {
		got[name] = lines(ctx, t, filepath.Join(dir, name+".out"))
	}
	for name := range converters {
		if diff := cmp.Diff(got["json"], got[name]); diff != "" {
			t.Errorf("json (-) and %s (+) differ:\n%s", name, diff)
		}
	}
	brokers := regexp.MustCompile(`127\.0\.0\.1:\d+ \(embedded`).FindString(screen.String())
	for name, kind := range map[string]string{"avro": "AVRO", "protobuf": "PROTOBUF", "schema": "JSON"} {
		value := first(ctx, t, strings.TrimSuffix(brokers, " (embedded"), name)
		if len(value) < 5 || value[0] != 0 {
			t.Errorf("%s: %q does not begin with the id of a schema", name, value)
			continue
		}
		s, ok := registry.GetSchema(name+"-value", 1)
		if !ok || int(binary.BigEndian.Uint32(value[1:])) != s.ID || s.Type.String() != kind {
			t.Errorf("%s: %q, the registry has %+v", name, value[:5], s)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func connector(t *testing.T, dir, name string, all ...map[string]string) {
	t.Helper()
	cfg := map[string]string{}
	for _, m := range all {
		maps.Copy(cfg, m)
	}
	text, err := json.Marshal(map[string]any{"name": name, "config": cfg})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lines waits until the file has all lines.
func lines(ctx context.Context, t *testing.T, path string) []string {
	t.Helper()
	for {
		text, err := os.ReadFile(path)
		if n := bytes.Count(text, []byte("\n")); n >= records {
			return strings.Split(string(text), "\n")
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s has not all lines: %s %v", path, text, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func first(ctx context.Context, t *testing.T, broker, topic string) []byte {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	all := client.PollFetches(ctx).Records()
	if len(all) == 0 {
		t.Fatalf("the topic %s is empty", topic)
	}
	return all[0].Value
}

// screen keeps what is written to it.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
