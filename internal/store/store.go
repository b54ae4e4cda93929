// Package store holds the words that the worker's parts share about what is
// stored: task ids, states, statuses, and the roles of the stores.
//
// A variant of a store has a folder of its own (file, memory, kafka). This
// package imports none of them.
package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/connect/schema"
)

// TaskID names a task.
type TaskID struct {
	Connector string
	Task      int
}

// String returns the id as Kafka Connect writes it: "name-0".
func (id TaskID) String() string { return id.Connector + "-" + strconv.Itoa(id.Task) }

// State is what an instance is doing.
type State string

// The states of connectors and tasks.
const (
	Unassigned State = "UNASSIGNED"
	Running    State = "RUNNING"
	Paused     State = "PAUSED"
	Stopped    State = "STOPPED"
	Failed     State = "FAILED"
	Restarting State = "RESTARTING"
)

// TargetState is what the user wants of a connector.
type TargetState string

// The target states.
const (
	TargetStarted TargetState = "STARTED"
	TargetPaused  TargetState = "PAUSED"
	TargetStopped TargetState = "STOPPED"
)

// ParseInitialState returns the target state of a connector's initial_state:
// RUNNING, PAUSED or STOPPED in any case.
func ParseInitialState(text string) (TargetState, error) {
	switch strings.ToUpper(text) {
	case "RUNNING":
		return TargetStarted, nil
	case "PAUSED":
		return TargetPaused, nil
	case "STOPPED":
		return TargetStopped, nil
	}
	return "", fmt.Errorf("initial_state %q is not one of RUNNING, PAUSED, STOPPED", text)
}

// Status is what is known of a connector or a task.
type Status struct {
	State      State
	Trace      string // "" where nothing failed; the first line is Java's
	WorkerID   string // host:port of its REST listener
	Generation int
	Version    string // of the plugin; "" where unknown
}

// Listener hears what happens to connectors and tasks on this worker. Its
// methods do not block and may be called from any goroutine.
type Listener interface {
	ConnectorStatus(name string, s Status)
	TaskStatus(id TaskID, s Status)
	// TaskConfigsChanged asks for new task configurations of the connector: it
	// has started, or has requested a reconfiguration.
	TaskConfigsChanged(name string)
	// TopicUsed says that a task has first used a topic.
	TopicUsed(id TaskID, topic string)
}

// ErrGroupInUse says that the offsets of a consumer group cannot be changed from
// outside, since it has members.
var ErrGroupInUse = errors.New("the consumer group has members")

// Offset is a source partition and its offset, both map values; a null Offset
// is a removal.
type Offset struct {
	Partition, Offset schema.Value
}

// Offsets stores the offsets of source connectors. Implementations are safe for
// concurrent use. Keys are looked up by the bytes of the JSON form
// ["connector",{partition}], so the order of a partition's entries counts.
type Offsets interface {
	// Read returns the offsets of the partitions; null for those without. It may
	// wait for the store until ctx ends.
	Read(ctx context.Context, connector string, partitions []schema.Value) ([]schema.Value, error)
	// Write stores the offsets and returns when they are durable. After an error
	// some of them may be stored, unless the variant says otherwise.
	Write(ctx context.Context, connector string, offsets []Offset) error
	// List returns all offsets of the connector.
	List(ctx context.Context, connector string) ([]Offset, error)
	// Close ends the store; what was written stays.
	Close() error
}

// ConnectorOffsets is where the offsets of one source connector are (KIP-618).
type ConnectorOffsets interface {
	Offsets
	// Topic is the one that a task writes to in its own transaction, as
	// [OffsetRecord] says; "" where there is none.
	Topic() string
	// Around calls write, which stores the offsets in Topic, and does before and
	// after it what another topic needs that Topic is laid over.
	Around(ctx context.Context, connector string, offsets []Offset, write func(ctx context.Context) error) error
}

// OpenOffsets opens the offsets of a source connector by its resolved
// configuration. It waits until they are read, or ctx ends. Who opens them closes
// them.
type OpenOffsets func(ctx context.Context, connector string, cfg map[string]string) (ConnectorOffsets, error)

// Shared returns what opens the same offsets for every connector, without a topic.
// They stay open.
func Shared(offsets Offsets) OpenOffsets {
	return func(context.Context, string, map[string]string) (ConnectorOffsets, error) {
		return shared{offsets}, nil
	}
}

type shared struct{ Offsets }

func (shared) Topic() string { return "" }

func (shared) Around(ctx context.Context, _ string, _ []Offset, write func(context.Context) error) error {
	return write(ctx)
}

func (shared) Close() error { return nil }
