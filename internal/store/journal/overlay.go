package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"sluice/connect/schema"
	"sluice/internal/store"
)

// Overlay is the offset store of a connector with an offsets topic of its own
// (offsets.storage.topic, KIP-618). What that topic says counts; where it says
// nothing, the worker's counts, so that a connector which gets a topic of its own
// goes on from where it was. Writes go to both, so that it can be taken back.
type Overlay struct {
	own, worker store.Offsets
	log         *slog.Logger
}

var _ store.Offsets = (*Overlay)(nil)

// copyTimeout bounds the wait for a copy, without which the offsets count too.
const copyTimeout = 5 * time.Second

// NewOverlay returns the store. Close closes own, and leaves the worker's open.
func NewOverlay(own, worker store.Offsets, log *slog.Logger) *Overlay {
	return &Overlay{own, worker, log}
}

// Read implements store.Offsets.
func (o *Overlay) Read(ctx context.Context, connector string, partitions []schema.Value) ([]schema.Value, error) {
	below, errW := o.worker.Read(ctx, connector, partitions)
	above, errO := o.own.Read(ctx, connector, partitions)
	if err := errors.Join(errW, errO); err != nil {
		return nil, err
	}
	for i, v := range above {
		if v.IsNull() {
			above[i] = below[i]
		}
	}
	return above, nil
}

// Write implements store.Offsets, as Around says.
func (o *Overlay) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	return o.Around(ctx, connector, offsets, func(ctx context.Context) error { return o.own.Write(ctx, connector, offsets) })
}

// Around calls write, which stores the offsets in the own topic. Removals go to
// the worker's topic first: if the write fails after them, no older offset comes
// back from below. The other offsets are copied there when they are in the own
// topic, as well as can be.
func (o *Overlay) Around(ctx context.Context, connector string, offsets []store.Offset, write func(ctx context.Context) error) error {
	var removed, kept []store.Offset
	for _, offset := range offsets {
		if offset.Offset.IsNull() {
			removed = append(removed, offset)
		} else {
			kept = append(kept, offset)
		}
	}
	if len(removed) > 0 {
		if err := o.worker.Write(ctx, connector, removed); err != nil {
			return fmt.Errorf("remove from the worker's offsets: %w", err)
		}
	}
	if err := write(ctx); err != nil {
		return err
	}
	if len(kept) > 0 {
		ctx, cancel := context.WithTimeout(ctx, copyTimeout)
		defer cancel()
		if err := o.worker.Write(ctx, connector, kept); err != nil {
			o.log.Warn("offsets are in the connector's own topic, and not copied to the worker's", "connector", connector, "error", err)
		}
	}
	return nil
}

// List implements store.Offsets.
func (o *Overlay) List(ctx context.Context, connector string) ([]store.Offset, error) {
	below, errW := o.worker.List(ctx, connector)
	above, errO := o.own.List(ctx, connector)
	if err := errors.Join(errW, errO); err != nil {
		return nil, err
	}
	for _, b := range below {
		if !slices.ContainsFunc(above, func(a store.Offset) bool { return a.Partition.Equal(b.Partition) }) {
			above = append(above, b)
		}
	}
	return above, nil
}

// Close implements store.Offsets.
func (o *Overlay) Close() error { return o.own.Close() }
