package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"
)

const (
	stringConverter = "org.apache.kafka.connect.storage.StringConverter"
	jsonConverter   = "org.apache.kafka.connect.json.JsonConverter"
	// timeout bounds one measurement; nothing is measured with it.
	timeout = 10 * time.Minute
	// settle is how long a worker idles before its memory is read.
	settle = 10 * time.Second
)

// sample is what one run of one scenario gave. Fields that a scenario does not
// measure are zero.
type sample struct {
	start    time.Duration // exec to the first list that shows the connectors
	idle     int64         // resident bytes after settle
	rate     float64       // records a second
	cpu      float64       // CPU seconds for a million records
	resident int64         // resident bytes at full rate, the highest seen
	peak     int64         // the kernel's high-water mark, in bytes

	idleCPU            float64       // per cent of one core, at rest
	created, restart   time.Duration // until all connectors run
	list50, list99     time.Duration // latency of the list with statuses and infos
	status50, status99 time.Duration // latency of one status
	killed, left       time.Duration // from the end of a worker until its work runs elsewhere
}

// scenario is one row of the table.
type scenario struct {
	id, title string
	props     map[string]string // of the worker, beside those all have
	connector map[string]string // of the connector, beside those all have
	ours      bool              // without the Java worker: it has no plugin for it, or takes too long
	measure   func(ctx context.Context, b *bench, k kind, s scenario) (sample, error)
	limit     func(ctx context.Context, b *bench) (sample, error) // nil: none
}

// javaDefaults are the client keys that decide about batches, with the values
// that Kafka 4.3.1 has where nobody sets them.
var javaDefaults = map[string]string{
	"producer.batch.size":                "16384",
	"producer.linger.ms":                 "5",
	"producer.buffer.memory":             "33554432",
	"consumer.max.partition.fetch.bytes": "1048576",
	"consumer.fetch.max.bytes":           "52428800",
	"consumer.fetch.max.wait.ms":         "500",
	"consumer.max.poll.records":          "500",
}

// threeTransforms make a struct of the line and change it twice.
var threeTransforms = map[string]string{
	"transforms":                     "hoist,insert,rename",
	"transforms.hoist.type":          "org.apache.kafka.connect.transforms.HoistField$Value",
	"transforms.hoist.field":         "line",
	"transforms.insert.type":         "org.apache.kafka.connect.transforms.InsertField$Value",
	"transforms.insert.static.field": "origin",
	"transforms.insert.static.value": "bench",
	"transforms.rename.type":         "org.apache.kafka.connect.transforms.ReplaceField$Value",
	"transforms.rename.renames":      "line:text",
}

func scenarios() []scenario {
	text := map[string]string{"value.converter": stringConverter}
	json := map[string]string{"value.converter": jsonConverter, "value.converter.schemas.enable": "true"}
	plain := map[string]string{"value.converter": jsonConverter, "value.converter.schemas.enable": "false"}
	avro := map[string]string{"value.converter": "io.confluent.connect.avro.AvroConverter", "value.converter.schema.registry.url": registry()}
	defaults := func(m map[string]string) map[string]string {
		m = maps.Clone(m)
		maps.Copy(m, javaDefaults)
		return m
	}
	return append([]scenario{
		{id: "start", title: "start-up and idle", props: text, measure: measureStart},
		{id: "source", title: "file -> Kafka, 100 B, String", props: text, measure: measureSource, limit: limitSource},
		{id: "source-defaults", title: "the same, Java's batch sizes set in the file", props: defaults(text), measure: measureSource},
		{id: "source-json", title: "file -> Kafka, 100 B, JSON with schemas", props: json, measure: measureSource},
		{id: "source-json-defaults", title: "the same, Java's batch sizes set in the file", props: defaults(json), measure: measureSource},
		{id: "source-smt", title: "file -> Kafka, 100 B, JSON without schemas, three transformations", props: plain, connector: threeTransforms, measure: measureSource},
		{id: "source-avro", title: "file -> Kafka, 100 B, Avro, three transformations", props: avro, connector: threeTransforms, measure: measureSource, ours: true},
		{id: "sink", title: "Kafka -> file, 100 B, String", props: text, measure: measureSink, limit: limitSink},
		{id: "sink-defaults", title: "the same, Java's batch sizes set in the file", props: defaults(text), measure: measureSink},
		{id: "many", title: "distributed, 100 connectors", measure: measureMany(100)},
		{id: "thousand", title: "distributed, 1,000 connectors", measure: measureMany(1000), ours: true},
		{id: "loss", title: "distributed, 12 connectors on 3 workers", measure: measureLoss},
	}, append(jdbcScenarios(), hdfsScenarios()...)...)
}

// worker properties that every scenario has.
func (b *bench) props(s scenario) map[string]string {
	m := map[string]string{
		"bootstrap.servers": b.cluster.bootstrap,
		"key.converter":     stringConverter,
		"plugin.path":       b.plugins,
	}
	maps.Copy(m, s.props)
	return m
}

func measureStart(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return sample{}, err
	}
	in := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(in, []byte("one line\n"), 0o600); err != nil {
		return sample{}, err
	}
	w, err := k.start(ctx, dir, b.nextPort(ctx), b.props(s), source("in", in, topic), sink("out", filepath.Join(dir, "out.txt"), topic))
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	var out sample
	if out.start, err = w.ready(ctx, "in", "out"); err != nil {
		return sample{}, err
	}
	if err := w.pause(ctx, settle); err != nil {
		return sample{}, err
	}
	out.idle, _, err = w.memory()
	return out, errors.Join(err, b.cluster.remove(ctx, topic))
}

func measureSource(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return sample{}, err
	}
	connector := source("in", b.input, topic)
	maps.Copy(connector, s.connector)
	w, err := k.start(ctx, dir, b.nextPort(ctx), b.props(s), connector)
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	out, err := watch(ctx, w, b.records, func() (int64, error) { return b.cluster.end(ctx, topic) })
	return out, errors.Join(err, b.cluster.remove(ctx, topic))
}

func measureSink(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	if err := b.full(ctx); err != nil {
		return sample{}, err
	}
	// A consumer group of its own: the connector's name has the topic's number in it.
	name, file := b.topic(), filepath.Join(dir, "out.txt")
	props := b.props(s)
	props["consumer.auto.offset.reset"] = "earliest"
	w, err := k.start(ctx, dir, b.nextPort(ctx), props, sink(name, file, b.filled))
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	out, err := watch(ctx, w, b.records, func() (int64, error) {
		info, err := os.Stat(file)
		if errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return info.Size() / (lineSize + 1), nil
	})
	if err != nil {
		return sample{}, err
	}
	n, err := countLines(file)
	if err == nil && n != b.records {
		err = fmt.Errorf("%d lines in the file, want %d", n, b.records)
	}
	return out, errors.Join(err, os.Remove(file))
}

// watch measures from the first look that sees records at the destination to
// the one that sees them all, so that start-up is not in the figures. It fails
// when more arrive than were sent.
func watch(ctx context.Context, w *worker, want int64, arrived func() (int64, error)) (sample, error) {
	var out sample
	var from time.Time
	var first int64
	var cpu time.Duration
	for {
		n, err := arrived()
		if err != nil {
			return sample{}, err
		}
		now := time.Now()
		if n > want {
			return sample{}, fmt.Errorf("%d records arrived, want %d", n, want)
		}
		if n > 0 {
			used, err := w.cpu()
			if err != nil {
				return sample{}, errors.Join(err, w.pause(ctx, 0))
			}
			resident, peak, err := w.memory()
			if err != nil {
				return sample{}, errors.Join(err, w.pause(ctx, 0))
			}
			out.resident, out.peak = max(out.resident, resident), peak
			if from.IsZero() {
				from, first, cpu = now, n, used
			}
			if n == want {
				moved := float64(want - first)
				if moved == 0 {
					return sample{}, errors.New("all records arrived between two looks: take more with -records")
				}
				out.rate = moved / now.Sub(from).Seconds()
				out.cpu = (used - cpu).Seconds() / moved * 1e6
				return out, nil
			}
		}
		if err := w.pause(ctx, 10*time.Millisecond); err != nil {
			return sample{}, fmt.Errorf("%d of %d records arrived: %w", n, want, err)
		}
	}
}

// limitSource is what a bare client produces here, limitSink what it consumes.
func limitSource(ctx context.Context, b *bench) (sample, error) {
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return sample{}, err
	}
	out, err := b.self(func() error { return b.cluster.fill(ctx, topic, b.records) })
	return out, errors.Join(err, b.cluster.remove(ctx, topic))
}

func limitSink(ctx context.Context, b *bench) (sample, error) {
	if err := b.full(ctx); err != nil {
		return sample{}, err
	}
	return b.self(func() error { return b.cluster.drain(ctx, b.filled, b.records) })
}

// self measures work of the harness's own process.
func (b *bench) self(work func() error) (sample, error) {
	before, err := cpuOf("self")
	if err != nil {
		return sample{}, err
	}
	from := time.Now()
	if err := work(); err != nil {
		return sample{}, err
	}
	took := time.Since(from)
	after, err := cpuOf("self")
	n := float64(b.records)
	return sample{rate: n / took.Seconds(), cpu: (after - before).Seconds() / n * 1e6}, err
}

func source(name, file, topic string) map[string]string {
	return map[string]string{
		"name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
		"tasks.max": "1", "file": file, "topic": topic,
	}
}

func sink(name, file, topic string) map[string]string {
	return map[string]string{
		"name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
		"tasks.max": "1", "file": file, "topics": topic,
	}
}

func countLines(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var n int64
	for buf := make([]byte, 1<<20); ; {
		got, err := f.Read(buf)
		n += int64(bytes.Count(buf[:got], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
