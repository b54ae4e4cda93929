package kafka

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/store"
)

// leaveOpen begins a transaction with one record, as somebody does who is killed
// then.
func leaveOpen(t *testing.T, c *kfake.Cluster, id, topic, key, value string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	killed, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID(id), kgo.TransactionTimeout(10*time.Minute))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(killed.Close)
	if err := killed.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := killed.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return killed
}

// startNow fails the test where the start waits for the end of a transaction.
func startNow(t *testing.T, s *Stores) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
}

// formerWorker has been there before, so that the topics are.
func formerWorker(t *testing.T, w map[string]string) {
	t.Helper()
	s := openStores(t, w)
	startNow(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOpenTransactionInTheOffsetTopic: what a killed task has left open does not
// hold up the start of a worker, which has to be in the group before anybody ends
// it. Offsets are read to the end all the same.
func TestOpenTransactionInTheOffsetTopic(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, n *network, c *kfake.Cluster, open openStore) {
		set := map[string]string{"exactly.once.source.support": "enabled"}
		first := open(set)
		start(t, first)
		killed := leaveOpen(t, c, "killed", first.offsetTopic.name, `["c",{"p":1}]`, `{"o":1}`, kgo.Dialer(n.dial))
		s := open(set)
		startNow(t, s)
		ctx, read := t.Context(), make(chan error, 1)
		go func() {
			_, err := s.Offsets.Read(ctx, "c", nil)
			read <- err
		}()
		time.Sleep(time.Minute)
		select {
		case err := <-read:
			t.Errorf("offsets are read while a transaction is open: %v", err)
		default:
		}
		if err := errors.Join(killed.EndTransaction(ctx, kgo.TryAbort), <-read); err != nil {
			t.Error(err)
		}
		killed.Close()
		if err := errors.Join(first.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestOpenTransactionInTheConfigTopic: what a killed leader has left open does not
// hold up the start of a worker, which ends it when it leads itself.
func TestOpenTransactionInTheConfigTopic(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	w := worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"})
	formerWorker(t, w)
	leaveOpen(t, c, LeaderTransactionalID(w), w["config.storage.topic"], "connector-half", `{"properties":{}}`)

	s := openStores(t, w)
	startNow(t, s)
	ctx := t.Context()
	if err := errors.Join(s.Configs.Claim(ctx), s.Configs.Refresh(ctx), s.Configs.PutConnector(ctx, "whole", config.Raw{}, "")); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(s.Configs.Snapshot().Connectors()); !slices.Equal(got, []string{"whole"}) {
		t.Errorf("connectors are %v", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestAWaitForATransactionIsSaid: a transaction that nobody ends, as a broker may
// leave one behind whose disk was full, holds up who reads offsets for ever. The log
// says so, and where.
func TestAWaitForATransactionIsSaid(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, n *network, c *kfake.Cluster, open openStore) {
		var said logged
		s := open(map[string]string{"exactly.once.source.support": "enabled"}, &said)
		start(t, s)
		killed := leaveOpen(t, c, "killed", s.offsetTopic.name, `["c",{"p":1}]`, `{"o":1}`, kgo.Dialer(n.dial))
		read := make(chan error, 1)
		go func() {
			_, err := s.Offsets.Read(t.Context(), "c", nil)
			read <- err
		}()
		time.Sleep(sayAgain + time.Second)
		if lines := said.all(); !slices.ContainsFunc(lines, func(line string) bool {
			return strings.Contains(line, "waiting for the end of the topic") && strings.Contains(line, "position=0 end=1") && strings.Contains(line, "a transaction is open")
		}) {
			t.Errorf("nobody says what the reading waits for: %v", lines)
		}
		if err := errors.Join(killed.EndTransaction(t.Context(), kgo.TryAbort), <-read); err != nil {
			t.Error(err)
		}
		killed.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestALeaderEndsWhatAnotherHasLeftOpen: a worker that has led before, and leads
// again after another one that was killed in the middle of a write.
func TestALeaderEndsWhatAnotherHasLeftOpen(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	w := worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"})
	s := openStores(t, w)
	start(t, s)
	ctx := t.Context()
	if err := errors.Join(s.Configs.Claim(ctx), s.Configs.PutConnector(ctx, "a", config.Raw{}, "")); err != nil {
		t.Fatal(err)
	}
	leaveOpen(t, c, LeaderTransactionalID(w), w["config.storage.topic"], "connector-half", `{"properties":{}}`)
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := errors.Join(s.Configs.Resign(soon), s.Configs.Claim(soon), s.Configs.Refresh(soon)); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(s.Configs.Snapshot().Connectors()); !slices.Equal(got, []string{"a"}) {
		t.Errorf("connectors are %v", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestOffsetsAreWrittenInATransaction: what a task 0 that still runs somewhere has
// under way when offsets are altered is never committed.
func TestOffsetsAreWrittenInATransaction(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	w := worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"})
	s := parts(t, w)
	start(t, s)
	zombie := leaveOpen(t, c, TransactionalID(w, "c", 0), w["offset.storage.topic"], `["c",{"p":1}]`, `{"o":1}`)
	o, err := s.OpenOffsets(t.Context(), "c", nil)
	if err != nil {
		t.Fatal(err)
	}
	at := func(key string, n int64) schema.Value {
		return schema.MapValue([]schema.Entry{{Key: schema.StringValue(key), Value: schema.Int64Value(n)}})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := o.Write(ctx, "c", []store.Offset{{Partition: at("p", 1), Offset: at("o", 2)}}); err != nil {
		t.Fatal(err)
	}
	if err := zombie.EndTransaction(ctx, kgo.TryCommit); err == nil {
		t.Error("the task commits its transaction")
	}
	if got, err := o.Read(ctx, "c", []schema.Value{at("p", 1)}); err != nil || !got[0].Equal(at("o", 2)) {
		t.Errorf("the offset is %v, %v", got, err)
	}
}

// TestEveryWriteIsCommitted: each one has a producer of its own, to which the topic
// is new. Without the care of kafka.CommitTransaction one in a hundred is aborted,
// and passes for committed, under the race detector on a busy machine.
func TestEveryWriteIsCommitted(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	s := parts(t, worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"}))
	start(t, s)
	o, err := s.OpenOffsets(t.Context(), "c", nil)
	if err != nil {
		t.Fatal(err)
	}
	at := func(key string, n int64) schema.Value {
		return schema.MapValue([]schema.Entry{{Key: schema.StringValue(key), Value: schema.Int64Value(n)}})
	}
	for i := range int64(30) {
		p := at("p", i%3)
		if err := o.Write(t.Context(), "c", []store.Offset{{Partition: p, Offset: at("o", i)}}); err != nil {
			t.Fatal(err)
		}
		if got, err := o.Read(t.Context(), "c", []schema.Value{p}); err != nil || !got[0].Equal(at("o", i)) {
			t.Fatalf("write %d is not there: %v, %v", i, got, err)
		}
	}
}
