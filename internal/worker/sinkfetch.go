package worker

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/telemetry"
)

// take decodes what was fetched and puts it.
func (s *sinkTask) take(f kgo.Fetches) error {
	for _, e := range f.Errors() {
		if err := s.fetchError(e); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := s.decode(f); err != nil {
		return err
	}
	s.metrics.Observe(telemetry.StageDecode, time.Since(start))
	if len(s.pending) == 0 {
		s.metrics.Put(s.fetched, 0, 0)
		s.markConsumed() // all were dropped
		return nil
	}
	return s.put()
}

// decode turns what was fetched into pending records.
func (s *sinkTask) decode(f kgo.Fetches) error {
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
		s.measure(at, p)
		if failed = s.pipeline.Decode(s.life.soft, p.Records, &s.batch); failed != nil {
			return
		}
		s.next = append(s.next, nextOffset{at, p.Records[len(p.Records)-1].Offset + 1})
	})
	s.pipeline.Keep(&s.batch)
	s.pending = s.batch.Records
	return failed
}

// measure counts what was fetched of a partition.
func (s *sinkTask) measure(at connect.TopicPartition, p kgo.FetchTopicPartition) {
	bytes := 0
	for _, r := range p.Records {
		bytes += len(r.Key) + len(r.Value)
		for i := range r.Headers {
			bytes += len(r.Headers[i].Key) + len(r.Headers[i].Value)
		}
	}
	first, last := p.Records[0], p.Records[len(p.Records)-1]
	if s.oldest.IsZero() || first.Timestamp.Before(s.oldest) {
		s.oldest = first.Timestamp
	}
	s.fetched += len(p.Records)
	s.metrics.Read(len(p.Records), bytes)
	s.metrics.Client.Position(telemetry.Partition(at), max(p.HighWatermark-last.Offset-1, 0), max(last.Offset-p.LogStartOffset, 0))
}

// nextOffset is the first offset of a partition after the batch.
type nextOffset struct {
	connect.TopicPartition
	offset int64
}

// unfetch lets records come again that were on their way when the task was
// paused.
func (s *sinkTask) unfetch(f kgo.Fetches) {
	f.EachPartition(func(p kgo.FetchTopicPartition) {
		at := connect.TopicPartition{Topic: p.Topic, Partition: p.Partition}
		if _, here := s.assigned[at]; here && len(p.Records) > 0 {
			s.host.Seek(at, p.Records[0].Offset)
		}
	})
	s.host.apply()
}

// fetchError returns the errors that do not go away by themselves.
func (s *sinkTask) fetchError(e kgo.FetchError) error {
	if errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, kgo.ErrClientClosed) {
		return nil
	}
	if session, ok := errors.AsType[*kgo.ErrGroupSession](e.Err); ok {
		return s.groupError(session)
	}
	var broker *kerr.Error
	if errors.As(e.Err, &broker) && !broker.Retriable {
		return connect.ClassErrorf("org.apache.kafka.common.KafkaException", "fetch from %s-%d: %w", e.Topic, e.Partition, e.Err)
	}
	s.log.Warn("fetch error, the client goes on", "topic", e.Topic, "partition", e.Partition, "error", e.Err)
	return nil
}

// groupError returns the errors of the group after which no try to join again
// can help. All others are news: the client joins again by itself.
func (s *sinkTask) groupError(err error) error {
	for _, fatal := range []*kerr.Error{
		kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.SaslAuthenticationFailed, kerr.FencedInstanceID,
		kerr.InconsistentGroupProtocol, kerr.InvalidSessionTimeout, kerr.InvalidGroupID, kerr.GroupMaxSizeReached, kerr.UnsupportedVersion,
	} {
		if errors.Is(err, fatal) {
			return connect.ClassErrorf("org.apache.kafka.common.KafkaException", "consumer group connect-%s: %w", s.id.Connector, err)
		}
	}
	s.log.Warn("membership of the consumer group is lost, the client joins again", "error", err)
	return nil
}
