package herder

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/store"
)

// Put implements Herder. It answers when the connector has started and has its
// tasks, or has failed to.
func (h *Standalone) Put(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState, replace bool) (created bool, info ConnectorInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.RequestTimeout)
	defer cancel()
	if err := h.accept(ctx, cfg); err != nil {
		return false, info, err
	}
	// What the connector's own definition lets pass (as Java does) fails when the
	// connector starts, and in this mode that is before the answer.
	for _, key := range slices.Sorted(maps.Keys(cfg)) {
		if cfg[key] == nil {
			return false, info, internal("Non-string value found in original settings for key " + key + ": null")
		}
	}
	created, err = doFor(ctx, h.queues, name, "configuring connector "+name, replace, func(ctx context.Context) (bool, error) {
		if _, exists := h.Info(name); exists && !replace {
			return false, conflict("Connector " + name + " already exists")
		}
		return h.apply(ctx, name, cfg, initial)
	})
	if err != nil {
		return false, info, err
	}
	info, _ = h.Info(name)
	return created, info, nil
}

// Patch implements Herder.
func (h *Standalone) Patch(ctx context.Context, name string, patch config.Raw) (ConnectorInfo, error) {
	err := h.queues.do(ctx, name, "configuring connector "+name, true, func(ctx context.Context) error {
		info, exists := h.Info(name)
		if !exists {
			return notFound("Connector %s not found", name)
		}
		cfg := patched(info.Config, patch)
		h.queues.enter(name, "validating the configuration of connector "+name)
		if err := h.accept(h.queues.patience(ctx, name), cfg); err != nil {
			return err
		}
		_, err := h.apply(ctx, name, cfg, nil)
		return err
	})
	if err != nil {
		return ConnectorInfo{}, err
	}
	info, _ := h.Info(name)
	return info, nil
}

// apply stores a configuration and starts the connector with it.
func (h *Standalone) apply(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState) (created bool, err error) {
	if _, exists := h.Info(name); exists {
		h.stopConnector(ctx, name)
	}
	cfg = maps.Clone(cfg)
	h.change(func(s *state) {
		c := s.connectors[name]
		if c == nil {
			created = true
			c = &connector{target: store.TargetStarted, tasks: map[int]store.Status{}, taskStarted: map[int]int{}}
			s.connectors[name] = c
		}
		if initial != nil {
			c.target = *initial
		}
		c.config = cfg
		c.kind = h.kind(cfg)
		s.changed[name] = true
	})
	return created, h.startConnector(ctx, name)
}

// startConnector starts the connector, waits until it has, and plans its tasks.
func (h *Standalone) startConnector(ctx context.Context, name string) error {
	h.queues.enter(name, "starting connector "+name)
	waiting := make(chan store.Status, 1)
	var target store.TargetState
	var number int
	h.change(func(s *state) {
		c := s.connectors[name]
		c.started = s.next()
		c.waiting = waiting
		target, number = c.target, c.started
		h.cfg.Worker.StartConnector(name, c.config.Map(), target, number)
	})
	patience := h.queues.patience(ctx, name)
	select {
	case status := <-waiting:
		if status.State == store.Failed {
			h.change(func(*state) {}) // readers see the status before the answer
			return h.startFailure(name, target, status.Trace)
		}
	case <-patience.Done():
		// It may yet start: then its status asks for the tasks.
		h.change(func(s *state) {
			if c := s.connectors[name]; c.started == number {
				c.waiting = nil
			}
		})
		return h.queues.timedOut(patience, name)
	}
	return h.planTasks(ctx, name)
}

// startFailure returns what Java answers for a connector that has failed to start:
// what is wrong with its settings for topics, or that alone.
func (h *Standalone) startFailure(name string, target store.TargetState, trace string) error {
	info, _ := h.Info(name)
	if cfg, _, err := resolveReferences(h.providers, info.Config); err == nil && info.Type == TypeSource {
		if _, err := kafka.ReadTopicPlan(cfg.Map()); err != nil && strings.HasPrefix(trace, connect.ConfigException+": "+err.Error()) {
			return &Error{Status: http.StatusInternalServerError, Message: err.Error(), Class: connect.ConfigException}
		}
	}
	return internal("Failed to transition connector " + name + " to state " + string(target))
}

func (h *Standalone) stopConnector(ctx context.Context, name string) {
	h.queues.enter(name, "stopping connector "+name)
	if err := h.cfg.Worker.StopConnector(ctx, name); err != nil {
		h.cfg.Log.Warn("connector was abandoned", slog.String("connector", name), slog.Any("error", err))
	}
}

// planTasks asks the connector for its task configurations, and replaces its
// tasks where these, or the connector's own configuration, have changed.
func (h *Standalone) planTasks(ctx context.Context, name string) error {
	var ready bool
	var cfg config.Raw
	h.change(func(s *state) {
		if c := s.connectors[name]; c != nil {
			ready = c.target == store.TargetStarted && c.status.State == store.Running
			cfg = c.config
		}
	})
	if !ready {
		return nil
	}
	h.queues.enter(name, "generating task configs for connector "+name)
	patience := h.queues.patience(ctx, name)
	configs, err := h.cfg.Worker.TaskConfigs(patience, name, tasksMax(cfg))
	switch {
	case patience.Err() != nil:
		return h.queues.timedOut(patience, name)
	case err != nil:
		h.change(func(*state) {}) // readers see what the worker has said of it
		return internal(err.Error())
	}
	var unchanged bool
	h.change(func(s *state) {
		c := s.connectors[name]
		unchanged = slices.EqualFunc(c.taskConfigs, configs, maps.Equal) && maps.EqualFunc(c.planned, cfg, equalText)
	})
	if unchanged {
		return nil
	}
	h.removeTasks(ctx, name)
	h.change(func(s *state) {
		c := s.connectors[name]
		c.taskConfigs, c.planned = configs, cfg
		s.changed[name] = true
		h.startTasks(s, c.ids(name))
	})
	return nil
}

// startTasks starts tasks of one connector whose configurations are stored. It is
// called in the loop, so that no change of the target state is missed.
func (h *Standalone) startTasks(s *state, ids []store.TaskID) {
	for _, id := range ids {
		c := s.connectors[id.Connector]
		if id.Task < 0 || id.Task >= len(c.taskConfigs) {
			continue
		}
		c.taskStarted[id.Task] = s.next()
		h.cfg.Worker.StartTask(id, c.config.Map(), maps.Clone(c.taskConfigs[id.Task]), c.target, c.taskStarted[id.Task])
	}
}

func (h *Standalone) stopTasks(ctx context.Context, ids []store.TaskID) {
	if len(ids) == 0 {
		return
	}
	name := ids[0].Connector
	h.queues.enter(name, "stopping tasks of connector "+name)
	if err := h.cfg.Worker.StopTasks(ctx, ids); err != nil {
		h.cfg.Log.Warn("tasks were abandoned", slog.String("connector", name), slog.Any("error", err))
	}
}

// removeTasks stops the tasks of a connector and forgets them.
func (h *Standalone) removeTasks(ctx context.Context, name string) {
	info, _ := h.Info(name)
	h.stopTasks(ctx, info.Tasks)
	h.change(func(s *state) {
		s.connectors[name].forgetTasks()
		s.changed[name] = true
	})
}
