package herder

import (
	"context"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
)

// FormerFencer finds and fences the producers of what ran before: a former run of
// a worker in standalone mode, which may still be there. Both methods wait for the
// brokers until ctx ends.
type FormerFencer interface {
	ProducerFencer
	// FormerTasks returns for how many tasks of a source connector, by its resolved
	// configuration, there may be producers.
	FormerTasks(ctx context.Context, name string, cfg config.Map) (int, error)
}

// Fence fences the producers of all former tasks of a connector, once for each set
// of task configurations: no task of it has made a producer yet, because each asks
// here first. It runs in the connector's queue, so the first task that asks has it
// done for the others. What fails is tried again until the time of a request ends.
func (h *Standalone) Fence(ctx context.Context, id store.TaskID) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.RequestTimeout)
	defer cancel()
	name := id.Connector
	return fenceUntilDone(ctx, h.cfg.Log, id, func() (again bool, err error) {
		err = h.queues.do(ctx, name, "fencing the former tasks of connector "+name, false, func(ctx context.Context) error {
			return h.fence(h.queues.patience(ctx, name), name)
		})
		return true, err
	})
}

// fence does the work of Fence in the connector's queue.
func (h *Standalone) fence(ctx context.Context, name string) error {
	var cfg config.Raw
	h.change(func(s *state) {
		if c := s.connectors[name]; c != nil && !c.fenced {
			cfg = c.config
		}
	})
	if cfg == nil {
		return nil
	}
	resolved, _, err := resolveReferences(h.providers, cfg)
	if err != nil {
		return err
	}
	tasks, err := h.cfg.Fencer.FormerTasks(ctx, name, resolved.Map())
	if err == nil {
		err = h.cfg.Fencer.FenceProducers(ctx, name, resolved.Map(), tasks)
	}
	if err != nil {
		return err
	}
	h.change(func(s *state) {
		if c := s.connectors[name]; c != nil {
			c.fenced = true
		}
	})
	return nil
}

// Verify refuses a task that was replaced meanwhile; start is the number that
// StartTask was given (invariant 2).
func (h *Standalone) Verify(ctx context.Context, id store.TaskID, start int) error {
	replaced := false
	err := h.update(ctx, func(s *state) {
		c := s.connectors[id.Connector]
		replaced = c == nil || c.taskStarted[id.Task] != start
	})
	if err == nil && replaced {
		err = connect.Errorf("Cannot start source task %s as it has already been replaced", id)
	}
	return err
}
