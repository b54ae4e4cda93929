package kafka_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
	"sluice/internal/telemetry"
)

// value returns the value of a series, by the beginning of its line.
func value(t *testing.T, m *telemetry.Metrics, series string) float64 {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(w.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), series+"{"); ok {
			_, number, _ := strings.Cut(rest, "} ")
			v, err := strconv.ParseFloat(number, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no series %s", series)
	return 0
}

// TestClientsAreMeasured sends a batch through a broker and reads it again.
func TestClientsAreMeasured(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	source, sink := m.Task("c", 0, telemetry.Source), m.Task("c", 1, telemetry.Sink)
	values := map[string]string{"bootstrap.servers": cluster.ListenAddrs()[0]}
	producer, err := kafka.NewClient(kafka.Settings{Role: kafka.ProducerRole, Values: values}, nil, kafka.Measured(&source.Client))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	text := []byte(strings.Repeat("x", 100))
	if err := producer.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: text}, &kgo.Record{Topic: "t", Value: text}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	consumer, err := kafka.NewClient(kafka.Settings{Role: kafka.ConsumerRole, Values: map[string]string{
		"bootstrap.servers": values["bootstrap.servers"], "group.id": "g", "auto.offset.reset": "earliest",
	}}, nil, kgo.ConsumeTopics("t"), kafka.Measured(&sink.Client))
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	read := 0
	for read < 2 {
		fetches := consumer.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		read += fetches.NumRecords()
	}
	if err := consumer.CommitUncommittedOffsets(t.Context()); err != nil {
		t.Fatal(err)
	}
	const producers, consumers, fetches, members = "kafka_connect_producer_", "kafka_connect_consumer_", "kafka_connect_consumer_fetch_manager_", "kafka_connect_consumer_coordinator_"
	for series, least := range map[string]float64{
		producers + "record_send_total": 2, producers + "connection_count": 1, producers + "outgoing_byte_total": 200,
		producers + "incoming_byte_total": 20, producers + "request_total": 2, producers + "response_total": 2,
		producers + "request_latency_max": 0, producers + "batch_size_max": 1, producers + "record_size_avg": 100,
		fetches + "records_consumed_total": 2, fetches + "fetch_total": 1, fetches + "fetch_size_max": 20, consumers + "incoming_byte_total": 20,
		members + "join_total": 1, members + "sync_total": 1, members + "commit_total": 1, members + "commit_latency_max": 0,
	} {
		if got := value(t, m, series); !(got >= least) {
			t.Errorf("%s is %v, want at least %v", series, got, least)
		}
	}
	producer.Close()
	deadline := time.Now().Add(30 * time.Second)
	for value(t, m, producers+"connection_count") != 0 {
		if time.Now().After(deadline) {
			t.Fatal("connections of a closed client are counted as open")
		}
		time.Sleep(time.Millisecond)
	}
}
