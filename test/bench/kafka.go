package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lineSize is the size of a record's value in bytes; a line in a file has one
// more, for its end.
const lineSize = 100

// line is the text of every record: no run of equal bytes, nothing to escape.
func line() []byte {
	const words = "the quick brown fox jumps over the lazy dog while 1234567890 lines of text pass by "
	return bytes.Repeat([]byte(words), 2)[:lineSize]
}

// cluster is the broker under test and what the harness asks of it.
type cluster struct {
	bootstrap string
	admin     *kadm.Client
}

func connect(bootstrap string) (*cluster, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return nil, err
	}
	return &cluster{bootstrap: bootstrap, admin: kadm.NewClient(client)}, nil
}

func (c *cluster) close() { c.admin.Close() }

// create makes a topic with one partition and without a limit of age.
func (c *cluster) create(ctx context.Context, topic string) error {
	_, err := c.admin.CreateTopic(ctx, 1, 1, nil, topic)
	if err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return nil
}

func (c *cluster) remove(ctx context.Context, topic string) error {
	_, err := c.admin.DeleteTopic(ctx, topic)
	return err
}

// end returns the number of records in the one partition of the topic.
func (c *cluster) end(ctx context.Context, topic string) (int64, error) {
	offsets, err := c.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	o, _ := offsets.Lookup(topic, 0)
	return o.Offset, o.Err
}

// fill produces n records of one line each with a bare client: it is also the
// limit of what any worker could reach here.
func (c *cluster) fill(ctx context.Context, topic string, n int64) error {
	value := line()
	return c.produce(ctx, topic, n, func(_ int64, r *kgo.Record) { r.Value = value })
}

// produce sends n records, each filled with its number.
func (c *cluster) produce(ctx context.Context, topic string, n int64, fill func(i int64, r *kgo.Record)) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(c.bootstrap), kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchMaxBytes(1_000_000), kgo.MaxBufferedRecords(100_000),
		kgo.ProducerBatchCompression(kgo.NoCompression())) // as both workers produce where nobody asks for more
	if err != nil {
		return err
	}
	defer client.Close()
	var failed atomic.Pointer[error]
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.Store(&err)
		}
	}
	const slab = 500 // records are allocated together, as a worker would
	for left := n; left > 0 && failed.Load() == nil; {
		records := make([]kgo.Record, min(slab, left))
		for i := range records {
			fill(n-left+int64(i), &records[i])
			client.Produce(ctx, &records[i], done)
		}
		left -= int64(len(records))
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("produce to %s: %w", topic, *err)
	}
	return nil
}

// drain consumes n records with a bare client.
func (c *cluster) drain(ctx context.Context, topic string, n int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(c.bootstrap), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxPartitionBytes(4<<20))
	if err != nil {
		return err
	}
	defer client.Close()
	for n > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("consume %s: %w", topic, err)
		}
		n -= int64(fetches.NumRecords())
	}
	return nil
}
