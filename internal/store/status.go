package store

import (
	"context"
	"iter"
)

// TopicStatus says that a connector uses a topic (KIP-558).
type TopicStatus struct {
	Topic, Connector string
	Task             int   // the one that used it first
	Discovered       int64 // milliseconds since 1970
}

// StatusStore is the status topic: what runs where. Every worker reads all of it.
// Its methods are safe for concurrent use.
//
// Writes do not wait and do not fail: while no broker answers, the newest status
// of each instance is kept and sent later, in the order of the calls for each
// key; what was overtaken in the meantime is not sent. A write shows in Snapshot
// when it has been read back.
type StatusStore interface {
	// Start creates or checks the topic and reads it to the end; while no broker
	// answers it waits until ctx ends. It is called once, before anything else.
	Start(ctx context.Context) error
	// Snapshot returns the state of now, and does not wait.
	Snapshot() *StatusSnapshot

	// PutConnector writes a status: of a start, pause, resume, restart or stop of
	// an instance that runs here.
	PutConnector(name string, s Status)
	// PutConnectorSafe writes a status (FAILED, UNASSIGNED) unless another worker
	// has written a newer one: one of a higher generation.
	PutConnectorSafe(name string, s Status)
	// PutTask is as PutConnector, for a task.
	PutTask(id TaskID, s Status)
	// PutTaskSafe is as PutConnectorSafe, for a task.
	PutTaskSafe(id TaskID, s Status)
	// RemoveConnector writes a tombstone, which also forgets the statuses of the
	// tasks. The owner of a connector that is deleted calls it, and the leader for
	// statuses of connectors that are not configured.
	RemoveConnector(name string)
	// RemoveTask writes a tombstone: the owner of a task that is gone calls it, and
	// the leader for tasks beyond the configured ones.
	RemoveTask(id TaskID)
	// PutTopic notes that a connector uses a topic, unless that is known.
	PutTopic(t TopicStatus)
	// RemoveTopic forgets one topic of the connector, on its deletion or a reset.
	RemoveTopic(connector, topic string)

	// Flush returns when all that was put before is acknowledged.
	Flush(ctx context.Context) error
	// Refresh returns when Snapshot is at least as new as the topic was when it was
	// called.
	Refresh(ctx context.Context) error
	// Close sends what waits, for 5 s at most, and ends the store.
	Close() error
}

// StatusSnapshot is the state of the status topic at one moment, and never
// changes.
type StatusSnapshot struct {
	entries tree[string, *statusEntry]
}

// statusEntry is what the topic says of one connector. It never changes.
type statusEntry struct {
	connector Status // State "" is none
	tasks     tree[int, Status]
	topics    tree[string, TopicStatus]
}

// NewStatusSnapshot returns the state before the first record.
func NewStatusSnapshot() *StatusSnapshot { return &StatusSnapshot{} }

// Connectors yields the names of which a status or a task's status is known,
// sorted.
func (s *StatusSnapshot) Connectors() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name, e := range s.entries.all() {
			if (e.connector.State != "" || e.tasks.len() > 0) && !yield(name) {
				return
			}
		}
	}
}

// Connector returns the status of a connector.
func (s *StatusSnapshot) Connector(name string) (Status, bool) {
	e := s.entry(name)
	return e.connector, e.connector.State != ""
}

// Task returns the status of a task.
func (s *StatusSnapshot) Task(id TaskID) (Status, bool) {
	return s.entry(id.Connector).tasks.get(id.Task)
}

// Tasks yields the numbers and statuses of the connector's tasks, sorted.
func (s *StatusSnapshot) Tasks(name string) iter.Seq2[int, Status] { return s.entry(name).tasks.all() }

// Topic returns what is known of a topic of the connector.
func (s *StatusSnapshot) Topic(connector, topic string) (TopicStatus, bool) {
	return s.entry(connector).topics.get(topic)
}

// Topics yields the topics of the connector, sorted by name.
func (s *StatusSnapshot) Topics(connector string) iter.Seq2[string, TopicStatus] {
	return s.entry(connector).topics.all()
}

func (s *StatusSnapshot) entry(name string) *statusEntry {
	if e, ok := s.entries.get(name); ok {
		return e
	}
	return &statusEntry{}
}
