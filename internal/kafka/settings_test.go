package kafka

import (
	"errors"
	"log/slog"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// javaKeys are the names that the Java client of 4.3.1 defines for a role,
// printed by its ConfigDef.
func javaKeys(t *testing.T, role Role) []string {
	t.Helper()
	file := map[Role]string{ProducerRole: "producer", ConsumerRole: "consumer", AdminRole: "admin"}[role]
	content, err := os.ReadFile("testdata/" + file + "-keys-4.3.1.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(content))
}

func TestTableHoldsEveryJavaKeyAndNoOther(t *testing.T) {
	t.Parallel()
	for _, role := range []Role{ProducerRole, ConsumerRole, AdminRole} {
		var ours []string
		for name, k := range keyTable() {
			if k.roles&role != 0 {
				ours = append(ours, name)
			}
		}
		slices.Sort(ours)
		if diff := cmp.Diff(javaKeys(t, role), ours); diff != "" {
			t.Errorf("keys of the %s (-java +ours):\n%s", role, diff)
		}
	}
	rows := 0
	for _, group := range [][]key{commonKeys(), producerKeys(), consumerKeys(), adminKeys(), tlsKeys(), saslKeys()} {
		rows += len(group)
	}
	if rows != len(keyTable()) {
		t.Errorf("%d rows make %d keys: one is there twice", rows, len(keyTable()))
	}
}

func with(values ...string) map[string]string {
	m := map[string]string{"bootstrap.servers": "127.0.0.1:9092"}
	for i := 0; i < len(values); i += 2 {
		m[values[i]] = values[i+1]
	}
	return m
}

// Each row sets keys and asks the client made from them what it was told.
func TestKeysReachTheClient(t *testing.T) {
	t.Parallel()
	p, c, a := ProducerRole, ConsumerRole, AdminRole
	tests := []struct {
		role Role
		set  map[string]string
		opt  any // constructor of the option
		want any
	}{
		// Ours for what nobody set.
		{p, with(), kgo.ProducerBatchMaxBytes, int32(1 << 20)},
		{p, with(), kgo.ProducerLinger, 5 * time.Millisecond},
		{p, with(), kgo.MaxBufferedBytes, int64(32 << 20)},
		{p, with(), kgo.MaxBufferedRecords, int64(100_000)},
		{p, with(), kgo.DisableIdempotentWrite, false},
		{p, with(), kgo.RecordRetries, int64(math.MaxInt64)},
		{p, with(), kgo.UnknownTopicRetries, int64(-1)},
		{p, with(), kgo.RecordDeliveryTimeout, time.Duration(0)},
		{p, with(), kgo.AllowAutoTopicCreation, true},
		{c, with(), kgo.FetchMaxPartitionBytes, int32(4 << 20)},
		{c, with(), kgo.FetchMaxWait, 5 * time.Second},
		{a, with(), kgo.AllowAutoTopicCreation, false},
		// The user's.
		{p, with("batch.size", "16384"), kgo.ProducerBatchMaxBytes, int32(16384)},
		{p, with("batch.size", "2097152"), kgo.ProducerBatchMaxBytes, int32(1 << 20)},
		{p, with("batch.size", "2097152", "max.request.size", "4194304"), kgo.ProducerBatchMaxBytes, int32(2 << 20)},
		{p, with("max.request.size", "10485760"), kgo.ProducerBatchMaxBytes, int32(1 << 20)},
		{p, with("max.request.size", "65536"), kgo.ProducerBatchMaxBytes, int32(65536)},
		{p, with("max.request.size", "209715200"), kgo.BrokerMaxWriteBytes, int32(201 << 20)},
		{p, with("linger.ms", "0"), kgo.ProducerLinger, time.Duration(0)},
		{p, with("linger.ms", " 7 "), kgo.ProducerLinger, 7 * time.Millisecond},
		{p, with("buffer.memory", "1000000"), kgo.MaxBufferedBytes, int64(1_000_000)},
		{p, with("delivery.timeout.ms", "120000"), kgo.RecordDeliveryTimeout, 2 * time.Minute},
		{p, with("delivery.timeout.ms", "2147483647"), kgo.RecordDeliveryTimeout, time.Duration(0)},
		{p, with("retries", "3"), kgo.RecordRetries, int64(3)},
		{p, with("retries", "2147483647"), kgo.RecordRetries, int64(math.MaxInt64)},
		{p, with("request.timeout.ms", "40000"), kgo.ProduceRequestTimeout, 40 * time.Second},
		{p, with("request.timeout.ms", "40000"), kgo.RequestTimeoutOverhead, 40 * time.Second},
		{p, with("acks", "1"), kgo.DisableIdempotentWrite, true},
		{p, with("enable.idempotence", "false"), kgo.MaxProduceRequestsInflightPerBroker, 1},
		{p, with("enable.idempotence", "false", "max.in.flight.requests.per.connection", "5"), kgo.MaxProduceRequestsInflightPerBroker, 5},
		{p, with("transactional.id", "t"), kgo.TransactionalID, "t"},
		{p, with("transactional.id", "t"), kgo.TransactionTimeout, time.Minute},
		{p, with("transactional.id", "t", "transaction.timeout.ms", "9000"), kgo.TransactionTimeout, 9 * time.Second},
		{p, with("client.id", "connector-producer-x-0"), kgo.ClientID, "connector-producer-x-0"},
		{p, with("metadata.max.age.ms", "100"), kgo.MetadataMaxAge, 100 * time.Millisecond},
		{p, with("metadata.max.age.ms", "100"), kgo.MetadataMinAge, 100 * time.Millisecond},
		{p, with("connections.max.idle.ms", "60000"), kgo.ConnIdleTimeout, time.Minute},
		{p, with("connections.max.idle.ms", "-1"), kgo.ConnIdleTimeout, 15 * time.Minute},
		{p, with("enable.metrics.push", "false"), kgo.DisableClientMetrics, true},
		{c, with("group.id", "connect-x"), kgo.ConsumerGroup, "connect-x"},
		{c, with("group.id", "connect-x"), kgo.DisableAutoCommit, true},
		{c, with("group.id", "g", "max.poll.interval.ms", "1000"), kgo.RebalanceTimeout, time.Second},
		{c, with("group.id", "g", "session.timeout.ms", "10000"), kgo.SessionTimeout, 10 * time.Second},
		{c, with("group.id", "g", "session.timeout.ms", "6000"), kgo.HeartbeatInterval, 2 * time.Second},
		{c, with("group.id", "g", "heartbeat.interval.ms", "500"), kgo.HeartbeatInterval, 500 * time.Millisecond},
		{c, with("group.id", "g", "group.instance.id", "i"), kgo.InstanceID, "i"},
		{c, with("fetch.max.bytes", "1000"), kgo.FetchMaxBytes, int32(1000)},
		{c, with("fetch.min.bytes", "1000"), kgo.FetchMinBytes, int32(1000)},
		{c, with("fetch.max.wait.ms", "250"), kgo.FetchMaxWait, 250 * time.Millisecond},
		{c, with("max.partition.fetch.bytes", "1048576"), kgo.FetchMaxPartitionBytes, int32(1 << 20)},
		{c, with("client.rack", "r"), kgo.Rack, "r"},
		{c, with("check.crcs", "false"), kgo.DisableFetchCRCValidation, true},
		{c, with("isolation.level", "read_committed"), kgo.FetchIsolationLevel, int8(1)},
		{c, with("allow.auto.create.topics", "false"), kgo.AllowAutoTopicCreation, false},
		{c, with("auto.offset.reset", "earliest"), kgo.ConsumeResetOffset, kgo.NewOffset().AtStart()},
		{c, with("auto.offset.reset", "latest"), kgo.ConsumeStartOffset, kgo.NewOffset().AtEnd()},
		{c, with("auto.offset.reset", "none"), kgo.ConsumeResetOffset, kgo.NoResetOffset()},
		{a, with("retries", "7"), kgo.RequestRetries, int64(7)},
		{a, with("bootstrap.servers", "PLAINTEXT://a:1, b:2"), kgo.SeedBrokers, []string{"a:1", "b:2"}},
	}
	for _, tt := range tests {
		cl, err := NewClient(Settings{tt.role, tt.set}, nil)
		if err != nil {
			t.Errorf("%v: %v", tt.set, err)
			continue
		}
		got := cl.OptValue(tt.opt)
		cl.Close()
		if gotInt, ok := asInt(got); ok {
			if wantInt, ok := asInt(tt.want); ok && gotInt == wantInt {
				continue
			}
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: got %v (%T), want %v (%T)", tt.set, got, got, tt.want, tt.want)
		}
	}
}

func asInt(v any) (int64, bool) {
	if rv := reflect.ValueOf(v); rv.IsValid() && rv.CanInt() {
		return rv.Int(), true
	}
	return 0, false
}

func TestAssignors(t *testing.T) {
	t.Parallel()
	const prefix = "org.apache.kafka.clients.consumer."
	for given, want := range map[string][]string{
		"":                                   {"range", "cooperative-sticky"},
		prefix + "RangeAssignor":             {"range"},
		prefix + "CooperativeStickyAssignor": {"cooperative-sticky"},
		prefix + "RoundRobinAssignor , " + prefix + "StickyAssignor": {"roundrobin", "sticky"},
	} {
		set := with("group.id", "g")
		if given != "" {
			set["partition.assignment.strategy"] = given
		}
		cl, err := NewClient(Settings{ConsumerRole, set}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, b := range cl.OptValue(kgo.Balancers).([]kgo.GroupBalancer) {
			names = append(names, b.ProtocolName())
		}
		cl.Close()
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%q (-want +got):\n%s", given, diff)
		}
	}
}

// A wrong value is an error that names the key, the value, and what is right.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	p, c, a := ProducerRole, ConsumerRole, AdminRole
	tests := []struct {
		role       Role
		key, value string
		right      string // a part of it
		more       []string
	}{
		{p, "bootstrap.servers", "", "host:port", nil},
		{p, "bootstrap.servers", "broker", "broker is not that", nil},
		{p, "bootstrap.servers", "broker:99999", "host:port", nil},
		{p, "acks", "2", "all, -1, 0, 1", nil},
		{p, "linger.ms", "5ms", "whole number of 0 or more", nil},
		{p, "batch.size", "-1", "whole number of 0 or more", nil},
		{p, "batch.size", "3000000000", "at most 2147483647", nil},
		{p, "compression.type", "brotli", "none, gzip, snappy, lz4, zstd", nil},
		{p, "compression.gzip.level", "0", "1 to 9", nil},
		{p, "enable.idempotence", "yes", "true or false", nil},
		{p, "acks", "1", "enable.idempotence=false", []string{"enable.idempotence", "true"}},
		{p, "retries", "0", "enable.idempotence=false", []string{"enable.idempotence", "true"}},
		{p, "max.in.flight.requests.per.connection", "6", "5 at most", []string{"enable.idempotence", "true"}},
		{p, "transactional.id", "t", "idempotent", []string{"enable.idempotence", "false"}},
		{p, "transactional.id", "", "not empty", nil},
		{p, "delivery.timeout.ms", "1000", "linger.ms + request.timeout.ms", nil},
		{p, "partitioner.class", "com.example.Mine", "RoundRobinPartitioner", nil},
		{p, "transaction.two.phase.commit.enable", "true", "give false", nil},
		{c, "auto.offset.reset", "first", "earliest, latest, none", nil},
		{c, "auto.offset.reset", "by_duration:-P1D", "ISO-8601", nil},
		{c, "enable.auto.commit", "true", "give false", nil},
		{c, "isolation.level", "serializable", "read_committed, read_uncommitted", nil},
		{c, "partition.assignment.strategy", "com.example.Mine", "RangeAssignor", []string{"group.id", "g"}},
		{c, "heartbeat.interval.ms", "45000", "less than session.timeout.ms", []string{"group.id", "g"}},
		{c, "session.timeout.ms", "10000", "the broker decides", []string{"group.id", "g", "group.protocol", "consumer"}},
		{c, "max.poll.records", "0", "1 or more", nil},
		{a, "bootstrap.controllers", "127.0.0.1:9093", "bootstrap.servers", nil},
		{a, "security.protocol", "TLS", "PLAINTEXT, SSL", nil},
		{a, "security.providers", "com.example.P", "take the key out", nil},
		{a, "sasl.mechanism", "DIGEST-MD5", "GSSAPI, PLAIN", []string{"security.protocol", "SASL_PLAINTEXT"}},
		{a, "ssl.truststore.type", "BKS", "JKS, PKCS12 or PEM", []string{"security.protocol", "SSL", "ssl.truststore.location", "/x"}},
		{a, "ssl.enabled.protocols", "SSLv3", "TLSv1.2, TLSv1.3", []string{"security.protocol", "SSL"}},
		{a, "ssl.cipher.suites", "TLS_NULL", "suite TLS_NULL", []string{"security.protocol", "SSL"}},
		{a, "ssl.truststore.location", "/does/not/exist", "no such file", []string{"security.protocol", "SSL", "ssl.truststore.type", "PEM"}},
	}
	for _, tt := range tests {
		set := with(tt.more...)
		if tt.value != "" || tt.key == "transactional.id" || tt.key == "bootstrap.servers" {
			set[tt.key] = tt.value
		}
		_, err := Settings{tt.role, set}.Plan()
		var wrong *ValueError
		if !errors.As(err, &wrong) {
			t.Errorf("%s=%s: %v", tt.key, tt.value, err)
			continue
		}
		if wrong.Key != tt.key || wrong.Value != tt.value || !strings.Contains(wrong.Right, tt.right) {
			t.Errorf("%s=%s: %v; want %q in it", tt.key, tt.value, err, tt.right)
		}
	}
}

func TestAllWrongValuesAreReported(t *testing.T) {
	t.Parallel()
	_, err := Settings{ProducerRole, with("acks", "9", "linger.ms", "x", "retries", "-1")}.Plan()
	for _, key := range []string{"acks", "linger.ms", "retries"} {
		if err == nil || !strings.Contains(err.Error(), `"`+key+`"`) {
			t.Errorf("%s is not in %v", key, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	set := with("linger.mss", "5", "max.block.ms", "60000", "fetch.min.bytes", "1", "metrics.context.connect.group.id", "g", "linger.ms", "90000")
	_, warnings, err := Settings{ProducerRole, set}.Options()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`unknown configuration key "fetch.min.bytes" for the producer is ignored`,
		`unknown configuration key "linger.mss" for the producer is ignored`,
		`configuration key "max.block.ms" for the producer has no effect: a full buffer or a topic that is not there yet makes the task wait, and fails no record`,
		`configuration key "linger.ms" for the producer has the value 90000 and is held to 60000`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who sets nothing gets idempotence; who sets a key that it cannot be had with
// gets what he set.
func TestIdempotence(t *testing.T) {
	t.Parallel()
	const inFlight = "max.in.flight.requests.per.connection"
	for _, tt := range []struct {
		set         map[string]string
		want, asked bool
	}{
		{with(), true, false},
		{with("acks", "all"), true, false},
		{with("acks", "-1"), true, false},
		{with("acks", "1"), false, false},
		{with("acks", "0"), false, false},
		{with("retries", "0"), false, false},
		{with(inFlight, "1"), false, false},
		{with(inFlight, "5"), true, false},
		{with(inFlight, "6"), false, false},
		{with("enable.idempotence", "false"), false, false},
		{with("enable.idempotence", "TRUE"), true, true},
		{with("enable.idempotence", "true", inFlight, "1"), true, true},
		{with("transactional.id", "t"), true, true},
		{with("transactional.id", "t", inFlight, "1"), true, true},
	} {
		plan, err := Settings{ProducerRole, tt.set}.Plan()
		if err != nil {
			t.Errorf("%v: %v", tt.set, err)
			continue
		}
		if plan.Idempotent != tt.want || plan.IdempotenceAsked != tt.asked {
			t.Errorf("%v: idempotent %v asked %v", tt.set, plan.Idempotent, plan.IdempotenceAsked)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	worker := map[string]string{
		"bootstrap.servers": "w:1", "security.protocol": "SSL", "group.id": "cluster", "key.converter": "x", "client.id": "worker",
		"producer.acks": "1", "producer.linger.ms": "9", "consumer.bootstrap.servers": "c:1", "admin.retries": "2",
		"metric.reporters": "r", "topic.creation.enable": "true",
	}
	defaults := map[string]string{"client.id": "connector-x"}
	for _, tt := range []struct {
		role      Role
		overrides map[string]string
		want      map[string]string
	}{
		{ProducerRole, map[string]string{"linger.ms": "0"}, map[string]string{"bootstrap.servers": "w:1", "client.id": "connector-x", "acks": "1", "linger.ms": "0"}},
		{ConsumerRole, nil, map[string]string{"bootstrap.servers": "c:1", "client.id": "connector-x"}},
		{AdminRole, nil, map[string]string{"bootstrap.servers": "w:1", "client.id": "worker", "security.protocol": "SSL", "retries": "2"}},
	} {
		before := maps.Clone(worker)
		if diff := cmp.Diff(tt.want, Merge(tt.role, worker, defaults, tt.overrides)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.role, diff)
		}
		if diff := cmp.Diff(before, worker); diff != "" {
			t.Errorf("the worker's settings were changed:\n%s", diff)
		}
	}
	got := WorkerSettings(ConsumerRole, worker, map[string]string{"auto.offset.reset": "earliest"})
	want := map[string]string{"bootstrap.servers": "w:1", "security.protocol": "SSL", "client.id": "worker", "auto.offset.reset": "earliest"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings of the worker's own consumer (-want +got):\n%s", diff)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		least, most int64 // milliseconds
		fails       int
		want        int64
	}{
		{100, 1000, 1, 100},
		{100, 1000, 2, 200},
		{100, 1000, 4, 800},
		{100, 1000, 5, 1000},
		{100, 1000, 500, 1000},
		{2000, 1000, 9, 2000},
		{0, 1000, 9, 0},
	} {
		got := backoff(time.Duration(tt.least)*time.Millisecond, time.Duration(tt.most)*time.Millisecond)(tt.fails)
		if want := time.Duration(tt.want) * time.Millisecond; got < want*8/10 || got > want*12/10 {
			t.Errorf("%d to %d after %d failures: %v", tt.least, tt.most, tt.fails, got)
		}
	}
}

func TestISODuration(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"P1D": 24 * time.Hour, "PT1H30M": 90 * time.Minute, "PT0.5S": 500 * time.Millisecond, "P1DT1S": 24*time.Hour + time.Second,
		"P": -1, "PT": -1, "P1DT": -1, "1D": -1, "PT-1S": -1, "P400000D": -1, "": -1,
	} {
		got, err := isoDuration(s)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := NewLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if log.Level() != kgo.LogLevelWarn {
		t.Errorf("level %v", log.Level())
	}
	log.Log(kgo.LogLevelInfo, "noise")
	log.Log(kgo.LogLevelError, "broken", "broker", 1)
	if got := out.String(); !strings.Contains(got, `level=ERROR msg="kafka client" event=broken broker=1`) || strings.Contains(got, "noise") {
		t.Errorf("log is %q", got)
	}
	if NewLogger(nil).Level() != kgo.LogLevelNone {
		t.Error("a nil logger is not silent")
	}
}
