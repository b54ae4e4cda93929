package herder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/herder/definition"
	"sluice/internal/store"
)

// Keys of the offsets of sink connectors, as clients see them.
const (
	kafkaTopic     = "kafka_topic"
	kafkaPartition = "kafka_partition"
	kafkaOffset    = "kafka_offset"
)

const classKey = definition.ConnectorClass

func (k *offsetKeeper) alterSink(ctx context.Context, name string, cfg config.Raw, given []store.Offset) (string, error) {
	offsets, err := parseConsumed(given)
	if err != nil {
		return "", err
	}
	handled, err := k.askSink(ctx, name, cfg, offsets)
	if err != nil {
		return "", k.refused(err, "sink", name)
	}
	for p, offset := range offsets {
		if offset != nil && *offset < 0 {
			return "", k.failed(fmt.Errorf("offset %d of partition %d of topic %s is negative", *offset, p.Partition, p.Topic), "sink", name)
		}
	}
	if err := k.consumed.AlterConsumedOffsets(ctx, name, cfg.Map(), offsets); err != nil {
		return "", k.inGroup(err, "alter", name)
	}
	return modified(handled, "altered"), nil
}

func (k *offsetKeeper) resetSink(ctx context.Context, name string, cfg config.Raw) (string, error) {
	consumed, err := k.consumed.ConsumedOffsets(ctx, name, cfg.Map())
	if err != nil {
		k.log.Error("offsets were not modified", slog.String("connector", name), slog.Any("error", err))
		return "", internal("Failed to list offsets prior to resetting offsets for sink connector " + name)
	}
	offsets := make(map[connect.TopicPartition]*int64, len(consumed))
	for p := range consumed {
		offsets[p] = nil
	}
	handled, err := k.askSink(ctx, name, cfg, offsets)
	if err != nil {
		return "", k.refused(err, "sink", name)
	}
	if err := k.consumed.ResetConsumedOffsets(ctx, name, cfg.Map()); err != nil {
		return "", k.inGroup(err, "reset", name)
	}
	return modified(handled, "reset"), nil
}

// askSink asks the connector's code what it says of the offsets.
func (k *offsetKeeper) askSink(ctx context.Context, name string, cfg config.Raw, offsets map[connect.TopicPartition]*int64) (bool, error) {
	return ask(ctx, k.catalog, alterStage(name), func(ctx context.Context) (bool, error) {
		p, _ := k.plugins.Sink(cfg.Map()[classKey])
		alterer, ok := p.New().(connect.SinkOffsetAlterer)
		if !ok {
			return false, nil
		}
		return alterer.AlterOffsets(ctx, cfg.Map(), offsets)
	})
}

// inGroup returns the error for a client whose change the broker refuses; verb is
// alter or reset.
func (k *offsetKeeper) inGroup(err error, verb, name string) error {
	k.log.Error("consumer group offsets were not modified", slog.String("connector", name), slog.String("operation", verb), slog.Any("error", err))
	text := "Failed to " + verb + " consumer group offsets for "
	switch {
	case errors.Is(err, store.ErrGroupInUse):
		return internal(text + "connector " + name + " either because its tasks haven't stopped completely yet or the connector was resumed before the " +
			"request to " + verb + " its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely " +
			"retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.")
	case verb == "reset":
		text += "sink "
	}
	return internal(text + "connector " + name)
}

// parseConsumed reads the offsets of a sink as a client gives them
// (SinkUtils.parseSinkConnectorOffsets of Java). Numbers may be given as text.
func parseConsumed(given []store.Offset) (map[connect.TopicPartition]*int64, error) {
	out := make(map[connect.TopicPartition]*int64, len(given))
	for _, o := range given {
		p, err := parsePartition(o.Partition)
		if err != nil {
			return nil, err
		}
		if o.Offset.IsNull() {
			out[p] = nil
			continue
		}
		value, ok := o.Offset.Lookup(kafkaOffset)
		if !ok {
			return nil, badRequest("The offset for a sink connector should either be null or contain the key '" + kafkaOffset + "'")
		}
		offset, err := strconv.ParseInt(value.String(), 10, 64)
		if err != nil {
			return nil, badRequest("Failed to parse the following Kafka offset value in the provided offsets: '" + value.String() +
				"'. Offset values for sink connectors need to be integers.")
		}
		out[p] = &offset
	}
	return out, nil
}

func parsePartition(v schema.Value) (p connect.TopicPartition, err error) {
	if v.IsNull() {
		return p, badRequest("The partition for a sink connector offset cannot be null or missing")
	}
	topic, hasTopic := v.Lookup(kafkaTopic)
	partition, hasPartition := v.Lookup(kafkaPartition)
	switch {
	case !hasTopic || !hasPartition:
		return p, badRequest("The partition for a sink connector offset must contain the keys '" + kafkaTopic + "' and '" + kafkaPartition + "'")
	case topic.IsNull():
		return p, badRequest("Kafka topic names must be valid strings and may not be null")
	case partition.IsNull():
		return p, badRequest("Kafka partitions must be valid numbers and may not be null")
	}
	n, err := strconv.ParseInt(partition.String(), 10, 32)
	if err != nil {
		return p, badRequest("Failed to parse the following Kafka partition value in the provided offsets: '" + partition.String() +
			"'. Partition values for sink connectors need to be integers.")
	}
	return connect.TopicPartition{Topic: topic.String(), Partition: int32(n)}, nil
}
