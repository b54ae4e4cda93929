package herder

import (
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
	fenced      bool         // the producers of tasks before taskConfigs are fenced
	replanning  bool         // an operation is queued that asks for task configurations
	status      store.Status // State "" is none
	tasks       map[int]store.Status
	// waiting hears of the next status of the last start.
	waiting chan<- store.Status
}

func (c *connector) ids(name string) []store.TaskID {
	ids := make([]store.TaskID, len(c.taskConfigs))
	for i := range ids {
		ids[i] = store.TaskID{Connector: name, Task: i}
	}
	return ids
}

// forgetTasks drops the tasks, which run no more.
func (c *connector) forgetTasks() {
	c.taskConfigs, c.planned, c.fenced = nil, nil, false
	clear(c.tasks)
	clear(c.taskStarted)
}

// view returns what readers are to see.
func (c *connector) view(name string) view {
	v := view{
		info:   ConnectorInfo{Name: name, Config: c.config, Tasks: c.ids(name), Type: c.kind},
		exists: true,
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

// state belongs to the loop: nothing else reads or writes it.
type state struct {
	connectors map[string]*connector
	topics     map[string]map[string]bool
	starts     int             // numbers starts, so that late statuses of a former one are known
	changed    map[string]bool // connectors that readers are to see anew
	retopics   map[string]bool // likewise, connectors whose topics
}

func newState() *state {
	return &state{
		connectors: map[string]*connector{}, topics: map[string]map[string]bool{},
		changed: map[string]bool{}, retopics: map[string]bool{},
	}
}

// next numbers a start.
func (s *state) next() int {
	s.starts++
	return s.starts
}

// publish shows the changes to readers.
func (s *state) publish(to *views) {
	for name := range s.changed {
		if c := s.connectors[name]; c != nil {
			to.set(name, c.view(name))
		} else {
			to.remove(name)
		}
	}
	clear(s.changed)
	for name := range s.retopics {
		to.setTopics(name, s.topics[name])
	}
	clear(s.retopics)
}
