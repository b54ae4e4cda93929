package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
	"sluice/internal/store"
)

// position is a question of ListOffsets.
type position int

const (
	earliest position = iota
	latest
	stable // the end of what readers of committed records see now
)

// ask returns how ListOffsets spells the question.
func (p position) ask() (timestamp int64, isolation int8) {
	switch p {
	case earliest:
		return -2, 0
	case stable:
		return -1, 1
	default:
		return -1, 0
	}
}

// topicLog is one topic, read by all and written by anybody: journal.Log.
//
// One goroutine tails the topic from its beginning, all partitions, without a
// group and without commits. It ends in Close.
type topicLog struct {
	topic  topic
	log    *slog.Logger
	admin  *kgo.Client
	writer *kgo.Client
	read   func(from map[int32]kgo.Offset) (*kgo.Client, error)
	reader *kgo.Client // made by Start

	adminOwned bool // admin is not shared with other logs
	committed  bool // records of open and aborted transactions are not read

	life context.Context //nolint:containedctx // The life of the tail; writes that nobody waits for use it too.
	end  context.CancelFunc
	tail sync.WaitGroup

	mu      sync.Mutex // guards the following
	next    []int64    // the position in each partition: control records count
	moved   chan struct{}
	refused error // why the topic cannot be read; nil while it can
}

// newLog makes the log of a topic. admin may be shared.
func newLog(cfg Config, who identity, t topic, admin *kgo.Client, committed bool) (*topicLog, error) {
	l, errR := newReader(cfg, who, t, admin, committed)
	var errW error
	l.writer, errW = newWriterClient(cfg, who, map[string]string{
		"enable.idempotence": "false", "delivery.timeout.ms": "2147483647",
	})
	if err := errors.Join(errR, errW); err != nil {
		l.closeClients()
		return nil, err
	}
	return l, nil
}

// newReader makes a log that can be read only. With an error it is not nil.
func newReader(cfg Config, who identity, t topic, admin *kgo.Client, committed bool) (*topicLog, error) {
	l := &topicLog{topic: t, log: cfg.Log.With("topic", t.name), admin: admin, committed: committed, moved: make(chan struct{})}
	isolation := "read_uncommitted"
	if committed {
		isolation = "read_committed"
	}
	set := map[string]string{"isolation.level": isolation, "auto.offset.reset": "earliest", "allow.auto.create.topics": "false"}
	_, errR := who(kafka.ConsumerRole, set).Plan()
	l.read = func(from map[int32]kgo.Offset) (*kgo.Client, error) {
		return newClient(cfg, who(kafka.ConsumerRole, set),
			kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.name: from}), kgo.KeepControlRecords())
	}
	return l, errR
}

func (l *topicLog) closeClients() {
	for _, cl := range []*kgo.Client{l.reader, l.writer} {
		if cl != nil {
			cl.Close()
		}
	}
	if l.adminOwned {
		l.admin.Close()
	}
}

// Start implements journal.Log.
func (l *topicLog) Start(ctx context.Context, consume func([]store.Record)) error {
	n, err := l.topic.ensure(ctx, l.admin, l.log)
	if err != nil {
		return err
	}
	return l.open(ctx, n, consume)
}

// open starts the tail and reads all n partitions to their ends. Where committed
// records are read, that is up to the first open transaction: a worker or a task
// that was killed may have left it, and it ends when a successor fences that one,
// which has to join the group first. Whoever needs all reads to the end afterwards.
func (l *topicLog) open(ctx context.Context, n int32, consume func([]store.Record)) error {
	l.next = make([]int64, n)
	// A partition whose beginning was deleted has records from later on only.
	starts, err := l.offsets(ctx, earliest)
	if err != nil {
		return err
	}
	copy(l.next, starts)
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	from := make(map[int32]kgo.Offset, n)
	for p, start := range starts {
		from[int32(p)] = kgo.NewOffset().At(start)
	}
	if l.reader, err = l.read(from); err != nil {
		return err
	}
	l.tail.Go(func() { l.run(consume) })
	end := latest
	if l.committed {
		end = stable
	}
	ends, err := l.offsets(ctx, end)
	if err != nil {
		return err
	}
	return l.readTo(ctx, ends)
}

// run is the tail.
func (l *topicLog) run(consume func([]store.Record)) {
	for {
		fetches := l.reader.PollFetches(l.life)
		if l.life.Err() != nil || fetches.IsClientClosed() {
			return
		}
		var records []store.Record
		positions := map[int32]int64{}
		fetches.EachRecord(func(r *kgo.Record) {
			positions[r.Partition] = r.Offset + 1
			if !r.Attrs.IsControl() {
				records = append(records, store.Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value})
			}
		})
		if len(records) > 0 {
			consume(records)
		}
		refused := l.refusal(fetches)
		l.advance(positions, refused)
		if refused != nil {
			pause(l.life, time.Second)
		}
	}
}

// refusal logs and returns why partitions cannot be read; the client tries again
// by itself.
func (l *topicLog) refusal(fetches kgo.Fetches) error {
	var errs []error
	fetches.EachError(func(_ string, partition int32, err error) {
		err = fmt.Errorf("read partition %d of topic %s: %w", partition, l.topic.name, err)
		if errors.Is(err, kerr.UnknownTopicID) {
			err = fmt.Errorf("%w: the topic was deleted, and this worker shows what was in it until it is started again", err)
		}
		errs = append(errs, err)
	})
	err := errors.Join(errs...)
	if err != nil {
		l.log.Error("topic cannot be read", "error", err)
	}
	return err
}

func (l *topicLog) advance(positions map[int32]int64, refused error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, next := range positions {
		l.next[p] = next
	}
	l.refused = refused
	close(l.moved)
	l.moved = make(chan struct{})
}

// ReadToEnd implements journal.Log. It compares positions, not records: in a
// topic with transactions the last offset is a marker's. The end includes
// transactions that are open, as in Java, so it waits for those to end.
func (l *topicLog) ReadToEnd(ctx context.Context) error {
	ends, err := l.offsets(ctx, latest)
	if err != nil {
		return err
	}
	return l.readTo(ctx, ends)
}

// readTo waits until each partition has been read up to an offset, and says now
// and then what it waits for.
func (l *topicLog) readTo(ctx context.Context, ends []int64) error {
	late := time.NewTicker(sayAgain)
	defer late.Stop()
	for {
		l.mu.Lock()
		behind, at := l.behind(ends)
		moved, refused := l.moved, l.refused
		l.mu.Unlock()
		switch {
		case behind < 0:
			return nil
		case isBroker(refused):
			return refused
		}
		select {
		case <-moved:
		case <-late.C:
			l.sayBehind(behind, at, ends[behind])
		case <-ctx.Done():
			return ctx.Err()
		case <-l.life.Done():
			return errClosed
		}
	}
}

// sayBehind says where the reading stands.
func (l *topicLog) sayBehind(partition int, at, end int64) {
	hint := "it is far behind, or the broker does not answer"
	if l.committed {
		hint += ", or a transaction is open; one that nobody ends is found by kafka-transactions.sh find-hanging"
	}
	l.log.Warn("waiting for the end of the topic", "partition", partition, "position", at, "end", end, "hint", hint)
}

// behind returns the first partition that is not read up to an offset, and how far
// it is read; mu is locked.
func (l *topicLog) behind(ends []int64) (partition int, at int64) {
	for p, end := range ends {
		if l.next[p] < end {
			return p, l.next[p]
		}
	}
	return -1, 0
}

var errClosed = errors.New("the store is closed")

// offsets asks for an offset of each partition, again and again while no broker
// answers, until ctx ends.
func (l *topicLog) offsets(ctx context.Context, which position) ([]int64, error) {
	var found []int64
	err := l.topic.persist(ctx, l.log, func(ctx context.Context) (bool, error) {
		var err error
		found, err = listOffsets(ctx, l.admin, l.topic.name, len(l.next), which)
		return err == nil, err
	})
	return found, err
}

func listOffsets(ctx context.Context, cl *kgo.Client, name string, n int, which position) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	timestamp, isolation := which.ask()
	req.IsolationLevel = isolation
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = name
	for p := range n {
		part := kmsg.NewListOffsetsRequestTopicPartition()
		part.Partition, part.Timestamp = int32(p), timestamp
		t.Partitions = append(t.Partitions, part)
	}
	req.Topics = append(req.Topics, t)
	found := make([]int64, n)
	seen := 0
	for _, shard := range cl.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		resp, ok := shard.Resp.(*kmsg.ListOffsetsResponse)
		if !ok {
			continue
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("ask for an offset of partition %d of topic %s: %w", p.Partition, name, err)
				}
				if int(p.Partition) < n {
					found[p.Partition] = p.Offset
					seen++
				}
			}
		}
	}
	if seen != n {
		return nil, fmt.Errorf("the cluster tells the offsets of %d of %d partitions of topic %s", seen, n, name)
	}
	return found, nil
}

// Append implements journal.Log.
func (l *topicLog) Append(ctx context.Context, records ...store.Record) error {
	return appendAll(ctx, l.writer, l.topic.name, records)
}

// appendAll hands all records over and waits for each.
func appendAll(ctx context.Context, cl *kgo.Client, name string, records []store.Record) error {
	answers := make(chan error, len(records))
	for _, r := range records {
		cl.Produce(ctx, &kgo.Record{Topic: name, Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) { answers <- err })
	}
	var errs []error
	for range records {
		select {
		case err := <-answers:
			errs = append(errs, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}

// Send implements journal.Log. The client tries for as long as it is open.
func (l *topicLog) Send(r store.Record, done func(store.Record, error)) {
	l.writer.Produce(l.life, &kgo.Record{Topic: l.topic.name, Key: r.Key, Value: r.Value}, func(placed *kgo.Record, err error) {
		r.Partition, r.Offset = placed.Partition, placed.Offset
		done(r, err)
	})
}

// Close implements journal.Log.
func (l *topicLog) Close() error {
	if l.end != nil {
		l.end()
	}
	l.closeClients()
	l.tail.Wait()
	return nil
}
