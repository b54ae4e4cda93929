package herder

import (
	"context"
	"log/slog"
	"time"

	"sluice/internal/store"
)

// ConnectorStatus implements store.Listener. A status of a start that is not the
// last one is dropped. The statuses that are stored have the generation of the
// group.
func (h *Distributed) ConnectorStatus(name string, status store.Status) {
	h.box.put(func(s *cluster) {
		l := s.here[name]
		if l == nil || l.connector == nil || status.Generation < l.connector.number {
			return
		}
		c := l.connector
		status.Generation = s.assignment.Generation
		if status.Version == "" {
			status.Version = c.status.Version
		}
		resumed := status.State == store.Running && c.status.State != store.Running
		c.status = status
		put := func(s *cluster) {
			if l := s.here[name]; l != nil && l.connector == c && c.status == status {
				h.cfg.Statuses.PutConnectorSafe(name, h.explain(s, name, status))
			}
		}
		switch {
		case status.State == store.Failed && c.waiting == nil:
			h.afterLook(s, name, put)
		case safe(status.State):
			put(s)
		default:
			h.cfg.Statuses.PutConnector(name, status)
		}
		if c.waiting != nil && status.State != store.Unassigned && status.State != store.Restarting {
			c.waiting <- status
			c.waiting = nil
			return // who waits plans the tasks
		}
		if resumed {
			h.replan(s, name)
		}
	})
}

// TaskStatus implements store.Listener, as ConnectorStatus.
func (h *Distributed) TaskStatus(id store.TaskID, status store.Status) {
	h.box.put(func(s *cluster) {
		l := s.here[id.Connector]
		if l == nil || l.tasks[id.Task] == nil || status.Generation < l.tasks[id.Task].number {
			return
		}
		t := l.tasks[id.Task]
		status.Generation = s.assignment.Generation
		if status.Version == "" {
			status.Version = t.status.Version
		}
		t.status = status
		put := func(s *cluster) {
			if l := s.here[id.Connector]; l != nil && l.tasks[id.Task] == t && t.status == status {
				h.cfg.Statuses.PutTaskSafe(id, h.explain(s, id.Connector, status))
			}
		}
		switch {
		case status.State == store.Failed:
			h.afterLook(s, id.Connector, put)
		case safe(status.State):
			put(s)
		default:
			h.cfg.Statuses.PutTask(id, status)
		}
	})
}

// afterLook has a failure told when the status topic was read to its end: this
// worker may have been frozen, and have lost what has failed to another that has
// written since. It is called in the loop.
func (h *Distributed) afterLook(s *cluster, name string, put func(*cluster)) {
	//nolint:forbidigo // nobody waits for it
	queued := h.writes.add(context.Background(), statusLane+name, operation{"writing a status of connector " + name, false, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, flushLimit)
		defer cancel()
		if err := h.cfg.Statuses.Refresh(ctx); err != nil {
			h.cfg.Log.Warn("a failure is written although the status topic could not be read to its end", slog.String("connector", name), slog.Any("error", err))
		}
		h.change(put)
	}})
	if !queued { // the worker stops
		put(s)
	}
}

// safe says which statuses give way to a newer one of another worker.
func safe(s store.State) bool { return s == store.Failed || s == store.Unassigned }

// TaskConfigsChanged implements store.Listener.
func (h *Distributed) TaskConfigsChanged(name string) {
	h.box.put(func(s *cluster) { h.replan(s, name) })
}

// TopicUsed implements store.Listener.
func (h *Distributed) TopicUsed(id store.TaskID, topic string) {
	if !h.settings.TrackTopics {
		return
	}
	h.cfg.Statuses.PutTopic(store.TopicStatus{
		Topic: topic, Connector: id.Connector, Task: id.Task, Discovered: time.Now().UnixMilli(),
	})
}
