package setting

import (
	"math"
	"slices"
	"strings"

	"sluice/connect/config"
)

func groupKeys() config.Def {
	return config.Def{
		{Name: "group.id", Type: config.String, Required: true, Importance: config.High, Doc: "Name of the Connect cluster that this worker belongs to."},
		{Name: "session.timeout.ms", Type: config.Int, Default: int32(10_000), Importance: config.High, Doc: "Time in milliseconds without a heartbeat after which the group gives up this worker."},
		{Name: "rebalance.timeout.ms", Type: config.Int, Default: int32(60_000), Importance: config.High, Doc: "Time in milliseconds that each worker has to join a rebalance."},
		{Name: "heartbeat.interval.ms", Type: config.Int, Default: int32(3_000), Importance: config.High, Doc: "Time in milliseconds between two heartbeats to the group's coordinator."},
		{
			Name: "exactly.once.source.support", Type: config.String, Default: "disabled", Validator: config.OneOf{"disabled", "preparing", "enabled"}, Importance: config.High,
			Doc: "Whether source connectors may write records and their offsets in transactions: disabled, preparing (on every worker, before it is enabled) or enabled.",
		},
	}
}

// clientKeys are keys of the worker's own Kafka clients that the Java worker
// defines with values of its own.
func clientKeys() config.Def {
	return config.Def{
		{Name: "metadata.max.age.ms", Type: config.Long, Default: int64(300_000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Time in milliseconds after which what is known of the Kafka cluster is asked for again."},
		{Name: "client.id", Type: config.String, Default: "", Importance: config.Low, Doc: "Name that the worker's clients give to the brokers."},
		{Name: "send.buffer.bytes", Type: config.Int, Default: int32(128 << 10), Validator: config.AtLeast(-1), Importance: config.Medium, Doc: "Size of the socket's send buffer; -1 is the system's."},
		{Name: "receive.buffer.bytes", Type: config.Int, Default: int32(32 << 10), Validator: config.AtLeast(-1), Importance: config.Medium, Doc: "Size of the socket's receive buffer; -1 is the system's."},
		{Name: "reconnect.backoff.ms", Type: config.Long, Default: int64(50), Validator: config.AtLeast(0), Importance: config.Low, Doc: "First wait in milliseconds before a broker is connected to again."},
		{Name: "reconnect.backoff.max.ms", Type: config.Long, Default: int64(1000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Longest wait in milliseconds before a broker is connected to again."},
		{Name: "socket.connection.setup.timeout.ms", Type: config.Long, Default: int64(10_000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Time in milliseconds that a connection may take to be made."},
		{Name: "socket.connection.setup.timeout.max.ms", Type: config.Long, Default: int64(30_000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Longest such time, after failures."},
		{Name: "retry.backoff.ms", Type: config.Long, Default: int64(100), Validator: config.AtLeast(0), Importance: config.Low, Doc: "First wait in milliseconds before a request is made again."},
		{Name: "retry.backoff.max.ms", Type: config.Long, Default: int64(1000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Longest wait in milliseconds before a request is made again."},
		{Name: "request.timeout.ms", Type: config.Int, Default: int32(40_000), Validator: config.AtLeast(0), Importance: config.Medium, Doc: "Time in milliseconds that a request may take."},
		{Name: "connections.max.idle.ms", Type: config.Long, Default: int64(540_000), Importance: config.Medium, Doc: "Time in milliseconds after which an idle connection is closed."},
		{Name: "security.protocol", Type: config.String, Default: "PLAINTEXT", Validator: config.OneOf{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, Importance: config.Medium, Doc: "Protocol to speak with brokers."},
	}
}

func storageKeys() config.Def {
	return config.Def{
		{Name: "worker.sync.timeout.ms", Type: config.Int, Default: int32(3000), Importance: config.Medium, Doc: "Time in milliseconds that a worker waits to catch up with the others' configurations before it leaves the group."},
		{Name: "worker.unsync.backoff.ms", Type: config.Int, Default: int32(300_000), Importance: config.Medium, Doc: "Time in milliseconds that it then stays away."},
		{Name: "offset.storage.topic", Type: config.String, Required: true, Importance: config.High, Doc: "Topic that keeps the offsets of source connectors."},
		{Name: "offset.storage.partitions", Type: config.Int, Default: int32(25), Validator: brokers("Number of partitions must be positive"), Importance: config.Low, Doc: "Partitions of that topic when it is created; -1 is the brokers' default."},
		{Name: "offset.storage.replication.factor", Type: config.Short, Default: int16(3), Validator: brokers("Replication factor must be positive and not larger than the number of brokers in the Kafka cluster"), Importance: config.Low, Doc: "Replicas of that topic when it is created; -1 is the brokers' default."},
		{Name: "config.storage.topic", Type: config.String, Required: true, Importance: config.High, Doc: "Topic that keeps the connectors' configurations."},
		{Name: "config.storage.replication.factor", Type: config.Short, Default: int16(3), Validator: brokers("Replication factor must be positive and not larger than the number of brokers in the Kafka cluster"), Importance: config.Low, Doc: "Replicas of that topic when it is created; -1 is the brokers' default."},
		{Name: "status.storage.topic", Type: config.String, Required: true, Importance: config.High, Doc: "Topic that keeps the states of connectors and tasks."},
		{Name: "status.storage.partitions", Type: config.Int, Default: int32(5), Validator: brokers("Number of partitions must be positive"), Importance: config.Low, Doc: "Partitions of that topic when it is created; -1 is the brokers' default."},
		{Name: "status.storage.replication.factor", Type: config.Short, Default: int16(3), Validator: brokers("Replication factor must be positive and not larger than the number of brokers in the Kafka cluster"), Importance: config.Low, Doc: "Replicas of that topic when it is created; -1 is the brokers' default."},
	}
}

// brokers accepts -1, which leaves a number to the brokers, and 1 and more.
func brokers(right string) config.Validator {
	return config.CheckFunc(func(name string, value any) error {
		var n int64
		switch v := value.(type) {
		case int32:
			n = int64(v)
		case int16:
			n = int64(v)
		default:
			return nil
		}
		if n == 0 || n < -1 {
			return config.InvalidValue(name, value, right+", or -1 to use the broker's default")
		}
		return nil
	})
}

func protocolKeys() config.Def {
	return config.Def{
		{
			Name: "connect.protocol", Type: config.String, Default: "sessioned", Importance: config.Low,
			Validator: config.CheckFunc(func(name string, value any) error {
				if s, _ := value.(string); !slices.Contains([]string{"eager", "compatible", "sessioned"}, s) {
					return config.InvalidValue(name, value, "Invalid Connect protocol compatibility")
				}
				return nil
			}),
			Doc: "Newest version of the protocol between workers that this one offers: eager, compatible or sessioned.",
		},
		{Name: "scheduled.rebalance.max.delay.ms", Type: config.Int, Default: int32(300_000), Validator: config.Between(0, math.MaxInt32), Importance: config.Low, Doc: "Longest time in milliseconds that the work of a departed worker is kept for its return."},
		{Name: "inter.worker.key.ttl.ms", Type: config.Int, Default: int32(3_600_000), Validator: config.Between(0, math.MaxInt32), Importance: config.Low, Doc: "Time in milliseconds after which the key that signs requests between workers is replaced."},
		{Name: "inter.worker.key.generation.algorithm", Type: config.String, Default: "HmacSHA256", Validator: algorithm(keyAlgorithms()), Importance: config.Low, Doc: "Algorithm for that key."},
		{Name: "inter.worker.key.size", Type: config.Int, Importance: config.Low, Doc: "Size of that key in bits; unset is the algorithm's."},
		{Name: "inter.worker.signature.algorithm", Type: config.String, Default: "HmacSHA256", Validator: algorithm(Signatures()), Importance: config.Low, Doc: "Algorithm that signs requests between workers."},
		{
			Name: "inter.worker.verification.algorithms", Type: config.List, Default: []string{"HmacSHA256"}, Importance: config.Low,
			Validator: config.CheckFunc(func(name string, value any) error {
				names, _ := value.([]string)
				if len(names) == 0 {
					return config.InvalidValue(name, value, "At least one signature verification algorithm must be provided")
				}
				for _, a := range names {
					if err := algorithm(Signatures()).Check(name, a); err != nil {
						return err
					}
				}
				return nil
			}),
			Doc: "Algorithms whose signatures are accepted, with the one of inter.worker.signature.algorithm among them.",
		},
		{Name: "metadata.recovery.strategy", Type: config.String, Default: "rebootstrap", Validator: config.OneOfFold{"NONE", "REBOOTSTRAP"}, Importance: config.Low, Doc: "What to do when no known broker answers: rebootstrap asks bootstrap.servers again, none does not."},
		{Name: "metadata.recovery.rebootstrap.trigger.ms", Type: config.Long, Default: int64(300_000), Validator: config.AtLeast(0), Importance: config.Low, Doc: "Time in milliseconds without an answer after which that is done."},
	}
}

// Signatures are the algorithms that can sign requests between workers, under
// the names of Java's Mac.
func Signatures() []string {
	return []string{
		"HmacMD5", "HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512", "HmacSHA512/224", "HmacSHA512/256",
		"HmacSHA3-224", "HmacSHA3-256", "HmacSHA3-384", "HmacSHA3-512",
	}
}

// keyAlgorithms are those of Java's KeyGenerator that fit the signatures.
func keyAlgorithms() []string { return Signatures() }

func algorithm(known []string) config.Validator {
	return config.CheckFunc(func(name string, value any) error {
		s, _ := value.(string)
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, s) }) {
			return nil
		}
		return config.InvalidValue(name, value, "the algorithm is not supported by this worker; the supported algorithms are: ["+strings.Join(known, ", ")+"]")
	})
}

// checkKeys holds the rule over two keys that DistributedConfig has.
func checkKeys(values config.Values) error {
	const signature, verification = "inter.worker.signature.algorithm", "inter.worker.verification.algorithms"
	signs := values.Find(signature).Value
	accepted, _ := values.Find(verification).Value.([]string)
	if s, _ := signs.(string); slices.Contains(accepted, s) {
		return nil
	}
	return config.InvalidValue(signature, signs, "Signature algorithm must be present in "+verification+" list")
}
