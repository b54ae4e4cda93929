package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"sluice/connect"
	"sluice/connect/config"
)

type sinkSettings struct {
	File string `config:"file"`
}

// sinkConnector plans as many tasks as it may; all append to the same file.
type sinkConnector struct{ cfg config.Map }

var _ connect.SinkOffsetAlterer = (*sinkConnector)(nil)

func (c *sinkConnector) Start(_ context.Context, host connect.ConnectorHost, cfg config.Map) error {
	s, err := config.Decode[sinkSettings](sinkDef(), cfg)
	if err != nil {
		return err
	}
	c.cfg = cfg
	host.Logger().Info("file sink starts", "file", cmp.Or(s.File, "standard output"))
	return nil
}

func (c *sinkConnector) TaskConfigs(_ context.Context, maxTasks int) ([]config.Map, error) {
	tasks := make([]config.Map, maxTasks)
	for i := range tasks {
		tasks[i] = maps.Clone(c.cfg)
	}
	return tasks, nil
}

func (c *sinkConnector) Stop(context.Context) error { return nil }

// AlterOffsets accepts all offsets: nothing is kept beside Kafka.
func (c *sinkConnector) AlterOffsets(context.Context, config.Map, map[connect.TopicPartition]*int64) (bool, error) {
	return true, nil
}

// writeSize is the bytes at which lines are written within a Put.
const writeSize = 256 << 10

// sinkTask writes the lines of a Put in few pieces. Each piece is whole lines
// and one append, so that tasks may share a file.
type sinkTask struct {
	stdout io.Writer

	name    string
	out     io.Writer
	closer  io.Closer // nil for standard output
	pending []byte
}

func (t *sinkTask) Start(_ context.Context, _ connect.SinkHost, cfg config.Map) error {
	s, err := config.Decode[sinkSettings](sinkDef(), cfg)
	if err != nil {
		return err
	}
	t.name = cmp.Or(s.File, "standard output")
	if s.File == "" {
		t.out = t.stdout
		return nil
	}
	f, err := os.OpenFile(s.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666) //nolint:gosec // As any program creates a file; the umask decides.
	if err != nil {
		return &connect.Error{
			Class:   connect.ConnectException,
			Message: "Couldn't find or create file '" + s.File + "' for FileStreamSinkTask",
			Cause:   err,
		}
	}
	t.out, t.closer = f, f
	return nil
}

// Put hands all lines to the operating system before it returns, so that
// readers of the file see them at once.
func (t *sinkTask) Put(_ context.Context, records []connect.Record) error {
	for i := range records {
		t.pending = append(records[i].Value.Value.AppendText(t.pending), '\n')
		if len(t.pending) >= writeSize {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return t.flush()
}

// PreCommit returns all offsets: their lines are in the file.
func (t *sinkTask) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return consumed, nil
}

func (t *sinkTask) Stop(context.Context) error {
	if t.out == nil {
		return nil
	}
	err := t.flush()
	if t.closer != nil {
		if e := t.closer.Close(); e != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", t.name, e))
		}
	}
	t.out, t.closer = nil, nil
	return err
}

// flush writes what is pending. After an error what was not written stays.
func (t *sinkTask) flush() error {
	if len(t.pending) == 0 {
		return nil
	}
	n, err := t.out.Write(t.pending)
	if err != nil {
		t.pending = append(t.pending[:0], t.pending[n:]...)
		return connect.Errorf("write to %s: %w", t.name, err)
	}
	t.pending = t.pending[:0]
	return nil
}
