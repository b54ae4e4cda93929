package pipeline

import (
	"context"
	"fmt"
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

	headers []kgo.RecordHeader
	raw     []connect.RawHeader
	buf     []byte
}

// Reset empties the batch; its records are gone.
func (e *Encoded) Reset() {
	clear(e.Records)
	clear(e.headers)
	clear(e.raw)
	e.Records, e.headers, e.raw, e.buf, e.Size = e.Records[:0], e.headers[:0], e.raw[:0], e.buf[:0], 0
}

// Encode appends the Kafka records of the batch. Records that a transformation
// drops, and bad ones under tolerance, are left out. An error fails the task.
func (p *Pipeline) Encode(ctx context.Context, batch *connect.Batch, into *Encoded) error {
	into.Records = slices.Grow(into.Records, len(batch.Records))
	if into.buf == nil {
		into.buf = []byte{}
	}
	for i := range batch.Records {
		r := &batch.Records[i]
		if err := p.encode(batch, r, into); err != nil {
			if err := p.errors.tolerate(ctx, r, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// encode appends the Kafka record of r, unless a transformation drops it.
func (p *Pipeline) encode(batch *connect.Batch, r *connect.Record, into *Encoded) error {
	if len(p.steps) > 0 {
		if keep, err := p.transform(r, &batch.Arena); !keep || err != nil {
			return err
		}
	}
	into.raw = into.raw[:0]
	for i := range r.Headers {
		h := &r.Headers[i]
		start := len(into.buf)
		buf, err := p.header.AppendEncode(into.buf, r.Topic, h.Key, h.Data)
		if err != nil {
			return fmt.Errorf("stage HEADER_CONVERTER, header %q: %w", h.Key, err)
		}
		into.raw = append(into.raw, connect.RawHeader{Key: h.Key, Value: into.take(start, buf)})
	}
	key, err := into.encode(p.key.Converter, r, r.Key)
	if err != nil {
		return fmt.Errorf("stage KEY_CONVERTER: %w", err)
	}
	value, err := into.encode(p.value.Converter, r, r.Value)
	if err != nil {
		return fmt.Errorf("stage VALUE_CONVERTER: %w", err)
	}
	into.add(r, key, value)
	return nil
}

// add appends the record with the headers in raw.
func (e *Encoded) add(r *connect.Record, key, value []byte) {
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

func (e *Encoded) encode(c connect.Converter, r *connect.Record, d connect.Data) ([]byte, error) {
	start := len(e.buf)
	buf, err := c.AppendEncode(e.buf, r.Topic, &e.raw, d)
	if err != nil {
		return nil, err
	}
	return e.take(start, buf), nil
}

// take keeps the grown buffer and returns what was added; nil stays nil.
func (e *Encoded) take(start int, buf []byte) []byte {
	if buf == nil {
		return nil
	}
	e.buf = buf
	return buf[start:len(buf):len(buf)]
}
