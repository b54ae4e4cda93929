package herder

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// view is what readers see of one connector. It never changes.
type view struct {
	info   ConnectorInfo
	exists bool // it is configured: info and tasks hold something
	tasks  []TaskConfig
	status ConnectorStatus
	known  bool // status holds something
}

// views are what the reading methods of Herder answer from. One goroutine sets
// them; any may read, and none waits. A change of one connector costs nothing for
// the others.
type views struct {
	byName sync.Map                 // of *view by name
	names  atomic.Pointer[[]string] // sorted, of the connectors that exist
	topics sync.Map                 // of []string by connector name, sorted
}

func newViews() *views {
	v := &views{}
	v.names.Store(&[]string{})
	return v
}

// set shows a connector.
func (v *views) set(name string, next view) {
	old := v.get(name)
	v.byName.Store(name, &next)
	if next.exists != old.exists {
		v.rename(name, next.exists)
	}
}

// remove shows a connector no more.
func (v *views) remove(name string) {
	if v.get(name).exists {
		v.rename(name, false)
	}
	v.byName.Delete(name)
}

func (v *views) rename(name string, exists bool) {
	names := slices.Clone(*v.names.Load())
	at, found := slices.BinarySearch(names, name)
	switch {
	case exists && !found:
		names = slices.Insert(names, at, name)
	case !exists && found:
		names = slices.Delete(names, at, at+1)
	}
	v.names.Store(&names)
}

// setTopics shows the topics that a connector has used.
func (v *views) setTopics(name string, topics map[string]bool) {
	v.topics.Store(name, slices.Sorted(maps.Keys(topics)))
}

func (v *views) get(name string) view {
	if found, ok := v.byName.Load(name); ok {
		if found, ok := found.(*view); ok {
			return *found
		}
	}
	return view{}
}

// Connectors implements Herder.
func (v *views) Connectors() []string { return slices.Clone(*v.names.Load()) }

// Info implements Herder.
func (v *views) Info(name string) (ConnectorInfo, bool) {
	found := v.get(name)
	return found.info, found.exists
}

// Status implements Herder.
func (v *views) Status(name string) (ConnectorStatus, bool) {
	found := v.get(name)
	return found.status, found.known
}

// TaskConfigs implements Herder.
func (v *views) TaskConfigs(name string) ([]TaskConfig, bool) {
	found := v.get(name)
	return found.tasks, found.exists
}

// Topics implements Herder.
func (v *views) Topics(name string) []string {
	if found, ok := v.topics.Load(name); ok {
		if list, ok := found.([]string); ok {
			return slices.Clone(list)
		}
	}
	return nil
}
