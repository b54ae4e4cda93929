package hdfs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/hdfs/dfs"
)

// task writes the partitions that the worker gives it.
type task struct {
	dial func(dfs.Options) (dfs.FileSystem, error)

	s    settings
	host connect.SinkHost
	// data has the files; logs the write-ahead logs, apart, since their client is
	// replaced when it may hold a lease that nobody needs.
	data, logs *dfs.Redialer
	partitions map[connect.TopicPartition]*partitionWriter
}

var _ connect.PartitionListener = (*task)(nil)

// Start tries connectTries times to reach a name node, connectWait apart.
const (
	connectTries = 6
	connectWait  = 5 * time.Second
)

// Start implements connect.SinkTask. It waits for up to half a minute for a name
// node that does not answer.
func (t *task) Start(ctx context.Context, host connect.SinkHost, cfg config.Map) error {
	var err error
	if t.s, err = parseSettings(cfg); err != nil {
		return connect.Errorf("Couldn't start HdfsSinkConnector due to configuration error.: %w", err)
	}
	dial := func() (dfs.FileSystem, error) { return t.dial(t.s.cluster) }
	t.host, t.data, t.logs = host, dfs.NewRedialer(dial), dfs.NewRedialer(dial)
	t.partitions = make(map[connect.TopicPartition]*partitionWriter)
	if t.s.ConfDir != "" && !dfs.HasConf(t.s.ConfDir) {
		host.Logger().Warn("hadoop.conf.dir has neither core-site.xml nor hdfs-site.xml: only store.url counts", "hadoop.conf.dir", t.s.ConfDir)
	}
	defer t.bound(ctx)()
	for try := 1; ; try++ {
		if _, err = t.data.Stat("/"); err == nil {
			return nil
		}
		if try == connectTries || ctx.Err() != nil {
			break
		}
		host.Logger().Warn("the name node does not answer, trying again", "wait", connectWait, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(connectWait):
		}
	}
	return connect.Errorf("cannot use HDFS: %w", errors.Join(err, t.Stop(ctx)))
}

// bound cuts the connections when shutdown.timeout.ms have passed since the end of
// the context. The answer ends that.
func (t *task) bound(ctx context.Context) func() {
	returned := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(t.s.ShutdownTimeout):
			t.data.Interrupt()
			t.logs.Interrupt()
		case <-returned:
		}
	})
	return func() {
		close(returned)
		stop()
	}
}

// resetLogs replaces the client of the logs.
func (t *task) resetLogs() {
	if err := t.logs.Reset(); err != nil {
		t.host.Logger().Warn("a client of HDFS does not end cleanly", "error", err)
	}
}

// Open implements connect.PartitionListener: it recovers the partitions.
func (t *task) Open(ctx context.Context, partitions []connect.TopicPartition) error {
	defer t.bound(ctx)()
	for _, at := range partitions {
		p, err := newPartitionWriter(t, at)
		if err != nil {
			return err
		}
		t.partitions[at] = p
		if err := p.wake(time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Close implements connect.PartitionListener: what is not committed is thrown away.
func (t *task) Close(ctx context.Context, partitions []connect.TopicPartition) error {
	defer t.bound(ctx)()
	for _, at := range partitions {
		if p := t.partitions[at]; p != nil {
			p.close()
			delete(t.partitions, at)
		}
	}
	return nil
}

// Put implements connect.SinkTask. Trouble with the file system concerns one
// partition, which waits and begins again; only records that cannot be written, and
// rights that are missing, are errors.
func (t *task) Put(ctx context.Context, records []connect.Record) error {
	defer t.bound(ctx)()
	now := time.Now()
	for _, p := range t.partitions {
		if err := p.wake(now); err != nil {
			return err
		}
	}
	var p *partitionWriter
	for i := range records {
		r := &records[i]
		if p == nil || p.Partition != r.Origin.Partition || p.Topic != r.Origin.Topic {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if p = t.partitions[connect.TopicPartition{Topic: r.Origin.Topic, Partition: r.Origin.Partition}]; p == nil {
				return connect.Errorf("a record of %s-%d, which was not opened", r.Origin.Topic, r.Origin.Partition)
			}
		}
		if err := p.put(ctx, r, time.Now()); err != nil {
			return err
		}
	}
	now = time.Now()
	for _, p := range t.partitions {
		if err := p.due(now); err != nil {
			return err
		}
	}
	return nil
}

// report hands over a record that cannot be written.
func (t *task) report(ctx context.Context, r *connect.Record, err error) error {
	err = &connect.Error{
		Class:   connect.ClassOf(err),
		Message: fmt.Sprintf("%s-%d@%d cannot be written: %s", r.Origin.Topic, r.Origin.Partition, r.Origin.Offset, err),
		Cause:   err,
	}
	return t.host.ReportErrant(ctx, r, err) //nolint:wrapcheck // It is ours, or nil.
}

// PreCommit implements connect.SinkTask: it returns the offsets behind the last
// files. They are for monitoring: a task begins behind its last file, not there.
func (t *task) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	safe := make(connect.ConsumedOffsets)
	for at, offered := range consumed {
		if p := t.partitions[at]; p != nil && p.next >= 0 && p.next <= offered.Offset {
			safe[at] = connect.ConsumedOffset{Offset: p.next}
		}
	}
	return safe, nil
}

// Stop implements connect.SinkTask.
func (t *task) Stop(ctx context.Context) error {
	if t.data == nil {
		return nil
	}
	defer t.bound(ctx)()
	for _, p := range t.partitions {
		p.close()
	}
	clear(t.partitions)
	if err := errors.Join(t.data.Close(), t.logs.Close()); err != nil {
		return fmt.Errorf("stop the HDFS sink: %w", err)
	}
	return nil
}
