package rest

import (
	"context"
	"time"

	"sluice/internal/herder"
	"sluice/internal/store"
)

// With rest.answers=page the answer to the creation of a connector lists its
// tasks, as the examples of the reference page do; the worker of Kafka Connect may
// answer before there are any.
const (
	tasksWait = 10 * time.Second
	tasksLook = 20 * time.Millisecond
)

// withTasks waits until the connector has tasks, or will have none: it has
// failed, is paused or stopped, or the time is over.
func (s *api) withTasks(ctx context.Context, info herder.ConnectorInfo) herder.ConnectorInfo {
	ctx, cancel := context.WithTimeout(ctx, tasksWait)
	defer cancel()
	look := time.NewTicker(tasksLook)
	defer look.Stop()
	for {
		if now, found := s.Herder.Info(info.Name); found {
			info = now
		}
		st, found := s.Herder.Status(info.Name)
		if len(info.Tasks) > 0 || found && st.Connector.State != store.Running && st.Connector.State != store.Unassigned && st.Connector.State != store.Restarting {
			return info
		}
		select {
		case <-ctx.Done():
			return info
		case <-look.C:
		}
	}
}
