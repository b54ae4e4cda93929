package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// leader is the transactional producer of the worker that leads (KIP-618).
type leader struct {
	client *kgo.Client
	topic  string
}

// newLeader returns what makes one. To make one fences the leader before it, so it
// asks the cluster for a new epoch at once.
func newLeader(cfg Config, topic string) journal.NewWriter {
	return func(ctx context.Context) (journal.Writer, error) {
		client, err := newWriterClient(cfg, workerClient(cfg.Worker, "configs-leader"), map[string]string{
			"transactional.id": LeaderTransactionalID(cfg.Worker), "enable.idempotence": "true", "acks": "all",
			"max.in.flight.requests.per.connection": "5", "delivery.timeout.ms": "2147483647",
		})
		if err != nil {
			return nil, err
		}
		if _, _, err := client.ProducerID(ctx); err != nil {
			client.Close()
			return nil, fmt.Errorf("begin to write as %s: %w", LeaderTransactionalID(cfg.Worker), err)
		}
		return &leader{client, topic}, nil
	}
}

// Append implements journal.Writer: one transaction.
func (l *leader) Append(ctx context.Context, records ...store.Record) error {
	if err := l.client.BeginTransaction(); err != nil {
		return err
	}
	if err := appendAll(ctx, l.client, l.topic, records); err != nil {
		return err // the caller closes the producer, and the next leader aborts what is open
	}
	return l.client.EndTransaction(ctx, kgo.TryCommit)
}

// Close implements journal.Writer.
func (l *leader) Close() { l.client.Close() }
