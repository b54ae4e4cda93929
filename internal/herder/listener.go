package herder

import (
	"context"
	"log/slog"

	"sluice/internal/store"
)

// ConnectorStatus implements store.Listener. A status of a start that is not the
// last one is dropped.
func (h *Standalone) ConnectorStatus(name string, status store.Status) {
	h.box.put(func(s *state) {
		c := s.connectors[name]
		if c == nil || status.Generation < c.started {
			return
		}
		if status.Version == "" {
			status.Version = c.status.Version
		}
		resumed := status.State == store.Running && c.status.State != store.Running
		c.status = status
		s.changed[name] = true
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

// TaskStatus implements store.Listener.
func (h *Standalone) TaskStatus(id store.TaskID, status store.Status) {
	h.box.put(func(s *state) {
		c := s.connectors[id.Connector]
		if c == nil || id.Task >= len(c.taskConfigs) || status.Generation < c.taskStarted[id.Task] {
			return
		}
		if status.Version == "" {
			status.Version = c.tasks[id.Task].Version
		}
		c.tasks[id.Task] = status
		s.changed[id.Connector] = true
	})
}

// TaskConfigsChanged implements store.Listener.
func (h *Standalone) TaskConfigsChanged(name string) {
	h.box.put(func(s *state) { h.replan(s, name) })
}

// TopicUsed implements store.Listener.
func (h *Standalone) TopicUsed(id store.TaskID, topic string) {
	h.box.put(func(s *state) {
		set := s.topics[id.Connector]
		if set == nil {
			set = map[string]bool{}
			s.topics[id.Connector] = set
		}
		if !set[topic] {
			set[topic] = true
			s.retopics[id.Connector] = true
		}
	})
}

// replan queues an operation that asks the connector for its task
// configurations; one in the queue serves all that ask before it begins. It is
// called in the loop.
func (h *Standalone) replan(s *state, name string) {
	c := s.connectors[name]
	if c == nil || c.replanning {
		return
	}
	//nolint:forbidigo // nobody waits for it
	c.replanning = h.queues.add(context.Background(), name, operation{"reconfiguring connector " + name, false, func(ctx context.Context) {
		h.change(func(s *state) {
			if c := s.connectors[name]; c != nil {
				c.replanning = false
			}
		})
		if h.queues.stopping() {
			return
		}
		if err := h.planTasks(ctx, name); err != nil {
			h.cfg.Log.Error("task configurations were not updated", slog.String("connector", name), slog.Any("error", err))
		}
	}})
}
