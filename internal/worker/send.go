package worker

import (
	"context"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/telemetry"
)

// send transforms, converts and produces the batch of the flight. It returns
// before the records are durable.
func (s *sourceTask) send(f *flight) error {
	if len(f.batch.Records) == 0 {
		s.flights.free(f)
		return nil
	}
	f.noteOffsets()
	start := time.Now()
	if err := s.pipeline.Encode(s.life.soft, &f.batch, &f.out); err != nil {
		return err
	}
	s.metrics.Observe(telemetry.StageEncode, time.Since(start))
	for i := range f.out.Records {
		if err := s.topic(f.out.Records[i].Topic); err != nil {
			return err
		}
	}
	s.flights.depart(f)
	for i := range f.out.Records {
		s.producer.Produce(s.life.hard, &f.out.Records[i], f.done)
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
			return connect.ClassErrorf(connect.ConfigException, "%w", err)
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
