package pipeline

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/kafka"
)

// Encoded is a batch of records for Kafka with the memory that they lie in.
// The zero Encoded is empty and ready for use.
type Encoded struct {
	Records []kgo.Record
	// Size is the bytes of keys, values and headers.
	Size int

	sparse bool  // some record of the batch was left out
	from   []int // where sparse: the number in the batch of each of Records

	work      connect.Record   // the record that the transformations change
	workHeads []connect.Header // its headers
	headers   []kgo.RecordHeader
	raw       []connect.RawHeader
	buf       []byte
}

// Reset empties the batch; its records are gone.
func (e *Encoded) Reset() {
	clear(e.Records)
	clear(e.headers)
	clear(e.raw)
	clear(e.workHeads)
	e.Records, e.headers, e.raw, e.workHeads, e.buf, e.from = e.Records[:0], e.headers[:0], e.raw[:0], e.workHeads[:0], e.buf[:0], e.from[:0]
	e.work, e.Size, e.sparse = connect.Record{}, 0, false
}

// index is the number in the batch of Records[i].
func (e *Encoded) index(i int) int {
	if e.sparse {
		return e.from[i]
	}
	return i
}

// Encode fills the empty Encoded with the Kafka records of the batch, which
// stays as it is. What a transformation drops, and bad records under tolerance,
// are left out. It waits where an operation is tried again; the end of ctx
// stops that with ErrStopped. Another error fails the task.
func (p *Pipeline) Encode(ctx context.Context, batch *connect.Batch, into *Encoded) error {
	into.Records = slices.Grow(into.Records, len(batch.Records))
	if into.buf == nil {
		into.buf = []byte{}
	}
	for at := 0; at < len(batch.Records); at++ {
		var err error
		if at, err = p.encodeFrom(ctx, batch, at, into); err == nil {
			continue
		}
		if errors.Is(err, ErrStopped) {
			return err
		}
		f := p.failure(err)
		f.polled = &batch.Records[at]
		if err := p.errors.fail(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// encodeFrom goes on at a record until one fails, and returns its number. In
// Java a plugin that panics has thrown an exception like any other.
func (p *Pipeline) encodeFrom(ctx context.Context, batch *connect.Batch, from int, into *Encoded) (at int, err error) {
	defer caught(&err)
	for at = from; at < len(batch.Records); at++ {
		if err = p.encode(ctx, batch, at, into); err != nil {
			return at, err
		}
	}
	return at, nil
}

// caught turns a panic into an error with the class that stands nearest.
func caught(err *error) {
	if v := recover(); v != nil {
		e := &PanicError{Value: v, Stack: debug.Stack()}
		*err = &connect.Error{Class: "java.lang.RuntimeException", Message: e.Error(), Cause: e}
	}
}

// encode appends the Kafka record of one of the batch, unless a transformation
// drops it.
func (p *Pipeline) encode(ctx context.Context, batch *connect.Batch, i int, into *Encoded) (err error) {
	r := &batch.Records[i]
	if len(p.steps) > 0 {
		into.workHeads = append(into.workHeads[:0], r.Headers...)
		into.work = *r
		r = &into.work
		r.Headers = into.workHeads
		if keep, err := p.transform(ctx, r, &batch.Arena); !keep || err != nil {
			return err
		}
	}
	into.raw = into.raw[:0]
	if len(r.Headers) > 0 {
		if err := p.encodeHeaders(ctx, r, into); err != nil {
			return err
		}
	}
	p.at.stage = KeyConverter
	key, err := p.encodeData(ctx, p.key.Converter, r, &r.Key, into)
	if err != nil {
		return err
	}
	p.at.stage = ValueConverter
	value, err := p.encodeData(ctx, p.value.Converter, r, &r.Value, into)
	if err != nil {
		return err
	}
	into.add(i, r, key, value)
	return nil
}

func (p *Pipeline) encodeHeaders(ctx context.Context, r *connect.Record, into *Encoded) error {
	p.at.stage = HeaderConverter
	for a := p.errors.begin(); ; {
		err := p.tryHeaders(r, into)
		if err == nil {
			return nil
		}
		if again, err := p.errors.again(ctx, &a, err); !again {
			return err
		}
	}
}

func (p *Pipeline) tryHeaders(r *connect.Record, into *Encoded) error {
	into.raw = into.raw[:0]
	for i := range r.Headers {
		h := &r.Headers[i]
		start := len(into.buf)
		buf, err := p.header.AppendEncode(into.buf, r.Topic, h.Key, h.Data)
		if err != nil {
			return err
		}
		into.raw = append(into.raw, connect.RawHeader{Key: h.Key, Value: into.take(start, buf)})
	}
	return nil
}

func (p *Pipeline) encodeData(ctx context.Context, c connect.Converter, r *connect.Record, d *connect.Data, into *Encoded) ([]byte, error) {
	for a := p.errors.begin(); ; {
		start := len(into.buf)
		buf, err := c.AppendEncode(into.buf, r.Topic, &into.raw, *d)
		if err == nil {
			return into.take(start, buf), nil
		}
		if again, err := p.errors.again(ctx, &a, err); !again {
			return nil, err
		}
	}
}

// add appends the record, number i of the batch, with the headers in raw.
func (e *Encoded) add(i int, r *connect.Record, key, value []byte) {
	if !e.sparse && len(e.Records) != i {
		e.sparse = true
		for n := range e.Records {
			e.from = append(e.from, n)
		}
	}
	if e.sparse {
		e.from = append(e.from, i)
	}
	out := kgo.Record{Topic: r.Topic, Key: key, Value: value}
	if r.Partition != connect.NoPartition {
		out.Partition = kafka.ToPartition(r.Partition)
	}
	if r.Timestamp != connect.NoTimestamp {
		out.Timestamp = time.UnixMilli(r.Timestamp)
	}
	if len(e.raw) > 0 {
		start := len(e.headers)
		for _, h := range e.raw {
			e.headers = append(e.headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
			e.Size += len(h.Key) + len(h.Value)
		}
		out.Headers = e.headers[start:len(e.headers):len(e.headers)]
	}
	e.Records = append(e.Records, out)
	e.Size += len(key) + len(value)
}

// take keeps the grown buffer and returns what was added; nil stays nil.
func (e *Encoded) take(start int, buf []byte) []byte {
	if buf == nil {
		return nil
	}
	e.buf = buf
	return buf[start:len(buf):len(buf)]
}
