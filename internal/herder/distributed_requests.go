package herder

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"sluice/connect/config"
	"sluice/internal/store"
)

// Put implements Herder. It answers when the configuration is stored
// (invariant 3): the group starts the connector.
func (h *Distributed) Put(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState, replace bool) (created bool, info ConnectorInfo, err error) {
	if err := h.lead(); err != nil {
		return false, info, err
	}
	if err := h.accept(ctx, cfg); err != nil {
		return false, info, err
	}
	type result struct {
		created bool
		info    ConnectorInfo
	}
	stored, err := doFor(ctx, h.writes, name, writingConfig(name), false, func(ctx context.Context) (result, error) {
		created, info, err := h.store(ctx, name, cfg, initial, replace)
		return result{created, info}, err
	})
	return stored.created, stored.info, err
}

// store stores a valid configuration.
func (h *Distributed) store(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState, replace bool) (created bool, info ConnectorInfo, err error) {
	exists := h.cfg.Configs.Snapshot().Contains(name)
	if exists && !replace {
		return false, info, conflict("Connector " + name + " already exists")
	}
	var target store.TargetState
	if initial != nil {
		target = *initial
	}
	cfg = maps.Clone(cfg)
	err = h.write(ctx, func(ctx context.Context) error { return h.cfg.Configs.PutConnector(ctx, name, cfg, target) })
	if err != nil {
		return false, info, err
	}
	return !exists, ConnectorInfo{Name: name, Config: cfg, Tasks: h.cfg.Configs.Snapshot().Tasks(name), Type: h.kind(cfg)}, nil
}

// Patch implements Herder.
func (h *Distributed) Patch(ctx context.Context, name string, patch config.Raw) (info ConnectorInfo, err error) {
	if err := h.lead(); err != nil {
		return info, err
	}
	return doFor(ctx, h.writes, name, writingConfig(name), false, func(ctx context.Context) (info ConnectorInfo, err error) {
		current := h.cfg.Configs.Snapshot().Connector(name)
		if current == nil {
			return info, notFound("Connector %s not found", name)
		}
		cfg := patched(current, patch)
		h.writes.enter(name, "validating the configuration of connector "+name)
		if err := h.accept(h.writes.patience(ctx, name), cfg); err != nil {
			return info, err
		}
		h.writes.enter(name, writingConfig(name))
		_, info, err = h.store(ctx, name, cfg, nil, true)
		return info, err
	})
}

func writingConfig(name string) string {
	return "writing a config for connector " + name + " to the config topic"
}

// Delete implements Herder. It answers when the configuration is removed; the
// group stops the connector.
func (h *Distributed) Delete(ctx context.Context, name string) error {
	if err := h.lead(); err != nil {
		return err
	}
	return h.writes.do(ctx, name, "removing the config for connector "+name+" from the config topic", true, func(ctx context.Context) error {
		if !h.cfg.Configs.Snapshot().Contains(name) {
			return notFound("Connector %s not found", name)
		}
		return h.write(ctx, func(ctx context.Context) error { return h.cfg.Configs.RemoveConnector(ctx, name) })
	})
}

// SetTarget implements Herder. It answers when the target state is stored. Any
// worker may pause and resume; a stop, which removes the tasks, is the leader's.
func (h *Distributed) SetTarget(ctx context.Context, name string, target store.TargetState) error {
	if !h.cfg.Configs.Snapshot().Contains(name) {
		return notFound("Unknown connector %s", name)
	}
	if target == store.TargetStopped {
		if err := h.lead(); err != nil {
			return err
		}
	}
	what := "writing the " + string(target) + " target state for connector " + name + " to the config topic"
	return h.writes.do(ctx, name, what, false, func(ctx context.Context) error {
		if target == store.TargetStopped {
			// Tasks first: RUNNING without tasks heals by itself, STOPPED with tasks does not.
			if err := h.writeTasks(ctx, name, nil); err != nil {
				return err
			}
		}
		if err := h.cfg.Configs.PutTargetState(ctx, name, target); err != nil {
			return internal("Error writing target state to Kafka: " + err.Error())
		}
		return nil
	})
}

// settleLimit is how long a request that needs to know who runs what waits for a
// rebalance that is expected.
const settleLimit = 10 * time.Second

// settled waits until no rebalance is expected.
func (h *Distributed) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	waiting := make(chan struct{})
	h.box.put(func(s *cluster) {
		h.takeConfigs(s)
		s.whenSettled(func() { close(waiting) })
	})
	select {
	case <-waiting:
		return nil
	case <-ctx.Done():
		return errStale()
	}
}

// Restart implements Herder. The worker that runs the connector answers, when it
// has started again.
func (h *Distributed) Restart(ctx context.Context, name string) error {
	if err := h.settled(ctx); err != nil {
		return err
	}
	if !h.cfg.Configs.Snapshot().Contains(name) {
		return notFound("Unknown connector: %s", name)
	}
	if err := h.ownConnector(ctx, name); err != nil {
		return err
	}
	err := h.local.do(ctx, name, "restarting connector "+name, true, func(ctx context.Context) error {
		h.stopConnector(ctx, name)
		waiting := make(chan store.Status, 1)
		owned := false
		h.change(func(s *cluster) {
			s.at(name).connector = nil
			if owned = s.compare(name).startConnector; owned {
				h.startConnector(s, name, waiting)
			}
		})
		if !owned {
			return conflict(conflicting)
		}
		patience := h.local.patience(ctx, name)
		h.local.enter(name, "starting connector "+name)
		select {
		case status := <-waiting:
			if status.State == store.Failed {
				return internal("Failed to start connector: " + name)
			}
		case <-patience.Done():
			return h.local.timedOut(patience, name)
		}
		h.plan(ctx, name)
		return nil
	})
	if err == nil {
		h.showStatuses(ctx)
	}
	return err
}

// showStatuses waits until readers see the statuses that were written until now
// (invariant 8). Without a broker that takes its time, so it is not for the queue
// of a connector: what is revoked waits there.
func (h *Distributed) showStatuses(ctx context.Context) {
	h.flush(ctx)
	h.readStatuses(ctx)
}

// readStatuses waits until readers see what all workers have written.
func (h *Distributed) readStatuses(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if err := h.cfg.Statuses.Refresh(ctx); err != nil {
		h.cfg.Log.Warn("the status topic could not be read to its end", slog.Any("error", err))
	}
}

// ownConnector returns nil where the connector runs here, and otherwise the
// error that sends a request to the worker which runs it, or to the leader, who
// knows.
func (h *Distributed) ownConnector(ctx context.Context, name string) error {
	if own, err := updateFor(ctx, h.loop, func(s *cluster) bool { return s.connectors[name] }); err != nil || own {
		return err
	}
	if err := h.lead(); err != nil {
		return err
	}
	return &ForwardError{URL: h.member.Load().Owners.Connectors[name], Message: conflicting}
}

// ownTask is ownConnector for a task.
func (h *Distributed) ownTask(ctx context.Context, id store.TaskID) error {
	if own, err := updateFor(ctx, h.loop, func(s *cluster) bool { return s.tasks[id.Connector][id.Task] }); err != nil || own {
		return err
	}
	if err := h.lead(); err != nil {
		return err
	}
	return &ForwardError{URL: h.member.Load().Owners.Tasks[id], Message: conflicting}
}

// RestartTask implements Herder. The worker that runs the task answers.
func (h *Distributed) RestartTask(ctx context.Context, id store.TaskID) error {
	if err := h.settled(ctx); err != nil {
		return err
	}
	snapshot := h.cfg.Configs.Snapshot()
	switch {
	case !snapshot.Contains(id.Connector):
		return notFound("Unknown connector: %s", id.Connector)
	case snapshot.TaskConfig(id) == nil:
		return notFound("Unknown task: %s", id)
	}
	if err := h.ownTask(ctx, id); err != nil {
		return err
	}
	err := h.local.do(ctx, id.Connector, "restarting task "+id.String(), false, func(ctx context.Context) error {
		h.change(func(s *cluster) {
			if t := s.at(id.Connector).tasks[id.Task]; t != nil {
				t.restart = true
			}
		})
		h.act(ctx, id.Connector)
		return nil
	})
	if err == nil {
		h.showStatuses(ctx)
	}
	return err
}

// RestartWith implements Herder. The leader sends the request to all workers,
// each of which restarts what it runs, and answers at once.
func (h *Distributed) RestartWith(ctx context.Context, name string, includeTasks, onlyFailed bool) (plan ConnectorStatus, err error) {
	if err := h.settled(ctx); err != nil {
		return plan, err
	}
	if !h.cfg.Configs.Snapshot().Contains(name) {
		return plan, notFound("Unknown connector: %s", name)
	}
	if err := h.lead(); err != nil {
		return plan, err
	}
	return doFor(ctx, h.writes, name, "writing restart request for connector "+name+" to the config topic", false, func(ctx context.Context) (plan ConnectorStatus, err error) {
		h.readStatuses(ctx) // the owner may have written while this worker was behind
		status, ok := h.Status(name)
		if ok {
			plan, _, _ = planRestart(status, includeTasks, onlyFailed)
		}
		err = h.write(ctx, func(ctx context.Context) error {
			return h.cfg.Configs.PutRestart(ctx, store.RestartRequest{Connector: name, IncludeTasks: includeTasks, OnlyFailed: onlyFailed})
		})
		if err == nil && !ok {
			err = notFound("Status for connector %s not found", name)
		}
		return plan, err
	})
}

// ResetTopics implements Herder. Any worker does it.
func (h *Distributed) ResetTopics(_ context.Context, name string) error {
	for topic := range h.cfg.Statuses.Snapshot().Topics(name) {
		h.cfg.Statuses.RemoveTopic(name, topic)
	}
	return nil
}

// SetClusterLoggerLevel implements Herder. Any worker does it; each sets the
// level when it reads it.
func (h *Distributed) SetClusterLoggerLevel(ctx context.Context, logger, level string) error {
	if err := h.cfg.Configs.PutLoggerLevel(ctx, store.LoggerLevel{Logger: logger, Level: level}); err != nil {
		return internal("Failed to write logger level to Kafka: " + err.Error())
	}
	return nil
}
