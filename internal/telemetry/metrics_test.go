package telemetry_test

import (
	"bufio"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/telemetry"
)

// scrape returns the series of a scrape by name and labels.
func scrape(t *testing.T, m *telemetry.Metrics) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	series := make(map[string]string)
	lines := bufio.NewScanner(w.Body)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "} "); ok {
			series[name+"}"] = value
		} else if name, value, ok := strings.Cut(lines.Text(), " "); ok && name != "#" {
			series[name] = value
		}
	}
	return series
}

// TestEveryBeanOfJavaIsThere compares with the attributes that JMX shows of the
// Java worker. One that is not there is in without.txt, with the reason, and one
// that is must not be.
func TestEveryBeanOfJavaIsThere(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	m.Connector("c", telemetry.Source, "Class", "1")
	r := m.Rebalance("sessioned")
	r.End("http://leader:8083/", 3, 1, 2)
	r.Network.Exchanged(1, 3, 10, 20, time.Millisecond, nil)
	plugin := []telemetry.Plugin{{Alias: "a", Class: "C", Version: "1"}}
	for i, kind := range []telemetry.Kind{telemetry.Source, telemetry.Sink} {
		task := m.Task("c", i, kind)
		task.State("RUNNING")
		task.Describe(telemetry.Info{Transforms: plugin, Predicates: plugin})
		task.Transaction(3)
		task.Client.Position(telemetry.Partition{Topic: "t"}, 4, 9)
	}
	names := make(map[string]bool)
	for series := range scrape(t, m) {
		name, _, _ := strings.Cut(series, "{")
		names[name] = true
	}
	without := lines(t, "testdata/without.txt")
	used := make(map[string]bool)
	beans := lines(t, "testdata/beans.txt")
	for _, line := range beans {
		bean, attribute, _ := strings.Cut(line, " ")
		name := "kafka_connect_" + strings.ReplaceAll(strings.TrimSuffix(bean, "-metrics")+"_"+attribute, "-", "_")
		row := slices.IndexFunc(without, func(row string) bool {
			f := strings.Fields(row)
			if len(f) < 4 {
				t.Fatalf("without.txt: %q has no reason", row)
			}
			return (f[0] == "*" || f[0] == bean) && like(f[1], attribute)
		})
		switch {
		case row < 0 && !names[name]:
			t.Errorf("%s is not there as %s", line, name)
		case row >= 0 && names[name]:
			t.Errorf("%s is there: take it out of without.txt, %q", line, without[row])
		case row >= 0:
			used[without[row]] = true
		}
	}
	if len(beans) < 350 {
		t.Errorf("only %d attributes are compared", len(beans))
	}
	for _, row := range without {
		if !used[row] {
			t.Errorf("without.txt: Java has nothing like %q", row)
		}
	}
}

// like reports whether the name fits a pattern with stars.
func like(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// lines returns the lines of a file without comments.
func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

func TestTaskMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(telemetry.MetricsConfig{})
		con := m.Connector("c", telemetry.Source, "Class", "1")
		con.State("RUNNING")
		source, sink := m.Task("c", 0, telemetry.Source), m.Task("c", 1, telemetry.Sink)
		source.State("RUNNING")
		sink.State("FAILED")
		source.Polled(100, 20*time.Millisecond)
		source.Polled(300, 40*time.Millisecond)
		source.Written(100, 25, 7500)
		source.Left(1234, true)
		source.Client.Batch(75, 3000, 6000)
		source.Client.Request(0, 0, errors.New("reset"))
		source.Client.Network.Connected()
		source.Client.Network.Connected()
		source.Client.Network.Disconnected()
		source.Client.Network.Exchanged(1, 0, 4000, 40, 3*time.Millisecond, nil)
		source.Client.Network.Exchanged(2, 0, 2000, 0, 0, errors.New("reset"))
		source.Client.Request(4*time.Millisecond, 40, nil)
		source.Client.Network.Throttled(7 * time.Millisecond)
		sink.Client.Network.Exchanged(1, 8, 100, 20, 6*time.Millisecond, nil)
		sink.Client.Network.Exchanged(1, 12, 50, 10, time.Millisecond, nil)
		source.Committed(10*time.Millisecond, nil)
		source.Committed(time.Second, errors.New("no"))
		source.Errors.Skipped()
		sink.Read(60, 600)
		sink.Put(60, 50, 5*time.Millisecond)
		sink.Client.Position(telemetry.Partition{Topic: "t", Partition: 2}, 40, 9)
		time.Sleep(10 * time.Second)
		source.State("PAUSED")
		time.Sleep(30 * time.Second)

		got := scrape(t, m)
		want := map[string]string{
			`kafka_connect_connector_status{connector="c",status="running"}`:                                   "1",
			`kafka_connect_connector_task_status{connector="c",status="paused",task="0"}`:                      "1",
			`kafka_connect_connector_task_status{connector="c",status="failed",task="1"}`:                      "1",
			`kafka_connect_connect_worker_connector_failed_task_count{connector="c"}`:                          "1",
			`kafka_connect_connector_task_running_ratio{connector="c",task="0"}`:                               "0.25",
			`kafka_connect_connector_task_pause_ratio{connector="c",task="0"}`:                                 "0.75",
			`kafka_connect_connector_task_batch_size_avg{connector="c",task="0"}`:                              "200",
			`kafka_connect_connector_task_offset_commit_failure_percentage{connector="c",task="0"}`:            "0.5",
			`kafka_connect_source_task_source_record_poll_total{connector="c",task="0"}`:                       "400",
			`kafka_connect_source_task_source_record_poll_rate{connector="c",task="0"}`:                        "10", // over 40 s
			`kafka_connect_source_task_source_record_write_total{connector="c",task="0"}`:                      "75",
			`kafka_connect_source_task_source_record_active_count{connector="c",task="0"}`:                     "300",
			`kafka_connect_source_task_poll_batch_max_time_ms{connector="c",task="0"}`:                         "40",
			`kafka_connect_task_error_total_records_skipped{connector="c",task="0"}`:                           "1",
			`kafka_connect_producer_record_send_total{connector="c",task="0"}`:                                 "75",
			`sluice_producer_request_retries_total{connector="c",task="0"}`:                                    "1",
			`kafka_connect_producer_connection_count{connector="c",task="0"}`:                                  "1",
			`kafka_connect_producer_connection_creation_total{connector="c",task="0"}`:                         "2",
			`kafka_connect_producer_outgoing_byte_total{connector="c",task="0"}`:                               "6000",
			`kafka_connect_producer_incoming_byte_total{connector="c",task="0"}`:                               "40",
			`kafka_connect_producer_request_total{connector="c",task="0"}`:                                     "2",
			`kafka_connect_producer_response_total{connector="c",task="0"}`:                                    "1",
			`kafka_connect_producer_request_size_max{connector="c",task="0"}`:                                  "4000",
			`kafka_connect_producer_compression_rate_avg{connector="c",task="0"}`:                              "0.5",
			`kafka_connect_producer_records_per_request_avg{connector="c",task="0"}`:                           "75",
			`kafka_connect_producer_produce_throttle_time_max{connector="c",task="0"}`:                         "7",
			`kafka_connect_consumer_coordinator_commit_latency_max{connector="c",task="1"}`:                    "6",
			`kafka_connect_consumer_coordinator_last_heartbeat_seconds_ago{connector="c",task="1"}`:            "40",
			`kafka_connect_consumer_fetch_manager_records_lead_min{connector="c",task="1"}`:                    "9",
			`sluice_task_bytes_total{connector="c",task="0"}`:                                                  "7500",
			`sluice_source_lag{connector="c",task="0"}`:                                                        "1234",
			`kafka_connect_sink_task_sink_record_send_total{connector="c",task="1"}`:                           "50",
			`kafka_connect_consumer_fetch_manager_records_lag{connector="c",partition="2",task="1",topic="t"}`: "40",
			`kafka_connect_consumer_fetch_manager_records_lag_max{connector="c",task="1"}`:                     "40",
			`kafka_connect_sink_task_put_batch_avg_time_ms{connector="c",task="1"}`:                            "5",
			`sluice_task_stage_seconds_count{connector="c",stage="poll",task="0"}`:                             "2",
		}
		for series := range want {
			if got[series] != want[series] {
				t.Errorf("%s is %q, want %s", series, got[series], want[series])
			}
		}
		time.Sleep(time.Minute)
		if v := scrape(t, m)[`kafka_connect_source_task_poll_batch_max_time_ms{connector="c",task="0"}`]; v != "NaN" {
			t.Errorf("the greatest time is still %s after the windows", v)
		}
		m.RemoveTask("c", 0, source)
		for series := range scrape(t, m) {
			if strings.Contains(series, `task="0"`) {
				t.Errorf("%s is there after its task", series)
			}
		}
	})
}

func TestStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(telemetry.MetricsConfig{Stall: 5 * time.Minute})
		task := m.Task("c", 0, telemetry.Sink)
		stalled := func(why string, want bool) {
			t.Helper()
			if _, got := m.Stalled("c", 0); got != want {
				t.Errorf("%s: stalled is %v", why, got)
			}
			if got := scrape(t, m)[`sluice_task_stalled{connector="c",task="0"}`]; got != map[bool]string{true: "1", false: "0"}[want] {
				t.Errorf("%s: the metric is %s", why, got)
			}
		}
		task.State("RUNNING")
		time.Sleep(time.Hour)
		stalled("nothing to move", false)
		task.Read(10, 100)
		stalled("records have just come", false)
		time.Sleep(6 * time.Minute)
		stalled("a Put that hangs", true)
		task.State("PAUSED")
		stalled("paused by the user", false)
		task.State("RUNNING")
		task.Put(10, 10, time.Second)
		time.Sleep(time.Hour)
		stalled("all is moved", false)
		task.Client.Position(telemetry.Partition{Topic: "t"}, 7, 9)
		task.Read(1, 10)
		task.Put(1, 1, time.Second)
		time.Sleep(6 * time.Minute)
		stalled("more is in Kafka, and none comes", true)
		task.Client.Forget(telemetry.Partition{Topic: "t"})
		stalled("the partition is another's now", false)
		if since, _ := m.Stalled("other", 0); !since.IsZero() {
			t.Error("an unknown task has a time")
		}
	})
}

func TestReadMetrics(t *testing.T) {
	t.Parallel()
	got, err := telemetry.ReadMetrics(config.Map{"metrics.num.samples": "3", "task.stall.timeout.ms": "0"})
	want := telemetry.MetricsConfig{Windows: telemetry.Windows{Samples: 3, Length: 30 * time.Second}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, key := range slices.Sorted(maps.Keys(config.Map{"metrics.num.samples": "", "metrics.sample.window.ms": "", "task.stall.timeout.ms": ""})) {
		if _, err := telemetry.ReadMetrics(config.Map{key: "-1"}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s=-1: %v", key, err)
		}
	}
}

// TestMeasuringAllocatesNothing holds the price of a batch.
func TestMeasuringAllocatesNothing(t *testing.T) {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	source, sink := m.Task("c", 0, telemetry.Source), m.Task("c", 1, telemetry.Sink)
	sink.Client.Position(telemetry.Partition{Topic: "t"}, 4, 9)
	if n := testing.AllocsPerRun(100, func() {
		source.Polled(500, time.Millisecond)
		source.Observe(telemetry.StageEncode, time.Millisecond)
		source.Written(500, 0, 5000)
		sink.Read(500, 5000)
		sink.Client.Position(telemetry.Partition{Topic: "t"}, 4, 9)
		sink.Put(500, 500, time.Millisecond)
		sink.Delay(time.Second)
	}); n != 0 {
		t.Errorf("%.0f allocations for a batch", n)
	}
}

func TestRebalanceMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(telemetry.MetricsConfig{})
		r := m.Rebalance("SESSIONED")
		r.Begin()
		r.Failed()
		time.Sleep(2 * time.Second)
		r.Joined(30 * time.Millisecond)
		r.Joined(10 * time.Millisecond)
		r.Synced(5 * time.Millisecond)
		r.End("http://leader/", 4, 2, 3)
		r.Heartbeat(7 * time.Millisecond)
		time.Sleep(28 * time.Second)
		got := scrape(t, m)
		for series, want := range map[string]string{
			"join_total": "2", "join_time_avg": "20", "join_time_max": "30", "sync_total": "1", "sync_time_max": "5",
			"heartbeat_total": "1", "heartbeat_response_time_max": "7", "last_heartbeat_seconds_ago": "28",
			"rebalance_total": "1", "rebalance_latency_total": "2000", "failed_rebalance_total": "1",
			"rebalance_rate_per_hour": "120", "failed_rebalance_rate_per_hour": "120", // one in 30 s
			"assigned_connectors": "2", "assigned_tasks": "3",
		} {
			if series = "kafka_connect_connect_coordinator_" + series; got[series] != want {
				t.Errorf("%s is %q, want %s", series, got[series], want)
			}
		}
	})
}
