package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/internal/properties"
	"sluice/internal/store"
	stores "sluice/internal/store/kafka"
)

// doctorFile writes a worker file and returns its path.
func doctorFile(t *testing.T, c *kfake.Cluster, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker.properties")
	text := "bootstrap.servers=" + strings.Join(c.ListenAddrs(), ",") + `
group.id=g
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
config.storage.topic=g-configs
offset.storage.topic=g-offsets
status.storage.topic=g-status
` + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// filled runs the stores of a worker with the file, and gives them to fill.
func filled(t *testing.T, path string, fill func(s *stores.Stores) error) {
	t.Helper()
	settings, _, err := properties.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stores.New(stores.Config{Worker: settings, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(fill(s), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func raw(pairs ...string) config.Raw {
	m := config.Raw{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &pairs[i+1]
	}
	return m
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)

	good := doctorFile(t, c, "")
	var out strings.Builder
	if err := New().Doctor(t.Context(), good, &out); err != nil {
		t.Errorf("of a new group: %v\n%s", err, out.String())
	}
	if c.TopicInfo("g-configs") != nil || !strings.Contains(out.String(), "topic g-status (status.storage.topic)\n  note: it does not exist") {
		t.Errorf("it creates topics, or does not say that they are missing:\n%s", out.String())
	}

	filled(t, good, func(s *stores.Stores) error {
		ctx := t.Context()
		s.Statuses.PutTask(store.TaskID{Connector: "good", Task: 0}, store.Status{State: store.Failed, Trace: "x.Y: why\n\tat z", WorkerID: "w"})
		return errors.Join(
			s.Configs.PutConnector(ctx, "good", raw("name", "good", "connector.class", "FileStreamSource", "file", "/in", "topic", "t", "odd", "1"), ""),
			s.Statuses.Flush(ctx),
		)
	})
	out.Reset()
	if err := New().Doctor(t.Context(), good, &out); err != nil {
		t.Errorf("of a group that is well: %v\n%s", err, out.String())
	}
	for _, want := range []string{
		"3 brokers", "topic g-configs (config.storage.topic)\n  1 partition, replication factor 3, 1 record\n", "group g\n  note: no worker is in it",
		"connector good (FileStreamSource, 0 tasks, STARTED)", "note: task 0 has failed: x.Y: why\n", `note: key "odd" means nothing`, "this worker can take over",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, out.String())
		}
	}

	filled(t, good, func(s *stores.Stores) error {
		ctx := t.Context()
		return errors.Join(
			s.Configs.PutConnector(ctx, "java", raw("name", "java", "connector.class", "io.debezium.Postgres"), ""),
			s.Configs.PutConnector(ctx, "bad", raw("name", "bad", "connector.class", "FileStreamSink", "file", "/out", "topics", "t",
				"transforms", "x", "transforms.x.type", "com.acme.Own", "consumer.override.interceptor.classes", "com.acme.I",
				"key.converter", "com.acme.Converter"), store.TargetStopped),
			s.Configs.PutConnector(ctx, "own", raw("name", "own", "connector.class", "FileStreamSource", "topic", "t",
				"offsets.storage.topic", "mine", "producer.override.acks", "some", "producer.override.sasl.jaas.config", "s3cr3t-jaas"), ""),
		)
	})
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, r := range []*kgo.Record{
		{Topic: "g-offsets", Key: []byte(`["own",{"filename": "/x"}]`), Value: []byte(`{"position":1}`)}, // a blank: not Java's bytes
		{Topic: "g-offsets", Key: []byte(`["own",{"filename":"/y"}]`), Value: []byte(`5`)},
		{Topic: "g-status", Key: []byte(`hello`), Value: []byte(`{}`)},
	} {
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	worse := doctorFile(t, c, `exactly.once.source.support=enabled
offset.flush.interval.ms=soon
misspelt.key=1
producer.interceptor.classes=com.acme.I
rest.extension.classes=com.acme.Ext
`)
	out.Reset()
	if err := New().Doctor(t.Context(), worse, &out); !errors.Is(err, ErrNotWell) {
		t.Errorf("of a group that is not well: %v\n%s", err, out.String())
	}
	for _, want := range []string{
		"offset.flush.interval.ms", `note: unknown key "misspelt.key"`, "com.acme.Ext",
		`PROBLEM: producer of connectors: configuration key "interceptor.classes"`,
		"PROBLEM: 1 of its records are passed over: the key is of no kind",
		"connector java (io.debezium.Postgres, 0 tasks, STARTED)\n  PROBLEM: the class is not native here",
		"connector bad (FileStreamSink, 0 tasks, STOPPED)", "com.acme.Own", "com.acme.Converter", `PROBLEM: consumer.override.*: configuration key "interceptor.classes"`,
		"note: offsets.storage.topic=mine", `"acks" has the value "some"`,
		`PROBLEM: read offset of ["own",{"filename":"/y"}]`, `PROBLEM: the offset under the key ["own",{"filename": "/x"}] cannot be looked up`,
		"is not ready to take over",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(out.String(), "s3cr3t") {
		t.Error("the report shows a secret")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestDoctorWithoutAFile(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := New().Doctor(t.Context(), filepath.Join(t.TempDir(), "none"), &out); err == nil || errors.Is(err, ErrNotWell) {
		t.Errorf("%v\n%s", err, out.String())
	}
}
