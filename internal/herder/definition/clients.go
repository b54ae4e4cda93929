package definition

import "sluice/connect/config"

// Client is a kind of Kafka client, or several.
type Client uint8

// The clients whose settings a connector may override.
const (
	ProducerClient Client = 1 << iota
	ConsumerClient
	AdminClient
)

// ClientKeys returns the keys of a client as Kafka 4.3.1 defines them. The
// defaults are Java's; docs/compatibility.md says where a client of Sluice has
// others.
func ClientKeys(kind Client) config.Def {
	var out config.Def
	for _, rows := range [][]clientKey{clientKeys(), securityKeys()} {
		for _, r := range rows {
			if r.clients&kind == 0 {
				continue
			}
			k := config.Key{Name: r.name, Type: r.kind, Importance: r.importance, Doc: r.doc}
			if k.Required = r.value == noDefault; !k.Required {
				k.Default = r.value
			}
			out = append(out, k)
		}
	}
	return out
}

// clientKey is a key of the clients named.
type clientKey struct {
	name       string
	clients    Client
	kind       config.Type
	value      any // the default
	importance config.Importance
	doc        string
}

// noDefault stands for a key that must be set.
const noDefault = "\x00"

// clientKeys are the keys but those of security.
func clientKeys() []clientKey {
	const p, c, a = ProducerClient, ConsumerClient, AdminClient
	return []clientKey{
		{"acks", p, config.String, "all", config.Low, "How many acknowledgements the leader waits for before a write counts: all, 1, or 0 for none."},
		{"allow.auto.create.topics", c, config.Boolean, true, config.Medium, "Whether asking for a topic that does not exist may make the broker create it."},
		{"auto.commit.interval.ms", c, config.Int, int32(5000), config.Low, "The time between commits of offsets in milliseconds where enable.auto.commit is true."},
		{"auto.offset.reset", c, config.String, "latest", config.Medium, "Where to start without a committed offset: earliest, latest, none, or by_duration: and an ISO 8601 duration."},
		{"batch.size", p, config.Int, int32(16384), config.Medium, "The most bytes of a batch of records for one partition."},
		{"bootstrap.controllers", a, config.List, []string{}, config.High, "Addresses of controllers to start from, as host:port, separated by commas; instead of bootstrap.servers."},
		{"bootstrap.servers", a, config.List, []string{}, config.High, "Addresses of brokers to start from, as host:port, separated by commas. The rest of the cluster is found through them."},
		{"bootstrap.servers", p | c, config.List, noDefault, config.High, "Addresses of brokers to start from, as host:port, separated by commas. The rest of the cluster is found through them."},
		{"buffer.memory", p, config.Long, int64(33554432), config.High, "The bytes of records that may wait to be sent. A full buffer makes the producer wait."},
		{"check.crcs", c, config.Boolean, true, config.Low, "Whether checksums of fetched records are verified."},
		{"client.dns.lookup", p | c | a, config.String, "use_all_dns_ips", config.Medium, "How addresses are looked up: use_all_dns_ips tries all of a name, resolve_canonical_bootstrap_servers_only expands bootstrap names first."},
		{"client.id", c, config.String, "", config.Low, "A name of the client that shows up in logs and quotas of the brokers."},
		{"client.id", p | a, config.String, "", config.Medium, "A name of the client that shows up in logs and quotas of the brokers."},
		{"client.rack", c, config.String, "", config.Low, "The rack of the client, so that it can fetch from the nearest replica."},
		{"compression.gzip.level", p, config.Int, int32(-1), config.Medium, "The level of gzip compression, 1 to 9, or -1 for the default."},
		{"compression.lz4.level", p, config.Int, int32(9), config.Medium, "The level of lz4 compression."},
		{"compression.type", p, config.String, "none", config.High, "How batches are compressed: none, gzip, snappy, lz4 or zstd."},
		{"compression.zstd.level", p, config.Int, int32(3), config.Medium, "The level of zstd compression."},
		{"config.providers", p | c | a, config.List, []string{}, config.Low, "Names of providers that resolve references in settings, separated by commas."},
		{"connections.max.idle.ms", a, config.Long, int64(300000), config.Medium, "The milliseconds after which an unused connection is closed."},
		{"connections.max.idle.ms", p | c, config.Long, int64(540000), config.Medium, "The milliseconds after which an unused connection is closed."},
		{"default.api.timeout.ms", c | a, config.Int, int32(60000), config.Medium, "The milliseconds after which a call of the client that names no time-out fails."},
		{"delivery.timeout.ms", p, config.Int, int32(120000), config.Medium, "The most milliseconds from the sending of a record to the report of success or failure, retries included."},
		{"enable.auto.commit", c, config.Boolean, true, config.Medium, "Whether the consumer commits offsets by itself. Connect commits them for sinks, so leave it false."},
		{"enable.idempotence", p, config.Boolean, true, config.Low, "Whether the producer makes sure that retries write each record once."},
		{"enable.metrics.push", a, config.Boolean, false, config.Low, "Whether the client sends its metrics to the broker where the broker asks for them."},
		{"enable.metrics.push", p | c, config.Boolean, true, config.Low, "Whether the client sends its metrics to the broker where the broker asks for them."},
		{"exclude.internal.topics", c, config.Boolean, true, config.Medium, "Whether internal topics are left out of a subscription by pattern."},
		{"fetch.max.bytes", c, config.Int, int32(52428800), config.Medium, "The most bytes of one answer to a fetch; a larger first batch is sent nevertheless."},
		{"fetch.max.wait.ms", c, config.Int, int32(500), config.Low, "The most milliseconds that a broker waits for fetch.min.bytes."},
		{"fetch.min.bytes", c, config.Int, int32(1), config.High, "The fewest bytes of one answer to a fetch, unless fetch.max.wait.ms ends first."},
		{"group.id", c, config.String, nil, config.High, "The consumer group. For a sink connector it is connect- and the name of the connector unless set."},
		{"group.instance.id", c, config.String, nil, config.Medium, "The name of a static member of the group, which may be away for a while without a rebalance."},
		{"group.protocol", c, config.String, "classic", config.High, "The protocol of the group: classic, or consumer for the one of KIP-848."},
		{"group.remote.assignor", c, config.String, nil, config.Medium, "The assignor on the broker's side where group.protocol is consumer. Unset leaves the choice to the broker."},
		{"heartbeat.interval.ms", c, config.Int, int32(3000), config.High, "The milliseconds between heartbeats to the group's coordinator; at most a third of session.timeout.ms."},
		{"interceptor.classes", p | c, config.List, []string{}, config.Low, "Classes that see records on their way, separated by commas."},
		{"internal.throw.on.fetch.stable.offset.unsupported", c, config.Boolean, false, config.Low, "Internal: whether an old broker that cannot tell stable offsets is an error."},
		{"isolation.level", c, config.String, "read_uncommitted", config.Medium, "Whether records of open and aborted transactions are read: read_uncommitted or read_committed."},
		{"key.deserializer", c, config.Class, noDefault, config.High, "The class that reads keys. Connect reads bytes and leaves the rest to the converter."},
		{"key.serializer", p, config.Class, noDefault, config.High, "The class that writes keys. Connect writes the bytes of the converter."},
		{"linger.ms", p, config.Long, int64(5), config.Medium, "The milliseconds for which a batch waits for further records."},
		{"max.block.ms", p, config.Long, int64(60000), config.Medium, "The most milliseconds that a send waits for metadata or for room in the buffer."},
		{"max.in.flight.requests.per.connection", p, config.Int, int32(5), config.Low, "How many requests may be unanswered on one connection; at most 5 with idempotence."},
		{"max.partition.fetch.bytes", c, config.Int, int32(1048576), config.High, "The most bytes that one fetch returns of one partition."},
		{"max.poll.interval.ms", c, config.Int, int32(300000), config.Medium, "The most milliseconds between two polls before the group takes the member for dead."},
		{"max.poll.records", c, config.Int, int32(500), config.Medium, "The most records that one poll returns."},
		{"max.request.size", p, config.Int, int32(1048576), config.Medium, "The most bytes of one request, which bounds the size of a record."},
		{"metadata.max.age.ms", p | c | a, config.Long, int64(300000), config.Low, "The milliseconds after which metadata is fetched anew even without a change."},
		{"metadata.max.idle.ms", p, config.Long, int64(300000), config.Low, "The milliseconds after which the metadata of an unused topic is forgotten."},
		{"metadata.recovery.rebootstrap.trigger.ms", p | c | a, config.Long, int64(300000), config.Low, "The milliseconds without metadata after which the client starts again from bootstrap.servers."},
		{"metadata.recovery.strategy", p | c | a, config.String, "rebootstrap", config.Low, "What the client does when no known broker answers: rebootstrap, or none."},
		{"metric.reporters", p | c | a, config.List, []string{"org.apache.kafka.common.metrics.JmxReporter"}, config.Low, "Classes that report metrics, separated by commas."},
		{"metrics.num.samples", p | c | a, config.Int, int32(2), config.Low, "The number of samples from which a metric is computed."},
		{"metrics.recording.level", p | c | a, config.String, "INFO", config.Low, "Up to which level metrics are recorded: INFO, DEBUG or TRACE."},
		{"metrics.sample.window.ms", p | c | a, config.Long, int64(30000), config.Low, "The milliseconds that one sample of a metric covers."},
		{"partition.assignment.strategy", c, config.List, []string{"class org.apache.kafka.clients.consumer.RangeAssignor", "class org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}, config.Medium, "Classes of the assignors that the member offers, in order of preference, separated by commas."},
		{"partitioner.adaptive.partitioning.enable", p, config.Boolean, true, config.Low, "Whether records without a key go to faster brokers more often."},
		{"partitioner.availability.timeout.ms", p, config.Long, int64(0), config.Low, "The milliseconds without progress after which a partition gets no records without a key; 0 is never."},
		{"partitioner.class", p, config.Class, nil, config.Medium, "The class that chooses partitions. Unset is Kafka's own way: by key, else a batch at a time."},
		{"partitioner.ignore.keys", p, config.Boolean, false, config.Medium, "Whether keys play no part in the choice of a partition."},
		{"receive.buffer.bytes", c | a, config.Int, int32(65536), config.Medium, "The size of the receive buffer of a connection in bytes; -1 is the system's."},
		{"receive.buffer.bytes", p, config.Int, int32(32768), config.Medium, "The size of the receive buffer of a connection in bytes; -1 is the system's."},
		{"reconnect.backoff.max.ms", p | c | a, config.Long, int64(1000), config.Low, "The longest wait before another attempt to connect to a broker in milliseconds."},
		{"reconnect.backoff.ms", p | c | a, config.Long, int64(50), config.Low, "The first wait before another attempt to connect to a broker in milliseconds; it doubles with each failure."},
		{"request.timeout.ms", p | c | a, config.Int, int32(30000), config.Medium, "The milliseconds after which an unanswered request has failed."},
		{"retries", a, config.Int, int32(2147483647), config.Low, "How often a request that failed for a passing reason is sent again. delivery.timeout.ms is the better bound."},
		{"retries", p, config.Int, int32(2147483647), config.High, "How often a request that failed for a passing reason is sent again. delivery.timeout.ms is the better bound."},
		{"retry.backoff.max.ms", p | c | a, config.Long, int64(1000), config.Low, "The longest wait before a request is sent again in milliseconds."},
		{"retry.backoff.ms", p | c | a, config.Long, int64(100), config.Low, "The first wait before a request is sent again in milliseconds; it doubles with each failure."},
		{"send.buffer.bytes", p | c | a, config.Int, int32(131072), config.Medium, "The size of the send buffer of a connection in bytes; -1 is the system's."},
		{"session.timeout.ms", c, config.Int, int32(45000), config.High, "The milliseconds without a heartbeat after which the group takes the member for dead."},
		{"share.acknowledgement.mode", c, config.String, "implicit", config.Medium, "How records of a share group are acknowledged: implicit or explicit."},
		{"share.acquire.mode", c, config.String, "BATCH_OPTIMIZED", config.Medium, "How strictly max.poll.records bounds what a share group hands out."},
		{"socket.connection.setup.timeout.max.ms", p | c | a, config.Long, int64(30000), config.Medium, "The longest time for a connection to be set up in milliseconds."},
		{"socket.connection.setup.timeout.ms", p | c | a, config.Long, int64(10000), config.Medium, "The first time for a connection to be set up in milliseconds; it doubles with each failure."},
		{"transaction.timeout.ms", p, config.Int, int32(60000), config.Low, "The most milliseconds that a transaction may stay open before the broker aborts it."},
		{"transaction.two.phase.commit.enable", p, config.Boolean, false, config.Low, "Whether an outside coordinator decides about transactions."},
		{"transactional.id", p, config.String, nil, config.Low, "The id under which the producer writes in transactions."},
		{"value.deserializer", c, config.Class, noDefault, config.High, "The class that reads values. Connect reads bytes and leaves the rest to the converter."},
		{"value.serializer", p, config.Class, noDefault, config.High, "The class that writes values. Connect writes the bytes of the converter."},
	}
}
