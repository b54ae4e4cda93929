package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka/embedded"
)

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func startBroker(t testing.TB) string {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.Addr()
}

func newProducer(t testing.TB, addr string, values ...string) *Producer {
	t.Helper()
	set := with(values...)
	set["bootstrap.servers"] = addr
	p, err := NewProducer(deadline(t), Settings{ProducerRole, set}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func fetch(t *testing.T, addr, topic string, n int) []*kgo.Record {
	t.Helper()
	cl, err := NewClient(Settings{ConsumerRole, map[string]string{"bootstrap.servers": addr, "auto.offset.reset": "earliest"}}, nil, kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var records []*kgo.Record
	for len(records) < n {
		fetches := cl.PollFetches(deadline(t))
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(records), n, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// failures collects what done is told.
type failures struct {
	mu   sync.Mutex
	list []error // guarded by mu
}

func (f *failures) done(_ *kgo.Record, err error) {
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.list = append(f.list, err)
	}
}

func (f *failures) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.list...)
}

// Records above batch.size go out, in order between the small ones, and no
// batch of small ones is larger than batch.size.
func TestLargeRecordsKeepTheOrder(t *testing.T) {
	t.Parallel()
	addr := startBroker(t)
	batches := &batchSizes{}
	set := map[string]string{"bootstrap.servers": addr, "batch.size": "16384", "linger.ms": "5"}
	p, err := NewProducer(deadline(t), Settings{ProducerRole, set}, nil, kgo.WithHooks(batches))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	const n = 3000
	var failed failures
	for i := range n {
		size := 100
		switch {
		case i%500 == 250 || i%500 == 251:
			size = 200_000
		case i%500 == 300: // about where the batch ends
			size = 16384 - 110
		}
		value := fmt.Appendf(nil, "%d ", i)
		value = append(value, bytes.Repeat([]byte("x"), size-len(value))...)
		p.Produce(deadline(t), &kgo.Record{Topic: "t", Value: value}, failed.done)
	}
	if err := errors.Join(p.Flush(deadline(t)), failed.err()); err != nil {
		t.Fatal(err)
	}
	for i, r := range fetch(t, addr, "t", n) {
		if got, _, _ := strings.Cut(string(r.Value), " "); got != strconv.Itoa(i) {
			t.Fatalf("record %d is %s", i, got)
		}
	}
	batches.check(t, 16384)
}

// batchSizes sees each batch on its way out.
type batchSizes struct {
	mu   sync.Mutex
	seen []kgo.ProduceBatchMetrics // guarded by mu
}

func (b *batchSizes) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, m)
}

func (b *batchSizes) check(t *testing.T, most int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) < 20 {
		t.Fatalf("only %d batches seen", len(b.seen))
	}
	for _, m := range b.seen {
		if m.UncompressedBytes > most && m.NumRecords != 1 {
			t.Errorf("a batch of %d records has %d bytes", m.NumRecords, m.UncompressedBytes)
		}
	}
}

func TestRecordAboveMaxRequestSizeFails(t *testing.T) {
	t.Parallel()
	p := newProducer(t, startBroker(t), "max.request.size", "2000000")
	for size, want := range map[int]error{900_000: nil, 2_000_001: kerr.MessageTooLarge} {
		var failed failures
		p.Produce(deadline(t), &kgo.Record{Topic: "t", Value: make([]byte, size)}, failed.done)
		if err := p.Flush(deadline(t)); err != nil {
			t.Fatal(err)
		}
		if err := failed.err(); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
	}
}

func TestConcurrentProduceLosesNothing(t *testing.T) {
	t.Parallel()
	addr := startBroker(t)
	p := newProducer(t, addr, "batch.size", "1000")
	var failed failures
	var wg sync.WaitGroup
	const each = 300
	for g := range 4 {
		wg.Go(func() {
			for i := range each {
				value := make([]byte, 10+i%97*20) // some above 1000
				copy(value, fmt.Sprintf("%d-%03d", g, i))
				p.Produce(t.Context(), &kgo.Record{Topic: "t", Value: value}, failed.done)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(p.Flush(deadline(t)), failed.err()); err != nil {
		t.Fatal(err)
	}
	var next [4]int
	for _, r := range fetch(t, addr, "t", 4*each) {
		g, want := int(r.Value[0]-'0'), next[r.Value[0]-'0']
		if got := string(r.Value[2:5]); got != fmt.Sprintf("%03d", want) {
			t.Fatalf("writer %d: record %s, want %d", g, got, want)
		}
		next[g]++
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	for name, class := range map[string]string{"default": "", "round robin": javaRoundRobin} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := startBroker(t)
			p := newProducer(t, addr, "partitioner.class", class)
			if _, err := CreateTopics(deadline(t), p.Client(), NewTopic{Name: "t", Partitions: 7, ReplicationFactor: 1}); err != nil {
				t.Fatal(err)
			}
			var failed failures
			for i := range 7 {
				p.Produce(deadline(t), &kgo.Record{Topic: "t", Key: []byte("same"), Value: fmt.Append(nil, i), Partition: ToPartition(int32(i))}, failed.done)
			}
			p.Produce(deadline(t), &kgo.Record{Topic: "t", Key: []byte("21"), Value: []byte("hashed")}, failed.done)
			if err := errors.Join(p.Flush(deadline(t)), failed.err()); err != nil {
				t.Fatal(err)
			}
			for _, r := range fetch(t, addr, "t", 8) {
				switch got := string(r.Value); {
				case got == "hashed" && class == "" && r.Partition != 3: // murmur2 of Java is -973932308
					t.Errorf("key 21 is in partition %d", r.Partition)
				case got != "hashed" && got != strconv.Itoa(int(r.Partition)):
					t.Errorf("record %s is in partition %d", got, r.Partition)
				}
			}
			p.Produce(deadline(t), &kgo.Record{Topic: "t", Partition: ToPartition(7)}, failed.done)
			if err := p.Flush(deadline(t)); err != nil {
				t.Fatal(err)
			}
			if err := failed.err(); err == nil || !strings.Contains(err.Error(), "7") {
				t.Errorf("a partition that is not there: %v", err)
			}
		})
	}
}

// A cluster that refuses producer ids gets a producer without one, unless the
// settings ask for it by name.
func TestIdempotenceRefused(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(kmsg.InitProducerID.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
		resp.ErrorCode = kerr.ClusterAuthorizationFailed.Code
		return resp, nil, true
	})
	addr := cluster.ListenAddrs()[0]
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	p, err := NewProducer(deadline(t), Settings{ProducerRole, map[string]string{"bootstrap.servers": addr}}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if p.Idempotent() || !strings.Contains(out.String(), "producer is not idempotent") {
		t.Errorf("idempotent %v, log %q", p.Idempotent(), out.String())
	}
	for _, value := range [][]byte{[]byte("small"), make([]byte, 1<<20-200)} {
		if err := produceOne(t, p, value); err != nil {
			t.Error(err)
		}
	}
	asked := newProducer(t, addr, "enable.idempotence", "true")
	if err := produceOne(t, asked, []byte("x")); !errors.Is(err, kerr.ClusterAuthorizationFailed) {
		t.Errorf("idempotence asked for and refused: %v", err)
	}
}

func produceOne(t *testing.T, p *Producer, value []byte) error {
	t.Helper()
	var failed failures
	p.Produce(deadline(t), &kgo.Record{Topic: "t", Value: value}, failed.done)
	return errors.Join(p.Flush(deadline(t)), failed.err())
}

func TestCreateTopics(t *testing.T) {
	t.Parallel()
	addr := startBroker(t)
	cl, err := NewClient(Settings{AdminRole, map[string]string{"bootstrap.servers": addr}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	a := NewTopic{Name: "a", Partitions: 2, ReplicationFactor: -1, Configs: map[string]string{"retention.ms": "1000"}}
	b := NewTopic{Name: "b", Partitions: 1, ReplicationFactor: 3}
	for _, want := range []Outcome{Created, Existed} {
		got, err := CreateTopics(deadline(t), cl, a, b)
		if diff := cmp.Diff(map[string]Outcome{"a": want}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var refused *TopicError
		if !errors.As(err, &refused) || refused.Topic.Name != "b" || !errors.Is(err, kerr.InvalidReplicationFactor) ||
			!strings.Contains(err.Error(), `topic "b" with 1 partitions and replication factor 3`) ||
			!strings.Contains(err.Error(), "give a replication factor of at most the number of brokers") {
			t.Errorf("topic that cannot be created: %v", err)
		}
	}
	if id, err := ClusterID(deadline(t), cl); err != nil || len(id) != 22 {
		t.Errorf("cluster id %q: %v", id, err)
	}
}
