package telemetry

import (
	"math"
	"strconv"
	"time"
)

// collect sends the metrics of the client of the task, whose lock is held.
func (c *Client) collect(s *scrape, t *Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Network.mu.Lock()
	defer c.Network.mu.Unlock()
	if t.kind == Source {
		c.Network.collect(s, "producer")
		c.collectProducer(s)
		return
	}
	c.Network.collect(s, "consumer")
	c.Network.collectMember(s, t.partitions)
	c.collectConsumer(s, t)
}

func (c *Client) collectProducer(s *scrape) {
	const bean = "producer"
	s.meter(bean, "record-send", &c.records)
	s.meter(bean, "record-error", &c.failed)
	s.number(bean, "batch-size-avg", c.bytes.avg(s.now))
	s.number(bean, "batch-size-max", c.bytes.greatest(s.now))
	s.number(bean, "compression-rate-avg", c.bytes.total(s.now).sum/c.plain.total(s.now).sum)
	s.number(bean, "record-size-avg", c.plain.total(s.now).sum/c.records.total(s.now).sum)
	s.number(bean, "records-per-request-avg", c.recordsPerRequest(s.now))
	s.number(bean, "request-latency-avg", c.latency.avg(s.now))
	s.number(bean, "request-latency-max", c.latency.greatest(s.now))
	s.number(bean, "produce-throttle-time-avg", orZero(c.Network.throttled.avg(s.now)))
	s.number(bean, "produce-throttle-time-max", orZero(c.Network.throttled.greatest(s.now)))
	s.send("sluice_producer_request_retries_total", "Requests without an answer, which are sent again, in total", c.requests.sum)
}

// recordsPerRequest is NaN without requests, as in Java.
func (c *Client) recordsPerRequest(now time.Time) float64 {
	return c.records.total(now).sum / float64(c.latency.total(now).n)
}

func (c *Client) collectConsumer(s *scrape, t *Task) {
	const bean = "consumer-fetch-manager"
	s.meter(bean, "records-consumed", &c.records)
	s.meter(bean, "bytes-consumed", &c.bytes)
	s.number(bean, "records-per-request-avg", c.recordsPerRequest(s.now))
	s.calls(bean, "fetch", &c.latency)
	s.number(bean, "fetch-latency-avg", c.latency.avg(s.now))
	s.number(bean, "fetch-latency-max", c.latency.greatest(s.now))
	s.number(bean, "fetch-size-avg", c.sizes.avg(s.now))
	s.number(bean, "fetch-size-max", c.sizes.greatest(s.now))
	s.number(bean, "fetch-throttle-time-avg", orZero(c.Network.throttled.avg(s.now)))
	s.number(bean, "fetch-throttle-time-max", orZero(c.Network.throttled.greatest(s.now)))
	s.number(bean, "records-lag-max", c.lagMax.greatest(s.now))
	s.send("sluice_consumer_request_retries_total", "Requests without an answer, which are sent again, in total", c.requests.sum)
	var most int64
	least := math.NaN()
	for p, at := range c.place {
		most = max(most, at.toEnd)
		if lead := float64(at.toStart); math.IsNaN(least) || lead < least {
			least = lead
		}
		s.of("connector", t.connector, "task", t.task, "topic", p.Topic, "partition", strconv.Itoa(int(p.Partition)))
		s.number(bean, "records-lag", float64(at.toEnd))
		s.number(bean, "records-lead", float64(at.toStart))
	}
	s.of("connector", t.connector, "task", t.task)
	s.number(bean, "records-lead-min", least)
	s.number("sink-task", "sink-record-lag-max", float64(most))
}
