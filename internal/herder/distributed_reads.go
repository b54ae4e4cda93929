package herder

import (
	"context"
	"log/slog"
	"slices"

	"sluice/internal/store"
)

// Connectors implements Herder.
func (h *Distributed) Connectors() []string {
	return slices.AppendSeq([]string{}, h.cfg.Configs.Snapshot().Connectors())
}

// Info implements Herder.
func (h *Distributed) Info(name string) (ConnectorInfo, bool) {
	return h.info(h.cfg.Configs.Snapshot(), name)
}

func (h *Distributed) info(s *store.ConfigSnapshot, name string) (ConnectorInfo, bool) {
	cfg := s.Connector(name)
	if cfg == nil {
		return ConnectorInfo{}, false
	}
	return ConnectorInfo{Name: name, Config: cfg, Tasks: s.Tasks(name), Type: h.kind(cfg)}, true
}

// Status implements Herder.
func (h *Distributed) Status(name string) (ConnectorStatus, bool) {
	statuses := h.cfg.Statuses.Snapshot()
	connector, ok := statuses.Connector(name)
	if !ok {
		return ConnectorStatus{}, false
	}
	out := ConnectorStatus{
		Name: name, Connector: connector, Tasks: []TaskStatus{},
		Type: h.kind(h.cfg.Configs.Snapshot().Connector(name)), Version: connector.Version,
	}
	for id, status := range statuses.Tasks(name) {
		out.Tasks = append(out.Tasks, TaskStatus{ID: id, Status: status})
	}
	return out, true
}

// TaskConfigs implements Herder.
func (h *Distributed) TaskConfigs(name string) ([]TaskConfig, bool) {
	s := h.cfg.Configs.Snapshot()
	if !s.Contains(name) {
		return nil, false
	}
	ids := s.Tasks(name)
	out := make([]TaskConfig, len(ids))
	for i, id := range ids {
		out[i] = TaskConfig{ID: id, Config: s.TaskConfig(id).Map()}
	}
	return out, true
}

// Topics implements Herder.
func (h *Distributed) Topics(name string) []string {
	out := []string{}
	for topic := range h.cfg.Statuses.Snapshot().Topics(name) {
		out = append(out, topic)
	}
	return out
}

// CatchUp implements Herder.
func (h *Distributed) CatchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	for _, refresh := range []func(context.Context) error{h.cfg.Configs.Refresh, h.cfg.Statuses.Refresh} {
		if err := refresh(ctx); err != nil {
			h.cfg.Log.Warn("reads may be older than the answer that was forwarded", slog.Any("error", err))
		}
	}
}
