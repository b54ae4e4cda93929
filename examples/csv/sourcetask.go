package csv

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

const (
	fileField = "file" // of a source partition
	rowsField = "rows" // of a source offset: rows that are done, without the header

	idleWait = 500 * time.Millisecond
)

// sourceTask reads its share of the files one after the other, by name.
type sourceTask struct {
	host     connect.SourceHost
	settings sourceSettings
	number   uint32
	count    uint32
	done     map[string]bool // files that were read to their end

	now *file // the file being read; nil between two
}

// file is a file being read.
type file struct {
	name      string
	closer    io.Closer
	rows      *csv.Reader
	schema    *schema.Schema
	partition *connect.SourcePartition
	done      int64
}

func (t *sourceTask) Start(_ context.Context, host connect.SourceHost, cfg config.Map) error {
	s, err := config.Decode[sourceSettings](sourceDef(), cfg)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(cfg[taskKey], 10, 32)
	if err != nil {
		return connect.Errorf("%s=%q of the task: %w", taskKey, cfg[taskKey], err)
	}
	count, err := strconv.ParseUint(cfg[tasksKey], 10, 32)
	if err != nil || number >= count {
		return connect.Errorf("%s=%q of the task: want a number above %s", tasksKey, cfg[tasksKey], taskKey)
	}
	t.host, t.settings, t.number, t.count, t.done = host, s, uint32(number), uint32(count), make(map[string]bool)
	return nil
}

// Poll hands over the next rows. Where there are none it waits a little, so that
// the worker does not ask without a pause.
func (t *sourceTask) Poll(ctx context.Context, into *connect.Batch) error {
	for ctx.Err() == nil && len(into.Records) == 0 {
		if t.now == nil {
			opened, err := t.next(ctx)
			if err != nil {
				return err
			}
			if !opened {
				select {
				case <-time.After(idleWait):
				case <-ctx.Done():
				}
				return nil
			}
		}
		if err := t.read(into); err != nil {
			return err
		}
	}
	return nil
}

// next opens the first file of this task that was not read yet, behind the rows
// that are done; false where there is none.
func (t *sourceTask) next(ctx context.Context) (bool, error) {
	paths, err := filepath.Glob(filepath.Join(t.settings.Directory, "*.csv"))
	if err != nil {
		return false, connect.Errorf("%s=%s: %w", directoryKey, t.settings.Directory, err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		h := fnv.New32a()
		_, _ = h.Write([]byte(name)) // never fails
		if t.done[name] || h.Sum32()%t.count != t.number {
			continue
		}
		if t.now, err = t.open(ctx, path, name); err != nil {
			return false, err
		}
		if t.now != nil {
			return true, nil
		}
		t.done[name] = true // it is empty
	}
	return false, nil
}

// open reads the header and skips the rows that are done; nil for an empty file.
func (t *sourceTask) open(ctx context.Context, path, name string) (*file, error) {
	f := &file{name: name, partition: t.host.Partition(schema.Entry{Key: schema.StringValue(fileField), Value: schema.StringValue(name)})}
	offset, err := t.host.Offset(ctx, f.partition)
	if err != nil {
		return nil, err
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, connect.Retriable(connect.Errorf("%w", err))
	}
	f.closer, f.rows = in, csv.NewReader(in)
	f.rows.ReuseRecord = true
	skip := int64(0)
	if n, ok := offset.Lookup(rowsField); ok {
		skip = n.Int()
	}
	switch err = f.begin(skip); {
	case err == nil:
		return f, nil
	case errors.Is(err, io.EOF) && f.schema == nil:
		return nil, in.Close() // not even a header
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("it has %d rows, and %d were read before: it must not get shorter", f.done, skip)
	}
	return nil, errors.Join(connect.Errorf("file %s: %w", path, err), in.Close())
}

// begin reads the header, whose names become the fields of every record, and
// goes behind the rows that are done.
func (f *file) begin(skip int64) error {
	header, err := f.rows.Read()
	if err != nil {
		return err
	}
	fields := make([]schema.Field, len(header))
	for i, name := range header {
		fields[i] = schema.Field{Name: name, Schema: schema.OptionalOf(schema.String)}
	}
	f.schema = schema.StructOf("", fields...)
	for ; f.done < skip; f.done++ {
		if _, err := f.rows.Read(); err != nil {
			return err
		}
	}
	return nil
}

// read appends rows until the batch is full or the file is at its end.
func (t *sourceTask) read(into *connect.Batch) error {
	for f := t.now; len(into.Records) < t.settings.BatchRows; {
		row, err := f.rows.Read()
		if errors.Is(err, io.EOF) {
			t.done[f.name], t.now = true, nil
			return f.closer.Close()
		}
		if err != nil {
			return connect.Errorf("file %s: %w", f.name, err)
		}
		f.done++
		// The memory of values is that of the batch, which the worker uses again.
		s := into.Arena.Struct(f.schema)
		for i, text := range row {
			s.Values[i] = into.Arena.CopyText([]byte(text))
		}
		offset := into.Arena.Entries(1)
		offset[0] = schema.Entry{Key: schema.StringValue(rowsField), Value: schema.Int64Value(f.done)}
		r := into.Add()
		r.Topic = t.settings.Topic
		r.Value = connect.Data{Schema: f.schema, Value: schema.StructValue(s)}
		r.Origin.SourcePartition, r.Origin.SourceOffset = f.partition, schema.MapValue(offset)
	}
	return nil
}

func (t *sourceTask) Stop(context.Context) error {
	if t.now == nil {
		return nil
	}
	err := t.now.closer.Close()
	t.now = nil
	return err
}
