package herder

import (
	"context"
	"log/slog"

	"sluice/connect/config"
	"sluice/internal/store"
)

// Offsets implements Herder. Any worker answers.
func (h *Distributed) Offsets(ctx context.Context, name string) ([]store.Offset, error) {
	cfg := h.cfg.Configs.Snapshot().Connector(name)
	if cfg == nil {
		return nil, notFound("Connector %s not found", name)
	}
	return h.offsets.read(ctx, name, cfg)
}

// AlterOffsets implements Herder.
func (h *Distributed) AlterOffsets(ctx context.Context, name string, offsets []store.Offset) (message string, err error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, cfg config.Raw) (string, error) {
		return h.offsets.alter(ctx, name, cfg, offsets)
	})
}

// ResetOffsets implements Herder.
func (h *Distributed) ResetOffsets(ctx context.Context, name string) (message string, err error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, cfg config.Raw) (string, error) {
		return h.offsets.reset(ctx, name, cfg)
	})
}

// modifyOffsets calls modify on the leader, with the connector stopped in the
// whole group and kept from being started meanwhile by this worker.
func (h *Distributed) modifyOffsets(ctx context.Context, name string, modify func(ctx context.Context, cfg config.Raw) (string, error)) (message string, err error) {
	if err := h.settled(ctx); err != nil {
		return "", err
	}
	if err := h.lead(); err != nil {
		return "", err
	}
	return doFor(ctx, h.writes, name, "modifying offsets for connector "+name, false, func(ctx context.Context) (string, error) {
		if err := h.cfg.Configs.Refresh(ctx); err != nil {
			return "", internal("Failed to read to end of config topic before modifying connector offsets: " + err.Error())
		}
		s, err := h.halted(name)
		if err != nil {
			return "", err
		}
		ctx = h.writes.patience(ctx, name)
		if h.exactlyOnce() && h.kind(s.Connector(name)) == TypeSource {
			if err := h.fence(ctx, name); err != nil {
				h.cfg.Log.Error("former tasks are not fenced, offsets are not modified", slog.String("connector", name), slog.Any("error", err))
				return "", internal("Failed to perform zombie fencing for source connector prior to modifying offsets")
			}
			if s, err = h.halted(name); err != nil { // it may have changed meanwhile
				return "", err
			}
		}
		return modify(ctx, s.Connector(name))
	})
}

// halted returns the configurations, with an error unless the connector is stopped.
func (h *Distributed) halted(name string) (*store.ConfigSnapshot, error) {
	s := h.cfg.Configs.Snapshot()
	switch {
	case !s.Contains(name):
		return nil, notFound("Connector %s not found", name)
	case s.TargetState(name) != store.TargetStopped || s.TaskCount(name) != 0:
		return nil, errNotStopped(name)
	}
	return s, nil
}
