package kafka

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The benchmarks move records of 100 bytes, one per iteration, through one
// partition of the embedded broker or, to choose defaults by, of the cluster
// that BENCH_BOOTSTRAP_SERVERS names. They report records and CPU seconds of
// this process per million records (the embedded broker's included).
func benchBroker(b *testing.B) string {
	if addr := os.Getenv("BENCH_BOOTSTRAP_SERVERS"); addr != "" {
		return addr
	}
	return startBroker(b)
}

func benchTopic(b *testing.B, addr string, partitions int32) string {
	b.Helper()
	cl, err := NewClient(Settings{AdminRole, map[string]string{"bootstrap.servers": addr}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	topic := fmt.Sprintf("bench-%d", time.Now().UnixNano())
	if _, err := CreateTopics(b.Context(), cl, NewTopic{Name: topic, Partitions: partitions, ReplicationFactor: 1}); err != nil {
		b.Fatal(err)
	}
	return topic
}

func report(b *testing.B, cpuBefore time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric((cpuTime()-cpuBefore).Seconds()*1e6/float64(b.N), "cpu-s/M")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkProduce(b *testing.B) {
	for _, bm := range []struct {
		name string
		set  []string
	}{
		{"defaults", nil},
		{"batch=512KiB", []string{"batch.size", "524288"}},
		{"batch=256KiB", []string{"batch.size", "262144"}},
		{"batch=1MiB", []string{"batch.size", "1048576"}},
		{"batch=16KiB,linger=5", []string{"batch.size", "16384", "linger.ms", "5"}},
		{"batch=16KiB,linger=0", []string{"batch.size", "16384", "linger.ms", "0"}},
		{"linger=0", []string{"linger.ms", "0"}},
		{"linger=20", []string{"linger.ms", "20"}},
		{"buffer=4MiB", []string{"buffer.memory", "4194304"}},
		{"buffer=128MiB", []string{"buffer.memory", "134217728"}},
		{"inflight=1", []string{"max.in.flight.requests.per.connection", "1"}},
		{"lz4", []string{"compression.type", "lz4"}},
		{"zstd", []string{"compression.type", "zstd"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			addr := benchBroker(b)
			topic := benchTopic(b, addr, 1)
			produceRecords(b, newProducer(b, addr, bm.set...), topic)
		})
	}
}

func BenchmarkProduceEightPartitions(b *testing.B) {
	addr := benchBroker(b)
	produceRecords(b, newProducer(b, addr), benchTopic(b, addr, 8))
}

func produceRecords(b *testing.B, p *Producer, topic string) {
	b.Helper()
	var failed atomic.Int64
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.Add(1)
		}
	}
	ctx, n := b.Context(), b.N
	text := make([]byte, 64<<10) // changes from record to record, as a log does
	for i := range text {
		text[i] = "the quick brown fox jumps over the lazy dog 0123456789\""[(i*i/7+i)%55]
	}
	b.SetBytes(100)
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime()
	const slab = 500 // records of a poll, made in one allocation
	for i := 0; i < n; i += slab {
		records := make([]kgo.Record, min(slab, n-i))
		for j := range records {
			at := (i + j) * 37 % (len(text) - 100)
			records[j].Topic, records[j].Value = topic, text[at:at+100]
			p.Produce(ctx, &records[j], done)
		}
	}
	if err := p.Flush(ctx); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	report(b, cpu)
	if failed.Load() > 0 {
		b.Fatalf("%d records failed", failed.Load())
	}
}

func BenchmarkConsume(b *testing.B) {
	for _, bm := range []struct {
		name string
		poll int
		set  map[string]string
	}{
		{"defaults", defaultMaxPollRecords, nil},
		{"poll=5000", 5000, nil},
		{"partition=1MiB", defaultMaxPollRecords, map[string]string{"max.partition.fetch.bytes": "1048576"}},
		{"partition=8MiB", defaultMaxPollRecords, map[string]string{"max.partition.fetch.bytes": "8388608"}},
		{"partition=16MiB", defaultMaxPollRecords, map[string]string{"max.partition.fetch.bytes": "16777216"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			addr := benchBroker(b)
			topic := benchTopic(b, addr, 1)
			p := newProducer(b, addr)
			for range b.N {
				p.Produce(b.Context(), &kgo.Record{Topic: topic, Value: benchValue}, nil)
			}
			if err := p.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			values := map[string]string{"bootstrap.servers": addr, "auto.offset.reset": "earliest"}
			maps.Copy(values, bm.set)
			cl, err := NewClient(Settings{ConsumerRole, values}, nil, kgo.ConsumeTopics(topic))
			if err != nil {
				b.Fatal(err)
			}
			defer cl.Close()
			b.SetBytes(100)
			b.ReportAllocs()
			b.ResetTimer()
			cpu := cpuTime()
			for got := 0; got < b.N; {
				fetches := cl.PollRecords(b.Context(), bm.poll)
				if err := fetches.Err(); err != nil {
					b.Fatal(err)
				}
				got += fetches.NumRecords()
			}
			b.StopTimer()
			report(b, cpu)
		})
	}
}

var benchValue = slices.Repeat([]byte("0123456789"), 10)
