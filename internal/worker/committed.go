package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/store"
)

// ConsumedOffsets returns the committed offsets of a sink connector's consumer
// group. It waits for the broker until ctx ends.
func (w *Worker) ConsumedOffsets(ctx context.Context, name string, cfg config.Map) (map[connect.TopicPartition]int64, error) {
	offsets := map[connect.TopicPartition]int64{}
	err := w.administer(ctx, name, cfg, func(admin *kadm.Client, group string) error {
		found, err := admin.FetchOffsets(ctx, group)
		if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			return err
		}
		if err := found.Error(); err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			return err
		}
		found.Each(func(o kadm.OffsetResponse) {
			if o.At >= 0 {
				offsets[connect.TopicPartition{Topic: o.Topic, Partition: o.Partition}] = o.At
			}
		})
		return nil
	})
	return offsets, err
}

// AlterConsumedOffsets commits offsets for a sink connector's consumer group; a
// nil one removes the committed offset. The error is store.ErrGroupInUse where the
// group has members. It waits for the broker until ctx ends.
func (w *Worker) AlterConsumedOffsets(ctx context.Context, name string, cfg config.Map, offsets map[connect.TopicPartition]*int64) error {
	set := kadm.Offsets{}
	removed := kadm.TopicsSet{}
	topics := map[string]bool{}
	for p, offset := range offsets {
		topics[p.Topic] = true
		if offset == nil {
			removed.Add(p.Topic, p.Partition)
			continue
		}
		set.Add(kadm.Offset{Topic: p.Topic, Partition: p.Partition, At: *offset, LeaderEpoch: -1})
	}
	return w.administer(ctx, name, cfg, func(admin *kadm.Client, group string) error {
		if err := known(ctx, admin, topics, offsets); err != nil {
			return err
		}
		if len(set) > 0 {
			answers, err := admin.CommitOffsets(ctx, group, set)
			if err == nil {
				err = answers.Error()
			}
			if err != nil {
				return inUse(err)
			}
		}
		if len(removed) > 0 {
			answers, err := admin.DeleteOffsets(ctx, group, removed)
			if err == nil {
				err = answers.Error()
			}
			if err != nil {
				return inUse(err)
			}
		}
		return nil
	})
}

// known refuses offsets of partitions that the cluster does not have. A real
// broker does so too; this names the partition.
func known(ctx context.Context, admin *kadm.Client, topics map[string]bool, offsets map[connect.TopicPartition]*int64) error {
	names := make([]string, 0, len(topics))
	for name := range topics {
		names = append(names, name)
	}
	found, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return err
	}
	for p := range offsets {
		if _, ok := found[p.Topic].Partitions[p.Partition]; !ok || found[p.Topic].Err != nil {
			return fmt.Errorf("partition %d of topic %s: %w", p.Partition, p.Topic, kerr.UnknownTopicOrPartition)
		}
	}
	return nil
}

// ResetConsumedOffsets deletes a sink connector's consumer group; one that is not
// there is no error. The error is store.ErrGroupInUse where the group has members.
// It waits for the broker until ctx ends.
func (w *Worker) ResetConsumedOffsets(ctx context.Context, name string, cfg config.Map) error {
	return w.administer(ctx, name, cfg, func(admin *kadm.Client, group string) error {
		answers, err := admin.DeleteGroups(ctx, group)
		if err == nil {
			err = answers.Error()
		}
		if errors.Is(err, kerr.GroupIDNotFound) {
			return nil
		}
		return inUse(err)
	})
}

func inUse(err error) error {
	for _, code := range []error{kerr.UnknownMemberID, kerr.GroupSubscribedToTopic, kerr.NonEmptyGroup} {
		if errors.Is(err, code) {
			return fmt.Errorf("%w: %w", store.ErrGroupInUse, err)
		}
	}
	return err
}

// administer calls f with an admin client of the connector's and the name of its
// consumer group.
func (w *Worker) administer(ctx context.Context, name string, cfg config.Map, f func(admin *kadm.Client, group string) error) error {
	group := kafka.Merge(kafka.ConsumerRole, w.Settings, config.Map{"group.id": "connect-" + name}, kafka.WithPrefix(cfg, kafka.ConsumerOverride))["group.id"]
	set, _, err := w.client(kafka.AdminRole, config.Map{"client.id": "connector-worker-adminclient-" + name}, cfg, kafka.AdminOverride)
	if err != nil {
		return err
	}
	client, err := kafka.NewClient(set, quiet(w.log.With("connector", name)), w.Opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for {
		err := f(admin, group)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("consumer group %s of connector %s: %w", group, name, err)
		if !errors.Is(err, kerr.CoordinatorNotAvailable) && !errors.Is(err, kerr.CoordinatorLoadInProgress) && !errors.Is(err, kerr.NotCoordinator) {
			return err
		}
		// The first group of a cluster makes the broker create its offsets topic.
		select {
		case <-time.After(coordinatorWait):
		case <-ctx.Done():
			return err
		}
	}
}

const coordinatorWait = 100 * time.Millisecond
