package store

import (
	"context"
	"iter"

	"sluice/connect/config"
)

// SessionKey signs the requests between workers (KIP-507).
type SessionKey struct {
	Key       config.Secret // its bytes as text
	Algorithm string        // Java's name: HmacSHA256
	Created   int64         // milliseconds since 1970, by the clock of the leader
}

// RestartRequest asks for the restart of a connector, of its tasks too where
// IncludeTasks, and of what has failed only where OnlyFailed.
type RestartRequest struct {
	Connector                string
	OnlyFailed, IncludeTasks bool
}

// Outranks says whether the request takes the place of a pending one for the
// same connector: restarting all outranks restarting what failed, and then tasks
// included outranks the connector alone.
func (r RestartRequest) Outranks(pending RestartRequest) bool {
	if r.OnlyFailed != pending.OnlyFailed {
		return !r.OnlyFailed
	}
	return r.IncludeTasks && !pending.IncludeTasks
}

// LoggerLevel is the level of a logger on all workers of the group.
type LoggerLevel struct{ Logger, Level string }

// ConfigEvents is what has happened on the config topic since the last Take.
type ConfigEvents struct {
	// Snapshot is the newest one. What happened in between is found by comparing
	// it with the one before: see [ConfigSnapshot.Changes].
	Snapshot *ConfigSnapshot
	// Restarts holds one request at most for each connector, the one that
	// outranks the others, in the order of the first.
	Restarts []RestartRequest
	// Levels are those that were set, in order.
	Levels []LoggerLevel
}

// ConfigStore is the config topic: what is to run in the whole group. Every
// worker reads all of it; who may write is said at each method. Its methods are
// safe for concurrent use.
//
// A write returns when its records are acknowledged and this worker has read to
// the end of the topic, so that Snapshot shows them (invariants 3 and 8); it
// waits 30 s at most. Its error leaves open whether the records were written.
// With exactly.once.source.support=preparing or enabled the writes of the leader
// are transactions of the producer that Claim opened; [ErrNotClaimed] is the
// answer to such a write without Claim, and after a failed one, which closes the
// producer: the herder then rejoins the group, and claims again if it leads.
type ConfigStore interface {
	// Start creates or checks the topic and reads it to the end; while no broker
	// answers it waits until ctx ends. It is called once, before anything else.
	Start(ctx context.Context) error
	// Changed has a token when there is something to Take. One goroutine, the
	// herder's loop, receives from it. It is never closed.
	Changed() <-chan struct{}
	// Take returns what happened since the last Take, and does not wait.
	Take() ConfigEvents
	// Snapshot returns the state of now, and does not wait.
	Snapshot() *ConfigSnapshot
	// Refresh returns when Snapshot is at least as new as the topic was when it
	// was called. Any worker may call it, with a ctx that ends: a follower that is
	// behind its assignment (worker.sync.timeout.ms), the leader before it fences.
	Refresh(ctx context.Context) error

	// Claim makes this worker the one whose leader writes count, and fences the
	// leader before it (KIP-618). The herder calls it after each assignment that
	// makes the worker the leader; without exactly-once it does nothing.
	Claim(ctx context.Context) error
	// Resign closes the producer of Claim, if there is one. The herder calls it before
	// it claims where another worker may have led since: the producer is fenced then,
	// without knowing it, and only a new one ends what the other has left open. It
	// waits for a write under way, or until ctx ends.
	Resign(ctx context.Context) error

	// PutConnector stores a configuration, and a target state where it is not "".
	// Leader only.
	PutConnector(ctx context.Context, name string, cfg config.Raw, initial TargetState) error
	// RemoveConnector removes the configuration and the target state. Leader only.
	RemoveConnector(ctx context.Context, name string) error
	// PutTaskConfigs replaces all task configurations of the connector; none is
	// the first half of a stop. Leader only.
	PutTaskConfigs(ctx context.Context, name string, cfgs []config.Raw) error
	// PutTaskCount says how many transactional ids the connector's tasks use since
	// it was fenced. Leader only.
	PutTaskCount(ctx context.Context, name string, n int) error
	// PutSessionKey replaces the session key. Leader only.
	PutSessionKey(ctx context.Context, key SessionKey) error
	// PutRestart sends a restart request to all workers. Leader only.
	PutRestart(ctx context.Context, r RestartRequest) error

	// PutTargetState sets the target state: STARTED and PAUSED by any worker,
	// STOPPED by the leader, after PutTaskConfigs with none. It is never part of a
	// transaction.
	PutTargetState(ctx context.Context, name string, target TargetState) error
	// PutLoggerLevel sets the level of a logger on all workers. Any worker.
	PutLoggerLevel(ctx context.Context, l LoggerLevel) error

	// Close ends the store. Writes under way end with an error.
	Close() error
}

// ConfigSnapshot is the state after one record of the config topic, and never
// changes. It shares memory with its neighbours; what its methods return must
// not be changed.
//
// A connector that was deleted is not listed, but its task count record, its
// generation and, until its own tombstone, its target state are remembered, as
// Java does.
type ConfigSnapshot struct {
	offset     int64
	sessionKey *SessionKey
	entries    tree[string, *connectorEntry]
	connectors tree[string, struct{}] // entries that have a configuration
}

// connectorEntry is what the topic says of one name. It never changes.
type connectorEntry struct {
	config        config.Raw // nil where there is none
	target        TargetState
	taskCount     int                   // of the last commit
	taskConfigs   tree[int, config.Raw] // also such as are beyond the count
	deferred      tree[int, config.Raw] // read, but not committed yet
	everDeferred  bool
	inconsistent  bool
	applied       config.Raw
	generation    int // of the task configurations, from 0; -1 before any
	countRecord   int // -1 where there is none
	pendingFence  bool
	configChange  int64 // offset after the last change of config, 0 before any
	targetChange  int64
	commitsChange int64
}

// NewConfigSnapshot returns the state before the first record.
func NewConfigSnapshot() *ConfigSnapshot { return &ConfigSnapshot{offset: -1} }

// Offset is the offset of the last record read, plus 1; -1 before any. Members of
// a group compare it, so it counts as Java does: control records and values that
// are no JSON do not count.
func (s *ConfigSnapshot) Offset() int64 { return s.offset }

// SessionKey returns the newest session key; nil where there is none.
func (s *ConfigSnapshot) SessionKey() *SessionKey { return s.sessionKey }

// Connectors yields the names of the connectors, sorted.
func (s *ConfigSnapshot) Connectors() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range s.connectors.all() {
			if !yield(name) {
				return
			}
		}
	}
}

// Len is the number of connectors.
func (s *ConfigSnapshot) Len() int { return s.connectors.len() }

// Contains says whether the connector has a configuration.
func (s *ConfigSnapshot) Contains(name string) bool {
	_, ok := s.connectors.get(name)
	return ok
}

// Connector returns the configuration as it was stored, with its references to
// providers; nil for a connector that is not there.
func (s *ConfigSnapshot) Connector(name string) config.Raw { return s.entry(name).config }

// TargetState returns "" where there is neither connector nor target state.
func (s *ConfigSnapshot) TargetState(name string) TargetState { return s.entry(name).target }

// TaskCount is the number of tasks last committed, whether or not their
// configurations were complete.
func (s *ConfigSnapshot) TaskCount(name string) int { return s.entry(name).taskCount }

// Tasks returns the ids of the connector's tasks; none while it is inconsistent.
func (s *ConfigSnapshot) Tasks(name string) []TaskID {
	e := s.entry(name)
	if e.inconsistent || e.taskCount <= 0 {
		return nil
	}
	ids := make([]TaskID, e.taskCount)
	for i := range ids {
		ids[i] = TaskID{name, i}
	}
	return ids
}

// TaskConfig returns the committed configuration of a task, nil where there is
// none.
func (s *ConfigSnapshot) TaskConfig(id TaskID) config.Raw {
	cfg, _ := s.entry(id.Connector).taskConfigs.get(id.Task)
	return cfg
}

// Inconsistent says that task configurations were lost to compaction before they
// were all read: the connector's owner has to make them anew, until then it has
// no tasks.
func (s *ConfigSnapshot) Inconsistent(name string) bool { return s.entry(name).inconsistent }

// Applied returns the configuration of the connector at the last commit of its
// tasks, nil before any. Where it differs from Connector, the task configurations
// are published again even if they are the same.
func (s *ConfigSnapshot) Applied(name string) config.Raw { return s.entry(name).applied }

// TaskGeneration counts the sets of task configurations, from 0; -1 before any.
func (s *ConfigSnapshot) TaskGeneration(name string) int { return s.entry(name).generation }

// TaskCountRecord is the number of transactional ids last fenced; -1 where there
// is none.
func (s *ConfigSnapshot) TaskCountRecord(name string) int { return s.entry(name).countRecord }

// PendingFencing says whether tasks were committed after the last task count.
func (s *ConfigSnapshot) PendingFencing(name string) bool { return s.entry(name).pendingFence }

func (s *ConfigSnapshot) entry(name string) *connectorEntry {
	if e, ok := s.entries.get(name); ok {
		return e
	}
	return &connectorEntry{generation: -1, countRecord: -1}
}

// ConfigChanges are the differences between two snapshots, each list sorted, in
// Java's words: what its config listener would have been told.
type ConfigChanges struct {
	// Removed are connectors that are no longer there.
	Removed []string
	// Added are connectors that were not there before.
	Added []string
	// Updated are connectors that were there before and whose configuration was
	// written again, changed or not, or that were removed in between.
	Updated []string
	// Tasks are connectors with a new commit of their tasks, changed or not.
	Tasks []string
	// Targets are connectors that were there before, with another target state.
	Targets []string
	// SessionKey says that there is another one.
	SessionKey bool
}

// Changes compares the snapshot with an older one of the same store.
func (s *ConfigSnapshot) Changes(old *ConfigSnapshot) ConfigChanges {
	c := ConfigChanges{SessionKey: s.sessionKey != old.sessionKey}
	for name, e := range s.entries.all() {
		before := old.entry(name)
		if e == before {
			continue
		}
		switch was, is := before.config != nil, e.config != nil; {
		case was && !is:
			c.Removed = append(c.Removed, name)
		case !was && is:
			c.Added = append(c.Added, name)
		case is && e.configChange != before.configChange:
			c.Updated = append(c.Updated, name)
		}
		if e.config != nil && e.commitsChange != before.commitsChange {
			c.Tasks = append(c.Tasks, name)
		}
		if e.config != nil && before.config != nil && e.targetChange != before.targetChange {
			c.Targets = append(c.Targets, name)
		}
	}
	return c
}
