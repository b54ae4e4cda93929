package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// NewTopic is a topic to create.
type NewTopic struct {
	Name              string
	Partitions        int32 // -1 for the broker's default
	ReplicationFactor int16 // -1 for the broker's default
	Configs           map[string]string
}

// TopicExists asks the cluster for a topic. It blocks until a broker answers or
// ctx ends, and makes no broker create the topic.
func TopicExists(ctx context.Context, cl *kgo.Client, topic string) (bool, error) {
	found, err := kadm.NewClient(cl).ListTopics(ctx, topic)
	if err == nil {
		err = found[topic].Err
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.TopicAuthorizationFailed):
		return false, nil
	}
	return false, fmt.Errorf("ask for topic %s: %w", topic, err)
}

// Outcome says what CreateTopics found.
type Outcome uint8

// What can be said of a topic after CreateTopics.
const (
	// Created means that the topic was made just now.
	Created Outcome = iota + 1
	// Existed means that somebody made it before; it is left as it is.
	Existed
	// Unknown means that this principal may not create topics, or the broker
	// is too old to be asked: the topic may exist, or the broker may create
	// it at the first record. Java goes on in this case.
	Unknown
)

// CreateTopics creates the topics that are missing and answers for each one.
// It blocks until the cluster answers or ctx ends. An error is a *TopicError
// for each topic that cannot be created, joined.
func CreateTopics(ctx context.Context, cl *kgo.Client, topics ...NewTopic) (map[string]Outcome, error) {
	adm := kadm.NewClient(cl)
	outcomes := make(map[string]Outcome, len(topics))
	var errs []error
	for _, t := range topics {
		configs := make(map[string]*string, len(t.Configs))
		for k, v := range t.Configs {
			configs[k] = new(v)
		}
		resp, err := adm.CreateTopic(ctx, t.Partitions, t.ReplicationFactor, configs, t.Name)
		outcome, err := creation(err)
		if err != nil {
			errs = append(errs, &TopicError{Topic: t, Message: resp.ErrMessage, Err: err})
			continue
		}
		outcomes[t.Name] = outcome
	}
	return outcomes, errors.Join(errs...)
}

func creation(err error) (Outcome, error) {
	switch {
	case err == nil:
		return Created, nil
	case errors.Is(err, kerr.TopicAlreadyExists):
		return Existed, nil
	case errors.Is(err, kerr.UnsupportedVersion), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.TopicAuthorizationFailed):
		return Unknown, nil
	default:
		return 0, err
	}
}

// TopicError says why a topic could not be created.
type TopicError struct {
	Topic   NewTopic
	Message string // the broker's, may be empty
	Err     error
}

// Error names the topic, what was asked for, the broker's reason, and what can
// be done.
func (e *TopicError) Error() string {
	why := e.Err.Error()
	if e.Message != "" {
		why += " (" + e.Message + ")"
	}
	text := fmt.Sprintf("create topic %q with %d partitions and replication factor %d: %s", e.Topic.Name, e.Topic.Partitions, e.Topic.ReplicationFactor, why)
	switch {
	case errors.Is(e.Err, kerr.InvalidReplicationFactor):
		text += "; give a replication factor of at most the number of brokers, or -1"
	case errors.Is(e.Err, kerr.InvalidPartitions):
		text += "; give 1 partition or more, or -1"
	case errors.Is(e.Err, kerr.InvalidConfig):
		text += "; correct or take out the config that it names"
	}
	return text
}

// Unwrap returns the cause: a *kerr.Error, or the end of ctx.
func (e *TopicError) Unwrap() error { return e.Err }

// ClusterID asks the cluster for its id. It blocks until a broker answers or
// ctx ends.
func ClusterID(ctx context.Context, cl *kgo.Client) (string, error) {
	meta, err := kadm.NewClient(cl).BrokerMetadata(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the cluster for its id: %w", err)
	}
	if meta.Cluster == "" {
		return "", errors.New("the cluster has no id: brokers of Kafka 0.10.1 or later are needed")
	}
	return meta.Cluster, nil
}
