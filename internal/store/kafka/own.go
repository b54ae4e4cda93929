package kafka

import (
	"context"
	"errors"
	"strings"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// OwnTopicKey is the key of a connector that names a topic of its own for its
// offsets (KIP-618).
const OwnTopicKey = "offsets.storage.topic"

// OpenOffsets returns the offset store of one source connector, by its resolved
// configuration: with offsets.storage.topic that topic laid over the worker's, or
// alone where both are the same; without it the worker's store, whose Close then
// does nothing. A topic that is missing is created with the worker's partitions
// and replication for offsets. It blocks until the topic is read to its end or
// ctx ends. Close it when the connector's last task has ended.
func (s *Stores) OpenOffsets(ctx context.Context, connector string, cfg map[string]string) (store.Offsets, error) {
	name := strings.TrimSpace(cfg[OwnTopicKey])
	if name == "" {
		return shared{s.Offsets}, nil
	}
	t := s.offsetTopic
	t.name = name
	who := connectorClient(s.cfg.Worker, connector, cfg)
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
	servers := who(kafka.ProducerRole, nil).Values["bootstrap.servers"]
	if name == s.offsetTopic.name && servers == s.cfg.Worker["bootstrap.servers"] {
		return own, nil
	}
	return journal.NewOverlay(own, s.Offsets, s.cfg.Log), nil
}

// shared is a store that outlives who uses it.
type shared struct{ store.Offsets }

func (shared) Close() error { return nil }
