package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// transactional is a producer whose writes are transactions: the one of the worker
// that leads, or the one for a connector's offsets (KIP-618).
type transactional struct {
	client *kgo.Client
	topic  string
}

// newLeader returns what makes the leader's, which fences the leader before it.
func newLeader(cfg Config, topic string) journal.NewWriter {
	return newTransactional(cfg, workerClient(cfg.Worker, "configs-leader"), LeaderTransactionalID(cfg.Worker), topic)
}

// newTransactional returns what makes a producer and fences the one before it: it
// asks the cluster for a new epoch at once.
func newTransactional(cfg Config, who identity, id, topic string) journal.NewWriter {
	return func(ctx context.Context) (journal.Writer, error) {
		client, err := newWriterClient(cfg, who, map[string]string{
			"transactional.id": id, "enable.idempotence": "true", "acks": "all",
			"max.in.flight.requests.per.connection": "5", "delivery.timeout.ms": "2147483647",
		})
		if err != nil {
			return nil, err
		}
		if _, _, err := client.ProducerID(ctx); err != nil {
			client.Close()
			return nil, fmt.Errorf("begin to write as %s: %w", id, err)
		}
		return &transactional{client, topic}, nil
	}
}

// Append implements journal.Writer: one transaction.
func (l *transactional) Append(ctx context.Context, records ...store.Record) error {
	if err := l.client.BeginTransaction(); err != nil {
		return err
	}
	if err := appendAll(ctx, l.client, l.topic, records); err != nil {
		return err // the caller closes the producer, and the next leader aborts what is open
	}
	return kafka.CommitTransaction(ctx, l.client)
}

// Close implements journal.Writer.
func (l *transactional) Close() { l.client.Close() }
