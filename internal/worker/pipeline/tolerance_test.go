package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
)

const jsonConverter = "org.apache.kafka.connect.json.JsonConverter"

// flaky fails so many times, then passes what it is given.
type flaky struct {
	left  int
	err   error
	calls int
}

func (f *flaky) Configure(config.Map) error { return nil }
func (f *flaky) Close() error               { return nil }
func (f *flaky) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	f.calls++
	r.Topic += "x" // must not be seen by the next try
	if f.left != 0 {
		f.left--
		return false, f.err
	}
	return true, nil
}

func consumed(value string) *kgo.Record {
	r := &kgo.Record{Topic: "orders", Partition: 2, Offset: 41, Timestamp: time.UnixMilli(1700000000000)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

func TestRetriesFollowJava(t *testing.T) {
	t.Parallel()
	busy := connect.Retriable(connect.DataErrorf("registry is busy"))
	for _, tt := range []struct {
		name    string
		conf    []string
		flaky   flaky
		calls   int
		took    time.Duration // at least
		most    time.Duration
		dropped bool
		failed  string
	}{
		{name: "off by default", flaky: flaky{left: 1, err: busy}, calls: 1, failed: "Tolerance exceeded in error handler"},
		{name: "only what may go away", conf: []string{"errors.retry.timeout", "-1"}, flaky: flaky{left: 1, err: errors.New("broken")}, calls: 1, failed: "Tolerance exceeded in error handler"},
		{name: "doubles from 300 ms", conf: []string{"errors.retry.timeout", "-1"}, flaky: flaky{left: 3, err: busy}, calls: 4, took: 2100 * time.Millisecond, most: 2100 * time.Millisecond},
		{name: "random below the greatest wait", conf: []string{"errors.retry.timeout", "-1", "errors.retry.delay.max.ms", "500"}, flaky: flaky{left: 3, err: busy}, calls: 4, took: 300 * time.Millisecond, most: 1300 * time.Millisecond},
		{name: "ends with the timeout", conf: []string{"errors.retry.timeout", "1000"}, flaky: flaky{left: -1, err: busy}, calls: 4, took: time.Second, most: time.Second, failed: "Tolerance exceeded in error handler"},
		{name: "then it is tolerated", conf: []string{"errors.retry.timeout", "1000", "errors.tolerance", "all"}, flaky: flaky{left: -1, err: busy}, calls: 4, took: time.Second, most: time.Second, dropped: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := tt.flaky
				p := newPipeline(t, options{step: &f}, append(tt.conf, "transforms", "f", "transforms.f.type", "test.Step")...)
				start := time.Now()
				var out pipeline.Decoded
				err := p.Decode(t.Context(), []*kgo.Record{consumed("v")}, &out)
				if took := time.Since(start); took < tt.took || took > tt.most {
					t.Errorf("it took %s, want %s to %s", took, tt.took, tt.most)
				}
				if f.calls != tt.calls {
					t.Errorf("%d tries, want %d", f.calls, tt.calls)
				}
				switch {
				case tt.failed != "":
					if err == nil || err.Error() != tt.failed {
						t.Errorf("error %v, want %s", err, tt.failed)
					}
				case err != nil:
					t.Error(err)
				case tt.dropped != (len(out.Records) == 0):
					t.Errorf("%d records", len(out.Records))
				case !tt.dropped && out.Records[0].Topic != "ordersx":
					t.Errorf("topic %s: a try saw what the one before had changed", out.Records[0].Topic)
				}
			})
		})
	}
}

func TestAStopEndsRetriesAndTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t, options{step: &flaky{left: -1, err: connect.Retriable(errors.New("busy"))}},
			"transforms", "f", "transforms.f.type", "test.Step", "errors.retry.timeout", "-1", "errors.tolerance", "all")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var batch connect.Batch
		batch.Add()
		var out pipeline.Encoded
		if err := p.Encode(ctx, &batch, &out); !errors.Is(err, pipeline.ErrStopped) {
			t.Errorf("error %v: a record that was not tried to the end must not count as dropped", err)
		}
	})
}

func TestTracesExplain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		conf        []string
		want        []string
	}{
		{
			"avro", "\x00\x00\x00\x00\x2a\x02\x04",
			[]string{"value.converter", jsonConverter},
			[]string{
				"org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n",
				"\nRecord orders-2@41, stage VALUE_CONVERTER (JsonConverter): ",
				"; look at value.converter; the value begins with magic byte 0 and schema id 42: a record of a schema registry (Avro, Protobuf or JSON Schema), but value.converter is JsonConverter; " +
					"set value.converter to io.confluent.connect.avro.AvroConverter, protobuf.ProtobufConverter or json.JsonSchemaConverter, and value.converter.schema.registry.url\n",
				"\nCaused by: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to serialization error: ",
			},
		},
		{
			"json without schema", `{"password":"hunter2"}`,
			[]string{"value.converter", jsonConverter},
			[]string{"; the value is JSON without a schema beside it; set value.converter.schemas.enable to false"},
		},
		{
			"text", "hello",
			[]string{"value.converter", jsonConverter},
			[]string{"; the value is plain text, but value.converter is JsonConverter; set value.converter to org.apache.kafka.connect.storage.StringConverter"},
		},
		{
			"json for a number", `{"a":1}`,
			[]string{"value.converter", "org.apache.kafka.connect.converters.IntegerConverter"},
			[]string{"; the value is JSON text, but value.converter is IntegerConverter"},
		},
		{
			"transformation", "no number",
			[]string{"transforms", "odd", "transforms.odd.type", "test.DropEven"},
			[]string{"\nRecord orders-2@41, stage TRANSFORMATION, transformation odd (DropEven): invalid syntax; look at transforms.odd.*"},
		},
		{
			"panic", "v",
			[]string{"transforms", "p", "transforms.p.type", "test.Step"},
			[]string{"\nRecord orders-2@41, stage TRANSFORMATION, transformation p (Step): panic: boom;", "\nCaused by: java.lang.RuntimeException: panic: boom", "goroutine "},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, options{step: panics{}}, tt.conf...)
			var out pipeline.Decoded
			err := p.Decode(t.Context(), []*kgo.Record{consumed(tt.value)}, &out)
			got := pipeline.Trace(err)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("the trace shows contents:\n%s", got)
			}
		})
	}
}

type panics struct{ dropEven }

func (panics) Apply(*connect.Record, *schema.Arena) (bool, error) { panic("boom") }

// TestErrorsAreLoggedAsInJava has the texts of LogReporter.
func TestErrorsAreLoggedAsInJava(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	counts := &telemetry.ErrorCounts{}
	p := newPipeline(t, options{log: &log, counts: counts},
		"value.converter", jsonConverter, "errors.tolerance", "all", "errors.log.enable", "true", "errors.log.include.messages", "true")
	var out pipeline.Decoded
	in := []*kgo.Record{consumed(`{"schema":null,"payload":"a"}`), consumed("bad"), consumed(`{"schema":null,"payload":"b"}`)}
	if err := p.Decode(t.Context(), in, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Records) != 2 || out.Records[1].Value.Value.Text() != "b" {
		t.Errorf("%d records", len(out.Records))
	}
	want := "Error encountered in task c-0. Executing stage 'VALUE_CONVERTER' with class 'org.apache.kafka.connect.json.JsonConverter', " +
		"where consumed record is {topic='orders', partition=2, offset=41, timestamp=1700000000000, timestampType=CreateTime}."
	if !strings.Contains(log.String(), want) {
		t.Errorf("log %s\nhas not %s", log.String(), want)
	}
	if counts.Dropped() != 1 {
		t.Errorf("%d counted as dropped", counts.Dropped())
	}
	log.Reset()
	p = newPipeline(t, options{log: &log}, "transforms", "odd", "transforms.odd.type", "test.DropEven",
		"errors.tolerance", "all", "errors.log.enable", "true", "errors.log.include.messages", "true")
	var batch connect.Batch
	r := batch.Add()
	r.Topic, r.Value = "t", connect.Data{Schema: &schema.Schema{Type: schema.String}, Value: schema.StringValue("x")}
	r.Origin.SourcePartition = &connect.SourcePartition{Fields: schema.MapValue([]schema.Entry{{Key: schema.StringValue("filename"), Value: schema.StringValue("/tmp/f")}})}
	r.Origin.SourceOffset = schema.MapValue([]schema.Entry{{Key: schema.StringValue("position"), Value: schema.Int64Value(7)}})
	encode(t, p, &batch)
	want = "Error encountered in task c-0. Executing stage 'TRANSFORMATION' with class 'test.DropEven', where source record is = " +
		"SourceRecord{sourcePartition={filename=/tmp/f}, sourceOffset={position=7}} ConnectRecord{topic='t', kafkaPartition=null, key=null, keySchema=null, " +
		"value=x, valueSchema=Schema{STRING}, timestamp=null, headers=ConnectHeaders(headers=)}."
	if !strings.Contains(log.String(), want) {
		t.Errorf("log %s\nhas not %s", log.String(), want)
	}
}

// TestTheBatchStaysAsItWasPolled proves that a task is told of the records
// that it made, and not of what transformations made of them.
func TestTheBatchStaysAsItWasPolled(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, options{step: &flaky{}}, "transforms", "f", "transforms.f.type", "test.Step")
	var batch connect.Batch
	batch.Add().Topic = "t"
	out := encode(t, p, &batch)
	if diff := cmp.Diff([]string{"tx", "t"}, []string{out.Records[0].Topic, batch.Records[0].Topic}); diff != "" {
		t.Error(diff)
	}
}

func TestErrantRecordsNeedSomebodyWhoSeesThem(t *testing.T) {
	t.Parallel()
	cause := connect.DataErrorf("column too long")
	for _, tt := range []struct {
		name   string
		conf   []string
		want   string // of ReportErrant
		errant string
	}{
		{"nobody", []string{"errors.tolerance", "all"}, "column too long", ""},
		{"log", []string{"errors.tolerance", "all", "errors.log.enable", "true"}, "", ""},
		{"not tolerated", []string{"errors.log.enable", "true"}, "Tolerance exceeded in error handler", "Tolerance exceeded in error handler"},
	} {
		p := newPipeline(t, options{}, tt.conf...)
		var out pipeline.Decoded
		if err := p.Decode(t.Context(), []*kgo.Record{consumed("v")}, &out); err != nil {
			t.Fatal(err)
		}
		p.Keep(&out)
		if got := text(p.ReportErrant(t.Context(), &out.Records[0], cause)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := text(p.Errant()); got != tt.errant {
			t.Errorf("%s: after the Put %q, want %q", tt.name, got, tt.errant)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func newLog(b *bytes.Buffer) *slog.Logger {
	if b == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(b, nil))
}

func TestVersionsThatAreNotHere(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"value.converter.plugin.version", "header.converter.plugin.version", "transforms.odd.plugin.version", "predicates.p.plugin.version"} {
		conn := config.Map{
			"value.converter": stringConverter, "header.converter": "org.apache.kafka.connect.storage.SimpleHeaderConverter",
			"transforms": "odd", "transforms.odd.type": "test.DropEven", "transforms.odd.predicate": "p", "predicates.p.type": "test.Always",
		}
		for wanted, refused := range map[string]bool{"[0.1,9)": false, "0.1": true} {
			conn[key] = wanted
			_, err := makePipeline(options{}, conn)
			if refused != (err != nil) || refused && !strings.Contains(err.Error(), "not found that matches the version range [0.1,0.1]") {
				t.Errorf("%s=%s: %v", key, wanted, err)
			}
		}
	}
}
