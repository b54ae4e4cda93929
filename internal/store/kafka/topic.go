package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
)

// kind is one of the internal topics.
type kind struct {
	prefix     string // of the keys
	purpose    string // in Java's messages
	partitions int32  // where the settings name none
}

var (
	configKind = kind{"config.storage.", "connector configurations", 1}
	statusKind = kind{"status.storage.", "connector and task statuses", 5}
	offsetKind = kind{"offset.storage.", "source connector offsets", 25}
)

const (
	cleanupPolicy      = "cleanup.policy"
	compact            = "compact"
	defaultReplication = 3
	// replicationWait is how long a cluster may take to have enough brokers, and
	// topicWait how long a topic may take to be seen, as in Java.
	replicationWait = time.Minute
	topicWait       = 2 * time.Minute
	retryPause      = 500 * time.Millisecond
	sayAgain        = 10 * time.Second // what is waited for is said this often
)

// topic is an internal topic as the settings want it.
type topic struct {
	kind
	name        string
	partitions  int32
	replication int16
	configs     map[string]string
}

// readTopic reads the settings of a topic.
func readTopic(worker map[string]string, k kind, log *slog.Logger) (topic, error) {
	t := topic{kind: k, partitions: k.partitions, replication: defaultReplication}
	settings := kafka.WithPrefix(worker, k.prefix)
	t.name = strings.TrimSpace(settings["topic"])
	var errs []error
	if t.name == "" {
		errs = append(errs, &kafka.ValueError{Key: k.prefix + "topic", Right: "give the name of the topic for " + k.purpose})
	}
	number := func(key string, bits int, into func(int64)) {
		text, ok := settings[key]
		if !ok {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, bits)
		if err != nil || n == 0 || n < -1 {
			errs = append(errs, &kafka.ValueError{Key: k.prefix + key, Value: text, Right: "give 1 or more, or -1 for the broker's default"})
		}
		into(n)
	}
	if k == configKind {
		if text, ok := settings["partitions"]; ok {
			log.Warn("setting is ignored, since the config topic has one partition always", "key", k.prefix+"partitions", "value", text)
		}
	} else {
		number("partitions", 32, func(n int64) { t.partitions = int32(n) })
	}
	number("replication.factor", 16, func(n int64) { t.replication = int16(n) })
	if text, ok := settings[cleanupPolicy]; ok {
		log.Warn("setting is ignored, since compaction is always used", "key", k.prefix+cleanupPolicy, "value", text)
	}
	for _, own := range []string{"topic", "partitions", "replication.factor"} {
		delete(settings, own)
	}
	settings[cleanupPolicy] = compact
	t.configs = settings
	return t, errors.Join(errs...)
}

// TopicError says what is wrong with an internal topic.
type TopicError struct {
	Topic, Key string // Key is the setting that names it
	Problem    string
	Err        error // nil where the topic itself is wrong
}

// Error names the topic, the key, the problem and the cause.
func (e *TopicError) Error() string {
	text := fmt.Sprintf("topic %q of %s: %s", e.Topic, e.Key, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *TopicError) Unwrap() error { return e.Err }

func (t topic) problem(err error, format string, args ...any) error {
	return &TopicError{Topic: t.name, Key: t.prefix + "topic", Problem: fmt.Sprintf(format, args...), Err: err}
}

// ensure creates the topic where it is missing, checks it where it is not, and
// returns its number of partitions. While no broker answers it waits until ctx
// ends, and says so.
func (t topic) ensure(ctx context.Context, admin *kgo.Client, log *slog.Logger) (int32, error) {
	outcome, err := t.create(ctx, admin, log)
	if err != nil {
		return 0, err
	}
	if outcome != kafka.Created {
		if err := t.checkPolicy(ctx, admin, log); err != nil {
			return 0, err
		}
	}
	return t.count(ctx, admin, log, outcome)
}

func (t topic) create(ctx context.Context, admin *kgo.Client, log *slog.Logger) (kafka.Outcome, error) {
	var outcome kafka.Outcome
	tooFew := time.Time{}
	err := t.persist(ctx, log, func(ctx context.Context) (bool, error) {
		found, err := kafka.CreateTopics(ctx, admin, kafka.NewTopic{
			Name: t.name, Partitions: t.partitions, ReplicationFactor: t.replication, Configs: t.configs,
		})
		failed, ok := errors.AsType[*kafka.TopicError](err)
		switch {
		case err == nil:
			outcome = found[t.name]
			return true, nil
		case !ok:
			return false, err
		case errors.Is(err, kerr.InvalidReplicationFactor):
			// Brokers may be about to join. Deadlines come from the clock of the
			// process alone.
			if tooFew.IsZero() {
				tooFew = time.Now().Add(replicationWait) //nolint:forbidigo // A deadline, no part of any state.
			}
			if time.Until(tooFew) > 0 {
				return false, err
			}
			return true, t.problem(failed.Err, "the cluster has too few brokers (%s): give at most as many replicas as there are brokers in %sreplication.factor=%d, or -1 for the broker's default",
				failed.Message, t.prefix, t.replication)
		case isBroker(failed.Err):
			return true, t.problem(failed.Err, "it cannot be created with %d partitions and replication factor %d (%s): correct the keys that start with %s",
				t.partitions, t.replication, failed.Message, t.prefix)
		}
		return false, failed.Err
	})
	if outcome == kafka.Created {
		log.Info("topic is created", "topic", t.name, "partitions", t.partitions, "replication", t.replication)
	}
	return outcome, err
}

// isBroker says whether an error is a broker's final word, and not a connection
// that failed or something that will pass.
func isBroker(err error) bool {
	e, ok := errors.AsType[*kerr.Error](err)
	return ok && !e.Retriable
}

// persist calls try until it says that it is done, and says now and then what it
// waits for.
func (t topic) persist(ctx context.Context, log *slog.Logger, try func(context.Context) (bool, error)) error {
	said := time.Time{}
	for {
		done, err := try(ctx)
		switch {
		case done:
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("wait for topic %s: %w", t.name, errors.Join(context.Cause(ctx), err))
		case isBroker(err) && !errors.Is(err, kerr.InvalidReplicationFactor):
			return t.problem(err, "the cluster refuses to tell about it")
		}
		if time.Since(said) >= sayAgain {
			said = time.Now() //nolint:forbidigo // The pace of the log, no part of any state.
			log.Warn("waiting for the cluster", "topic", t.name, "key", t.prefix+"topic", "error", err)
		}
		pause(ctx, retryPause)
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// checkPolicy wants cleanup.policy=compact and nothing else. Who may not ask is
// believed, as in Java.
func (t topic) checkPolicy(ctx context.Context, admin *kgo.Client, log *slog.Logger) error {
	return t.persist(ctx, log, func(ctx context.Context) (bool, error) {
		policy, err := policyOf(ctx, admin, t.name)
		switch {
		case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.UnsupportedVersion):
			log.Info("cleanup.policy of the topic cannot be verified: this principal may not describe its configuration", "topic", t.name)
			return true, nil
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			return true, nil // not there yet: count waits for it
		case err != nil:
			return false, err
		case policy != compact:
			return true, t.problem(nil, "Topic '%s' supplied via the '%stopic' property is required to have 'cleanup.policy=compact' to guarantee consistency and durability of %s, "+
				"but found the topic currently has 'cleanup.policy=%s'; set it with kafka-configs.sh, or name another topic", t.name, t.prefix, t.purpose, policy)
		}
		return true, nil
	})
}

// policyOf returns the cleanup.policy of a topic, its parts sorted by the broker.
func policyOf(ctx context.Context, admin *kgo.Client, name string) (string, error) {
	described, err := kadm.NewClient(admin).DescribeTopicConfigs(ctx, name)
	if err != nil {
		return "", err
	}
	config, err := described.On(name, nil)
	if err != nil {
		return "", err
	}
	if config.Err != nil {
		return "", config.Err
	}
	for _, c := range config.Configs {
		if c.Key == cleanupPolicy {
			return strings.ReplaceAll(c.MaybeValue(), " ", ""), nil
		}
	}
	return "", nil
}

// count returns the number of partitions when the topic is there.
func (t topic) count(ctx context.Context, admin *kgo.Client, log *slog.Logger, outcome kafka.Outcome) (int32, error) {
	var n int32
	until := time.Now().Add(topicWait) //nolint:forbidigo // A deadline, no part of any state.
	err := t.persist(ctx, log, func(ctx context.Context) (bool, error) {
		details, err := kadm.NewClient(admin).ListTopics(ctx, t.name)
		if err == nil {
			err = details[t.name].Err
		}
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			if time.Until(until) > 0 {
				return false, fmt.Errorf("the topic is not there: %w", errUnseen)
			}
			if outcome == kafka.Unknown {
				return true, t.problem(err, "it does not exist and this principal may not create it: create it with cleanup.policy=compact, or allow Create")
			}
			return true, t.problem(err, "it was not seen in the cluster within %s", topicWait)
		case err != nil:
			return false, err
		}
		n = int32(len(details[t.name].Partitions))
		return n > 0, nil
	})
	if err == nil && t.kind == configKind && n != 1 {
		err = t.problem(nil, "Topic '%s' supplied via the '%stopic' property is required to have a single partition in order to guarantee consistency of %s, but found %d partitions", t.name, t.prefix, t.purpose, n)
	}
	return n, err
}

var errUnseen = errors.New("it may have been created just now")
