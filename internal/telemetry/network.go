package telemetry

import (
	"strconv"
	"sync"
	"time"
)

// Network measures the connections of a Kafka client and what goes over them.
// Its methods may be called from any goroutine; they are called for connections
// and requests, not for records.
type Network struct {
	mu        sync.Mutex
	windows   Windows
	open      int                // connections; guarded by mu
	opened    meter              // connections; guarded by mu
	closed    meter              // connections; guarded by mu
	throttled window             // waits that brokers asked for, in ms; guarded by mu
	all       traffic            // guarded by mu
	nodes     map[int32]*traffic // guarded by mu
	calls     [callCount]call    // guarded by mu
}

// traffic is what goes to and comes from one broker, or all.
type traffic struct {
	sent, received meter  // bytes, a value for each request and answer
	requests       int64  // sent
	answers        int64  // received
	latency        window // ms to the answer of each
}

func newTraffic(of Windows, now time.Time) traffic {
	return traffic{sent: newMeter(of, now), received: newMeter(of, now), latency: newWindow(of, now)}
}

// call is a kind of request of a group's member.
type call struct {
	meter           // ms to the answer of each
	last  time.Time // zero is never
}

const (
	callCommit = iota
	callJoin
	callHeartbeat
	callSync
	callCount
)

// callOf returns which of the calls the number of a Kafka request is.
func callOf(api int16) (int, bool) {
	switch api {
	case 8:
		return callCommit, true
	case 11:
		return callJoin, true
	case 12, 68: // of the protocols classic and consumer
		return callHeartbeat, true
	case 14:
		return callSync, true
	}
	return 0, false
}

// begin starts to measure; nothing else may be called before.
func (n *Network) begin(of Windows, now time.Time) {
	n.windows, n.opened, n.closed, n.throttled = of, newMeter(of, now), newMeter(of, now), newWindow(of, now)
	n.all, n.nodes = newTraffic(of, now), make(map[int32]*traffic)
	for i := range n.calls {
		n.calls[i].meter = newMeter(of, now)
	}
}

// Connected notes a new connection.
func (n *Network) Connected() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open++
	n.opened.add(time.Now(), 1)
}

// Disconnected notes a connection that is closed.
func (n *Network) Disconnected() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open--
	n.closed.add(time.Now(), 1)
}

// Throttled notes a wait that a broker has asked for.
func (n *Network) Throttled(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.throttled.record(time.Now(), millis(d))
}

// Exchanged notes a request to a broker, of the API with that number in Kafka's
// protocol, and its answer: bytes, the time between the two, and the error where
// there was no answer.
func (n *Network) Exchanged(broker int32, api int16, sent, received int, took time.Duration, err error) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	node := n.nodes[broker]
	if node == nil {
		t := newTraffic(n.windows, now)
		node = &t
		n.nodes[broker] = node
	}
	for _, t := range []*traffic{&n.all, node} {
		t.sent.add(now, float64(sent))
		t.requests++
		if err == nil {
			t.received.add(now, float64(received))
			t.answers++
			t.latency.record(now, millis(took))
		}
	}
	if c, ok := callOf(api); ok && err == nil {
		n.calls[c].took(now, took)
		n.calls[c].last = now
	}
}

// collect sends what a client of that bean measures; mu is locked.
func (n *Network) collect(s *scrape, bean string) {
	s.number(bean, "connection-count", float64(n.open))
	s.meter(bean, "connection-creation", &n.opened)
	s.meter(bean, "connection-close", &n.closed)
	n.all.collect(s, bean)
	s.number(bean, "network-io-rate", n.all.sent.often(s.now)+n.all.received.often(s.now))
	s.number(bean, "network-io-total", float64(n.all.requests+n.all.answers))
}

// collectNodes sends what goes to each broker; mu is locked.
func (n *Network) collectNodes(s *scrape, bean string) {
	for id, t := range n.nodes {
		s.of("node_id", nodeName(id))
		t.collect(s, bean)
		s.number(bean, "request-latency-avg", t.latency.avg(s.now))
		s.number(bean, "request-latency-max", t.latency.greatest(s.now))
	}
}

// nodeName is that of Java, which numbers the addresses of bootstrap.servers from
// -1 down; here they begin at the least number.
func nodeName(id int32) string {
	if id < 0 {
		return "node--1"
	}
	return "node-" + strconv.Itoa(int(id))
}

func (t *traffic) collect(s *scrape, bean string) {
	s.meter(bean, "outgoing-byte", &t.sent)
	s.meter(bean, "incoming-byte", &t.received)
	s.number(bean, "request-rate", t.sent.often(s.now))
	s.number(bean, "request-total", float64(t.requests))
	s.number(bean, "request-size-avg", t.sent.avg(s.now))
	s.number(bean, "request-size-max", t.sent.greatest(s.now))
	s.number(bean, "response-rate", t.received.often(s.now))
	s.number(bean, "response-total", float64(t.answers))
}

// collectMember sends what a consumer does as the member of a group that has so
// many partitions; mu is locked.
func (n *Network) collectMember(s *scrape, partitions float64) {
	const bean = "consumer-coordinator"
	s.number(bean, "assigned-partitions", partitions)
	commit, join, beat, sync := &n.calls[callCommit], &n.calls[callJoin], &n.calls[callHeartbeat], &n.calls[callSync]
	s.calls(bean, "commit", &commit.meter)
	s.number(bean, "commit-latency-avg", commit.avg(s.now))
	s.number(bean, "commit-latency-max", commit.greatest(s.now))
	s.calls(bean, "join", &join.meter)
	s.number(bean, "join-time-avg", join.avg(s.now))
	s.number(bean, "join-time-max", join.greatest(s.now))
	s.calls(bean, "sync", &sync.meter)
	s.number(bean, "sync-time-avg", sync.avg(s.now))
	s.number(bean, "sync-time-max", sync.greatest(s.now))
	s.calls(bean, "heartbeat", &beat.meter)
	s.number(bean, "heartbeat-response-time-max", beat.greatest(s.now))
	s.number(bean, "last-heartbeat-seconds-ago", secondsAgo(s.now, beat.last))
	// An assignment ends a rebalance.
	s.number(bean, "rebalance-total", sync.sum)
	s.number(bean, "rebalance-rate-per-hour", sync.often(s.now)*3600)
	s.number(bean, "last-rebalance-seconds-ago", secondsAgo(s.now, sync.last))
}
