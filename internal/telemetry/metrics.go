package telemetry

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what a worker measures: the beans of Kafka Connect 4.3.1 as
// kafka_connect_<type of the bean without -metrics>_<attribute>, the numbers of
// Sluice itself as sluice_*, and those of the Go runtime. It is safe for
// concurrent use. Recording is done by batch, never by record.
type Metrics struct {
	registry *prometheus.Registry
	windows  Windows
	stall    time.Duration
	began    time.Time
	about    [2]string // version of Connect, commit
	stages   *prometheus.HistogramVec
	delays   *prometheus.HistogramVec

	mu         sync.Mutex
	tasks      map[taskID]*Task            // guarded by mu
	connectors map[string]*Connector       // guarded by mu
	worker     workerCounts                // guarded by mu
	rebalance  *Rebalance                  // nil in standalone mode; guarded by mu
	descs      map[string]*prometheus.Desc // made once each; guarded by mu
}

type taskID struct {
	connector string
	task      int
}

// MetricsConfig says how to measure. The zero value measures as Java does.
type MetricsConfig struct {
	// Windows is that of rates; zero is DefaultWindows.
	Windows Windows
	// Stall is the time without movement after which a running task with records
	// to move counts as stalled; 0 never.
	Stall time.Duration
	// Version is that of Sluice, Connect that of Kafka Connect that it speaks, Commit
	// the revision of its source.
	Version, Connect, Commit string
}

// NewMetrics makes the metrics of a worker.
func NewMetrics(cfg MetricsConfig) *Metrics {
	if cfg.Windows.Samples <= 0 || cfg.Windows.Length <= 0 {
		cfg.Windows = DefaultWindows()
	}
	labels := []string{"connector", "task", "stage"}
	m := &Metrics{
		registry: prometheus.NewRegistry(), windows: cfg.Windows, stall: cfg.Stall,
		began: time.Now(), about: [2]string{cfg.Connect, cfg.Commit},
		tasks: make(map[taskID]*Task), connectors: make(map[string]*Connector), descs: make(map[string]*prometheus.Desc),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluice_task_stage_seconds", Help: "Time that a batch spends in a stage.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 11),
		}, labels),
		delays: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluice_task_end_to_end_seconds", Help: "Age of the oldest record of a batch, by its timestamp, when the batch is acknowledged (source) or put (sink).",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 12),
		}, labels[:2]),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{
			// What the last collection found in use: the one figure of the heap that shows a leak.
			Matcher: regexp.MustCompile("^/gc/heap/live:bytes$"),
		})), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.stages, m.delays, &collector{m},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sluice_build_info", Help: "1, with the version as a label.", ConstLabels: prometheus.Labels{"version": cfg.Version},
		}, func() float64 { return 1 }),
	)
	return m
}

// Handler answers with all metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Task starts to measure a task. One of the same name that is still measured
// is replaced.
func (m *Metrics) Task(connector string, task int, kind Kind) *Task {
	now := time.Now()
	number := strconv.Itoa(task)
	t := &Task{connector: connector, task: number, kind: kind, stall: m.stall, began: now, changed: now, since: now}
	for _, w := range []*window{&t.batches, &t.commits, &t.commitsGood, &t.commitsBad, &t.active, &t.times} {
		*w = newWindow(m.windows, now)
	}
	for _, c := range []*meter{&t.in, &t.out, &t.completed, &t.skips} {
		*c = newMeter(m.windows, now)
	}
	t.Client.begin(m.windows, now)
	for s := range t.observers {
		t.observers[s] = m.stages.WithLabelValues(connector, number, Stage(s).String())
	}
	t.delay = m.delays.WithLabelValues(connector, number)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tasks[taskID{connector, task}] = t
	return t
}

// RemoveTask ends the measuring of the task, unless a newer one of that name is
// measured. Failed tasks are measured until then, as in Java.
func (m *Metrics) RemoveTask(connector string, task int, t *Task) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := taskID{connector, task}
	if m.tasks[key] != t {
		return
	}
	delete(m.tasks, key)
	labels := prometheus.Labels{"connector": connector, "task": strconv.Itoa(task)}
	m.stages.DeletePartialMatch(labels)
	m.delays.DeletePartialMatch(labels)
}

// Stalled returns the tasks that stand still though they have records to move,
// each with the time since when.
func (m *Metrics) Stalled(connector string, task int) (since time.Time, stalled bool) {
	m.mu.Lock()
	t := m.tasks[taskID{connector, task}]
	m.mu.Unlock()
	if t == nil {
		return time.Time{}, false
	}
	return t.stalled(time.Now())
}

// name is the Prometheus name of an attribute of a bean.
func name(bean, attribute string) string {
	return "kafka_connect_" + strings.ReplaceAll(bean+"_"+attribute, "-", "_")
}

// Moved returns how many records the present source tasks have written to
// Kafka, and how many the present sink tasks have put. A task that is started
// anew counts from 0.
func (m *Metrics) Moved() (written, put int64) {
	m.mu.Lock()
	tasks := slices.Collect(maps.Values(m.tasks))
	m.mu.Unlock()
	for _, t := range tasks {
		t.mu.Lock()
		n := int64(t.out.sum)
		t.mu.Unlock()
		if t.kind == Source {
			written += n
		} else {
			put += n
		}
	}
	return written, put
}
