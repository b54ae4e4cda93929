package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// Copies are the copies of offsets in the file of a worker in standalone mode.
type Copies interface {
	store.Offsets
	// Changed returns what is in the file of a connector and is no copy, and null for
	// copies that were removed.
	Changed(connector string) ([]store.Offset, error)
}

// Alone is the offset store of a worker in standalone mode with exactly-once
// delivery: a topic, which a transaction can write to, laid over copies in the
// offsets file. A worker goes on from the file when exactly-once delivery is
// enabled, from the copies when it is disabled again, and from what has become of
// them when it is enabled once more.
type Alone struct {
	stores Stores
	copies Copies

	adopting sync.Mutex // a task must not take in what another one has moved past
}

// NewAlone makes the store and connects to nothing yet. The group.id of the
// settings is the name of the worker. Close leaves the file open.
func NewAlone(cfg Config, copies Copies) (*Alone, error) {
	cfg.Worker = maps.Clone(cfg.Worker)
	delete(cfg.Worker, "transactional.id")
	delete(cfg.Worker, offsetKind.prefix+"file.filename") // no setting of the topic
	t, err := readTopic(cfg.Worker, offsetKind, cfg.Log)
	if err != nil {
		return nil, err
	}
	admin, err := newClient(cfg, workerClient(cfg.Worker, "shared-admin")(kafka.AdminRole, nil))
	if err != nil {
		return nil, err
	}
	l, err := newLog(cfg, workerClient(cfg.Worker, "offsets"), t, admin, true)
	if err != nil {
		admin.Close()
		return nil, err
	}
	topic := journal.NewOffsets(l, cfg.Log)
	over := journal.NewOverlay(topic, copies, cfg.Log)
	s := Stores{Offsets: topic, cfg: cfg, eos: Enabled, admin: admin, offsetTopic: t, offsets: over, over: over}
	return &Alone{stores: s, copies: copies}, nil
}

// Start creates or checks the topic and reads it as that of [Stores] does. While no
// broker answers it waits until ctx ends.
func (a *Alone) Start(ctx context.Context) error { return a.stores.Offsets.Start(ctx) }

// OpenOffsets is that of [Stores]. It first takes into the topic what was written
// to the file without exactly-once delivery.
func (a *Alone) OpenOffsets(ctx context.Context, connector string, cfg map[string]string) (store.ConnectorOffsets, error) {
	opened, err := a.stores.OpenOffsets(ctx, connector, cfg)
	if err != nil {
		return nil, err
	}
	if err := a.adopt(ctx, connector, opened); err != nil {
		return nil, errors.Join(fmt.Errorf("take the offsets of connector %s from the file: %w", connector, err), opened.Close())
	}
	return opened, nil
}

// adopt writes to the topics first: when it ends in between, it is done again.
func (a *Alone) adopt(ctx context.Context, connector string, opened store.ConnectorOffsets) error {
	a.adopting.Lock()
	defer a.adopting.Unlock()
	changed, err := a.copies.Changed(connector)
	if err != nil || len(changed) == 0 {
		return err
	}
	// No transaction: that of task 0 would fence the task itself.
	if c, ok := opened.(connectorOffsets); ok {
		opened = connectorOffsets{Offsets: c.Offsets, topic: c.topic, over: c.over}
	}
	if err := opened.Write(ctx, connector, changed); err != nil {
		return err
	}
	return a.copies.Write(ctx, connector, changed)
}

// Close ends the topic's clients.
func (a *Alone) Close() error {
	defer a.stores.admin.Close()
	return a.stores.Offsets.Close()
}
