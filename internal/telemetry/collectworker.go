package telemetry

import (
	"math"
	"strings"
	"time"
)

// secondsAgo is -1 where it never was, as in Java.
func secondsAgo(now, then time.Time) float64 {
	if then.IsZero() {
		return -1
	}
	return math.Floor(now.Sub(then).Seconds())
}

func (c *Connector) collect(s *scrape, name string, tasks map[string]int) {
	c.mu.Lock()
	state := c.state
	c.mu.Unlock()
	s.of("connector", name)
	const bean = "connector"
	s.text(bean, "status", strings.ToLower(state))
	s.text(bean, "connector-type", string(c.kind))
	s.text(bean, "connector-class", c.class)
	s.text(bean, "connector-version", c.version)
	total := 0
	for _, n := range tasks {
		total += n
	}
	const worker = "connect-worker"
	s.number(worker, "connector-total-task-count", float64(total))
	for _, state := range []string{"running", "paused", "failed", "unassigned", "destroyed", "restarting"} {
		s.number(worker, "connector-"+state+"-task-count", float64(tasks[strings.ToUpper(state)]))
	}
}

// worker sends the metrics of the worker itself; the lock is held.
func (s *scrape) worker() {
	s.of()
	const app = "app-info"
	s.text(app, "version", s.m.about[0])
	s.text(app, "commit-id", s.m.about[1])
	s.number(app, "start-time-ms", float64(s.m.began.UnixMilli()))
	const bean = "connect-worker"
	s.number(bean, "connector-count", float64(len(s.m.connectors)))
	s.number(bean, "task-count", float64(len(s.m.tasks)))
	for name, c := range map[string]startCounts{"connector": s.m.worker.connectors, "task": s.m.worker.tasks} {
		all := c.good + c.bad
		s.number(bean, name+"-startup-attempts-total", all)
		s.number(bean, name+"-startup-success-total", c.good)
		s.number(bean, name+"-startup-failure-total", c.bad)
		s.number(bean, name+"-startup-success-percentage", c.good/max(all, 1))
		s.number(bean, name+"-startup-failure-percentage", c.bad/max(all, 1))
	}
}

// calls sends how often something was done whose times are in the windows.
func (s *scrape) calls(bean, attribute string, m *meter) {
	s.number(bean, attribute+"-rate", m.often(s.now))
	s.number(bean, attribute+"-total", m.sum)
}

func (r *Rebalance) collect(s *scrape) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Network.mu.Lock()
	defer r.Network.mu.Unlock()
	s.of()
	r.Network.collect(s, "connect")
	r.Network.collectNodes(s, "connect-node")
	s.of()
	const bean = "connect-worker-rebalance"
	s.text(bean, "connect-protocol", r.protocol)
	s.text(bean, "leader-name", r.leader)
	s.number(bean, "epoch", float64(r.generation))
	s.number(bean, "completed-rebalances-total", r.done)
	s.number(bean, "rebalancing", bit(!r.began.IsZero()))
	s.number(bean, "rebalance-max-time-ms", r.times.greatest(s.now))
	s.number(bean, "rebalance-avg-time-ms", r.times.avg(s.now))
	since := math.Inf(1)
	if !r.last.IsZero() {
		since = millis(s.now.Sub(r.last))
	}
	s.number(bean, "time-since-last-rebalance-ms", since)
	const coordinator = "connect-coordinator"
	s.number(coordinator, "assigned-connectors", float64(r.connectors))
	s.number(coordinator, "assigned-tasks", float64(r.tasks))
	s.number(coordinator, "rebalance-total", r.done)
	s.number(coordinator, "rebalance-latency-max", r.times.greatest(s.now))
	s.number(coordinator, "rebalance-latency-avg", r.times.avg(s.now))
	s.number(coordinator, "last-rebalance-seconds-ago", secondsAgo(s.now, r.last))
	s.number(coordinator, "rebalance-latency-total", r.spent)
	s.number(coordinator, "rebalance-rate-per-hour", r.times.often(s.now)*3600)
	s.number(coordinator, "failed-rebalance-total", r.failed.sum)
	s.number(coordinator, "failed-rebalance-rate-per-hour", r.failed.often(s.now)*3600)
	s.calls(coordinator, "join", &r.joins)
	s.number(coordinator, "join-time-avg", r.joins.avg(s.now))
	s.number(coordinator, "join-time-max", r.joins.greatest(s.now))
	s.calls(coordinator, "sync", &r.syncs)
	s.number(coordinator, "sync-time-avg", r.syncs.avg(s.now))
	s.number(coordinator, "sync-time-max", r.syncs.greatest(s.now))
	s.calls(coordinator, "heartbeat", &r.beats)
	s.number(coordinator, "heartbeat-response-time-max", r.beats.greatest(s.now))
	s.number(coordinator, "last-heartbeat-seconds-ago", secondsAgo(s.now, r.beat))
}
