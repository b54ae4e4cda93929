package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Producer writes records and keeps the order of each partition. It adds two
// things to a bare client: records larger than a batch (batch.size) go out as
// Java sends them, up to max.request.size, where the library would fail them;
// and idempotence is given up, with a warning, where the cluster does not let
// this principal have it and no setting asks for it.
//
// Its methods are safe for concurrent use, except that nothing may be produced
// while or after Close runs.
type Producer struct {
	plan *Plan
	log  *slog.Logger
	opts []kgo.Opt
	main *kgo.Client

	// mu is read-locked while a record goes to main, and locked while one
	// goes to large: at any time only one of the two has records under way.
	mu    sync.RWMutex
	large *kgo.Client // nil until the first large record; guarded by mu
	busy  bool        // large may have a record under way; guarded by mu
}

// NewProducer makes a producer and asks the cluster whether it may be
// idempotent, so it blocks until a broker answers or ctx ends. Close it in the
// end. log gets warnings and the clients' lines; nil is silent. Options in
// extra come last.
func NewProducer(ctx context.Context, s Settings, log *slog.Logger, extra ...kgo.Opt) (*Producer, error) {
	if s.Role != ProducerRole {
		return nil, fmt.Errorf("settings of the %s do not make a producer", s.Role)
	}
	plan, err := s.Plan()
	if err != nil {
		return nil, err
	}
	plan.Warn(log)
	p := &Producer{plan: plan, log: log, opts: extra}
	if p.main, err = plan.newClient(log, extra...); err != nil {
		return nil, err
	}
	if !plan.Idempotent || plan.IdempotenceAsked {
		return p, nil
	}
	if err := p.settleIdempotence(ctx); err != nil {
		p.main.Close()
		return nil, err
	}
	return p, nil
}

// settleIdempotence tries for a producer id. Brokers before 2.8 need a
// permission for it that older Connect clusters never had.
func (p *Producer) settleIdempotence(ctx context.Context) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionTimeoutMillis = 60_000
	req.ProducerID, req.ProducerEpoch = -1, -1
	resp, err := req.RequestWith(ctx, p.main)
	if err != nil {
		return fmt.Errorf("ask the cluster for a producer id: %w", err)
	}
	switch err := kerr.ErrorForCode(resp.ErrorCode); {
	case err == nil:
		return nil
	case !errors.Is(err, kerr.ClusterAuthorizationFailed) && !errors.Is(err, kerr.UnsupportedVersion):
		return fmt.Errorf("ask the cluster for a producer id: %w", err)
	}
	if p.log != nil {
		p.log.Warn("producer is not idempotent: the cluster refuses it, a retry may write a record twice",
			"right", "IdempotentWrite on the cluster, or enable.idempotence=false to say that it is wanted so")
	}
	p.plan.Idempotent = false
	p.opts = append([]kgo.Opt{kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1)}, p.opts...)
	p.main.Close()
	p.main, err = p.plan.newClient(p.log, p.opts...)
	return err
}

// Client is the client of all but large records: for metadata, requests and
// metrics. Producing through it goes past the order that Produce keeps.
func (p *Producer) Client() *kgo.Client { return p.main }

// Idempotent says whether the cluster drops what a retry sends twice.
func (p *Producer) Idempotent() bool { return p.plan.Idempotent }

// Produce hands a record over and returns; done is called once, from another
// goroutine or from this one, when the record is written or has failed, in
// order for each partition. It blocks while the buffer is full, and around a
// record larger than a batch until what went before it is written.
//
// The record and its bytes must stay as they are until done is called. The
// producer chooses the partition unless Record.Partition comes from
// ToPartition. done must not call Produce.
func (p *Producer) Produce(ctx context.Context, r *kgo.Record, done func(*kgo.Record, error)) {
	if p.plan.BatchBytes == p.plan.RequestBytes {
		p.main.Produce(ctx, r, done)
		return
	}
	if batchSize(r) > int64(p.plan.BatchBytes) {
		p.produceLarge(ctx, r, done)
		return
	}
	p.mu.RLock()
	if !p.busy {
		defer p.mu.RUnlock()
		p.main.Produce(ctx, r, done)
		return
	}
	p.mu.RUnlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.settleLarge(ctx); err != nil {
		done(r, err)
		return
	}
	p.main.Produce(ctx, r, done)
}

// produceLarge sends one record in a batch of its own, after all that went
// before it.
func (p *Producer) produceLarge(ctx context.Context, r *kgo.Record, done func(*kgo.Record, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.main.Flush(ctx), p.settleLarge(ctx)); err != nil {
		done(r, fmt.Errorf("wait for earlier records: %w", err))
		return
	}
	if p.large == nil {
		opts := append([]kgo.Opt{kgo.ProducerBatchMaxBytes(p.plan.RequestBytes)}, p.opts...)
		large, err := p.plan.newClient(p.log, opts...)
		if err != nil {
			done(r, err)
			return
		}
		p.large = large
	}
	p.busy = true
	p.large.Produce(ctx, r, done)
}

// settleLarge waits for the large record under way; mu is locked.
func (p *Producer) settleLarge(ctx context.Context) error {
	if !p.busy {
		return nil
	}
	if err := p.large.Flush(ctx); err != nil {
		return fmt.Errorf("wait for a large record: %w", err)
	}
	p.busy = false
	return nil
}

// Flush waits until every record handed over before is written or has failed.
func (p *Producer) Flush(ctx context.Context) error {
	p.mu.RLock()
	large := p.large
	p.mu.RUnlock()
	err := p.main.Flush(ctx)
	if large != nil {
		err = errors.Join(err, large.Flush(ctx))
	}
	if err != nil {
		return fmt.Errorf("flush the producer: %w", err)
	}
	return nil
}

// Close ends the producer. Records that are not written yet fail: Flush first.
func (p *Producer) Close() {
	p.main.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.large != nil {
		p.large.Close()
	}
}

// batchSize is at least what a batch with this record alone takes on the wire.
func batchSize(r *kgo.Record) int64 {
	const (
		batchHead  = 61 + 4       // of format 2, and the length before it
		recordHead = 5*4 + 10 + 1 // varints: lengths, offset and count; timestamp; attributes
		perHeader  = 5 * 2
	)
	n := int64(batchHead + recordHead + len(r.Key) + len(r.Value))
	for i := range r.Headers {
		n += int64(perHeader + len(r.Headers[i].Key) + len(r.Headers[i].Value))
	}
	return n
}

// CommitTransaction commits the open transaction of a client whose records are all
// acknowledged. It waits for the coordinator until ctx ends.
func CommitTransaction(ctx context.Context, client *kgo.Client) error {
	// It aborts nothing, since nothing is under way, and waits for the client's lock.
	// The client (1.22.3) produces to a topic that was new to it before it has noted
	// the topic's partitions, and EndTransaction aborts, without an error, where it
	// sees no partition that was produced to.
	if err := client.AbortBufferedRecords(ctx); err != nil {
		return err
	}
	return client.EndTransaction(ctx, kgo.TryCommit)
}
