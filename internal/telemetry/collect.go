package telemetry

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector turns what is measured into Prometheus metrics at each scrape.
type collector struct{ *Metrics }

// Describe says nothing, since the series come and go with the tasks.
func (*collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	m := c.Metrics
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &scrape{m: m, ch: ch, now: time.Now()}
	counts := make(map[string]map[string]int) // tasks of a connector by state
	for _, t := range m.tasks {
		state := t.collect(s)
		if counts[t.connector] == nil {
			counts[t.connector] = make(map[string]int)
		}
		counts[t.connector][state]++
	}
	for name, con := range m.connectors {
		con.collect(s, name, counts[name])
	}
	s.worker()
	if m.rebalance != nil {
		m.rebalance.collect(s)
	}
}

// scrape sends metrics with the labels of one thing.
type scrape struct {
	m      *Metrics
	ch     chan<- prometheus.Metric
	now    time.Time
	labels []string
	values []string
}

// of sets the labels, given as names and values.
func (s *scrape) of(pairs ...string) {
	s.labels, s.values = s.labels[:0], s.values[:0]
	for i := 0; i+1 < len(pairs); i += 2 {
		s.labels, s.values = append(s.labels, pairs[i]), append(s.values, pairs[i+1])
	}
}

// number sends an attribute of a bean.
func (s *scrape) number(bean, attribute string, v float64) {
	s.send(name(bean, attribute), attribute, v)
}

// text sends an attribute whose value is a text: 1, with the text as a label
// that is named as the attribute.
func (s *scrape) text(bean, attribute, value string) {
	if value == "" {
		value = "undefined"
	}
	labels, values := s.labels, s.values
	s.labels = append(slices.Clip(labels), strings.ReplaceAll(attribute, "-", "_"))
	s.values = append(slices.Clip(values), value)
	s.send(name(bean, attribute), attribute, 1)
	s.labels, s.values = labels, values
}

// send sends a metric; totals are counters.
func (s *scrape) send(full, attribute string, v float64) {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(attribute, "total") || strings.HasPrefix(attribute, "total-") || strings.HasPrefix(attribute, "deadletterqueue-") {
		kind = prometheus.CounterValue
	}
	desc, ok := s.m.descs[full]
	if !ok {
		help := attribute
		if strings.HasPrefix(full, "kafka_connect_") {
			help = "The attribute " + attribute + " of Kafka Connect."
		}
		desc = prometheus.NewDesc(full, help, append([]string(nil), s.labels...), nil)
		s.m.descs[full] = desc
	}
	s.ch <- prometheus.MustNewConstMetric(desc, kind, v, s.values...)
}

func (s *scrape) meter(bean, attribute string, m *meter) {
	s.number(bean, attribute+"-rate", m.rate(s.now))
	s.number(bean, attribute+"-total", m.sum)
}

// collect sends the metrics of a task and returns its state.
func (t *Task) collect(s *scrape) (state string) {
	_, stalled := t.stalled(s.now)
	t.mu.Lock()
	defer t.mu.Unlock()
	s.of("connector", t.connector, "task", t.task)
	t.settleState(s.now)
	const bean = "connector-task"
	s.text(bean, "status", strings.ToLower(t.state))
	life := float64(max(s.now.Sub(t.began), 1))
	s.number(bean, "running-ratio", float64(t.running)/life)
	s.number(bean, "pause-ratio", float64(t.paused)/life)
	s.number(bean, "offset-commit-max-time-ms", t.commits.greatest(s.now))
	s.number(bean, "offset-commit-avg-time-ms", t.commits.avg(s.now))
	s.number(bean, "batch-size-max", t.batches.greatest(s.now))
	s.number(bean, "batch-size-avg", t.batches.avg(s.now))
	s.number(bean, "offset-commit-failure-percentage", orZero(t.commitsBad.avg(s.now)))
	s.number(bean, "offset-commit-success-percentage", orZero(t.commitsGood.avg(s.now)))
	t.collectInfo(s, bean)
	for _, a := range t.Errors.attributes() {
		s.number("task-error", a.name, a.value)
	}
	if t.kind == Source {
		t.collectSource(s)
	} else {
		t.collectSink(s)
	}
	s.send("sluice_task_bytes_total", "Bytes of keys, values and headers that were moved, in total", t.bytes)
	if t.leftKnown {
		s.send("sluice_source_lag", "What a source task has not read yet, in units of its own, such as bytes of a file", float64(t.left))
	}
	s.send("sluice_task_stalled", "1 where records are to move and none moves", bit(stalled))
	t.Client.collect(s, t)
	return t.state
}

func (t *Task) collectInfo(s *scrape, bean string) {
	i := &t.info
	s.text(bean, "connector-class", i.ConnectorClass)
	s.text(bean, "connector-version", i.ConnectorVersion)
	s.text(bean, "connector-type", string(t.kind))
	s.text(bean, "task-class", i.TaskClass)
	s.text(bean, "task-version", i.TaskVersion)
	s.text(bean, "key-converter-class", i.Key.Class)
	s.text(bean, "key-converter-version", i.Key.Version)
	s.text(bean, "value-converter-class", i.Value.Class)
	s.text(bean, "value-converter-version", i.Value.Version)
	s.text(bean, "header-converter-class", i.Header.Class)
	s.text(bean, "header-converter-version", i.Header.Version)
	for _, p := range i.Transforms {
		s.of("connector", t.connector, "task", t.task, "transform", p.Alias)
		s.text("connector-transform", "transform-class", p.Class)
		s.text("connector-transform", "transform-version", p.Version)
	}
	for _, p := range i.Predicates {
		s.of("connector", t.connector, "task", t.task, "predicate", p.Alias)
		s.text("connector-predicate", "predicate-class", p.Class)
		s.text("connector-predicate", "predicate-version", p.Version)
	}
	s.of("connector", t.connector, "task", t.task)
}

func (t *Task) collectSource(s *scrape) {
	const bean = "source-task"
	s.meter(bean, "source-record-poll", &t.in)
	s.meter(bean, "source-record-write", &t.out)
	s.number(bean, "poll-batch-max-time-ms", t.times.greatest(s.now))
	s.number(bean, "poll-batch-avg-time-ms", t.times.avg(s.now))
	s.number(bean, "source-record-active-count", t.activeNow)
	s.number(bean, "source-record-active-count-max", t.active.greatest(s.now))
	s.number(bean, "source-record-active-count-avg", t.active.avg(s.now))
	if w := t.transactions; w != nil {
		s.number(bean, "transaction-size-min", t.transactionMin)
		s.number(bean, "transaction-size-max", w.greatest(s.now))
		s.number(bean, "transaction-size-avg", w.avg(s.now))
	}
}

func (t *Task) collectSink(s *scrape) {
	const bean = "sink-task"
	s.meter(bean, "sink-record-read", &t.in)
	s.meter(bean, "sink-record-send", &t.out)
	s.number(bean, "put-batch-max-time-ms", t.times.greatest(s.now))
	s.number(bean, "put-batch-avg-time-ms", t.times.avg(s.now))
	s.number(bean, "sink-record-active-count", t.activeNow)
	s.number(bean, "sink-record-active-count-max", t.active.greatest(s.now))
	s.number(bean, "sink-record-active-count-avg", t.active.avg(s.now))
	s.number(bean, "partition-count", t.partitions)
	s.number(bean, "offset-commit-seq-no", t.commitSeq)
	s.meter(bean, "offset-commit-completion", &t.completed)
	s.meter(bean, "offset-commit-skip", &t.skips)
}

func orZero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
