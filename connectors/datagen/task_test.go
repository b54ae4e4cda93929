package datagen

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// host is a worker with at most one committed offset.
type host struct{ offset schema.Value }

func (host) Logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (host) Partition(fields ...schema.Entry) *connect.SourcePartition {
	return &connect.SourcePartition{Fields: schema.MapValue(fields)}
}

func (h host) Transactions() connect.TransactionContext { return nil }

func (h host) Offset(context.Context, *connect.SourcePartition) (schema.Value, error) {
	return h.offset, nil
}

func start(t *testing.T, cfg config.Map, offset schema.Value) connect.SourceTask {
	t.Helper()
	source := Plugins().Sources[0]
	c := source.New()
	if err := c.Start(t.Context(), nil, cfg); err != nil {
		t.Fatal(err)
	}
	configs, err := c.TaskConfigs(t.Context(), 2)
	if err != nil || len(configs) != 2 {
		t.Fatalf("%d configs, error %v", len(configs), err)
	}
	tk := source.NewTask()
	if err := tk.Start(t.Context(), host{offset}, configs[1]); err != nil {
		t.Fatal(err)
	}
	return tk
}

func poll(t *testing.T, tk connect.SourceTask) *connect.Batch {
	t.Helper()
	b := &connect.Batch{}
	if err := tk.Poll(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTaskEndsAfterItsIterations(t *testing.T) {
	t.Parallel()
	tk := start(t, config.Map{keyTopic: "t", keyInterval: "0", keyIterations: "3", keyQuickstart: "PAGEVIEWS", keySeed: "42"}, schema.Null())
	b := poll(t, tk)
	if len(b.Records) != 3 {
		t.Fatalf("%d records", len(b.Records))
	}
	r := b.Records[2]
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, h.Key+"="+h.Value.String())
	}
	if diff := cmp.Diff([]string{"task.generation=0", "task.id=1", "current.iteration=2"}, headers); diff != "" {
		t.Error(diff)
	}
	if r.Key.Value.Int() != 21 || r.Key.Schema.Type != schema.Int64 || r.Value.Schema.Name != "ksql.pageviews" || r.Topic != "t" {
		t.Errorf("record %+v", r)
	}
	if s := r.Origin.SourcePartition.Fields.String(); s != "{task.id=1}" {
		t.Errorf("partition %s", s)
	}
	err := tk.Poll(t.Context(), b)
	if err == nil || err.Error() != "Stopping connector: generated the configured 3 number of messages" || connect.ClassOf(err) != connect.ConnectException {
		t.Errorf("error %v", err)
	}
}

// TestTaskGoesOnWhereItWas gives a new task the offset of a record: its records
// are those that the old task makes next, in a new generation.
func TestTaskGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	cfg := config.Map{keyTopic: "t", keyInterval: "0", keyQuickstart: "orders", keySeed: "1"}
	old := poll(t, start(t, cfg, schema.Null()))
	again := poll(t, start(t, cfg, old.Records[9].Origin.SourceOffset))
	for i := range 50 {
		a, b := old.Records[10+i], again.Records[i]
		if !a.Value.Value.Equal(b.Value.Value) {
			t.Fatalf("record %d: %s, after the restart %s", i, a.Value.Value, b.Value.Value)
		}
	}
	if got := again.Records[0].Headers[0].Value.Int(); got != 1 {
		t.Errorf("generation %d after a restart", got)
	}
}

func TestPauseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	tk := start(t, config.Map{keyTopic: "t", keyInterval: "9000000000", keyQuickstart: "users"}, schema.Null())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b connect.Batch
	if err := tk.Poll(ctx, &b); err != nil || len(b.Records) != 0 {
		t.Errorf("%d records, error %v", len(b.Records), err)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	const one = "Must set exactly one of schema.string, schema.filename, quickstart"
	const record = `{"type":"record","name":"r","fields":[{"name":"f","type":"int"}]}`
	tests := []struct {
		name string
		cfg  config.Map
		want map[string][]string
	}{
		{"none", config.Map{}, map[string][]string{keyString: {one}, keyFilename: {one}, keyQuickstart: {one}}},
		{"two", config.Map{keyString: record, keyQuickstart: "users"}, map[string][]string{keyString: {one}, keyQuickstart: {one}}},
		{"bad schema", config.Map{keyString: "{"}, map[string][]string{keyString: {"Unable to parse the provided schema"}}},
		{"no file", config.Map{keyFilename: "/no/such"}, map[string][]string{keyFilename: {"Unable to parse the provided schema"}}},
		{"name of a file that Java carries", config.Map{keyFilename: "users_schema.avro"}, map[string][]string{}},
		{"key field", config.Map{keyString: record, keyField: "g"}, map[string][]string{keyField: {"The schema does not contain the field provided in 'schema.keyfield'"}}},
		{"unknown key", config.Map{keyQuickstart: "Users_", "generate.timeout": "1"}, map[string][]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.cfg[keyTopic] = "t"
			source := Plugins().Sources[0]
			values := source.Config.Validate(tt.cfg.Raw())
			source.New().(connect.ConfigValidator).ValidateConfig(t.Context(), tt.cfg, values)
			got := map[string][]string{}
			for _, v := range values {
				if len(v.Errors) > 0 {
					got[v.Name] = v.Errors
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	err := checkQuickstart(keyQuickstart, "nope")
	if err == nil || !strings.HasPrefix(err.Error(), "quickstart must be one out of clickstream_codes,clickstream,") {
		t.Errorf("error %v", err)
	}
}

// TestEveryQuickstartFits draws records of all 38 and checks them against their
// schema and that the key field is there.
func TestEveryQuickstartFits(t *testing.T) {
	t.Parallel()
	if n := len(quickstarts()); n != 38 {
		t.Errorf("%d quickstarts", n)
	}
	for _, q := range quickstarts() {
		tk := start(t, config.Map{keyTopic: "t", keyInterval: "0", keyQuickstart: q.name}, schema.Null())
		for _, r := range poll(t, tk).Records {
			if err := schema.Check(r.Value.Schema, r.Value.Value); err != nil {
				t.Fatalf("%s: %v", q.name, err)
			}
			if err := schema.Check(r.Key.Schema, r.Key.Value); err != nil {
				t.Fatalf("key of %s: %v", q.name, err)
			}
		}
	}
}

func BenchmarkPoll(b *testing.B) {
	for _, name := range []string{"clickstream", "orders", "users", "shoe_customers"} {
		b.Run(name, func(b *testing.B) {
			tk := &task{}
			cfg := config.Map{keyTopic: "t", keyInterval: "0", keyQuickstart: name, keyTask: "0"}
			if err := tk.Start(b.Context(), host{}, cfg); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var batch connect.Batch
			for b.Loop() {
				batch.Reset()
				if err := tk.Poll(b.Context(), &batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pollRecords), "ns/record")
		})
	}
}
