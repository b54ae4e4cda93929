package pipeline_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/worker/pipeline"
)

const (
	batchSize          = 1000
	byteArrayConverter = "org.apache.kafka.connect.converters.ByteArrayConverter"
)

// paths are the ways whose price for a batch of a thousand records is held: a
// handful of allocations whatever the number of records.
func paths(registry string) []struct {
	name        string
	conf        config.Map
	bytes       bool
	structs     bool
	headers     bool
	allocations float64
} {
	transforms := config.Map{
		"transforms": "a,b,c", "transforms.a.type": "test.Retopic", "transforms.b.type": "test.Retopic", "transforms.c.type": "test.Retopic",
		"transforms.c.predicate": "p", "predicates.p.type": "test.Always",
	}
	const own = "org.apache.kafka.connect.transforms."
	real := config.Map{
		"transforms": "in,route,when", "transforms.in.type": own + "InsertField$Value", "transforms.in.static.field": "by", "transforms.in.static.value": "sluice",
		"transforms.route.type": own + "RegexRouter", "transforms.route.regex": "(.*)", "transforms.route.replacement": "new-$1",
		"transforms.when.type": own + "TimestampRouter",
	}
	avro := config.Map{"value.converter": "io.confluent.connect.avro.AvroConverter", "value.converter.schema.registry.url": registry}
	join := func(a, b config.Map) config.Map {
		out := maps.Clone(a)
		maps.Copy(out, b)
		return out
	}
	schemaless := config.Map{"value.converter": jsonConverter, "value.converter.schemas.enable": "false"}
	return []struct {
		name        string
		conf        config.Map
		bytes       bool
		structs     bool
		headers     bool
		allocations float64
	}{
		{name: "pass-through", conf: config.Map{"key.converter": byteArrayConverter, "value.converter": byteArrayConverter}, bytes: true, allocations: 5},
		{name: "String", allocations: 5},
		{name: "String with headers", headers: true, allocations: 10},
		{name: "String with three transformations", conf: transforms, allocations: 5},
		{name: "JSON without schemas", conf: schemaless, structs: true, allocations: 10},
		{name: "JSON with schemas", conf: config.Map{"value.converter": jsonConverter}, structs: true, allocations: 10},
		{name: "Avro", conf: avro, structs: true, allocations: 10},
		{name: "JSON without schemas, three transformations of Kafka", conf: join(schemaless, real), structs: true, allocations: 10},
		{name: "JSON with schemas, three transformations of Kafka", conf: join(config.Map{"value.converter": jsonConverter}, real), structs: true, allocations: 10},
		{name: "Avro, three transformations of Kafka", conf: join(avro, real), structs: true, allocations: 10},
	}
}

// registry starts a schema registry in this process and returns its URL.
func registry(t testing.TB) string {
	t.Helper()
	r := srfake.New()
	t.Cleanup(r.Close)
	return r.URL()
}

func structOf(a *schema.Arena) connect.Data {
	s := orderSchema
	st := a.Struct(s)
	st.Values[0] = schema.Int64Value(42)
	st.Values[1] = schema.StringValue("a customer")
	st.Values[2] = schema.Float64Value(12.5)
	return connect.Data{Schema: s, Value: schema.StructValue(st)}
}

var orderSchema = &schema.Schema{Type: schema.StructType, Name: "order", Fields: []schema.Field{
	{Name: "id", Schema: &schema.Schema{Type: schema.Int64}},
	{Name: "customer", Schema: &schema.Schema{Type: schema.String}},
	{Name: "amount", Schema: &schema.Schema{Type: schema.Float64}},
}}

func pairs(m config.Map) []string {
	var out []string
	for k, v := range m {
		out = append(out, k, v)
	}
	return out
}

func TestEncodeAllocatesNothingPerRecord(t *testing.T) {
	headers := []connect.Header{{Key: "h", Data: connect.Data{Value: schema.StringValue("v")}}}
	text, raw := schema.StringValue(strings.Repeat("x", 100)), schema.BytesValue([]byte(strings.Repeat("x", 100)))
	for _, tt := range paths(registry(t)) {
		p := newPipeline(t, options{}, pairs(tt.conf)...)
		var batch connect.Batch
		var out pipeline.Encoded
		round := func() {
			for range batchSize {
				r := batch.Add()
				r.Topic, r.Timestamp = "t", 1
				switch {
				case tt.bytes:
					r.Key.Value, r.Value.Value = raw, raw
				case tt.structs:
					r.Key.Value, r.Value = text, structOf(&batch.Arena)
				default:
					r.Key.Value, r.Value.Value = text, text
				}
				if tt.headers {
					r.Headers = headers
				}
			}
			if err := p.Encode(t.Context(), &batch, &out); err != nil || len(out.Records) != batchSize {
				t.Fatal(err)
			}
			out.Reset()
			batch.Reset()
		}
		if n := testing.AllocsPerRun(20, round); n > tt.allocations {
			t.Errorf("%s: %.0f allocations for %d records, want at most %.0f", tt.name, n, batchSize, tt.allocations)
		}
	}
}

func TestDecodeAllocatesNothingPerRecord(t *testing.T) {
	for _, tt := range paths(registry(t)) {
		p := newPipeline(t, options{}, pairs(tt.conf)...)
		// What a pipeline without transformations has encoded is the input.
		plain := maps.Clone(tt.conf)
		delete(plain, "transforms")
		source := newPipeline(t, options{}, pairs(plain)...)
		var batch connect.Batch
		r := batch.Add()
		r.Topic = "t"
		r.Value.Value = schema.StringValue(strings.Repeat("x", 100))
		if tt.bytes {
			r.Value.Value = schema.BytesValue([]byte(strings.Repeat("x", 100)))
		} else if tt.structs {
			r.Value = structOf(nil)
		}
		encoded := encode(t, source, &batch).Records[0]
		in := make([]*kgo.Record, batchSize)
		for i := range in {
			in[i] = &kgo.Record{Topic: "t", Offset: int64(i), Value: encoded.Value, Key: encoded.Key}
			if tt.headers {
				in[i].Headers = []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}
			}
		}
		var out pipeline.Decoded
		round := func() {
			if err := p.Decode(t.Context(), in, &out); err != nil || len(out.Records) != batchSize {
				t.Fatal(err)
			}
			p.Keep(&out)
			out.Reset()
		}
		if n := testing.AllocsPerRun(20, round); n > tt.allocations {
			t.Errorf("%s: %.0f allocations for %d records, want at most %.0f", tt.name, n, batchSize, tt.allocations)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	text := schema.StringValue(strings.Repeat("x", 100))
	for _, tt := range paths(registry(b)) {
		if tt.bytes || tt.headers || tt.conf["transforms.in.type"] != "" { // the last would change its batch again and again
			continue
		}
		b.Run(tt.name, func(b *testing.B) {
			p, err := makePipeline(options{}, withConverters(tt.conf))
			if err != nil {
				b.Fatal(err)
			}
			var batch connect.Batch
			var out pipeline.Encoded
			for range batchSize {
				r := batch.Add()
				r.Topic, r.Value.Value = "t", text
				if tt.structs {
					r.Value = structOf(&batch.Arena)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Encode(b.Context(), &batch, &out); err != nil {
					b.Fatal(err)
				}
				out.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batchSize), "ns/record")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, tt := range paths(registry(b)) {
		if tt.structs || tt.headers {
			continue
		}
		b.Run(tt.name, func(b *testing.B) {
			p, err := makePipeline(options{}, withConverters(tt.conf))
			if err != nil {
				b.Fatal(err)
			}
			in := make([]*kgo.Record, batchSize)
			for i := range in {
				in[i] = &kgo.Record{Topic: "t", Offset: int64(i), Value: []byte(strings.Repeat("x", 100))}
			}
			var out pipeline.Decoded
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Decode(b.Context(), in, &out); err != nil {
					b.Fatal(err)
				}
				out.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batchSize), "ns/record")
		})
	}
}

func withConverters(m config.Map) config.Map {
	out := config.Map{"key.converter": stringConverter, "value.converter": stringConverter}
	maps.Copy(out, m)
	return out
}

func TestEncodeLeavesOutWhatIsDropped(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, options{}, "transforms", "odd", "transforms.odd.type", "test.DropEven")
	var batch connect.Batch
	for _, text := range []string{"1", "2", "3"} {
		batch.Add().Value.Value = schema.StringValue(text)
	}
	out := encode(t, p, &batch)
	if len(out.Records) != 2 || string(out.Records[1].Value) != "3" || out.Size != 2 {
		t.Errorf("%d records, size %d: want those of 1 and 3", len(out.Records), out.Size)
	}
}
