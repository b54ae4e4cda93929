package pipeline

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
)

const kafkaErrors = "org.apache.kafka.common.errors."

// produceError gives the error of a producer the class of Java.
func produceError(err error) error {
	class := "org.apache.kafka.common.KafkaException"
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		class = kafkaErrors + "RecordTooLargeException"
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		class = kafkaErrors + "TopicAuthorizationException"
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		class = kafkaErrors + "ClusterAuthorizationException"
	case errors.Is(err, kerr.InvalidTopicException):
		class = kafkaErrors + "InvalidTopicException"
	case errors.Is(err, kerr.InvalidRecord):
		class = "org.apache.kafka.common.InvalidRecordException"
	case errors.Is(err, kerr.InvalidTimestamp):
		class = kafkaErrors + "InvalidTimestampException"
	case errors.Is(err, kerr.CorruptMessage):
		class = kafkaErrors + "CorruptRecordException"
	case errors.Is(err, kerr.PolicyViolation):
		class = kafkaErrors + "PolicyViolationException"
	case errors.Is(err, kerr.NotEnoughReplicas):
		class = kafkaErrors + "NotEnoughReplicasException"
	case errors.Is(err, kgo.ErrRecordTimeout), errors.Is(err, kgo.ErrRecordRetries), errors.Is(err, kerr.UnknownTopicOrPartition):
		class = kafkaErrors + "TimeoutException"
	}
	return &connect.Error{Class: class, Message: err.Error(), Cause: err}
}

// Refused reports whether the error says that Kafka does not want the record,
// and not that the producer was closed.
func Refused(err error) bool {
	return !errors.Is(err, kgo.ErrClientClosed) && !errors.Is(err, context.Canceled)
}
