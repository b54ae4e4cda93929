package herder

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/store"
)

// Put implements Herder. It answers when the connector has started and has its
// tasks, or has failed to.
func (h *Standalone) Put(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState, replace bool) (created bool, info ConnectorInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := h.accept(ctx, cfg); err != nil {
		return false, info, err
	}
	err = h.exclusive(ctx, name, func(ctx context.Context) error {
		if _, exists := h.Info(name); exists && !replace {
			return conflict("Connector " + name + " already exists")
		}
		created, err = h.apply(ctx, name, cfg, initial)
		return err
	})
	if err != nil {
		return false, info, err
	}
	info, _ = h.Info(name)
	return created, info, nil
}

// Patch implements Herder.
func (h *Standalone) Patch(ctx context.Context, name string, patch config.Raw) (info ConnectorInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err = h.exclusive(ctx, name, func(ctx context.Context) error {
		info, exists := h.Info(name)
		if !exists {
			return notFound("Connector %s not found", name)
		}
		cfg := patched(info.Config, patch)
		if err := h.accept(ctx, cfg); err != nil {
			return err
		}
		_, err := h.apply(ctx, name, cfg, nil)
		return err
	})
	if err != nil {
		return info, err
	}
	info, _ = h.Info(name)
	return info, nil
}

// patched returns the configuration with the changes of the patch; null removes.
func patched(cfg, patch config.Raw) config.Raw {
	out := maps.Clone(cfg)
	for key, value := range patch {
		if value == nil {
			delete(out, key)
			continue
		}
		out[key] = value
	}
	return out
}

// accept refuses a configuration that is not valid, with Java's text.
func (h *Standalone) accept(ctx context.Context, cfg config.Raw) error {
	infos, err := h.Validate(ctx, cfg)
	if err != nil {
		return err
	}
	if err := infos.refusal(); err != nil {
		return err
	}
	// A null that the connector's own definition lets pass (as Java does) would
	// fail every start.
	for _, key := range slices.Sorted(maps.Keys(cfg)) {
		if cfg[key] == nil {
			return internal("Non-string value found in original settings for key " + key + ": null")
		}
	}
	return nil
}

// apply stores a configuration and starts the connector with it.
func (h *Standalone) apply(ctx context.Context, name string, cfg config.Raw, initial *store.TargetState) (created bool, err error) {
	if _, exists := h.Info(name); exists {
		h.stopConnector(ctx, name)
	}
	cfg = maps.Clone(cfg)
	err = h.update(context.WithoutCancel(ctx), func(s *state) {
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
	if err != nil {
		return created, err
	}
	return created, h.startConnector(ctx, name)
}

// kind returns the type of connector that the configuration names.
func (h *Standalone) kind(cfg config.Raw) string {
	class := cfg[definition.ConnectorClass]
	if class == nil {
		return TypeUnknown
	}
	if _, ok := h.cfg.Plugins.Sink(*class); ok {
		return TypeSink
	}
	if _, ok := h.cfg.Plugins.Source(*class); ok {
		return TypeSource
	}
	return TypeUnknown
}

// startConnector starts the connector, waits until it has, and plans its tasks.
func (h *Standalone) startConnector(ctx context.Context, name string) error {
	waiting := make(chan store.Status, 1)
	var cfg config.Map
	var target store.TargetState
	var number int
	err := h.update(context.WithoutCancel(ctx), func(s *state) {
		c := s.connectors[name]
		c.started = s.next()
		c.waiting = waiting
		cfg, target, number = c.config.Map(), c.target, c.started
	})
	if err != nil {
		return err
	}
	h.cfg.Worker.StartConnector(name, cfg, target, number)
	select {
	case status := <-waiting:
		if status.State == store.Failed {
			return internal("Failed to transition connector " + name + " to state " + string(target))
		}
	case <-ctx.Done():
		// It may yet start: then its status asks for the tasks.
		forget := func(s *state) {
			if c := s.connectors[name]; c != nil && c.started == number {
				c.waiting = nil
			}
		}
		h.box.put(forget)
		return timedOut(ctx)
	}
	return h.planTasks(ctx, name)
}

func (h *Standalone) stopConnector(ctx context.Context, name string) {
	if err := h.cfg.Worker.StopConnector(ctx, name); err != nil {
		h.cfg.Log.Warn("connector was abandoned", slog.String("connector", name), slog.Any("error", err))
	}
}

// planTasks asks the connector for its task configurations, and replaces its
// tasks where these, or the connector's own configuration, have changed.
func (h *Standalone) planTasks(ctx context.Context, name string) error {
	var ready bool
	var cfg config.Raw
	err := h.update(context.WithoutCancel(ctx), func(s *state) {
		if c := s.connectors[name]; c != nil {
			ready = c.target == store.TargetStarted && c.status.State == store.Running
			cfg = c.config
		}
	})
	if err != nil || !ready {
		return err
	}
	configs, err := h.cfg.Worker.TaskConfigs(ctx, name, tasksMax(cfg))
	switch {
	case ctx.Err() != nil:
		return timedOut(ctx)
	case err != nil:
		return internal(err.Error())
	}
	same := func(c *connector) bool {
		return slices.EqualFunc(c.taskConfigs, configs, maps.Equal) && maps.EqualFunc(c.planned, cfg, equalText)
	}
	var unchanged bool
	err = h.update(context.WithoutCancel(ctx), func(s *state) { unchanged = same(s.connectors[name]) })
	if err != nil || unchanged {
		return err
	}
	if err := h.removeTasks(ctx, name); err != nil {
		return err
	}
	err = h.update(context.WithoutCancel(ctx), func(s *state) {
		c := s.connectors[name]
		c.taskConfigs, c.planned = configs, cfg
		s.changed[name] = true
	})
	if err != nil {
		return err
	}
	info, _ := h.Info(name)
	return h.startTasks(ctx, info.Tasks)
}

func equalText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// tasksMax returns tasks.max of a validated configuration.
func tasksMax(cfg config.Raw) int {
	if text := cfg[definition.TasksMax]; text != nil {
		if n, err := strconv.Atoi(config.Trim(*text)); err == nil {
			return n
		}
	}
	return 1
}

// startTasks starts tasks of one connector whose configurations are stored.
func (h *Standalone) startTasks(ctx context.Context, ids []store.TaskID) error {
	type start struct {
		id     store.TaskID
		cfg    config.Map
		number int
	}
	var starts []start
	var cfg config.Map
	var target store.TargetState
	err := h.update(context.WithoutCancel(ctx), func(s *state) {
		for _, id := range ids {
			c := s.connectors[id.Connector]
			if id.Task < 0 || id.Task >= len(c.taskConfigs) {
				continue
			}
			cfg, target = c.config.Map(), c.target
			c.taskStarted[id.Task] = s.next()
			delete(c.failed, id.Task)
			starts = append(starts, start{id, c.taskConfigs[id.Task], c.taskStarted[id.Task]})
		}
	})
	if err != nil {
		return err
	}
	for _, t := range starts {
		h.cfg.Worker.StartTask(t.id, cfg, maps.Clone(t.cfg), target, t.number)
	}
	return nil
}

func (h *Standalone) stopTasks(ctx context.Context, ids []store.TaskID) {
	if len(ids) == 0 {
		return
	}
	if err := h.cfg.Worker.StopTasks(ctx, ids); err != nil {
		h.cfg.Log.Warn("tasks were abandoned", slog.String("connector", ids[0].Connector), slog.Any("error", err))
	}
}

// removeTasks stops the tasks of a connector and forgets them.
func (h *Standalone) removeTasks(ctx context.Context, name string) error {
	info, _ := h.Info(name)
	h.stopTasks(ctx, info.Tasks)
	return h.update(context.WithoutCancel(ctx), func(s *state) {
		c := s.connectors[name]
		c.taskConfigs, c.planned = nil, nil
		clear(c.tasks)
		clear(c.taskStarted)
		clear(c.failed)
		s.changed[name] = true
	})
}
