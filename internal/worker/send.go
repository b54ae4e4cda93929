package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
)

// send transforms, converts and produces the batch of the flight. It returns
// before the records are durable.
func (s *sourceTask) send(f *flight) error {
	if len(f.batch.Records) == 0 {
		s.flights.free(f)
		return nil
	}
	f.noteOffsets()
	if err := s.convert(f); err != nil {
		return err
	}
	for i := range f.records {
		if err := s.topic(f.records[i].Topic); err != nil {
			return err
		}
	}
	s.flights.depart(f)
	for i := range f.records {
		s.producer.Produce(s.life.hard, &f.records[i], f.done)
	}
	return nil
}

// noteOffsets keeps the last offset of each source partition in the batch.
func (f *flight) noteOffsets() {
	last := -1 // index in f.offsets of the partition of the record before
	var index map[*connect.SourcePartition]int
	for i := range f.batch.Records {
		p := f.batch.Records[i].Origin.SourcePartition
		if p == nil {
			continue
		}
		if last >= 0 && f.offsets[last].partition == p {
			f.offsets[last].at = i
			continue
		}
		at, known := index[p]
		if !known && index == nil {
			index = make(map[*connect.SourcePartition]int, 1)
		}
		if !known {
			at = len(f.offsets)
			index[p] = at
			f.offsets = append(f.offsets, lastOffset{partition: p})
		}
		f.offsets[at].at = i
		last = at
	}
	for i := range f.offsets {
		o := &f.offsets[i]
		o.offset = f.batch.Records[o.at].Origin.SourceOffset.Clone()
	}
}

// convert fills the flight's records from its batch.
func (s *sourceTask) convert(f *flight) error {
	f.records = slices.Grow(f.records[:0], len(f.batch.Records))
	for i := range f.batch.Records {
		r := &f.batch.Records[i]
		if err := s.convertOne(f, r); err != nil {
			if err := s.tolerate(s.life.hard, r, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// convertOne appends the Kafka record of r, unless a transformation drops it.
func (s *sourceTask) convertOne(f *flight, r *connect.Record) error {
	if len(s.pipeline.steps) > 0 {
		if keep, err := s.pipeline.apply(r, &f.batch.Arena); !keep || err != nil {
			return err
		}
	}
	f.raw = f.raw[:0]
	for i := range r.Headers {
		h := &r.Headers[i]
		value, err := f.append(func(dst []byte) ([]byte, error) {
			return s.pipeline.header.AppendEncode(dst, r.Topic, h.Key, h.Data)
		})
		if err != nil {
			return fmt.Errorf("stage HEADER_CONVERTER, header %q: %w", h.Key, err)
		}
		f.raw = append(f.raw, connect.RawHeader{Key: h.Key, Value: value})
	}
	key, err := f.encode(s.pipeline.key, r, r.Key)
	if err != nil {
		return fmt.Errorf("stage KEY_CONVERTER: %w", err)
	}
	value, err := f.encode(s.pipeline.value, r, r.Value)
	if err != nil {
		return fmt.Errorf("stage VALUE_CONVERTER: %w", err)
	}
	out := kgo.Record{Topic: r.Topic, Key: key, Value: value}
	if r.Partition != connect.NoPartition {
		out.Partition = kafka.ToPartition(r.Partition)
	}
	if r.Timestamp != connect.NoTimestamp {
		out.Timestamp = time.UnixMilli(r.Timestamp)
	}
	if len(f.raw) > 0 {
		start := len(f.headers)
		for _, h := range f.raw {
			f.headers = append(f.headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
			f.size += len(h.Key) + len(h.Value)
		}
		out.Headers = f.headers[start:len(f.headers):len(f.headers)]
	}
	f.records = append(f.records, out)
	f.size += len(key) + len(value)
	return nil
}

func (f *flight) encode(c connect.Converter, r *connect.Record, d connect.Data) ([]byte, error) {
	start := len(f.buf)
	buf, err := c.AppendEncode(f.buf, r.Topic, &f.raw, d)
	if err != nil || buf == nil {
		return nil, err
	}
	f.buf = buf
	return buf[start:len(buf):len(buf)], nil
}

func (f *flight) append(encode func([]byte) ([]byte, error)) ([]byte, error) {
	start := len(f.buf)
	buf, err := encode(f.buf)
	if err != nil || buf == nil {
		return nil, err
	}
	f.buf = buf
	return buf[start:len(buf):len(buf)], nil
}

// planTopics decides whether this worker creates topics, and how.
func (s *sourceTask) planTopics() error {
	asked := false
	for k := range s.conn {
		asked = asked || strings.HasPrefix(k, kafka.TopicPrefix)
	}
	switch {
	case asked && s.worker.settings.createTopics:
		template, err := kafka.TopicTemplate(s.conn)
		if err != nil {
			return connect.ClassErrorf(configException, "%w", err)
		}
		s.creation = &template
	case s.worker.Embedded:
		s.creation = &kafka.NewTopic{Partitions: -1, ReplicationFactor: -1}
	}
	return nil
}

// topic creates a topic before its first record, where that is ours to do.
func (s *sourceTask) topic(name string) error {
	if !s.use(name) || s.creation == nil {
		return nil
	}
	set, _, err := s.worker.client(kafka.AdminRole, config.Map{"client.id": "connector-adminclient-" + s.id.String()}, s.conn, kafka.AdminOverride)
	if err != nil {
		return err
	}
	admin, err := kafka.NewClient(set, quiet(s.log))
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(s.life.hard, time.Minute)
	defer cancel()
	t := *s.creation
	t.Name = name
	outcomes, err := kafka.CreateTopics(ctx, admin, t)
	if err != nil {
		return connect.Errorf("Task failed to create new topic %s: %w", name, err)
	}
	if outcomes[name] == kafka.Created {
		s.log.Info("topic created", "topic", name)
	}
	return nil
}
