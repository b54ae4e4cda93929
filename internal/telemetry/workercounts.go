package telemetry

import (
	"sync"
	"time"
)

// Connector measures one connector. Its methods may be called from any goroutine.
type Connector struct {
	kind           Kind
	class, version string

	mu    sync.Mutex
	state string // guarded by mu
}

// Connector starts to measure a connector; RemoveConnector ends it.
func (m *Metrics) Connector(name string, kind Kind, class, version string) *Connector {
	c := &Connector{kind: kind, class: class, version: version}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connectors[name] = c
	return c
}

// RemoveConnector ends the measuring of the connector, unless a newer one of
// that name is measured.
func (m *Metrics) RemoveConnector(name string, c *Connector) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connectors[name] == c {
		delete(m.connectors, name)
	}
}

// State notes a change of state, such as RUNNING.
func (c *Connector) State(state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = state
}

// workerCounts count the starts on this worker.
type workerCounts struct {
	connectors, tasks startCounts
}

type startCounts struct{ good, bad float64 }

func (s *startCounts) add(ok bool) {
	if ok {
		s.good++
	} else {
		s.bad++
	}
}

// ConnectorStarted counts the outcome of the start of a connector.
func (m *Metrics) ConnectorStarted(ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.worker.connectors.add(ok)
}

// TaskStarted counts the outcome of the start of a task.
func (m *Metrics) TaskStarted(ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.worker.tasks.add(ok)
}

// Rebalance measures the membership of a worker in its group. Its methods may
// be called from any goroutine.
type Rebalance struct {
	// Network measures the connections of the member.
	Network Network

	protocol string

	mu         sync.Mutex
	leader     string    // guarded by mu
	generation int       // guarded by mu
	done       float64   // guarded by mu
	began      time.Time // zero between two; guarded by mu
	last       time.Time // guarded by mu
	times      window    // in ms; guarded by mu
	spent      float64   // in all rebalances, in ms; guarded by mu
	failed     meter     // rounds without an assignment; guarded by mu
	joins      meter     // ms to the answer of each; guarded by mu
	syncs      meter     // ms to the answer of each; guarded by mu
	beats      meter     // ms to the answer of each; guarded by mu
	beat       time.Time // the last; guarded by mu
	connectors int       // assigned; guarded by mu
	tasks      int       // assigned; guarded by mu
}

// Rebalance starts to measure a group membership that speaks the protocol.
func (m *Metrics) Rebalance(protocol string) *Rebalance {
	now := time.Now()
	r := &Rebalance{
		protocol: protocol, times: newWindow(m.windows, now), failed: newMeter(m.windows, now),
		joins: newMeter(m.windows, now), syncs: newMeter(m.windows, now), beats: newMeter(m.windows, now),
	}
	r.Network.begin(m.windows, now)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rebalance = r
	return r
}

// Heartbeat notes an answered heartbeat and the time to its answer.
func (r *Rebalance) Heartbeat(took time.Duration) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beats.took(now, took)
	r.beat = now
}

// Joined notes that the group was joined, and the time that it took.
func (r *Rebalance) Joined(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joins.took(time.Now(), took)
}

// Synced notes an assignment that came, and the time that it took.
func (r *Rebalance) Synced(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.syncs.took(time.Now(), took)
}

// Failed notes a try to join that ended without an assignment.
func (r *Rebalance) Failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed.add(time.Now(), 1)
}

// Begin notes the start of a rebalance; one that goes on is not begun again.
func (r *Rebalance) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		r.began = time.Now()
	}
}

// End notes its end: the leader's name or URL, the generation, and how many
// connectors and tasks this worker has been given.
func (r *Rebalance) End(leader string, generation, connectors, tasks int) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leader, r.generation, r.connectors, r.tasks, r.last = leader, generation, connectors, tasks, now
	r.done++
	if !r.began.IsZero() {
		r.times.record(now, millis(now.Sub(r.began)))
		r.spent += millis(now.Sub(r.began))
		r.began = time.Time{}
	}
}
