package telemetry

import (
	"sync"
	"time"
)

// Partition is a partition of a topic.
type Partition struct {
	Topic     string
	Partition int32
}

// Client measures the Kafka client of a task. Its methods may be called from
// any goroutine; they are called for batches and requests, not for records.
type Client struct {
	mu       sync.Mutex
	records  meter               // written or fetched; guarded by mu
	bytes    meter               // on the wire; guarded by mu
	failed   meter               // records that Kafka did not take; guarded by mu
	requests meter               // failed on the wire, which the client sends again; guarded by mu
	latency  window              // of requests, in ms; guarded by mu
	lag      map[Partition]int64 // of a consumer; guarded by mu
	lagMax   window              // guarded by mu
}

// Batch notes a batch of records that was written or fetched, and its bytes on
// the wire.
func (c *Client) Batch(records, bytes int) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records.add(now, float64(records))
	c.bytes.add(now, float64(bytes))
}

// Request notes a produce or fetch request: the time to its answer, or that it
// got none.
func (c *Client) Request(took time.Duration, err error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.requests.add(now, 1)
		return
	}
	c.latency.record(now, millis(took))
}

// Failed notes records that Kafka did not take.
func (c *Client) Failed(records int) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed.add(now, float64(records))
}

// Lag notes how many records of a partition are still to be fetched.
func (c *Client) Lag(p Partition, records int64) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lag == nil {
		c.lag = make(map[Partition]int64)
	}
	c.lag[p] = records
	c.lagMax.record(now, float64(records))
}

// Forget drops the lag of partitions that are gone.
func (c *Client) Forget(partitions ...Partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range partitions {
		delete(c.lag, p)
	}
}

// behind is the lag of all partitions.
func (c *Client) behind() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int64
	for _, lag := range c.lag {
		n += lag
	}
	return n
}
