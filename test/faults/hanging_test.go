//go:build integration

package faults

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	hangsAfter = 10 * time.Second // of a recovery, hanging transactions are looked for
	hangsFor   = time.Second
)

// hanging is a transaction that is open in a partition and over for its coordinator
// (KIP-664). A broker of 4.3.1 leaves one where it starts in the middle of the end
// of a transaction, before it knows who leads the partition: it takes the partition
// for deleted, and says so in its log. Readers of committed records wait for ever.
type hanging struct {
	topic     string
	partition int32
	producer  int64
	start     int64 // offset
}

// endHanging ends what hangs as kafka-transactions.sh abort does, and returns how
// many that were. What hangs is open at the same place before and after the
// coordinator has called it over.
func endHanging(ctx context.Context, t *testing.T, address string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	before := openTransactions(ctx, admin)
	time.Sleep(hangsFor) // the age is what is asked about
	listed, err := admin.ListTransactions(ctx, nil, nil)
	if err != nil {
		return 0 // the broker is away: another time
	}
	over := map[int64]bool{}
	for _, l := range listed {
		over[l.ProducerID] = l.State == "Empty" || l.State == "CompleteCommit" || l.State == "CompleteAbort"
	}
	for h, p := range openTransactions(ctx, admin) {
		if _, old := before[h]; !old || !over[h.producer] {
			continue
		}
		var at kadm.TopicsSet
		at.Add(h.topic, h.partition)
		_, err := admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{ProducerID: h.producer, ProducerEpoch: p.ProducerEpoch, CoordinatorEpoch: max(p.CoordinatorEpoch, 0), Topics: at})
		t.Logf("a transaction of producer %d hangs at offset %d of %s-%d since %v, and is aborted: %v", h.producer, h.start, h.topic, h.partition, time.UnixMilli(p.LastTimestamp), err)
		n++
	}
	return n
}

// openTransactions asks for all that are open.
func openTransactions(ctx context.Context, admin *kadm.Client) map[hanging]kadm.DescribedProducer {
	open := map[hanging]kadm.DescribedProducer{}
	described, err := admin.DescribeProducers(ctx, nil)
	if err != nil {
		return open
	}
	for _, p := range described.SortedProducers() {
		if p.CurrentTxnStartOffset >= 0 {
			open[hanging{p.Topic, p.Partition, p.ProducerID, p.CurrentTxnStartOffset}] = p
		}
	}
	return open
}
