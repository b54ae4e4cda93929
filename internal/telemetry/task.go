package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind is source or sink.
type Kind string

// The kinds of connectors.
const (
	Source Kind = "source"
	Sink   Kind = "sink"
)

// Stage is a part of the way of a batch whose time is measured.
type Stage int

// The stages: of sources poll, encode, produce, of sinks decode, put, and of
// both commit.
const (
	StagePoll Stage = iota
	StageEncode
	StageProduce
	StageDecode
	StagePut
	StageCommit
	stageCount
)

// String is the label of the stage.
func (s Stage) String() string {
	return [...]string{"poll", "encode", "produce", "decode", "put", "commit"}[s]
}

// Info names what a task is made of.
type Info struct {
	ConnectorClass, ConnectorVersion string
	TaskClass, TaskVersion           string
	Key, Value, Header               Plugin
	Transforms, Predicates           []Plugin
}

// Plugin is a plugin of a task.
type Plugin struct{ Alias, Class, Version string }

// Task measures one task. Its methods may be called from any goroutine; each
// takes one lock, which is why it is called for batches and not for records.
type Task struct {
	// Errors counts bad records.
	Errors ErrorCounts
	// Client measures the Kafka client.
	Client Client

	connector, task string
	kind            Kind
	stall           time.Duration
	began           time.Time
	observers       [stageCount]prometheus.Observer
	delay           prometheus.Observer

	mu      sync.Mutex
	info    Info          // guarded by mu
	state   string        // guarded by mu
	changed time.Time     // when state was entered; guarded by mu
	running time.Duration // before changed; guarded by mu
	paused  time.Duration // before changed; guarded by mu

	batches, commits, commitsGood, commitsBad window  // guarded by mu
	times                                     window  // of Poll or Put, in ms; guarded by mu
	in, out                                   meter   // polled and written, or read and sent; guarded by mu
	active                                    window  // guarded by mu
	activeNow                                 float64 // guarded by mu
	completed, skips                          meter   // commits of a sink; guarded by mu
	commitSeq, partitions                     float64 // of a sink; guarded by mu
	bytes                                     float64 // guarded by mu
	left                                      int64   // of a source, where known; guarded by mu
	leftKnown                                 bool    // guarded by mu
	transactions                              *window // sizes, where there are any; guarded by mu
	transactionMin                            float64 // guarded by mu

	pending int       // records in hand that are not moved; guarded by mu
	since   time.Time // nothing has moved, or there was nothing to move; guarded by mu
}

// Describe says what the task is made of.
func (t *Task) Describe(info Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.info = info
}

// State notes a change of state, such as RUNNING.
func (t *Task) State(state string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settleState(now)
	t.state, t.since = state, now
}

// settleState adds the time in the state until now; mu is locked.
func (t *Task) settleState(now time.Time) {
	switch t.state {
	case "RUNNING":
		t.running += now.Sub(t.changed)
	case "PAUSED":
		t.paused += now.Sub(t.changed)
	}
	t.changed = now
}

// Observe notes the time that a batch has spent in a stage.
func (t *Task) Observe(s Stage, d time.Duration) { t.observers[s].Observe(d.Seconds()) }

// Delay notes the age of the oldest record of a batch at the end of its way.
func (t *Task) Delay(d time.Duration) { t.delay.Observe(max(d, 0).Seconds()) }

// Polled notes a batch of a source and the time that Poll took.
func (t *Task) Polled(records int, took time.Duration) {
	now := time.Now()
	t.Observe(StagePoll, took)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.in.add(now, float64(records))
	t.times.record(now, millis(took))
	t.batches.record(now, float64(records))
	t.setActive(now, t.activeNow+float64(records))
	t.hold(now, t.pending+records)
}

// Left notes how much of its source a task has not read yet; known is false where
// that cannot be told.
func (t *Task) Left(left int64, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.leftKnown = left, known
}

// Written notes records of a source that are acknowledged or left out, of them
// those left out, and the bytes of the others.
func (t *Task) Written(records, leftOut, bytes int) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.add(now, float64(records-leftOut))
	t.bytes += float64(bytes)
	t.setActive(now, max(t.activeNow-float64(records), 0))
	t.since = now
	t.hold(now, max(t.pending-records, 0))
}

// Read notes records that a sink has fetched.
func (t *Task) Read(records, bytes int) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.in.add(now, float64(records))
	t.bytes += float64(bytes)
	t.hold(now, t.pending+records)
}

// Put notes a batch that a sink task has taken: of the records read, those that
// were not left out, and the time that Put took.
func (t *Task) Put(read, put int, took time.Duration) {
	now := time.Now()
	t.Observe(StagePut, took)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.add(now, float64(put))
	t.times.record(now, millis(took))
	t.batches.record(now, float64(put))
	if read > 0 {
		t.since = now
	}
	t.hold(now, max(t.pending-read, 0))
}

// Released notes records in hand that will come again, such as after a
// rebalance.
func (t *Task) Released() {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hold(now, 0)
}

// hold sets the records in hand; mu is locked.
func (t *Task) hold(now time.Time, pending int) {
	if t.pending == 0 && pending > 0 && t.Client.behind() == 0 {
		t.since = now
	}
	t.pending = pending
}

// Active notes how many records of a sink are put and not committed.
func (t *Task) Active(records int64) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setActive(now, float64(records))
}

func (t *Task) setActive(now time.Time, n float64) {
	t.activeNow = n
	t.active.record(now, n)
}

// Partitions notes how many partitions a sink has.
func (t *Task) Partitions(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partitions = float64(n)
}

// CommitBegun notes the number of a sink's commit.
func (t *Task) CommitBegun(number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.commitSeq = float64(number)
}

// Committed notes the end of a commit of offsets.
func (t *Task) Committed(took time.Duration, err error) {
	now := time.Now()
	t.Observe(StageCommit, took)
	t.mu.Lock()
	defer t.mu.Unlock()
	good := 0.0
	if err == nil {
		good = 1
		t.commits.record(now, millis(took))
		t.completed.add(now, 1)
	}
	t.commitsGood.record(now, good)
	t.commitsBad.record(now, 1-good)
}

// CommitSkipped notes an answer to a commit that came after a newer one.
func (t *Task) CommitSkipped() {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skips.add(now, 1)
}

// Transaction notes the records of a transaction (KIP-618).
func (t *Task) Transaction(records int) {
	now := time.Now()
	n := float64(records)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.transactions == nil {
		w := newWindow(t.batches.of, now)
		t.transactions, t.transactionMin = &w, n
	}
	t.transactionMin = min(t.transactionMin, n)
	t.transactions.record(now, n)
}

// stalled says whether the task stands still though it has records to move.
func (t *Task) stalled(now time.Time) (since time.Time, yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	more := t.pending > 0 || t.Client.behind() > 0
	return t.since, t.stall > 0 && t.state == "RUNNING" && more && now.Sub(t.since) >= t.stall
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
