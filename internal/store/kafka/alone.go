package kafka

import (
	"context"
	"maps"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// Alone is the offset store of a worker in standalone mode with exactly-once
// delivery: a topic, which a transaction can write to, laid over the offsets file.
// So a worker goes on from its file when exactly-once delivery is enabled, and
// from the copies in it when it is disabled again.
type Alone struct{ stores Stores }

// NewAlone makes the store and connects to nothing yet. The group.id of the
// settings is the name of the worker. Close leaves the file open.
func NewAlone(cfg Config, file store.Offsets) (*Alone, error) {
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
	over := journal.NewOverlay(topic, file, cfg.Log)
	return &Alone{Stores{Offsets: topic, cfg: cfg, eos: Enabled, admin: admin, offsetTopic: t, offsets: over, over: over}}, nil
}

// Start creates or checks the topic and reads it to its end. While no broker
// answers it waits until ctx ends.
func (a *Alone) Start(ctx context.Context) error { return a.stores.Offsets.Start(ctx) }

// OpenOffsets is that of [Stores].
func (a *Alone) OpenOffsets(ctx context.Context, connector string, cfg map[string]string) (store.ConnectorOffsets, error) {
	return a.stores.OpenOffsets(ctx, connector, cfg)
}

// Close ends the topic's clients.
func (a *Alone) Close() error {
	defer a.stores.admin.Close()
	return a.stores.Offsets.Close()
}
