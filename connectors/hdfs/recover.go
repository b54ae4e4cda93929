package hdfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/hdfs/dfs"
)

// leaseTries are the waits for a lease, as in the original: 1, 2, 4 and 8 s.
const leaseTries = 4

// wake recovers the partition when it is time to. An error is one that no later
// try can mend.
func (p *partitionWriter) wake(now time.Time) error {
	if p.ready || now.Before(p.wakeAt) {
		return nil
	}
	err := p.recover()
	switch {
	case err == nil:
		p.leases = 0
		return nil
	case errors.Is(err, dfs.ErrLease):
		p.sleep(now, p.leaseWait(err))
		return nil
	}
	return p.fail(now, err)
}

// leaseWait returns how long to wait for the lease of the log.
func (p *partitionWriter) leaseWait(err error) time.Duration {
	if p.leases < leaseTries {
		p.leases++
		wait := time.Second << (p.leases - 1)
		p.logger().Warn("the write-ahead log is in use, waiting for its lease", "wait", wait, "error", err)
		return wait
	}
	p.leases = 0
	p.logger().Error("Cannot acquire lease after timeout, will retry.", "wait", p.task.s.RetryBackoff, "error", err) //nolint:sloglint // The words of the original, which people search for.
	// It may be our own client that holds it, after a call that failed half-way.
	p.task.resetLogs()
	return p.task.s.RetryBackoff
}

// recover finishes the last commit and finds the offset to go on from.
func (p *partitionWriter) recover() error {
	block, err := p.log.Recover()
	if err != nil {
		return fmt.Errorf("recover %s-%d: %w", p.Topic, p.Partition, err)
	}
	// Nobody else will give these a name any more.
	for _, name := range p.leftovers {
		if err := p.task.data.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.logger().Warn("a temporary file is left behind", "file", name, "error", err)
		}
	}
	p.leftovers = nil
	name, last := p.lastOf(block)
	if last < 0 {
		if name, last, err = p.scan(); err != nil {
			return fmt.Errorf("recover %s-%d: %w", p.Topic, p.Partition, err)
		}
	}
	if last >= 0 {
		p.newest, p.next = name, last+1
	}
	p.start()
	return nil
}

// start lets records flow, from behind the last file or, without one, from the
// first that this task saw.
func (p *partitionWriter) start() {
	from := p.next
	if from < 0 {
		from = p.first
	}
	if from >= 0 {
		p.logger().Debug("records are wanted from an offset on", "offset", from)
		p.task.host.Seek(p.TopicPartition, from)
	}
	p.task.host.Resume(p.TopicPartition)
	p.ready, p.first = true, -1
	p.rotation.Reset(time.Now().UnixMilli())
}

// scan looks through all directories of the topic for the partition's file with
// the largest offset; -1 is none.
func (p *partitionWriter) scan() (name string, last int64, err error) {
	name, last = "", -1
	dirs := []string{path.Join(p.topics, p.Topic)}
	for len(dirs) > 0 {
		dir := dirs[len(dirs)-1]
		dirs = dirs[:len(dirs)-1]
		infos, err := p.task.data.List(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", -1, err //nolint:wrapcheck // It says all.
		}
		for _, i := range infos {
			if i.Dir {
				dirs = append(dirs, path.Join(dir, i.Name))
				continue
			}
			if n, ok := p.last(i.Name); ok && n > last {
				name, last = path.Join(dir, i.Name), n
			}
		}
	}
	return name, last, nil
}

// newestSchema returns the schema of the partition's newest file, nil where there
// is none.
func (p *partitionWriter) newestSchema() (*schema.Schema, error) {
	if p.newest == "" {
		return nil, nil //nolint:nilnil // No file has no schema.
	}
	r, err := p.task.data.Open(p.newest)
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody has moved it on; there may be others.
		var name string
		if name, _, err = p.scan(); err != nil {
			return nil, err
		}
		if p.newest = name; name == "" {
			return nil, nil //nolint:nilnil // As above.
		}
		r, err = p.task.data.Open(name)
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // It says all.
	}
	s, err := p.task.s.format.Schema(r, r.Size())
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", p.newest, err)
	}
	return s, nil
}

// sleep stops the flow of records until the partition is recovered at the time.
func (p *partitionWriter) sleep(now time.Time, wait time.Duration) {
	p.ready = false
	p.wakeAt = now.Add(wait)
	p.task.host.Pause(p.TopicPartition)
}

// fail throws away what is open and lets the partition begin again after
// retry.backoff.ms. It returns an error instead where that cannot help.
func (p *partitionWriter) fail(now time.Time, err error) error {
	p.discard()
	if errors.Is(err, fs.ErrPermission) {
		return connect.Errorf("%s-%d: %w", p.Topic, p.Partition, err)
	}
	p.logger().Error("trouble with a partition: it begins again behind its last file, the others go on", "wait", p.task.s.RetryBackoff, "error", err)
	p.sleep(now, p.task.s.RetryBackoff)
	return nil
}
