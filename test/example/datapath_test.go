package example

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"sluice/internal/app"
	"sluice/internal/kafka/embedded"
	kafkatest "sluice/test/kafka"
)

const dataPath = "../../docs/data-path.md"

// logs are the lines that the worker writes.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// guide is the running worker of the page, with its places moved to where a test
// may write.
type guide struct {
	places *strings.Replacer
	text   string
	dir    string
	url    string
	client *kgo.Client
	log    logs
}

func startGuide(t *testing.T) *guide {
	t.Helper()
	text, err := os.ReadFile(dataPath)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	broker, err := embedded.Start(t.Context(), embedded.Config{Dir: filepath.Join(dir, "broker")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	g := &guide{dir: dir, text: string(text), places: strings.NewReplacer("localhost:9092", broker.Addr(), "localhost:8083", "127.0.0.1:0",
		"http://localhost:8081", registry(t), "/tmp/", dir+"/", "/etc/sluice", dir)}
	if g.client, err = kgo.NewClient(kgo.SeedBrokers(broker.Addr())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.client.Close)
	g.write(t, "worker.properties", g.blocks(t, "properties", 1)[0])
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.New().Standalone(ctx, filepath.Join(dir, "worker.properties"), nil, &g.log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the worker ends with %v", err)
		}
		if t.Failed() {
			t.Logf("it said:\n%s", &g.log)
		}
	})
	address := regexp.MustCompile(`worker is ready url=(http://[^ ]+?)/ `)
	kafkatest.Until(t, func() string {
		m := address.FindStringSubmatch(g.log.String())
		if m == nil {
			return "the worker is not ready:\n" + g.log.String()
		}
		g.url = m[1]
		return ""
	})
	return g
}

// registry is a Schema Registry that wants a token.
func registry(t *testing.T) string {
	t.Helper()
	fake := srfake.NewRegistry()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer geheim" {
			http.Error(w, `{"error_code":401,"message":"Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// blocks returns the n blocks of the page in a language, with the places of the test.
func (g *guide) blocks(t *testing.T, language string, n int) []string {
	t.Helper()
	found := blocks(t, dataPath, language)
	if len(found) != n {
		t.Fatalf("%s has %d blocks of %s, want %d", dataPath, len(found), language, n)
	}
	for i := range found {
		found[i] = g.places.Replace(found[i])
	}
	return found
}

func (g *guide) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// create creates a connector from its JSON.
func (g *guide) create(t *testing.T, body string) {
	t.Helper()
	if !json.Valid([]byte(body)) {
		t.Fatalf("the page has bad JSON: %s", body)
	}
	kafkatest.Do(t, http.MethodPost, g.url+"/connectors", json.RawMessage(body))
}

// values reads the first n values of a topic.
func (g *guide) values(t *testing.T, topic string, n int) (values []string) {
	t.Helper()
	g.client.AddConsumeTopics(topic)
	defer g.client.PurgeTopicsFromConsuming(topic)
	for len(values) < n {
		f := g.client.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

// TestDataPath moves records through all connectors of the page.
func TestDataPath(t *testing.T) {
	t.Parallel()
	g := startGuide(t)
	g.write(t, "readings.txt", "20\nwarm\n21\n")
	g.write(t, "cities.txt", "Bonn\n")
	g.write(t, "registry.properties", "token=geheim\n")
	examples := g.blocks(t, "json", 3)
	source, sink, avro := examples[0], examples[1], examples[2]
	g.create(t, source)
	g.create(t, avro)
	for topic, want := range map[string]string{
		"readings":      `{"celsius":20,"room":"hall"} {"celsius":21,"room":"hall"}`,
		"dead-readings": `"warm"`,
		"cities":        "\x00\x00\x00\x00\x01\x08Bonn",
	} {
		n := strings.Count(want, " ") + 1
		if got := strings.Join(g.values(t, topic, n), " "); got != want {
			t.Errorf("%s holds %q, want %q", topic, got, want)
		}
	}
	if made := "topic created topic=readings group=short partitions=1"; !strings.Contains(g.log.String(), made) {
		t.Errorf("the log has no %q", made)
	}
	g.create(t, sink)
	for _, value := range [][]byte{[]byte("no JSON"), nil, []byte(`{"celsius":22}`)} {
		if err := g.client.ProduceSync(t.Context(), &kgo.Record{Topic: "readings", Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	report := regexp.MustCompile(`^(\{(celsius=2\d|room=hall|day=\d{4}-\d\d-\d\d)(, (celsius=2\d|room=hall|day=\d{4}-\d\d-\d\d))+\}\n){3}$`)
	kafkatest.Until(t, func() string {
		text, err := os.ReadFile(filepath.Join(g.dir, "report.txt"))
		if !report.Match(text) {
			return fmt.Sprintf("the report is %q (%v)", text, err)
		}
		return ""
	})
	if got := g.values(t, "dead-report", 1)[0]; got != "no JSON" {
		t.Errorf("dead-report holds %q", got)
	}
	g.trace(t)
	g.metrics(t)
}

// trace fails a connector as the page shows it.
func (g *guide) trace(t *testing.T) {
	t.Helper()
	g.create(t, `{"name":"wrong","config":{"connector.class":"FileStreamSink","topics":"readings","file":"`+g.dir+`/wrong.txt",
		"value.converter":"org.apache.kafka.connect.converters.LongConverter"}}`)
	want := g.blocks(t, "text", 1)[0]
	kafkatest.Until(t, func() string {
		statuses, err := kafkatest.Statuses(t.Context(), g.url)
		if err != nil || len(statuses["wrong"].Tasks) == 0 || !strings.HasPrefix(statuses["wrong"].Tasks[0].Trace, want) {
			return fmt.Sprintf("%+v, %v: want a trace that begins with\n%s", statuses["wrong"], err, want)
		}
		return ""
	})
}

// metrics looks for the metrics that the page names, with their labels.
func (g *guide) metrics(t *testing.T) {
	t.Helper()
	scrape := string(kafkatest.Do(t, http.MethodGet, g.url+"/metrics", nil))
	names := regexp.MustCompile(`\b((?:kafka_connect|sluice)_[a-z_]+)(?:\{([a-z]+)=[^}]*\})?`).FindAllStringSubmatch(g.text, -1)
	if len(names) < 10 {
		t.Fatalf("the page names the metrics %q", names)
	}
	for _, m := range names {
		if !strings.Contains(scrape, "# TYPE "+m[1]+" ") {
			t.Errorf("the page names %s, which a scrape does not show", m[1])
		}
		if label := m[2]; label != "" && !regexp.MustCompile(m[1]+`\{[^}]*`+label+`="`).MatchString(scrape) {
			t.Errorf("the page has %s with the label %s, which it does not have", m[1], label)
		}
	}
}
