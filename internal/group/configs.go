package group

import (
	"context"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// Configs is what the member needs of the config store. Its methods are safe for
// concurrent use; Refresh alone waits.
type Configs interface {
	// Offset is how far the config topic is read.
	Offset() int64
	// Configured returns all connectors and tasks, as of the offset.
	Configured() (w assign.Work, offset int64)
	// Lacking returns the connectors that a worker with the classes lacks plugins
	// for, as of now or a little before.
	Lacking(classes []string) map[string]bool
	// Refresh returns when Offset is at least the topic's end of when it was called.
	Refresh(ctx context.Context) error
}

// Finder returns a function that names what of a configuration's plugins is not
// among the classes.
type Finder func(classes []string) (lacking func(cfg config.Raw) []string)

// FromStore returns the Configs of a store.
func FromStore(s store.ConfigStore, plugins Finder) Configs { return storeConfigs{s, plugins} }

type storeConfigs struct {
	store.ConfigStore
	plugins Finder
}

func (s storeConfigs) Offset() int64 { return s.Snapshot().Offset() }

func (s storeConfigs) Configured() (w assign.Work, offset int64) {
	snapshot := s.Snapshot()
	for name := range snapshot.Connectors() {
		w.Connectors = append(w.Connectors, name)
		w.Tasks = append(w.Tasks, snapshot.Tasks(name)...)
	}
	return w, snapshot.Offset()
}

func (s storeConfigs) Lacking(classes []string) map[string]bool {
	snapshot, lacking := s.Snapshot(), s.plugins(classes)
	out := map[string]bool{}
	for name := range snapshot.Connectors() {
		if len(lacking(snapshot.Connector(name))) > 0 {
			out[name] = true
		}
	}
	return out
}
