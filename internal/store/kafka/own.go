package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// OwnTopicKey is the key of a connector that names a topic of its own for its
// offsets (KIP-618).
const OwnTopicKey = "offsets.storage.topic"

var _ store.OpenOffsets = (*Stores)(nil).OpenOffsets

// OpenOffsets returns the offset store of one source connector, by its resolved
// configuration: with offsets.storage.topic that topic laid over the worker's, or
// alone where both are the same; without it the worker's store, whose Close then
// does nothing. With exactly.once.source.support=enabled a connector that writes
// to another cluster has its offsets there, in a topic of the same name as the
// worker's, since a transaction is of one cluster; and Write is a transaction.
//
// A topic that is missing is created with the worker's partitions and replication
// for offsets. It blocks until the topic is read or ctx ends. Close it
// when the connector's last task has ended.
func (s *Stores) OpenOffsets(ctx context.Context, connector string, cfg map[string]string) (store.ConnectorOffsets, error) {
	t, who := s.offsetTopic, connectorClient(s.cfg.Worker, connector, cfg)
	home := who(kafka.ProducerRole, nil).Values["bootstrap.servers"] == s.cfg.Worker["bootstrap.servers"]
	out := connectorOffsets{topic: t.name}
	own := strings.TrimSpace(cfg[OwnTopicKey])
	if own != "" {
		out.topic, t.name = own, own
	}
	if s.eos == Enabled {
		out.begin = newTransactional(s.cfg, who, TransactionalID(s.cfg.Worker, connector, 0), t.name)
	}
	if own == "" && (home || s.eos != Enabled) {
		out.Offsets, out.over = shared{s.offsets}, s.over
		return out, nil
	}
	opened, err := s.openOwn(ctx, who, t)
	if err != nil {
		return nil, fmt.Errorf("offsets of connector %s in topic %s: %w", connector, t.name, err)
	}
	out.Offsets = opened
	if t.name != s.offsetTopic.name || !home {
		out.over = journal.NewOverlay(opened, s.offsets, s.cfg.Log)
		out.Offsets = out.over
	}
	return out, nil
}

func (s *Stores) openOwn(ctx context.Context, who identity, t topic) (*journal.Offsets, error) {
	admin, err := newClient(s.cfg, who(kafka.AdminRole, nil))
	if err != nil {
		return nil, err
	}
	l, err := newLog(s.cfg, who, t, admin, true)
	if err != nil {
		admin.Close()
		return nil, err
	}
	l.adminOwned = true
	own := journal.NewOffsets(l, s.cfg.Log)
	if err := own.Start(ctx); err != nil {
		return nil, errors.Join(err, own.Close())
	}
	return own, nil
}

// connectorOffsets is the offset store of one connector.
type connectorOffsets struct {
	store.Offsets
	topic string
	over  *journal.Overlay  // nil where nothing is below the topic
	begin journal.NewWriter // nil where Write is no transaction
}

// Topic implements store.ConnectorOffsets.
func (o connectorOffsets) Topic() string { return o.topic }

// Around implements store.ConnectorOffsets.
func (o connectorOffsets) Around(ctx context.Context, connector string, offsets []store.Offset, write func(ctx context.Context) error) error {
	if o.over == nil {
		return write(ctx)
	}
	return o.over.Around(ctx, connector, offsets, write)
}

// Write implements store.Offsets. As a transaction all offsets are stored or none,
// and a task 0 that still runs somewhere is fenced.
func (o connectorOffsets) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	if o.begin == nil {
		return o.Offsets.Write(ctx, connector, offsets)
	}
	records := make([]store.Record, len(offsets))
	for i, offset := range offsets {
		var err error
		if records[i], err = store.OffsetRecord(connector, offset); err != nil {
			return err
		}
	}
	return o.Around(ctx, connector, offsets, func(ctx context.Context) error {
		w, err := o.begin(ctx)
		if err != nil {
			return err
		}
		defer w.Close()
		if err := w.Append(ctx, records...); err != nil {
			return fmt.Errorf("write offsets of connector %s: %w", connector, err)
		}
		return nil
	})
}

// shared is a store that outlives who uses it.
type shared struct{ store.Offsets }

func (shared) Close() error { return nil }
