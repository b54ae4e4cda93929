package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/transforms/javaregex"
)

// consumer is the Kafka side of a sink task. Its fetcher hands over one fetch
// at a time; the group's callbacks become calls that the task's goroutine runs
// between two Puts.
type consumer struct {
	topics  *topicWatch // nil where the topics are named
	client  *kgo.Client
	task    *sinkTask
	most    int // records of one fetch
	fetched chan kgo.Fetches
	ready   chan struct{} // the task asks for the next fetch
	gone    chan struct{} // closed when the fetcher has ended
	calls   chan groupCall
	left    chan struct{} // closed when the task's goroutine takes no more calls
	leave   func()
	close   func()

	interval time.Duration // max.poll.interval.ms
	watch    *time.Timer   // ends the membership of a task that is silent for the interval
	expired  chan struct{} // closed when it has

	mu          sync.Mutex
	failed      error              // of a callback; guarded by mu
	cancelPoll  context.CancelFunc // of the poll under way; guarded by mu
	interrupted bool               // the poll under way is to end; guarded by mu
}

// groupCall is a callback for the task's goroutine.
type groupCall struct {
	run  func() error
	done chan<- error // has room
}

func newConsumer(s *sinkTask) (*consumer, error) {
	c := &consumer{
		task: s, fetched: make(chan kgo.Fetches), ready: make(chan struct{}, 1), gone: make(chan struct{}),
		calls: make(chan groupCall), left: make(chan struct{}), expired: make(chan struct{}),
	}
	c.leave = sync.OnceFunc(func() { close(c.left) })
	defaults := config.Map{
		"group.id": "connect-" + s.id.Connector, "client.id": "connector-consumer-" + s.id.String(), "auto.offset.reset": "earliest",
	}
	set, plan, err := s.worker.client(kafka.ConsumerRole, defaults, s.conn, kafka.ConsumerOverride)
	if err != nil {
		return nil, err
	}
	c.most, c.interval = plan.MaxPollRecords, plan.MaxPollInterval
	opts := []kgo.Opt{
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
			c.call(func() error { return s.open(flat(m)) })
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
			c.call(func() error { return s.surrender(flat(m), true) })
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
			c.call(func() error { return s.surrender(flat(m), false) })
		}),
		kgo.AdjustFetchOffsetsFn(s.host.adjust),
		kafka.Measured(&s.metrics.Client),
	}
	names, pattern, err := subscription(s.conn)
	if err != nil {
		return nil, err
	}
	if c.client, err = kafka.NewClient(set, quiet(s.log), slices.Concat(opts, s.worker.Opts, []kgo.Opt{kgo.ConsumeTopics(names...)})...); err != nil {
		return nil, err
	}
	if pattern != nil {
		c.topics = &topicWatch{client: c.client, pattern: pattern, missing: make(map[string]int)}
	}
	c.close = sync.OnceFunc(func() {
		c.leave()
		c.client.CloseAllowingRebalance()
	})
	return c, nil
}

// subscription reads topics and topics.regex; one of the two is set.
func subscription(conn config.Map) (names []string, pattern *javaregex.Pattern, err error) {
	names, text := list(conn["topics"]), conn["topics.regex"]
	switch {
	case len(names) > 0 && text != "":
		return nil, nil, connect.ClassErrorf(connect.ConfigException, "topics and topics.regex are mutually exclusive options, but both are set.")
	case len(names) == 0 && text == "":
		return nil, nil, connect.ClassErrorf(connect.ConfigException, "Must configure one of topics or topics.regex")
	case text == "":
		return names, nil, nil
	}
	if pattern, err = javaregex.Compile(text); err != nil {
		return nil, nil, connect.ClassErrorf(connect.ConfigException, "Invalid value %s for configuration topics.regex: Invalid regex: %w", text, err)
	}
	return nil, pattern, nil
}

// fetch starts the fetcher and the watch; the result ends both and waits for
// their end.
func (c *consumer) fetch() (stop func()) {
	ctx, cancel := context.WithCancelCause(c.task.life.soft)
	c.watch = time.AfterFunc(c.interval, sync.OnceFunc(c.expire))
	go func() {
		defer close(c.gone)
		for ctx.Err() == nil {
			f := c.poll(ctx)
			select {
			case c.fetched <- f:
			case <-ctx.Done():
				return
			}
			select {
			case <-c.ready:
			case <-ctx.Done():
				return
			}
		}
	}()
	var watched sync.WaitGroup
	if c.topics != nil {
		watched.Go(func() {
			c.topics.run(ctx, func(err error) { c.task.log.Warn("topics are not looked at, it is tried again", "error", err) })
		})
	}
	return func() {
		c.watch.Stop()
		cancel(errStopped)
		c.leave() // a poll may wait for a callback, which waits for us
		<-c.gone
		watched.Wait()
	}
}

func (c *consumer) poll(ctx context.Context) kgo.Fetches {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	c.cancelPoll = cancel
	if c.interrupted {
		cancel()
	}
	c.mu.Unlock()
	return c.client.PollRecords(ctx, c.most)
}

// takeBack ends the poll under way and returns what it has fetched. Callbacks
// are served meanwhile, since a poll may wait for one.
func (c *consumer) takeBack(serve func(groupCall)) (f kgo.Fetches) {
	c.mu.Lock()
	c.interrupted = true
	if c.cancelPoll != nil {
		c.cancelPoll()
	}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.interrupted = false
	}()
	for {
		select {
		case f = <-c.fetched:
			return f
		case call := <-c.calls:
			serve(call)
		case <-c.gone:
			return nil
		}
	}
}

// alive puts off the end of the membership; false says that it has come.
func (c *consumer) alive() bool {
	select {
	case <-c.expired:
		return false
	default:
		c.watch.Reset(c.interval)
		return true
	}
}

// expire gives up all partitions of a task whose call takes longer than
// max.poll.interval.ms, so that another task goes on with them. Java does it by
// the same rule.
func (c *consumer) expire() {
	c.task.log.Warn("consumer poll timeout has expired: a call of the task has taken longer than max.poll.interval.ms, its partitions are given up; "+
		"give more time, or fewer records at a time with max.poll.records", "max.poll.interval", c.interval, "max.poll.records", c.most)
	close(c.expired)
	c.close()
}

// next lets the group rebalance and the fetcher go on.
func (c *consumer) next() {
	c.client.AllowRebalance()
	c.ready <- struct{}{} // has room: one fetch, one next
}

// allow lets the group rebalance while records wait to be put again.
func (c *consumer) allow() { c.client.AllowRebalance() }

// call runs a callback on the task's goroutine and waits for it.
func (c *consumer) call(run func() error) {
	done := make(chan error, 1)
	select {
	case c.calls <- groupCall{run, done}:
	case <-c.left:
		return
	}
	select {
	case err := <-done:
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.failed == nil {
				c.failed = err
			}
		}
	case <-c.task.life.hard.Done():
	}
}

// err returns the first error of a callback.
func (c *consumer) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// commit writes the offsets and waits for the group's coordinator.
func (c *consumer) commit(ctx context.Context, offsets connect.ConsumedOffsets) error {
	todo := make(map[string]map[int32]kgo.EpochOffset)
	for p, o := range offsets {
		if todo[p.Topic] == nil {
			todo[p.Topic] = make(map[int32]kgo.EpochOffset)
		}
		todo[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: o.Offset}
	}
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				p := &req.Topics[i].Partitions[j]
				if o := offsets[connect.TopicPartition{Topic: req.Topics[i].Topic, Partition: p.Partition}]; o.Metadata != "" {
					p.Metadata = new(o.Metadata)
				}
			}
		}
		return nil
	})
	var failed error
	c.client.CommitOffsetsSync(ctx, todo, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = commitError(resp, err)
	})
	return failed
}

func commitError(resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		return fmt.Errorf("commit offsets: %w", err)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("commit the offset of %s-%d: %w", t.Topic, p.Partition, err)
			}
		}
	}
	return nil
}

func flat(m map[string][]int32) []connect.TopicPartition {
	var out []connect.TopicPartition
	for topic, partitions := range m {
		for _, p := range partitions {
			out = append(out, connect.TopicPartition{Topic: topic, Partition: p})
		}
	}
	return out
}

// list cuts at commas, as a LIST of Java.
func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
