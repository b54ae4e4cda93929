//go:build integration

package differential

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// wait bounds every wait of these tests; nothing is measured with it.
const wait = 30 * time.Second

// outcome is what a scenario left behind: records of topics, lines of a file, or
// the first line of the trace of a task that failed.
type outcome struct {
	Records []string
	Lines   []string
	Trace   string
}

// TestTheSameRecords runs every scenario on the Java worker and on ours, with
// the same configuration and input, and compares what they leave behind.
func TestTheSameRecords(t *testing.T) {
	bootstrap := kafkatest.Broker(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r := &runner{t: t, client: client, admin: kadm.NewClient(client), run: kafkatest.Name(t), dir: t.TempDir()}
	props := map[string]string{
		"bootstrap.servers":        bootstrap,
		"key.converter":            "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":          "org.apache.kafka.connect.storage.StringConverter",
		"offset.flush.interval.ms": "1000",
	}
	r.urls = map[string]string{
		java:   kafkatest.JavaConnect(t, props).URL,
		sluice: kafkatest.Sluice(t, props),
	}
	all := scenarios()
	for _, s := range all {
		r.prepare(s)
	}
	got := map[string]map[string]outcome{java: {}, sluice: {}}
	for _, kind := range []string{java, sluice} {
		for _, s := range all {
			r.create(kind, s)
		}
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			r := r.with(t)
			for _, kind := range []string{java, sluice} {
				got[kind][s.name] = r.outcome(kind, s)
			}
			if s.fails != (got[java][s.name].Trace != "") {
				t.Errorf("the Java worker left %+v: the scenario is not what it says", got[java][s.name])
			}
			if diff := gocmp.Diff(got[java][s.name], got[sluice][s.name]); diff != "" {
				t.Errorf("Java (-) and Sluice (+) differ:\n%s", diff)
			}
		})
	}
}

const (
	java   = "java"
	sluice = "sluice"
)

type runner struct {
	t      *testing.T
	client *kgo.Client
	admin  *kadm.Client
	urls   map[string]string
	run    string
	dir    string
}

func (r runner) with(t *testing.T) *runner { r.t = t; return &r }

// name is that of the connector, its topics and files.
func (r *runner) name(kind string, s scenario) string { return r.run + "-" + s.name + "-" + kind }

// input is the topic or the file that both kinds read.
func (r *runner) input(s scenario) string {
	if s.lines != nil {
		return filepath.Join(r.dir, s.name+".in")
	}
	return r.run + "-" + s.name + "-in"
}

// prepare writes what the connectors read.
func (r *runner) prepare(s scenario) {
	r.t.Helper()
	if s.lines != nil {
		if err := os.WriteFile(r.input(s), []byte(strings.Join(s.lines, "\n")+"\n"), 0o600); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	if _, err := r.admin.CreateTopic(r.t.Context(), 1, 1, nil, r.input(s)); err != nil {
		r.t.Fatal(err)
	}
	for i, m := range s.messages {
		m.Topic, m.Timestamp = r.input(s), time.UnixMilli(1_700_000_000_000+int64(i)*1001)
		if err := r.client.ProduceSync(r.t.Context(), &m).FirstErr(); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *runner) create(kind string, s scenario) {
	r.t.Helper()
	name := r.name(kind, s)
	cfg := maps.Clone(s.config)
	cfg["name"], cfg["tasks.max"] = name, "1"
	if s.lines != nil {
		cfg["connector.class"] = "org.apache.kafka.connect.file.FileStreamSourceConnector"
		cfg["file"], cfg["topic"] = r.input(s), name
	} else {
		cfg["connector.class"] = "org.apache.kafka.connect.file.FileStreamSinkConnector"
		cfg["file"], cfg["topics"] = filepath.Join(r.dir, name+".out"), r.input(s)
	}
	for key, value := range cfg {
		cfg[key] = strings.ReplaceAll(value, "${name}", name)
	}
	body, err := json.Marshal(map[string]any{"name": name, "config": cfg})
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.urls[kind]+"/connectors", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated {
		r.t.Errorf("%s: create %s: %s %s %v", kind, name, response.Status, text, err)
	}
}

// outcome waits until the scenario is over on a worker.
func (r *runner) outcome(kind string, s scenario) outcome {
	r.t.Helper()
	var out outcome
	r.until(s.name+" on "+kind, func() string {
		out = outcome{Trace: r.trace(kind, s)}
		if out.Trace == "" && s.lines == nil {
			out.Lines = lines(filepath.Join(r.dir, r.name(kind, s)+".out"))
		}
		if out.Trace == "" && (s.lines != nil || s.dead > 0) {
			out.Records = r.records(kind, s)
		}
		switch {
		case s.fails && out.Trace != "", out.Trace != "":
			return ""
		case s.fails:
			return "it does not fail"
		case s.lines != nil && len(out.Records) < s.want:
			return fmt.Sprintf("%d records, want %d", len(out.Records), s.want)
		case s.lines == nil && len(out.Lines) < s.want:
			return fmt.Sprintf("%d lines, want %d", len(out.Lines), s.want)
		case len(out.Records) < s.dead:
			return fmt.Sprintf("%d dead letters, want %d", len(out.Records), s.dead)
		}
		return ""
	})
	return out
}

func (r *runner) until(what string, missing func() string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), wait)
	defer cancel()
	for {
		why := missing()
		if why == "" {
			return
		}
		select {
		case <-ctx.Done():
			r.t.Errorf("%s: %s", what, why)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// trace returns the first line of the task's trace and that of its cause.
func (r *runner) trace(kind string, s scenario) string {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.urls[kind]+"/connectors/"+r.name(kind, s)+"/status", http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var status struct {
		Tasks []struct{ State, Trace string }
	}
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil || len(status.Tasks) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(status.Tasks[0].Trace, "\n")
	return r.plain(kind, first)
}

// plain takes away what differs between the kinds by its nature.
func (r *runner) plain(kind, text string) string {
	text = strings.ReplaceAll(text, "-"+kind, "-KIND")
	return strings.ReplaceAll(text, r.dir, "DIR")
}

// records returns all records of the topics that begin with the connector's name.
func (r *runner) records(kind string, s scenario) []string {
	r.t.Helper()
	ctx := r.t.Context()
	details, err := r.admin.ListTopics(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for _, topic := range slices.Sorted(maps.Keys(details)) {
		if !strings.HasPrefix(topic, r.name(kind, s)) {
			continue
		}
		ends, err := r.admin.ListEndOffsets(ctx, topic)
		if err != nil {
			r.t.Fatal(err)
		}
		end, _ := ends.Lookup(topic, 0)
		all = append(all, r.read(kind, s, topic, end.Offset)...)
	}
	return all
}

func (r *runner) read(kind string, s scenario, topic string, end int64) []string {
	r.t.Helper()
	if end <= 0 {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(r.client.OptValue(kgo.SeedBrokers).([]string)...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	var all []string
	for int64(len(all)) < end {
		fetches := client.PollFetches(r.t.Context())
		if err := fetches.Err(); err != nil {
			r.t.Fatal(err)
		}
		fetches.EachRecord(func(record *kgo.Record) { all = append(all, r.show(kind, s, record)) })
	}
	return all
}

// clock is the time of day in a record, where it is the clock's.
var clock = regexp.MustCompile(`\b(1[789]\d{11}|20[2-9]\d-\d\d-\d\dT[0-9:.]+Z?)\b`)

func (r *runner) show(kind string, s scenario, record *kgo.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%d key=%s value=%s", record.Topic, record.Partition, bytesText(record.Key), bytesText(record.Value))
	if s.stamped {
		fmt.Fprintf(&b, " at=%d", record.Timestamp.UnixMilli())
	}
	headers := slices.Clone(record.Headers)
	for _, h := range headers {
		value := bytesText(h.Value)
		if strings.HasSuffix(h.Key, "exception.stacktrace") {
			// The frames are Java's; the line above them is compared.
			value, _, _ = strings.Cut(value, `\n`)
			value = strings.TrimSuffix(value, `"`)
		}
		fmt.Fprintf(&b, " %s=%s", h.Key, value)
	}
	text := r.plain(kind, b.String())
	if s.clock {
		text = clock.ReplaceAllString(text, "CLOCK")
	}
	return text
}

func bytesText(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

func lines(path string) []string {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(cmp.Or(string(text)), "\n"), "\n")
}
