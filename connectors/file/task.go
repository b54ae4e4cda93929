package file

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

const (
	// idleWait is how long Poll waits for data, and for a file to appear.
	idleWait = time.Second
	// pollBytes is about how much text a Poll hands over at most.
	pollBytes = 1 << 20
	// smallestChunk is the least memory taken from the arena for a run of lines.
	smallestChunk = 16 << 10
)

// sourceTask reads lines. The text of a run of lines is copied into the batch's
// arena in one piece.
type sourceTask struct {
	stdin *console

	host      connect.SourceHost
	settings  sourceSettings
	partition *connect.SourcePartition
	text      *schema.Schema

	in       input // nil until the file is there
	lines    lines
	position int64 // UTF-16 units before lines.start
	found    []line
	decoded  []byte
}

func (t *sourceTask) Start(_ context.Context, host connect.SourceHost, cfg config.Map) error {
	s, err := config.Decode[sourceSettings](sourceDef(), cfg)
	if err != nil {
		return err
	}
	s.BatchSize = max(s.BatchSize, 1)
	t.host, t.settings = host, s
	t.text = &schema.Schema{Type: schema.String}
	filename := schema.Null()
	if s.File != nil {
		filename = schema.StringValue(*s.File)
	}
	t.partition = host.Partition(schema.Entry{Key: schema.StringValue(filenameField), Value: filename})
	if s.path() == "" {
		t.in = t.stdin
	}
	return nil
}

// Poll hands over lines until the batch is full or no more are there.
func (t *sourceTask) Poll(ctx context.Context, into *connect.Batch) error {
	if t.in == nil {
		if opened, err := t.open(ctx); !opened || err != nil {
			return err
		}
	}
	for records, size := 0, 0; ; {
		n, bytes := t.emit(into, t.settings.BatchSize-records)
		records, size = records+n, size+bytes
		if records >= t.settings.BatchSize || size >= pollBytes {
			return nil
		}
		wait := idleWait
		if records > 0 {
			wait = 0
		}
		got, err := t.fill(ctx, wait)
		switch {
		case err != nil && records == 0:
			return err
		case err != nil:
			return nil //nolint:nilerr // The lines first; the next Poll meets the error again.
		case got == 0:
			return nil
		}
	}
}

// fill reads more bytes behind those that are not cut yet.
func (t *sourceTask) fill(ctx context.Context, wait time.Duration) (int, error) {
	room, err := t.lines.room()
	if err != nil {
		return 0, connect.Errorf("read %s at position %d: %w", cmp.Or(t.settings.path(), "standard input"), t.position, err)
	}
	n, err := t.in.read(ctx, room, wait)
	t.lines.used(n)
	return n, err
}

// Lag implements connect.Lagger with the bytes of the file that are no record yet.
func (t *sourceTask) Lag() (int64, bool) {
	f, ok := t.in.(*fileInput)
	if !ok {
		return 0, false
	}
	left, known := f.left()
	return left + int64(t.lines.end-t.lines.start), known
}

// open opens the file at the committed position; false where it is not there yet.
func (t *sourceTask) open(ctx context.Context) (bool, error) {
	path := t.settings.path()
	f, size, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.host.Logger().Warn("file to read is not there, waiting for it to be created", "file", path)
		pause(ctx, idleWait)
		return false, nil
	}
	if err != nil {
		return false, connect.Errorf("%w", err)
	}
	t.in, t.lines, t.position = f, lines{}, 0
	err = t.resume(ctx, f.regular, size)
	if err == nil && ctx.Err() == nil {
		return true, nil
	}
	err = errors.Join(err, f.close())
	t.in = nil
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // The task was stopped; the input is closed.
	}
	return false, err
}

// resume goes to the committed position. A pipe has no past to skip; positions
// only go on counting.
func (t *sourceTask) resume(ctx context.Context, regular bool, size int64) error {
	wanted, err := t.committed(ctx)
	if err != nil || !regular {
		t.position = wanted
		return err
	}
	if wanted > size { // A unit is at least one byte.
		return t.tooShort(size, wanted)
	}
	for last := false; t.position < wanted && ctx.Err() == nil; {
		n, units := skip(t.lines.buf[t.lines.start:t.lines.end], wanted-t.position, last)
		t.lines.start += n
		t.position += units
		if t.position >= wanted {
			break
		}
		if last {
			return t.tooShort(size, wanted)
		}
		got, err := t.fill(ctx, 0)
		if err != nil {
			return err
		}
		last = got == 0
	}
	return nil
}

// committed returns the position in the committed offset, 0 without one.
func (t *sourceTask) committed(ctx context.Context) (int64, error) {
	offset, err := t.host.Offset(ctx, t.partition)
	if err != nil {
		return 0, err
	}
	position, _ := offset.Lookup(positionField)
	switch {
	case position.IsNull():
		return 0, nil
	case position.Kind() != schema.KindInt64:
		return 0, connect.Errorf("Offset position is the incorrect type")
	case position.Int() < 0:
		return 0, connect.Errorf("Offset position %d of file %s is negative: it must be 0 or more", position.Int(), t.settings.path())
	}
	return position.Int(), nil
}

func (t *sourceTask) tooShort(size, wanted int64) error {
	return connect.Errorf("File %s, of %d bytes, ends before position %d, which the connector's offset names: "+
		"it was truncated or replaced. Reset the offsets of the connector to read it from its start",
		t.settings.path(), size, wanted)
}

// emit adds up to limit records of the lines at hand, and returns how many, and
// the bytes that they take.
func (t *sourceTask) emit(into *connect.Batch, limit int) (records, size int) {
	base := t.lines.start
	t.found = t.found[:0]
	for len(t.found) < limit {
		l, ok := t.lines.cut()
		if !ok {
			break
		}
		t.found = append(t.found, l)
	}
	size = t.lines.start - base
	if size == 0 {
		return 0, 0
	}
	// Chunks of few sizes, so that the arena's memory fits again after a reset.
	chunk := into.Arena.Bytes(1 << bits.Len(uint(max(size, smallestChunk)-1)))
	copy(chunk, t.lines.buf[base:t.lines.start])
	now := time.Now().UnixMilli()
	tracked := t.settings.path() != ""
	for i := range t.found {
		l := &t.found[i]
		text := schema.TextValue(chunk[l.from-base : l.to-base : l.to-base])
		if !l.wellFormed {
			t.decoded = appendDecoded(t.decoded[:0], t.lines.buf[l.from:l.to])
			text = into.Arena.CopyText(t.decoded)
		}
		t.position += int64(l.units)
		offset := into.Arena.Entries(1)
		offset[0].Key = schema.StringValue(positionField)
		if tracked {
			offset[0].Value = schema.Int64Value(t.position)
		}
		r := into.Add()
		r.Topic, r.Timestamp = t.settings.Topic, now
		r.Value = connect.Data{Schema: t.text, Value: text}
		r.Origin.SourcePartition, r.Origin.SourceOffset = t.partition, schema.MapValue(offset)
	}
	return len(t.found), size
}

func (t *sourceTask) Stop(context.Context) error {
	if t.in == nil {
		return nil
	}
	err := t.in.close()
	t.in = nil
	return err
}
