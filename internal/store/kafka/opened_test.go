package kafka

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/config"
)

// leaveOpen begins a transaction with one record, as somebody does who is killed
// then.
func leaveOpen(t *testing.T, c *kfake.Cluster, id, topic, key, value string) *kgo.Client {
	t.Helper()
	killed, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID(id), kgo.TransactionTimeout(10*time.Minute))
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
	c := cluster(t)
	w := worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"})
	formerWorker(t, w)
	killed := leaveOpen(t, c, "killed", w["offset.storage.topic"], `["c",{"p":1}]`, `{"o":1}`)

	s := openStores(t, w)
	startNow(t, s)
	ctx, read := t.Context(), make(chan error, 1)
	go func() {
		_, err := s.Offsets.Read(ctx, "c", nil)
		read <- err
	}()
	select {
	case err := <-read:
		t.Errorf("offsets are read while a transaction is open: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := killed.EndTransaction(ctx, kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
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
