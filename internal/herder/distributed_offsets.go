package herder

import (
	"context"

	"sluice/internal/store"
)

// Offsets implements Herder.
func (h *Distributed) Offsets(_ context.Context, name string) ([]store.Offset, error) {
	if !h.cfg.Configs.Snapshot().Contains(name) {
		return nil, notFound("Connector %s not found", name)
	}
	return nil, notYet("reading offsets")
}

// AlterOffsets implements Herder.
func (h *Distributed) AlterOffsets(ctx context.Context, name string, _ []store.Offset) (string, error) {
	if err := h.mayModifyOffsets(ctx, name); err != nil {
		return "", err
	}
	return "", notYet("altering offsets")
}

// ResetOffsets implements Herder.
func (h *Distributed) ResetOffsets(ctx context.Context, name string) (string, error) {
	if err := h.mayModifyOffsets(ctx, name); err != nil {
		return "", err
	}
	return "", notYet("resetting offsets")
}

// mayModifyOffsets makes sure that this worker leads and that the connector is
// stopped everywhere.
func (h *Distributed) mayModifyOffsets(ctx context.Context, name string) error {
	if err := h.settled(ctx); err != nil {
		return err
	}
	if err := h.lead(); err != nil {
		return err
	}
	if err := h.cfg.Configs.Refresh(ctx); err != nil {
		return internal("Failed to read to end of config topic before modifying connector offsets: " + err.Error())
	}
	s := h.cfg.Configs.Snapshot()
	switch {
	case !s.Contains(name):
		return notFound("Connector %s not found", name)
	case s.TargetState(name) != store.TargetStopped || s.TaskCount(name) != 0:
		return badRequest("Connectors must be in the STOPPED state before their offsets can be modified. This can be done " +
			"for the specified connector by issuing a 'PUT' request to the '/connectors/" + name + "/stop' endpoint")
	}
	return nil
}
