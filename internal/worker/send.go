package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/telemetry"
)

// dispatch sends the batch of the flight, and ends transactions where it is time.
func (s *sourceTask) dispatch(f *flight) error {
	if s.tx == nil {
		return s.send(f)
	}
	return s.tx.dispatch(f)
}

// send transforms, converts and produces the batch of the flight. It returns
// before the records are durable.
func (s *sourceTask) send(f *flight) error {
	if len(f.batch.Records) == 0 {
		s.flights.free(f)
		return nil
	}
	f.noteOffsets()
	start := time.Now()
	if err := s.pipeline.Encode(s.life.soft, f.batch, &f.out); err != nil {
		return err
	}
	s.metrics.Observe(telemetry.StageEncode, time.Since(start))
	if f.polled = len(f.batch.Records); !s.flights.keep {
		s.flights.unload(f)
	}
	last := "" // most batches have one topic
	for i := range f.out.Records {
		if name := f.out.Records[i].Topic; name != last {
			if err := s.topic(name); err != nil {
				return err
			}
			last = name
		}
	}
	if s.tx != nil && len(f.out.Records) > 0 {
		if err := s.tx.begin(len(f.out.Records)); err != nil {
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
	if s.worker.settings.createTopics {
		plan, err := kafka.ReadTopicPlan(s.conn)
		if err != nil {
			return connect.ClassErrorf(connect.ConfigException, "%w", err)
		}
		s.creation = plan
	}
	return nil
}

// topic creates a topic before its first record, where that is ours to do.
func (s *sourceTask) topic(name string) error {
	if s.tx != nil && name == s.offsets.Topic() {
		return connect.Errorf("Source tasks may not produce to their own offsets topics when exactly-once support is enabled")
	}
	if !s.use(name) || s.creation == nil && !s.worker.Embedded {
		return nil
	}
	t, group := kafka.NewTopic{Name: name, Partitions: -1, ReplicationFactor: -1}, "of the embedded broker"
	if s.creation != nil {
		t, group = s.creation.For(name)
	}
	set, _, err := s.worker.client(kafka.AdminRole, config.Map{"client.id": "connector-adminclient-" + s.id.String()}, s.conn, kafka.AdminOverride)
	if err != nil {
		return err
	}
	admin, err := kafka.NewClient(set, quiet(s.log), s.worker.Opts...)
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(s.life.hard, time.Minute)
	defer cancel()
	if exists, err := kafka.TopicExists(ctx, admin, name); exists || err != nil {
		return err
	}
	outcomes, err := kafka.CreateTopics(ctx, admin, t)
	if err != nil {
		return &connect.Error{Class: connect.ConnectException, Message: "Error while attempting to create/find topic(s) '" + name + "'", Cause: fmt.Errorf("topic creation group %s: %w", group, err)}
	}
	switch outcomes[name] {
	case kafka.Created:
		s.log.Info("topic created", "topic", name, "group", group, "partitions", t.Partitions, "replication_factor", t.ReplicationFactor)
	case kafka.Existed: // somebody was faster
	case kafka.Unknown: // this principal may not create it
		return connect.Errorf("Task failed to create new topic (name=%s, numPartitions=%d, replicationFactor=%d, replicasAssignments=null, configs=%s). "+
			"Ensure that the task is authorized to create topics or that the topic exists and restart the task", name, t.Partitions, t.ReplicationFactor, javaMap(t.Configs))
	}
	return nil
}

// javaMap is the text of a java.util.Map, with its keys in order.
func javaMap(m map[string]string) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
