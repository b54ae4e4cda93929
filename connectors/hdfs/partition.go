package hdfs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"slices"
	"time"

	"sluice/connect"
	"sluice/connectors/hdfs/dfs"
	"sluice/connectors/hdfs/wal"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/compat"
)

// partitionWriter writes the records of one topic partition.
type partitionWriter struct {
	places
	task *task
	log  *wal.Log

	// ready says that the partition is recovered and takes records.
	ready  bool
	wakeAt time.Time // the next try to recover; zero is at once
	leases int       // tries to get the lease of the log

	next   int64  // the offset behind the last file; -1 as long as there is none
	first  int64  // the first offset that came and is in no file; -1 is none
	newest string // the file with the largest offset, or ""

	rotation  *storage.Rotation
	projector compat.Projector
	files     map[string]*openFile // by encoded partition
	// leftovers are temporary files that the log may name: only a recovery tells
	// whether they can be removed.
	leftovers []string
}

// openFile is one that is written.
type openFile struct {
	dir         string // the topic's directory with the encoded partition
	name        string
	out         dfs.Writer
	records     storage.RecordWriter
	first, last int64 // offsets; -1 without records
}

func newPartitionWriter(t *task, at connect.TopicPartition) (*partitionWriter, error) {
	where, err := newPlaces(&t.s, at)
	if err != nil {
		return nil, err
	}
	p := &partitionWriter{
		places: where, task: t, next: -1, first: -1,
		rotation: storage.NewRotation(t.s.policy, time.Now().UnixMilli()),
		files:    make(map[string]*openFile),
	}
	p.log = wal.New(t.logs, where.logs, t.s.cluster.URL, p.logger())
	return p, nil
}

func (p *partitionWriter) logger() *slog.Logger {
	return p.task.host.Logger().With("topic", p.Topic, "partition", p.Partition)
}

// put writes one record. An error fails the task.
func (p *partitionWriter) put(ctx context.Context, r *connect.Record, now time.Time) error {
	if r.Origin.Offset < p.next {
		return nil // it is in a file
	}
	if p.first < 0 {
		p.first = r.Origin.Offset
	}
	if !p.ready {
		return nil // it comes again
	}
	err := p.write(r, now)
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*recordError](err); ok {
		return p.task.report(ctx, r, refused.err)
	}
	return p.fail(now, err)
}

// recordError is one of the record and not of the file system.
type recordError struct{ err error }

func (e *recordError) Error() string { return e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

// judge tells errors of records, which have a class of Java, from all others.
func judge(err error) error {
	if _, ok := errors.AsType[*connect.Error](err); ok {
		return &recordError{err}
	}
	return err
}

func (p *partitionWriter) write(r *connect.Record, now time.Time) error {
	if r.Topic != p.Topic {
		return &recordError{connect.DataErrorf("a transformation has renamed the topic to %q: the HDFS sink writes records to the directory of the topic that they were read from; see %s", r.Topic, storage.CaptureGroupsKey)}
	}
	if p.rotation.WantsSchema() {
		s, err := p.newestSchema()
		if err != nil {
			return err
		}
		if s != nil {
			p.rotation.SetSchema(s)
		}
	}
	for {
		due, err := p.rotation.Next(r, now.UnixMilli())
		if err != nil {
			return judge(err)
		}
		if !due {
			break
		}
		if err := p.commit(now); err != nil {
			return err
		}
	}
	encoded, err := p.task.s.partitioner.Encode(r, now.UnixMilli())
	if err != nil {
		return judge(err)
	}
	value, err := p.projector.Project(r.Value, p.rotation.Schema(), nil)
	if err != nil {
		return judge(err)
	}
	f := p.files[encoded]
	if f == nil {
		if f, err = p.open(encoded); err != nil {
			return err
		}
	}
	if err := f.records.Write(value); err != nil {
		return judge(err)
	}
	if f.first < 0 {
		f.first = r.Origin.Offset
	}
	f.last = r.Origin.Offset
	p.rotation.Wrote()
	return nil
}

// open begins a file for an encoded partition.
func (p *partitionWriter) open(encoded string) (*openFile, error) {
	dir := p.task.s.partitioner.Path(p.Topic, encoded)
	f := &openFile{dir: dir, name: p.temp(dir), first: -1, last: -1}
	out, err := p.task.data.Create(f.name)
	if err != nil {
		return nil, err //nolint:wrapcheck // It says all.
	}
	f.out = out
	if f.records, err = p.task.s.format.Create(out, p.rotation.Schema()); err != nil {
		p.abandon(f)
		return nil, judge(err)
	}
	p.files[encoded] = f
	return f, nil
}

// due commits what is to be committed without another record.
func (p *partitionWriter) due(now time.Time) error {
	if !p.ready || !p.rotation.Due(now.UnixMilli()) {
		return nil
	}
	if err := p.commit(now); err != nil {
		return p.fail(now, err)
	}
	return nil
}

// commit gives all open files their names. After an error nothing is known but
// what the log says.
func (p *partitionWriter) commit(now time.Time) error {
	var block wal.Block
	for _, encoded := range slices.Sorted(maps.Keys(p.files)) {
		f := p.files[encoded]
		if f.first < 0 {
			p.abandon(f)
			delete(p.files, encoded)
			continue
		}
		if err := f.records.Close(); err != nil {
			return fmt.Errorf("close %s: %w", f.name, err)
		}
		if err := f.out.Close(); err != nil {
			return err //nolint:wrapcheck // It says all.
		}
		block = append(block, wal.Entry{Temp: f.name, Final: p.final(f.dir, f.first, f.last)})
	}
	if len(block) > 0 {
		if err := p.log.Commit(block); err != nil {
			if !errors.Is(err, wal.ErrMoved) {
				// The client may hold the lease of the log now.
				p.task.resetLogs()
			}
			return err //nolint:wrapcheck // It says all.
		}
		if err := p.rename(block); err != nil {
			return err
		}
	}
	clear(p.files)
	p.first = -1
	p.rotation.Rotated(now.UnixMilli())
	return nil
}

// rename gives the files of a block their names; the log has them already.
func (p *partitionWriter) rename(b wal.Block) error {
	made := ""
	for _, e := range b {
		if dir := path.Dir(e.Final); dir != made {
			if err := p.task.data.Mkdir(dir); err != nil {
				return err //nolint:wrapcheck // It says all.
			}
			made = dir
		}
		if err := p.task.data.Rename(e.Temp, e.Final); err != nil {
			return err //nolint:wrapcheck // As above.
		}
	}
	name, last := p.lastOf(b)
	p.newest, p.next = name, last+1
	return nil
}

// abandon ends a file that the log does not name, and removes it.
func (p *partitionWriter) abandon(f *openFile) {
	_ = f.out.Close() // what it holds comes again
	if err := p.task.data.Remove(f.name); err != nil {
		p.leftovers = append(p.leftovers, f.name)
	}
}

// discard ends all open files. They are removed when the log has said that it does
// not want them.
func (p *partitionWriter) discard() {
	for _, f := range p.files {
		_ = f.out.Close() // as above
		p.leftovers = append(p.leftovers, f.name)
	}
	clear(p.files)
	p.ready = false
}

// close gives the partition up; what is not committed comes again, here or
// elsewhere.
func (p *partitionWriter) close() {
	for _, f := range p.files {
		p.abandon(f)
	}
	clear(p.files)
	p.ready = false
}
