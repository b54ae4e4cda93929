package herder

import (
	"context"
	"maps"
	"slices"

	"sluice/connect/config"
	"sluice/internal/store"
)

// connector is what the loop knows of one connector.
type connector struct {
	config      config.Raw
	target      store.TargetState
	kind        string       // a Type constant
	taskConfigs []config.Map // in the order of the ids
	planned     config.Raw   // the configuration that taskConfigs was made from
	started     int          // the number of the last start of the connector
	taskStarted map[int]int  // the number of the last start of each task
	replanning  bool         // an operation is queued that asks for task configurations
	status      store.Status // State "" is none
	tasks       map[int]store.Status
	failed      map[int]store.Status // statuses of failed tasks that a pause hides
	// waiting hears of the next status of the start that it names.
	waiting chan<- store.Status
}

func (c *connector) ids(name string) []store.TaskID {
	ids := make([]store.TaskID, len(c.taskConfigs))
	for i := range ids {
		ids[i] = store.TaskID{Connector: name, Task: i}
	}
	return ids
}

// hideFailures shows failed tasks of a paused connector as PAUSED, as Java does in
// standalone mode, and as FAILED again once the connector is resumed.
func (c *connector) hideFailures(target store.TargetState) {
	for id, status := range c.failed {
		if c.tasks[id].State == store.Paused {
			c.tasks[id] = status
		}
	}
	c.failed = nil
	if target != store.TargetPaused {
		return
	}
	c.failed = map[int]store.Status{}
	for id, status := range c.tasks {
		if status.State == store.Failed {
			c.failed[id] = status
			status.State, status.Trace = store.Paused, ""
			c.tasks[id] = status
		}
	}
}

// state belongs to the loop: nothing else reads or writes it.
type state struct {
	connectors map[string]*connector
	topics     map[string]map[string]bool
	queues     map[string][]func(context.Context) // the first one runs
	starts     int                                // numbers starts, so that late statuses of a former one are known
	changed    map[string]bool                    // connectors that the next snapshot shows anew
	topicsNew  bool
	answered   []chan struct{}
	ending     bool
}

func newState() *state {
	return &state{
		connectors: map[string]*connector{}, topics: map[string]map[string]bool{},
		queues: map[string][]func(context.Context){}, changed: map[string]bool{}, topicsNew: true,
	}
}

// next numbers a start.
func (s *state) next() int {
	s.starts++
	return s.starts
}

// snapshot is what readers see; it never changes.
type snapshot struct {
	names  []string
	views  map[string]view
	topics map[string][]string
}

type view struct {
	info   ConnectorInfo
	status ConnectorStatus
	known  bool // status holds something
	tasks  []TaskConfig
}

// publish returns the snapshot after the last one.
func (s *state) publish(last *snapshot) *snapshot {
	if last == nil {
		last = &snapshot{}
	}
	if len(s.changed) == 0 && !s.topicsNew {
		return last
	}
	next := &snapshot{names: last.names, views: last.views, topics: last.topics}
	if len(s.changed) > 0 {
		next.views = make(map[string]view, len(s.connectors))
		for name, c := range s.connectors {
			if old, ok := last.views[name]; ok && !s.changed[name] {
				next.views[name] = old
				continue
			}
			next.views[name] = c.view(name)
		}
		next.names = slices.Sorted(maps.Keys(next.views))
		clear(s.changed)
	}
	if s.topicsNew {
		next.topics = make(map[string][]string, len(s.topics))
		for name, set := range s.topics {
			next.topics[name] = slices.Sorted(maps.Keys(set))
		}
		s.topicsNew = false
	}
	return next
}

func (c *connector) view(name string) view {
	v := view{
		info:   ConnectorInfo{Name: name, Config: c.config, Tasks: c.ids(name), Type: c.kind},
		status: ConnectorStatus{Name: name, Connector: c.status, Tasks: []TaskStatus{}, Type: c.kind, Version: c.status.Version},
		known:  c.status.State != "",
		tasks:  make([]TaskConfig, len(c.taskConfigs)),
	}
	for i, cfg := range c.taskConfigs {
		v.tasks[i] = TaskConfig{ID: v.info.Tasks[i], Config: cfg}
	}
	for _, id := range slices.Sorted(maps.Keys(c.tasks)) {
		v.status.Tasks = append(v.status.Tasks, TaskStatus{ID: id, Status: c.tasks[id]})
	}
	return v
}

// Connectors implements Herder.
func (h *Standalone) Connectors() []string { return slices.Clone(h.snapshot.Load().names) }

// Info implements Herder.
func (h *Standalone) Info(name string) (ConnectorInfo, bool) {
	v, ok := h.snapshot.Load().views[name]
	return v.info, ok
}

// Status implements Herder.
func (h *Standalone) Status(name string) (ConnectorStatus, bool) {
	v := h.snapshot.Load().views[name]
	return v.status, v.known
}

// TaskConfigs implements Herder.
func (h *Standalone) TaskConfigs(name string) ([]TaskConfig, bool) {
	v, ok := h.snapshot.Load().views[name]
	return v.tasks, ok
}

// Topics implements Herder. In standalone mode topics outlive their connector.
func (h *Standalone) Topics(name string) []string {
	return slices.Clone(h.snapshot.Load().topics[name])
}
