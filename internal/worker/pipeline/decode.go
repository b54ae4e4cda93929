package pipeline

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
)

// Decoded is a batch of records for a sink task with the memory that they lie
// in. The zero Decoded is empty and ready for use.
type Decoded struct {
	Records []connect.Record

	from    []*kgo.Record // what they were made of; kept where errant records are reported
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
	d.from = nil
	d.arena.Reset()
}

// Decode appends the records that a sink task is given for those of Kafka.
// What a transformation drops, and bad records under tolerance, are left out.
// It waits where an operation is tried again; the end of ctx stops that with
// ErrStopped. Another error fails the task.
func (p *Pipeline) Decode(ctx context.Context, in []*kgo.Record, into *Decoded) error {
	for at := 0; at < len(in); at++ {
		var err error
		if at, err = p.decodeFrom(ctx, in, at, into); err == nil {
			continue
		}
		if errors.Is(err, ErrStopped) {
			return err
		}
		f := p.failure(err)
		f.consumed = in[at]
		if err := p.errors.fail(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// decodeFrom goes on at a record until one fails, and returns its number.
func (p *Pipeline) decodeFrom(ctx context.Context, in []*kgo.Record, from int, into *Decoded) (at int, err error) {
	whole := len(into.Records) // those that are done
	defer func() { into.Records = into.Records[:whole] }()
	defer caught(&err)
	for at = from; at < len(in); at++ {
		into.add(in[at])
		keep, err := p.decode(ctx, &into.Records[whole], in[at], into)
		if err != nil {
			return at, err
		}
		if !keep {
			into.Records = into.Records[:whole]
			continue
		}
		whole++
		if p.errors.settings.reports() {
			into.from = append(into.from, in[at])
		}
	}
	return at, nil
}

// add appends the record without its data.
func (d *Decoded) add(in *kgo.Record) {
	d.Records = append(d.Records, connect.Record{
		Topic: in.Topic, Partition: in.Partition, Timestamp: connect.NoTimestamp,
		Origin: connect.Origin{Topic: in.Topic, Partition: in.Partition, Offset: in.Offset},
	})
	if kind := in.Attrs.TimestampType(); kind >= 0 {
		r := &d.Records[len(d.Records)-1]
		r.Timestamp = in.Timestamp.UnixMilli()
		r.Origin.TimestampType = connect.CreateTime + connect.TimestampType(kind)
	}
}

// decode fills a record in the order of Java, and transforms it.
func (p *Pipeline) decode(ctx context.Context, r *connect.Record, in *kgo.Record, d *Decoded) (keep bool, err error) {
	start := len(d.raw)
	for _, h := range in.Headers {
		d.raw = append(d.raw, connect.RawHeader{Key: h.Key, Value: h.Value})
	}
	raw := d.raw[start:len(d.raw):len(d.raw)]
	p.at.stage = KeyConverter
	if r.Key, err = p.decodeData(ctx, p.key.Converter, in.Topic, raw, in.Key, d); err != nil {
		return false, err
	}
	p.at.stage = ValueConverter
	if r.Value, err = p.decodeData(ctx, p.value.Converter, in.Topic, raw, in.Value, d); err != nil {
		return false, err
	}
	if len(raw) > 0 {
		if r.Headers, err = p.decodeHeaders(ctx, in.Topic, raw, d); err != nil {
			return false, err
		}
	}
	if len(p.steps) == 0 {
		return true, nil
	}
	return p.transform(ctx, r, &d.arena)
}

func (p *Pipeline) decodeData(ctx context.Context, c connect.Converter, topic string, raw []connect.RawHeader, b []byte, d *Decoded) (connect.Data, error) {
	for a := p.errors.begin(); ; {
		data, err := c.Decode(topic, raw, b, &d.arena)
		if err == nil {
			return data, nil
		}
		if again, err := p.errors.again(ctx, &a, err); !again {
			return connect.Data{}, err
		}
	}
}

func (p *Pipeline) decodeHeaders(ctx context.Context, topic string, raw []connect.RawHeader, d *Decoded) ([]connect.Header, error) {
	p.at.stage = HeaderConverter
	start := len(d.headers)
	for a := p.errors.begin(); ; {
		err := p.tryDecodeHeaders(topic, raw, d)
		if err == nil {
			return d.headers[start:len(d.headers):len(d.headers)], nil
		}
		d.headers = d.headers[:start]
		if again, err := p.errors.again(ctx, &a, err); !again {
			return nil, err
		}
	}
}

func (p *Pipeline) tryDecodeHeaders(topic string, raw []connect.RawHeader, d *Decoded) error {
	for _, h := range raw {
		v, err := p.header.Decode(topic, h.Key, h.Value, &d.arena)
		if err != nil {
			return err
		}
		d.headers = append(d.headers, connect.Header{Key: h.Key, Data: v})
	}
	return nil
}
