package herder

import (
	"context"
	"log/slog"

	"sluice/connect/config"
	"sluice/internal/store"
)

// Delete implements Herder.
func (h *Standalone) Delete(ctx context.Context, name string) error {
	return h.queues.do(ctx, name, "deleting connector "+name, true, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			return notFound("Connector %s not found", name)
		}
		h.removeTasks(ctx, name)
		h.stopConnector(ctx, name)
		h.change(func(s *state) {
			delete(s.connectors, name)
			s.changed[name] = true
		})
		return nil
	})
}

// SetTarget implements Herder. A stop answers when the tasks have ended; a pause
// or a resume is only asked for, and waits for no operation.
func (h *Standalone) SetTarget(ctx context.Context, name string, target store.TargetState) error {
	if target == store.TargetStopped {
		return h.queues.do(ctx, name, "stopping connector "+name, true, func(ctx context.Context) error {
			if _, ok := h.Info(name); !ok {
				return internal("No connector `" + name + "` configured")
			}
			h.removeTasks(ctx, name)
			h.change(func(s *state) { h.setTarget(s, name, target) })
			return nil
		})
	}
	known, err := updateFor(ctx, h.loop, func(s *state) bool { return h.setTarget(s, name, target) })
	if err == nil && !known {
		return notFound("Unknown connector %s", name)
	}
	return err
}

// setTarget is called in the loop; false means that there is no such connector.
func (h *Standalone) setTarget(s *state, name string, target store.TargetState) bool {
	c := s.connectors[name]
	if c == nil {
		return false
	}
	c.target = target
	s.changed[name] = true
	if target == store.TargetStarted && c.status.State == store.Running {
		h.replan(s, name) // it never left RUNNING, but may lack tasks
	}
	h.cfg.Worker.SetTargetState(name, target)
	return true
}

// Restart implements Herder.
func (h *Standalone) Restart(ctx context.Context, name string) error {
	return h.queues.do(ctx, name, "restarting connector "+name, true, func(ctx context.Context) error {
		if _, ok := h.Info(name); !ok {
			// Java answers with its null pointer message, and clients see it.
			return internal(`Cannot invoke "java.util.Map.get(Object)" because "connProps" is null`)
		}
		h.stopConnector(ctx, name)
		return h.startConnector(ctx, name)
	})
}

// RestartWith implements Herder. It answers when the restart has begun.
func (h *Standalone) RestartWith(ctx context.Context, name string, includeTasks, onlyFailed bool) (ConnectorStatus, error) {
	return doFor(ctx, h.queues, name, "restarting connector "+name, true, func(ctx context.Context) (plan ConnectorStatus, err error) {
		if _, ok := h.Info(name); !ok {
			return plan, notFound("Unknown connector: %s", name)
		}
		status, ok := h.Status(name)
		if !ok {
			return plan, notFound("Status for connector %s not found", name)
		}
		plan, connector, tasks := planRestart(status, includeTasks, onlyFailed)
		h.carryOut(ctx, plan, connector, tasks)
		return plan, nil
	})
}

func (h *Standalone) carryOut(ctx context.Context, plan ConnectorStatus, connector bool, tasks []store.TaskID) {
	name := plan.Name
	if connector {
		h.stopConnector(ctx, name)
	}
	h.stopTasks(ctx, tasks)
	h.change(func(s *state) {
		c := s.connectors[name]
		for _, t := range plan.Tasks {
			if t.State == store.Restarting {
				c.tasks[t.ID] = t.Status
			}
		}
		if connector {
			c.started = s.next()
			c.status = plan.Connector
			h.cfg.Worker.StartConnector(name, c.config.Map(), c.target, c.started)
		}
		h.startTasks(s, tasks)
		s.changed[name] = true
	})
}

// RestartTask implements Herder.
func (h *Standalone) RestartTask(ctx context.Context, id store.TaskID) error {
	return h.queues.do(ctx, id.Connector, "restarting task "+id.String(), false, func(ctx context.Context) error {
		info, ok := h.Info(id.Connector)
		if !ok {
			return internal("Failed to start task " + id.String() + " since it is not a recognizable type (source or sink)")
		}
		if id.Task < 0 || id.Task >= len(info.Tasks) {
			return notFound("Task %s not found", id)
		}
		h.stopTasks(ctx, []store.TaskID{id})
		h.change(func(s *state) { h.startTasks(s, []store.TaskID{id}) })
		return nil
	})
}

// ResetTopics implements Herder. It is no error for an unknown connector.
func (h *Standalone) ResetTopics(ctx context.Context, name string) error {
	return h.update(ctx, func(s *state) {
		delete(s.topics, name)
		s.retopics[name] = true
	})
}

// Offsets implements Herder.
func (h *Standalone) Offsets(ctx context.Context, name string) ([]store.Offset, error) {
	info, ok := h.Info(name)
	if !ok {
		return nil, notFound("Connector %s not found", name)
	}
	ctx, cancel := context.WithTimeout(ctx, h.cfg.RequestTimeout)
	defer cancel()
	return h.offsets.read(ctx, name, info.Config)
}

// AlterOffsets implements Herder.
func (h *Standalone) AlterOffsets(ctx context.Context, name string, offsets []store.Offset) (message string, err error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, cfg config.Raw) (string, error) {
		return h.offsets.alter(ctx, name, cfg, offsets)
	})
}

// ResetOffsets implements Herder.
func (h *Standalone) ResetOffsets(ctx context.Context, name string) (message string, err error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, cfg config.Raw) (string, error) {
		return h.offsets.reset(ctx, name, cfg)
	})
}

// modifyOffsets calls modify while nothing else happens to the stopped connector,
// but for a resume, which only asks for tasks that come after it.
func (h *Standalone) modifyOffsets(ctx context.Context, name string, modify func(ctx context.Context, cfg config.Raw) (string, error)) (message string, err error) {
	return doFor(ctx, h.queues, name, "modifying offsets for connector "+name, false, func(ctx context.Context) (string, error) {
		var cfg config.Raw
		stopped := false
		h.change(func(s *state) {
			if c := s.connectors[name]; c != nil {
				cfg, stopped = c.config, c.target == store.TargetStopped && len(c.taskConfigs) == 0
			}
		})
		switch {
		case cfg == nil:
			return "", notFound("Connector %s not found", name)
		case !stopped:
			return "", errNotStopped(name)
		}
		ctx = h.queues.patience(ctx, name)
		if h.cfg.Fencer != nil && h.kind(cfg) == TypeSource {
			if err := h.fence(ctx, name); err != nil {
				h.cfg.Log.Error("former tasks are not fenced, offsets are not modified", slog.String("connector", name), slog.Any("error", err))
				return "", internal("Failed to perform zombie fencing for source connector prior to modifying offsets")
			}
		}
		return modify(ctx, cfg)
	})
}

// PutTaskConfigs implements Herder.
func (h *Standalone) PutTaskConfigs(context.Context, string, []config.Map, *Signature) error {
	return unsupported("externally setting task configurations.")
}

// FenceZombies implements Herder.
func (h *Standalone) FenceZombies(context.Context, string, *Signature) error {
	return unsupported("exactly-once source connectors.")
}

func unsupported(what string) error {
	return internal("Kafka Connect in standalone mode does not support " + what)
}

// SetClusterLoggerLevel implements Herder: this worker is the whole cluster.
func (h *Standalone) SetClusterLoggerLevel(_ context.Context, logger, level string) error {
	if h.cfg.Levels == nil {
		return notYet("setting the level of a logger in the cluster")
	}
	return h.cfg.Levels.SetLevel(logger, level)
}

// CatchUp implements Herder: there are no other workers.
func (h *Standalone) CatchUp(context.Context) {}
