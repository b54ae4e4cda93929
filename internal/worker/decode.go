package worker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
)

// sinkBatch is the memory of the records that a sink task is given; it is used
// again for the next batch.
type sinkBatch struct {
	records []connect.Record
	headers []connect.Header
	raw     []connect.RawHeader
	arena   schema.Arena
	next    []nextOffset
}

// nextOffset is the first offset of a partition after the batch.
type nextOffset struct {
	connect.TopicPartition
	offset int64
}

func (b *sinkBatch) reset() {
	clear(b.records)
	clear(b.headers)
	clear(b.raw)
	b.records, b.headers, b.raw, b.next = b.records[:0], b.headers[:0], b.raw[:0], b.next[:0]
	b.arena.Reset()
}

// decode turns what was fetched into pending records.
func (s *sinkTask) decode(f kgo.Fetches) error {
	b := &s.batch
	var failed error
	f.EachPartition(func(p kgo.FetchTopicPartition) {
		if failed != nil || len(p.Records) == 0 {
			return
		}
		at := connect.TopicPartition{Topic: p.Topic, Partition: p.Partition}
		if _, here := s.assigned[at]; !here {
			return // taken from us while it was on its way
		}
		s.use(p.Topic)
		if _, known := s.committed[at]; !known {
			s.committed[at] = connect.ConsumedOffset{Offset: p.Records[0].Offset}
		}
		for _, r := range p.Records {
			if failed = s.decodeOne(r); failed != nil {
				return
			}
		}
		b.next = append(b.next, nextOffset{at, p.Records[len(p.Records)-1].Offset + 1})
	})
	s.pending = b.records
	return failed
}

// decodeOne appends the record, unless it is dropped.
func (s *sinkTask) decodeOne(in *kgo.Record) error {
	b := &s.batch
	b.records = append(b.records, connect.Record{
		Topic: in.Topic, Partition: in.Partition, Timestamp: connect.NoTimestamp,
		Origin: connect.Origin{Topic: in.Topic, Partition: in.Partition, Offset: in.Offset},
	})
	r := &b.records[len(b.records)-1]
	if kind := in.Attrs.TimestampType(); kind >= 0 {
		r.Timestamp = in.Timestamp.UnixMilli()
		r.Origin.TimestampType = connect.CreateTime + connect.TimestampType(kind)
	}
	err := s.fill(r, in)
	keep := err == nil
	if keep && len(s.pipeline.steps) > 0 {
		keep, err = s.pipeline.apply(r, &b.arena)
	}
	if err != nil {
		err = s.tolerate(s.life.hard, r, err)
	}
	if !keep {
		b.records = b.records[:len(b.records)-1]
	}
	return err
}

// fill decodes headers, key and value.
func (s *sinkTask) fill(r *connect.Record, in *kgo.Record) (err error) {
	b := &s.batch
	rawStart, start := len(b.raw), len(b.headers)
	for _, h := range in.Headers {
		b.raw = append(b.raw, connect.RawHeader{Key: h.Key, Value: h.Value})
		d, err := s.pipeline.header.Decode(in.Topic, h.Key, h.Value, &b.arena)
		if err != nil {
			return fmt.Errorf("stage HEADER_CONVERTER, %s-%d at offset %d, header %q: %w", in.Topic, in.Partition, in.Offset, h.Key, err)
		}
		b.headers = append(b.headers, connect.Header{Key: h.Key, Data: d})
	}
	raw := b.raw[rawStart:]
	r.Headers = b.headers[start:len(b.headers):len(b.headers)]
	if r.Key, err = s.pipeline.key.Decode(in.Topic, raw, in.Key, &b.arena); err != nil {
		return fmt.Errorf("stage KEY_CONVERTER, %s-%d at offset %d: %w", in.Topic, in.Partition, in.Offset, err)
	}
	if r.Value, err = s.pipeline.value.Decode(in.Topic, raw, in.Value, &b.arena); err != nil {
		return fmt.Errorf("stage VALUE_CONVERTER, %s-%d at offset %d: %w", in.Topic, in.Partition, in.Offset, err)
	}
	return nil
}
