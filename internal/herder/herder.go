// Package herder owns the state of the connectors and decides what runs. A
// variant of the herder (standalone, distributed) is one goroutine that alone
// changes that state; readers get immutable snapshots and never wait.
//
// [Herder] is what the REST API needs of a herder, [WorkerRunner] what a herder
// needs of the worker. Errors that a client is to see are of type [*Error].
package herder

import (
	"context"
	"fmt"
	"net/http"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// Herder is a herder as the REST API sees it. Methods without a context read a
// snapshot and never wait; those with one wait until the herder has taken the
// request up, or ctx ends. Their errors are of type *Error where the client is
// to see a status of its own.
type Herder interface {
	// Connectors returns the sorted names of the connectors.
	Connectors() []string
	// Info returns a connector's configuration and its tasks.
	Info(name string) (ConnectorInfo, bool)
	// Status returns the state of a connector and its tasks; false where nothing
	// is known of it.
	Status(name string) (ConnectorStatus, bool)
	// TaskConfigs returns the configurations of a connector's tasks.
	TaskConfigs(name string) ([]TaskConfig, bool)
	// Topics returns the sorted topics that the connector has used.
	Topics(name string) []string
	// ResetTopics forgets the topics that the connector has used.
	ResetTopics(ctx context.Context, name string) error
	// Put creates a connector, or replaces the configuration of an existing one if
	// replace is set. initial is the target state of a new one, nil is STARTED.
	Put(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState, replace bool) (created bool, info ConnectorInfo, err error)
	// Patch changes single keys of a configuration; a null removes the key.
	Patch(ctx context.Context, name string, patch config.Raw) (ConnectorInfo, error)
	// Delete stops and forgets a connector; its offsets stay.
	Delete(ctx context.Context, name string) error
	// SetTarget asks for another target state of a connector.
	SetTarget(ctx context.Context, name string, target store.TargetState) error
	// Restart restarts the connector, not its tasks.
	Restart(ctx context.Context, name string) error
	// RestartWith restarts the connector and its tasks, or those that failed, and
	// returns the status in which they are RESTARTING (KIP-745).
	RestartWith(ctx context.Context, name string, includeTasks, onlyFailed bool) (ConnectorStatus, error)
	// RestartTask restarts one task.
	RestartTask(ctx context.Context, id store.TaskID) error
	// Validate checks a connector's configuration. It runs code of plugins.
	Validate(ctx context.Context, cfg config.Raw) (ConfigInfos, error)
	// Offsets returns the offsets of a connector: source partitions and offsets, or
	// the consumer group's for a sink. It may ask the broker (KIP-875).
	Offsets(ctx context.Context, name string) ([]store.Offset, error)
	// AlterOffsets sets offsets of a stopped connector; a null offset removes. It
	// returns the message for the client.
	AlterOffsets(ctx context.Context, name string, offsets []store.Offset) (message string, err error)
	// ResetOffsets removes all offsets of a stopped connector, and returns the
	// message for the client.
	ResetOffsets(ctx context.Context, name string) (message string, err error)
	// PutTaskConfigs takes the task configurations that the worker with the
	// connector sends to the leader (KIP-507). Standalone refuses.
	PutTaskConfigs(ctx context.Context, name string, configs []config.Map, sig *Signature) error
	// FenceZombies fences the former producers of a source connector's tasks
	// (KIP-618). Standalone refuses.
	FenceZombies(ctx context.Context, name string, sig *Signature) error
	// SetClusterLoggerLevel asks all workers of the cluster for a level of a logger
	// (KIP-976).
	SetClusterLoggerLevel(ctx context.Context, logger, level string) error
	// CatchUp returns when reads show what other workers of the cluster have answered
	// before the call, so that no read is older than an answer that was forwarded
	// (invariant 8). It waits a few seconds at most.
	CatchUp(ctx context.Context)
	// PluginConfig returns the keys of a plugin, found by class or alias; version
	// is a version or a range, "latest" is any.
	PluginConfig(ctx context.Context, class, version string) ([]ConfigKeyInfo, error)
	// Plugins returns the plugins that the worker carries.
	Plugins() []plugins.Desc
	// ClusterID returns the id of the Kafka cluster; "" where it is unknown.
	ClusterID() string
	// Health returns "healthy", "starting" or "unhealthy", and a message.
	Health() (state, message string)
}

// WorkerRunner is the worker as a herder sees it: it runs connectors and tasks,
// and tells a store.Listener what happens to them. Start methods return at once.
type WorkerRunner interface {
	// StartConnector makes and starts the connector.
	StartConnector(name string, cfg config.Map, target store.TargetState, generation int)
	// StopConnector stops it; an error says that it was abandoned.
	StopConnector(ctx context.Context, name string) error
	// TaskConfigs asks the running connector for the configurations of its tasks.
	// They include task.class.
	TaskConfigs(ctx context.Context, name string, maxTasks int) ([]config.Map, error)
	// StartTask makes and starts a task.
	StartTask(id store.TaskID, connectorCfg, taskCfg config.Map, target store.TargetState, generation int)
	// StopTasks stops tasks within task.shutdown.graceful.timeout.ms in all; an
	// error names those that were abandoned.
	StopTasks(ctx context.Context, ids []store.TaskID) error
	// BeginStop tells connectors and tasks to stop, and those that do not end in time
	// are abandoned. It does not wait.
	BeginStop(names []string, ids []store.TaskID)
	// SetTargetState pauses or resumes a connector and its tasks.
	SetTargetState(name string, target store.TargetState)
	// Close stops everything.
	Close(ctx context.Context) error
}

// ConsumedOffsets reads and changes the committed offsets of sink connectors'
// consumer groups. Its methods wait for the broker until ctx ends.
type ConsumedOffsets interface {
	ConsumedOffsets(ctx context.Context, name string, cfg config.Map) (map[connect.TopicPartition]int64, error)
	// AlterConsumedOffsets sets offsets; a nil one removes. store.ErrGroupInUse says
	// that the group has members.
	AlterConsumedOffsets(ctx context.Context, name string, cfg config.Map, offsets map[connect.TopicPartition]*int64) error
	// ResetConsumedOffsets forgets the group; store.ErrGroupInUse as above.
	ResetConsumedOffsets(ctx context.Context, name string, cfg config.Map) error
}

// The types of connectors in answers.
const (
	TypeSource  = "source"
	TypeSink    = "sink"
	TypeUnknown = "unknown"
)

// ConnectorInfo is a connector's configuration with the ids of its tasks. It is
// shared: do not change it.
type ConnectorInfo struct {
	Name   string
	Config config.Raw
	Tasks  []store.TaskID
	Type   string // one of the Type constants
}

// ConnectorStatus is the state of a connector and its tasks, the tasks in the
// order of their ids.
type ConnectorStatus struct {
	Name      string
	Connector store.Status
	Tasks     []TaskStatus
	Type      string // one of the Type constants
	Version   string // of the connector; "" where unknown
}

// TaskStatus is the state of a task.
type TaskStatus struct {
	ID int
	store.Status
}

// TaskConfig is the configuration of a task. It is shared: do not change it.
type TaskConfig struct {
	ID     store.TaskID
	Config config.Map
}

// Signature is how another worker signed an internal request (KIP-507).
type Signature struct {
	Algorithm string // of the MAC, such as HmacSHA256
	MAC       []byte
	Body      []byte // the bytes that were signed
}

// ForwardError says that another worker has to answer the request, such as the
// leader. The REST layer forwards it, once or twice, unless the client forbids.
type ForwardError struct {
	URL string // of the other worker's REST listener, with a slash at the end
	// Message is the answer where the request is not forwarded.
	Message string
}

// Error returns the message.
func (e *ForwardError) Error() string { return e.Message }

// Error is an answer to a client: an HTTP status with a message that clients may
// match.
type Error struct {
	Status  int
	Message string
	// Class is the Java class of the exception that stands for it; some answers
	// show it before the message. "" is that of the worker's exceptions of the status.
	Class string
}

// JavaClass returns the class of the exception that Java would show.
func (e *Error) JavaClass() string {
	switch {
	case e.Class != "":
		return e.Class
	case e.Status == http.StatusBadRequest:
		return "org.apache.kafka.connect.runtime.rest.errors.BadRequestException"
	case e.Status == http.StatusNotFound:
		return "org.apache.kafka.connect.errors.NotFoundException"
	case e.Status == http.StatusConflict:
		return "org.apache.kafka.connect.errors.AlreadyExistsException"
	default:
		return "org.apache.kafka.connect.errors.ConnectException"
	}
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func conflict(message string) error { return &Error{Status: http.StatusConflict, Message: message} }

func notFound(format string, args ...any) error {
	return &Error{Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}

func badRequest(message string) error { return &Error{Status: http.StatusBadRequest, Message: message} }

func notYet(what string) error {
	return &Error{Status: http.StatusNotImplemented, Message: what + " is not available in this version of Sluice yet: see the status table of its README"}
}

func internal(message string) error {
	return &Error{Status: http.StatusInternalServerError, Message: message}
}
