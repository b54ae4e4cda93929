package pipeline

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
)

// Decoded is a batch of records for a sink task with the memory that they lie
// in. The zero Decoded is empty and ready for use.
type Decoded struct {
	Records []connect.Record

	headers []connect.Header
	raw     []connect.RawHeader
	arena   schema.Arena
}

// Reset empties the batch; its records are gone.
func (d *Decoded) Reset() {
	clear(d.Records)
	clear(d.headers)
	clear(d.raw)
	d.Records, d.headers, d.raw = d.Records[:0], d.headers[:0], d.raw[:0]
	d.arena.Reset()
}

// Decode appends the record that a sink task is given for one of Kafka's,
// unless a transformation drops it, or it is bad and that is tolerated. An
// error fails the task.
func (p *Pipeline) Decode(ctx context.Context, in *kgo.Record, into *Decoded) error {
	into.Records = append(into.Records, connect.Record{
		Topic: in.Topic, Partition: in.Partition, Timestamp: connect.NoTimestamp,
		Origin: connect.Origin{Topic: in.Topic, Partition: in.Partition, Offset: in.Offset},
	})
	r := &into.Records[len(into.Records)-1]
	if kind := in.Attrs.TimestampType(); kind >= 0 {
		r.Timestamp = in.Timestamp.UnixMilli()
		r.Origin.TimestampType = connect.CreateTime + connect.TimestampType(kind)
	}
	err := p.fill(r, in, into)
	keep := err == nil
	if keep && len(p.steps) > 0 {
		keep, err = p.transform(r, &into.arena)
	}
	if err != nil {
		err = p.errors.tolerate(ctx, r, err)
	}
	if !keep {
		into.Records = into.Records[:len(into.Records)-1]
	}
	return err
}

// fill decodes headers, key and value.
func (p *Pipeline) fill(r *connect.Record, in *kgo.Record, d *Decoded) (err error) {
	rawStart, start := len(d.raw), len(d.headers)
	for _, h := range in.Headers {
		d.raw = append(d.raw, connect.RawHeader{Key: h.Key, Value: h.Value})
		v, err := p.header.Decode(in.Topic, h.Key, h.Value, &d.arena)
		if err != nil {
			return fmt.Errorf("stage HEADER_CONVERTER, %s-%d at offset %d, header %q: %w", in.Topic, in.Partition, in.Offset, h.Key, err)
		}
		d.headers = append(d.headers, connect.Header{Key: h.Key, Data: v})
	}
	raw := d.raw[rawStart:]
	r.Headers = d.headers[start:len(d.headers):len(d.headers)]
	if r.Key, err = p.key.Decode(in.Topic, raw, in.Key, &d.arena); err != nil {
		return fmt.Errorf("stage KEY_CONVERTER, %s-%d at offset %d: %w", in.Topic, in.Partition, in.Offset, err)
	}
	if r.Value, err = p.value.Decode(in.Topic, raw, in.Value, &d.arena); err != nil {
		return fmt.Errorf("stage VALUE_CONVERTER, %s-%d at offset %d: %w", in.Topic, in.Partition, in.Offset, err)
	}
	return nil
}
