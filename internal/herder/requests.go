package herder

import (
	"context"
	"net/http"

	"sluice/internal/plugins"
	"sluice/internal/store"
)

func conflict(message string) error { return &Error{Status: http.StatusConflict, Message: message} }

// Delete implements Herder.
func (h *Standalone) Delete(ctx context.Context, name string) error {
	return h.exclusive(ctx, name, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			return notFound("Connector %s not found", name)
		}
		if err := h.removeTasks(ctx, name); err != nil {
			return err
		}
		h.stopConnector(ctx, name)
		return h.update(context.WithoutCancel(ctx), func(s *state) {
			delete(s.connectors, name)
			s.changed[name] = true
		})
	})
}

// SetTarget implements Herder. A stop answers when the tasks have ended; a pause
// or a resume is only asked for.
func (h *Standalone) SetTarget(ctx context.Context, name string, target store.TargetState) error {
	return h.exclusive(ctx, name, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			if target == store.TargetStopped {
				return internal("No connector `" + name + "` configured")
			}
			return notFound("Unknown connector %s", name)
		}
		if target == store.TargetStopped {
			if err := h.removeTasks(ctx, name); err != nil {
				return err
			}
		}
		err := h.update(context.WithoutCancel(ctx), func(s *state) {
			c := s.connectors[name]
			c.target = target
			c.hideFailures(target)
			s.changed[name] = true
			if target == store.TargetStarted && c.status.State == store.Running {
				h.replan(s, name) // it never left RUNNING, but may lack tasks
			}
		})
		if err == nil {
			h.cfg.Worker.SetTargetState(name, target)
		}
		return err
	})
}

// Restart implements Herder.
func (h *Standalone) Restart(ctx context.Context, name string) error {
	return h.exclusive(ctx, name, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			// Java answers with its null pointer message, and clients see it.
			return internal(`Cannot invoke "java.util.Map.get(Object)" because "connProps" is null`)
		}
		h.stopConnector(ctx, name)
		return h.startConnector(ctx, name)
	})
}

// RestartWith implements Herder. It answers when the restart has begun.
func (h *Standalone) RestartWith(ctx context.Context, name string, includeTasks, onlyFailed bool) (plan ConnectorStatus, err error) {
	err = h.exclusive(ctx, name, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			return notFound("Unknown connector: %s", name)
		}
		status, ok := h.Status(name)
		if !ok {
			return notFound("Status for connector %s not found", name)
		}
		var connector bool
		var tasks []store.TaskID
		plan, connector, tasks = planRestart(status, includeTasks, onlyFailed)
		return h.carryOut(ctx, plan, connector, tasks)
	})
	return plan, err
}

// planRestart returns the status that a restart leads to first, whether the
// connector is restarted, and which tasks are (KIP-745).
func planRestart(status ConnectorStatus, includeTasks, onlyFailed bool) (plan ConnectorStatus, connector bool, tasks []store.TaskID) {
	plan = status
	if connector = !onlyFailed || status.Connector.State == store.Failed; connector {
		plan.Connector.State = store.Restarting
	}
	plan.Tasks = make([]TaskStatus, len(status.Tasks))
	for i, t := range status.Tasks {
		if includeTasks && (!onlyFailed || t.State == store.Failed) {
			t.State = store.Restarting
			tasks = append(tasks, store.TaskID{Connector: status.Name, Task: t.ID})
		}
		plan.Tasks[i] = t
	}
	return plan, connector, tasks
}

func (h *Standalone) carryOut(ctx context.Context, plan ConnectorStatus, connector bool, tasks []store.TaskID) error {
	name := plan.Name
	if connector {
		h.stopConnector(ctx, name)
	}
	h.stopTasks(ctx, tasks)
	var start func()
	err := h.update(context.WithoutCancel(ctx), func(s *state) {
		c := s.connectors[name]
		if connector {
			c.started = s.next()
			c.status = plan.Connector
			cfg, target, number := c.config.Map(), c.target, c.started
			start = func() { h.cfg.Worker.StartConnector(name, cfg, target, number) }
		}
		for _, t := range plan.Tasks {
			if t.State == store.Restarting {
				c.tasks[t.ID] = t.Status
			}
		}
		s.changed[name] = true
	})
	if err != nil {
		return err
	}
	if start != nil {
		start()
	}
	return h.startTasks(ctx, tasks)
}

// RestartTask implements Herder.
func (h *Standalone) RestartTask(ctx context.Context, id store.TaskID) error {
	return h.exclusive(ctx, id.Connector, func(ctx context.Context) error {
		info, ok := h.Info(id.Connector)
		if !ok {
			return internal("Failed to start task " + id.String() + " since it is not a recognizable type (source or sink)")
		}
		if id.Task < 0 || id.Task >= len(info.Tasks) {
			return notFound("Task %s not found", id)
		}
		h.stopTasks(ctx, []store.TaskID{id})
		return h.startTasks(ctx, []store.TaskID{id})
	})
}

// ResetTopics implements Herder. It is no error for an unknown connector.
func (h *Standalone) ResetTopics(ctx context.Context, name string) error {
	return h.update(ctx, func(s *state) {
		delete(s.topics, name)
		s.topicsNew = true
	})
}

// Plugins implements Herder.
func (h *Standalone) Plugins() []plugins.Desc { return h.cfg.Plugins.All() }

// ClusterID implements Herder.
func (h *Standalone) ClusterID() string { return h.cfg.ClusterID }

// Health implements Herder.
func (h *Standalone) Health() (state, message string) {
	if h.health.Load() {
		return "healthy", "Worker has completed startup and is ready to handle requests."
	}
	return "starting", "Worker is still starting up."
}
