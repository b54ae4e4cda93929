package group

import (
	"context"

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
	// Refresh returns when Offset is at least the topic's end of when it was called.
	Refresh(ctx context.Context) error
}

// FromStore returns the Configs of a store.
func FromStore(s store.ConfigStore) Configs { return storeConfigs{s} }

type storeConfigs struct{ store.ConfigStore }

func (s storeConfigs) Offset() int64 { return s.Snapshot().Offset() }

func (s storeConfigs) Configured() (w assign.Work, offset int64) {
	snapshot := s.Snapshot()
	for name := range snapshot.Connectors() {
		w.Connectors = append(w.Connectors, name)
		w.Tasks = append(w.Tasks, snapshot.Tasks(name)...)
	}
	return w, snapshot.Offset()
}
