package setting

import (
	"errors"
	"strings"

	"sluice/connect/config"
)

// The keys of exactly-once delivery in standalone mode, which Java does not have.
const (
	WorkerName     = "worker.name"
	ExactlyOnceKey = "exactly.once.source.support"
	offsetTopic    = "offset.storage.topic"
)

func standaloneKeys() config.Def {
	return config.Def{
		{
			Name: "offset.storage.file.filename", Type: config.String, Required: true, Importance: config.High,
			Doc: "File that keeps the offsets of source connectors. It has the format of Java's standalone worker.",
		},
		{
			Name: ExactlyOnceKey, Type: config.String, Default: "disabled", Validator: config.OneOfFold{"disabled", "enabled"}, Importance: config.Medium,
			Doc: "Whether source connectors write records and their offsets in transactions: disabled or enabled. The offsets are then in offset.storage.topic, and the file has a copy.",
		},
		{
			Name: WorkerName, Type: config.String, Importance: config.Medium,
			Doc: "Name of this worker, by which the next run of it fences this one with exactly-once delivery: no other worker of the Kafka cluster may have it, and no group.",
		},
		{
			Name: offsetTopic, Type: config.String, Importance: config.Medium,
			Doc: "Topic that keeps the offsets of source connectors with exactly-once delivery.",
		},
		{Name: "offset.storage.partitions", Type: config.Int, Default: int32(25), Validator: brokers("Number of partitions must be positive"), Importance: config.Low, Doc: "Partitions of that topic when it is created; -1 is the brokers' default."},
		{Name: "offset.storage.replication.factor", Type: config.Short, Default: int16(3), Validator: brokers("Replication factor must be positive and not larger than the number of brokers in the Kafka cluster"), Importance: config.Low, Doc: "Replicas of that topic when it is created; -1 is the brokers' default."},
	}
}

// checkStandalone wants the keys without which there is no exactly-once delivery.
func checkStandalone(m config.Map) error {
	if !strings.EqualFold(config.Trim(m[ExactlyOnceKey]), "enabled") {
		return nil
	}
	var errs []error
	for name, why := range map[string]string{
		WorkerName:  "give a name that no other worker of the Kafka cluster has, and keep it: the next run fences this one by it",
		offsetTopic: "give a topic for the offsets, which are in the transactions of the records",
	} {
		if config.Trim(m[name]) == "" {
			errs = append(errs, config.Errorf("Missing required configuration %q, which %s=enabled needs: %s.", name, ExactlyOnceKey, why))
		}
	}
	return errors.Join(errs...)
}
