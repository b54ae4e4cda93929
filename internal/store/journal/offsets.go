package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"sluice/connect/schema"
	"sluice/internal/store"
)

// Offsets implements store.Offsets on a log. Start it before anything else.
type Offsets struct {
	log      Log
	logger   *slog.Logger
	snapshot atomic.Pointer[store.OffsetSnapshot]
}

var _ store.Offsets = (*Offsets)(nil)

// NewOffsets returns the store on a log.
func NewOffsets(log Log, logger *slog.Logger) *Offsets {
	o := &Offsets{log: log, logger: logger}
	o.snapshot.Store(store.NewOffsetSnapshot())
	return o
}

// Start opens the log and reads it to the end.
func (o *Offsets) Start(ctx context.Context) error { return o.log.Start(ctx, o.consume) }

func (o *Offsets) consume(records []store.Record) {
	s := o.snapshot.Load()
	for _, r := range records {
		var problem string
		if s, problem = store.FoldOffset(s, r); problem != "" {
			o.logger.Warn("record of the offset topic is passed over", "partition", r.Partition, "offset", r.Offset, "problem", problem)
		}
	}
	o.snapshot.Store(s)
}

// Snapshot returns what has been read so far, and does not wait.
func (o *Offsets) Snapshot() *store.OffsetSnapshot { return o.snapshot.Load() }

// latest returns what is in the log now: other workers may have written since.
func (o *Offsets) latest(ctx context.Context) (*store.OffsetSnapshot, error) {
	if err := o.log.ReadToEnd(ctx); err != nil {
		return nil, fmt.Errorf("read the offset topic to its end: %w", err)
	}
	return o.snapshot.Load(), nil
}

// Read implements store.Offsets. It reads to the end of the log first.
func (o *Offsets) Read(ctx context.Context, connector string, partitions []schema.Value) ([]schema.Value, error) {
	s, err := o.latest(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]schema.Value, len(partitions))
	for i, p := range partitions {
		key, err := store.OffsetKey(connector, p)
		if err != nil {
			return nil, err
		}
		if out[i], err = s.Lookup(connector, key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Write implements store.Offsets. On a log that is no transaction the offsets are
// acknowledged one by one: after an error some may be stored, as in Java.
func (o *Offsets) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	records, err := offsetRecords(connector, offsets)
	if err != nil {
		return err
	}
	if err := o.log.Append(ctx, records...); err != nil {
		return fmt.Errorf("write offsets of connector %s: %w", connector, err)
	}
	return nil
}

func offsetRecords(connector string, offsets []store.Offset) ([]store.Record, error) {
	records := make([]store.Record, len(offsets))
	for i, offset := range offsets {
		var err error
		if records[i], err = store.OffsetRecord(connector, offset); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// List implements store.Offsets. It reads to the end of the log first.
func (o *Offsets) List(ctx context.Context, connector string) ([]store.Offset, error) {
	s, err := o.latest(ctx)
	if err != nil {
		return nil, err
	}
	return s.List(connector)
}

// Close implements store.Offsets.
func (o *Offsets) Close() error { return o.log.Close() }
