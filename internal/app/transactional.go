package app

import (
	"context"
	"log/slog"
	"maps"
	"sync/atomic"

	"sluice/internal/herder"
	"sluice/internal/setting"
	"sluice/internal/store"
	"sluice/internal/store/file"
	"sluice/internal/store/kafka"
	"sluice/internal/worker"
)

// transactional is what exactly-once delivery in standalone mode takes. All is nil
// where it is not enabled.
type transactional struct {
	store   *kafka.Alone
	open    store.OpenOffsets
	fencing fencingRelay
}

// openTransactional opens the offsets of a worker with exactly-once delivery, over
// those of its file. It gives the settings the worker's name as its group.id, from
// which transactional ids are made.
func (s *standalone) openTransactional(ctx context.Context, offsets *file.Offsets) (*transactional, error) {
	t := &transactional{}
	eos, err := kafka.ExactlyOnce(s.settings)
	if err != nil || eos != kafka.Enabled {
		return t, err
	}
	s.settings = maps.Clone(s.settings)
	s.settings["group.id"] = s.settings[setting.WorkerName]
	if t.store, err = kafka.NewAlone(kafka.Config{Worker: s.settings, Log: s.log}, offsets.Copies()); err != nil {
		return nil, err
	}
	if err := t.store.Start(ctx); err != nil {
		t.close(s.log)
		return nil, err
	}
	t.open = t.store.OpenOffsets
	return t, nil
}

func (t *transactional) exactlyOnce() *worker.ExactlyOnce {
	if t.store == nil {
		return nil
	}
	return &worker.ExactlyOnce{Fencing: &t.fencing}
}

func (t *transactional) fencer(w *worker.Worker) herder.FormerFencer {
	if t.store == nil {
		return nil
	}
	return w
}

func (t *transactional) close(log *slog.Logger) {
	if t.store == nil {
		return
	}
	if err := t.store.Close(); err != nil {
		log.Error("the topic of offsets could not be closed", "error", err)
	}
}

// fencingRelay hands the questions of tasks to the herder, which is made after the
// worker.
type fencingRelay struct {
	to atomic.Pointer[herder.Standalone]
}

// Fence and Verify implement worker.Fencing: no task runs before the herder does.
func (r *fencingRelay) Fence(ctx context.Context, id store.TaskID) error {
	return r.to.Load().Fence(ctx, id)
}

func (r *fencingRelay) Verify(ctx context.Context, id store.TaskID, start int) error {
	return r.to.Load().Verify(ctx, id, start)
}
