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
	// Network measures its connections.
	Network Network

	mu       sync.Mutex
	records  meter                  // written or fetched; guarded by mu
	bytes    meter                  // of each batch on the wire; guarded by mu
	plain    window                 // bytes of each batch before compression; guarded by mu
	failed   meter                  // records that Kafka did not take; guarded by mu
	requests meter                  // failed on the wire, which the client sends again; guarded by mu
	sizes    window                 // bytes of the answer to each request; guarded by mu
	latency  meter                  // of requests, in ms; guarded by mu
	place    map[Partition]distance // of a consumer; guarded by mu
	lagMax   window                 // guarded by mu
}

// distance is that of a consumer's position in a partition.
type distance struct {
	toEnd, toStart int64
}

// begin starts to measure; nothing else may be called before.
func (c *Client) begin(of Windows, now time.Time) {
	c.Network.begin(of, now)
	c.records, c.bytes, c.failed, c.requests, c.latency = newMeter(of, now), newMeter(of, now), newMeter(of, now), newMeter(of, now), newMeter(of, now)
	c.plain, c.sizes, c.lagMax = newWindow(of, now), newWindow(of, now), newWindow(of, now)
	c.place = make(map[Partition]distance)
}

// Batch notes a batch of records that was written or fetched, its bytes on the
// wire and before compression.
func (c *Client) Batch(records, bytes, plain int) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records.add(now, float64(records))
	c.bytes.add(now, float64(bytes))
	c.plain.record(now, float64(plain))
}

// Request notes a produce or fetch request: the time to its answer and the bytes
// of that, or that it got none.
func (c *Client) Request(took time.Duration, received int, err error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.requests.add(now, 1)
		return
	}
	c.latency.took(now, took)
	c.sizes.record(now, float64(received))
}

// Failed notes records that Kafka did not take.
func (c *Client) Failed(records int) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed.add(now, float64(records))
}

// Position notes how many records of a partition are still to be fetched, and
// how many there are before the last one that was: that many, and retention
// takes some before they are read.
func (c *Client) Position(p Partition, toEnd, toStart int64) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place[p] = distance{toEnd, toStart}
	c.lagMax.record(now, float64(toEnd))
}

// Forget drops the positions in partitions that are gone.
func (c *Client) Forget(partitions ...Partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range partitions {
		delete(c.place, p)
	}
}

// behind is the lag of all partitions.
func (c *Client) behind() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int64
	for _, at := range c.place {
		n += at.toEnd
	}
	return n
}
