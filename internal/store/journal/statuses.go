package journal

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"sluice/internal/store"
)

// lastWords bounds how long Close waits for statuses to be written.
const lastWords = 5 * time.Second

// Statuses implements store.StatusStore on a log.
type Statuses struct {
	log      Log
	logger   *slog.Logger
	out      *outbox
	snapshot atomic.Pointer[store.StatusSnapshot]
	life     context.Context //nolint:containedctx // The values of the context of Start, for the wait of Close.
	own      owned
}

var _ store.StatusStore = (*Statuses)(nil)

// NewStatuses returns the store on a log.
func NewStatuses(log Log, logger *slog.Logger) *Statuses {
	s := &Statuses{log: log, logger: logger, out: newOutbox(log, logger), own: owned{stands: map[string]standing{}}}
	s.snapshot.Store(store.NewStatusSnapshot())
	return s
}

// Start implements store.StatusStore.
func (s *Statuses) Start(ctx context.Context) error {
	s.life = context.WithoutCancel(ctx)
	return s.log.Start(ctx, s.consume)
}

func (s *Statuses) consume(records []store.Record) {
	snapshot := s.snapshot.Load()
	for _, r := range records {
		var problem string
		if snapshot, problem = store.FoldStatus(snapshot, r); problem != "" {
			s.logger.Warn("record of the status topic is passed over",
				"key", string(r.Key), "partition", r.Partition, "offset", r.Offset, "problem", problem)
		}
	}
	s.snapshot.Store(snapshot)
	s.out.observe(records)
	s.own.observe(snapshot, records, s.rewrite)
}

// Snapshot implements store.StatusStore.
func (s *Statuses) Snapshot() *store.StatusSnapshot { return s.snapshot.Load() }

// PutConnector implements store.StatusStore.
func (s *Statuses) PutConnector(name string, status store.Status) {
	r := store.ConnectorStatusRecord(name, &status)
	s.own.note(r, status, func(shown *store.StatusSnapshot) (store.Status, bool) { return shown.Connector(name) })
	s.put(r)
}

// PutTask implements store.StatusStore.
func (s *Statuses) PutTask(id store.TaskID, status store.Status) {
	r := store.TaskStatusRecord(id, &status)
	s.own.note(r, status, func(shown *store.StatusSnapshot) (store.Status, bool) { return shown.Task(id) })
	s.put(r)
}

// PutConnectorSafe implements store.StatusStore.
func (s *Statuses) PutConnectorSafe(name string, status store.Status) {
	if known, ok := s.Snapshot().Connector(name); !ok || safe(status, known) {
		s.PutConnector(name, status)
	}
}

// PutTaskSafe implements store.StatusStore.
func (s *Statuses) PutTaskSafe(id store.TaskID, status store.Status) {
	if known, ok := s.Snapshot().Task(id); !ok || safe(status, known) {
		s.PutTask(id, status)
	}
}

// safe says whether a status may take the place of what has been read: one's own,
// or one that is no newer.
func safe(status, known store.Status) bool {
	return known.WorkerID == status.WorkerID || known.Generation <= status.Generation
}

// RemoveConnector implements store.StatusStore.
func (s *Statuses) RemoveConnector(name string) { s.remove(store.ConnectorStatusRecord(name, nil)) }

// RemoveTask implements store.StatusStore.
func (s *Statuses) RemoveTask(id store.TaskID) { s.remove(store.TaskStatusRecord(id, nil)) }

func (s *Statuses) remove(tombstone store.Record) {
	s.own.forget(tombstone)
	s.put(tombstone)
}

// put writes a record unless the same one is already on its way.
func (s *Statuses) put(r store.Record) {
	s.out.put(r, func(last *store.Record) bool { return differs(last, r) })
}

// rewrite is put, unless this worker has said something else since.
func (s *Statuses) rewrite(r store.Record) {
	s.out.put(r, func(last *store.Record) bool { return s.own.holds(r) && differs(last, r) })
}

func differs(last *store.Record, r store.Record) bool {
	return last == nil || !bytes.Equal(last.Value, r.Value) || (last.Value == nil) != (r.Value == nil)
}

// PutTopic implements store.StatusStore.
func (s *Statuses) PutTopic(t store.TopicStatus) {
	s.out.put(store.TopicRecord(t), func(last *store.Record) bool {
		if last != nil {
			return last.Value == nil
		}
		_, known := s.Snapshot().Topic(t.Connector, t.Topic)
		return !known
	})
}

// RemoveTopic implements store.StatusStore.
func (s *Statuses) RemoveTopic(connector, topic string) {
	s.put(store.TopicTombstone(connector, topic))
}

// Flush implements store.StatusStore.
func (s *Statuses) Flush(ctx context.Context) error {
	if err := s.out.flush(ctx); err != nil {
		return fmt.Errorf("wait for the status topic: %w", err)
	}
	return nil
}

// Refresh implements store.StatusStore.
func (s *Statuses) Refresh(ctx context.Context) error {
	if err := s.log.ReadToEnd(ctx); err != nil {
		return fmt.Errorf("read the status topic to its end: %w", err)
	}
	return nil
}

// Close implements store.StatusStore.
func (s *Statuses) Close() error {
	s.own.close()
	if s.life != nil {
		ctx, cancel := context.WithTimeout(s.life, lastWords)
		defer cancel()
		if err := s.Flush(ctx); err != nil {
			s.logger.Warn("the last statuses may be missing from the status topic", "error", err)
		}
	}
	return s.log.Close()
}
