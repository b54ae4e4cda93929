package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// sinkSettings are the keys of sinkDef.
type sinkSettings struct {
	Directory string `config:"directory"`
}

// sinkConnector plans as many tasks as it may: the worker shares out the
// partitions of the topics.
type sinkConnector struct{ cfg config.Map }

var _ connect.ConfigValidator = (*sinkConnector)(nil)

func (c *sinkConnector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	_, err := config.Decode[sinkSettings](sinkDef(), cfg)
	c.cfg = cfg
	return err
}

func (c *sinkConnector) TaskConfigs(_ context.Context, maxTasks int) ([]config.Map, error) {
	tasks := make([]config.Map, maxTasks)
	for i := range tasks {
		tasks[i] = maps.Clone(c.cfg)
	}
	return tasks, nil
}

func (c *sinkConnector) Stop(context.Context) error { return nil }

// ValidateConfig looks whether the directory is there, before anything runs.
func (c *sinkConnector) ValidateConfig(_ context.Context, cfg config.Map, values config.Values) {
	checkDirectory(cfg, values)
}

// sinkTask appends rows. A Put collects them in memory and writes each file once.
type sinkTask struct {
	host  connect.SinkHost
	dir   string
	files map[connect.TopicPartition]*output
}

// output is a file being written. What was written is size bytes long: a write
// that fails half-way is written again at the same place.
type output struct {
	file    *os.File
	size    int64
	header  []string
	schema  *schema.Schema // of the last row
	row     []string       // memory of it
	pending bytes.Buffer
	rows    *csv.Writer // into pending
}

func (t *sinkTask) Start(_ context.Context, host connect.SinkHost, cfg config.Map) error {
	s, err := config.Decode[sinkSettings](sinkDef(), cfg)
	t.host, t.dir, t.files = host, s.Directory, make(map[connect.TopicPartition]*output)
	return err
}

// Put writes all rows before it returns. Where a file cannot be written the error
// is one that may go away: the worker gives the same records again.
func (t *sinkTask) Put(ctx context.Context, records []connect.Record) error {
	for i := range records {
		err := t.add(&records[i])
		if err != nil && !connect.IsRetriable(err) {
			// The record does not fit. The worker drops it, writes it to the dead
			// letter queue, or returns the error, as the user has configured.
			err = t.host.ReportErrant(ctx, &records[i], err)
		}
		if err != nil {
			t.forget()
			return err
		}
	}
	for tp, out := range t.files {
		if err := out.write(); err != nil {
			t.forget()
			return connect.Retriable(connect.Errorf("write rows of %s-%d: %w", tp.Topic, tp.Partition, err))
		}
	}
	return nil
}

// forget drops the rows that were not written, since they come again.
func (t *sinkTask) forget() {
	for _, out := range t.files {
		out.pending.Reset()
	}
}

// add appends the row of a record to what is pending of its file.
func (t *sinkTask) add(r *connect.Record) error {
	s := r.Value.Value.Struct()
	if s == nil {
		return connect.DataErrorf("the value is %s and must be a struct with a schema: its fields are the columns", r.Value.Value.Kind())
	}
	tp := connect.TopicPartition{Topic: r.Origin.Topic, Partition: r.Origin.Partition}
	out := t.files[tp]
	if out == nil {
		var err error
		if out, err = open(filepath.Join(t.dir, fmt.Sprintf("%s-%d.csv", tp.Topic, tp.Partition))); err != nil {
			return connect.Retriable(connect.Errorf("open the file of %s-%d: %w", tp.Topic, tp.Partition, err))
		}
		t.files[tp] = out
	}
	return out.add(s)
}

// open opens a file behind its last row, and reads the header that it has.
func open(path string) (*output, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	out := &output{file: f}
	out.rows = csv.NewWriter(&out.pending)
	out.header, err = csv.NewReader(f).Read()
	if err == nil || errors.Is(err, io.EOF) {
		out.size, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return out, nil
}

// add appends a row, and a header before the first one of the file.
func (o *output) add(s *schema.Struct) error {
	if s.Schema != o.schema {
		names := make([]string, len(s.Schema.Fields))
		for i, f := range s.Schema.Fields {
			names[i] = f.Name
		}
		if o.header != nil && !slices.Equal(o.header, names) {
			return connect.DataErrorf("the fields %q are not the columns %q of %s", names, o.header, o.file.Name())
		}
		o.header, o.schema, o.row = names, s.Schema, make([]string, len(names))
	}
	if o.size == 0 && o.pending.Len() == 0 {
		_ = o.rows.Write(o.header) // memory cannot fail
	}
	for i := range o.row {
		o.row[i] = ""
		if v := s.At(i); !v.IsNull() {
			o.row[i] = v.String()
		}
	}
	_ = o.rows.Write(o.row)
	o.rows.Flush()
	return nil
}

// write appends what is pending to the file.
func (o *output) write() error {
	if _, err := o.file.WriteAt(o.pending.Bytes(), o.size); err != nil {
		return err
	}
	o.size += int64(o.pending.Len())
	o.pending.Reset()
	return nil
}

// PreCommit makes the rows durable. Only then may their offsets be committed.
func (t *sinkTask) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	for tp, out := range t.files {
		if err := out.file.Sync(); err != nil {
			return nil, connect.Errorf("sync the file of %s-%d: %w", tp.Topic, tp.Partition, err)
		}
	}
	return consumed, nil
}

func (t *sinkTask) Stop(context.Context) error {
	var errs []error
	for _, out := range t.files {
		errs = append(errs, out.file.Close())
	}
	t.files = nil
	return errors.Join(errs...)
}
