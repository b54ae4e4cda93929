package kafka

import "sync"

// Names that are used in more than one place.
const (
	bootstrapServers = "bootstrap.servers"

	all     = ProducerRole | ConsumerRole | AdminRole
	pOnly   = ProducerRole
	cOnly   = ConsumerRole
	aOnly   = AdminRole
	clients = ProducerRole | ConsumerRole
)

// Reasons why a key has no effect.
const (
	noClasses  = "Java classes cannot be loaded here"
	noMetrics  = "the worker has its own metrics, not Java's per-client ones"
	rawBytes   = "records are bytes already when they reach the client; the converters of the worker or connector do the rest"
	goTLS      = "Go's own TLS is used, which has no such choice"
	ownTickets = "tickets are got and renewed by the client itself"
	onDemand   = "a token is got when a connection needs it, not by a timer"
	brokerSide = "it is for brokers, which check tokens"
	noShare    = "it belongs to share groups, which Connect does not use"
)

// table holds the keys of the clients of Kafka 4.3.1, with Java's bounds.
type table map[string]*key

func (t table) find(name string) (*key, bool) {
	k, ok := t[name]
	return k, ok
}

// keyTable is read-only once made.
var keyTable = sync.OnceValue(func() table {
	t := make(table)
	for _, rows := range [][]key{commonKeys(), producerKeys(), consumerKeys(), adminKeys(), tlsKeys(), saslKeys()} {
		for i := range rows {
			t[rows[i].name] = &rows[i]
		}
	}
	return t
})

// KnownKey reports whether a Kafka client of any role knows the key.
func KnownKey(name string) bool {
	_, ok := keyTable().find(name)
	return ok
}

func commonKeys() []key {
	zero := new(int64(0))
	return []key{
		{name: bootstrapServers, roles: all, kind: list},
		{name: "client.dns.lookup", roles: all, oneOf: []string{"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"}, refuse: only("use_all_dns_ips", "names are not looked up the other way for Kerberos; give use_all_dns_ips")},
		{name: "client.id", roles: all},
		{name: "config.providers", roles: all, kind: list, none: "the worker resolves ${provider:...} values before a client sees them"},
		{name: "connections.max.idle.ms", roles: all, kind: int64T},
		{name: "enable.metrics.push", roles: all, kind: boolT},
		{name: "interceptor.classes", roles: clients, kind: list, none: noClasses},
		{name: "metadata.max.age.ms", roles: all, kind: int64T, least: zero},
		{name: "metadata.recovery.rebootstrap.trigger.ms", roles: all, kind: int64T, least: zero, none: "the bootstrap servers are asked again whenever no other broker answers"},
		{name: "metadata.recovery.strategy", roles: all, oneOf: []string{"rebootstrap", "none"}, anyCase: true},
		{name: "metric.reporters", roles: all, kind: list, none: noMetrics},
		{name: "metrics.num.samples", roles: all, kind: int32T, least: new(int64(1)), none: noMetrics},
		{name: "metrics.recording.level", roles: all, oneOf: []string{"INFO", "DEBUG", "TRACE"}, none: noMetrics},
		{name: "metrics.sample.window.ms", roles: all, kind: int64T, least: zero, none: noMetrics},
		{name: "receive.buffer.bytes", roles: all, kind: int32T, least: new(int64(-1))},
		{name: "reconnect.backoff.max.ms", roles: all, kind: int64T, least: zero},
		{name: "reconnect.backoff.ms", roles: all, kind: int64T, least: zero},
		{name: "request.timeout.ms", roles: all, kind: int32T, least: zero},
		{name: "retries", roles: pOnly | aOnly, kind: int32T, least: zero},
		{name: "retry.backoff.max.ms", roles: all, kind: int64T, least: zero},
		{name: "retry.backoff.ms", roles: all, kind: int64T, least: zero},
		{name: "security.protocol", roles: all, oneOf: []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, anyCase: true},
		{name: "security.providers", roles: all, refuse: unset("Java security providers cannot be loaded here; take the key out")},
		{name: "send.buffer.bytes", roles: all, kind: int32T, least: new(int64(-1))},
		{name: "socket.connection.setup.timeout.max.ms", roles: all, kind: int64T, none: "the time for a connection is socket.connection.setup.timeout.ms on every attempt"},
		{name: "socket.connection.setup.timeout.ms", roles: all, kind: int64T, least: new(int64(1))},
	}
}

func producerKeys() []key {
	zero := new(int64(0))
	return []key{
		{name: "acks", roles: pOnly, oneOf: []string{"all", "-1", "0", "1"}},
		{name: "batch.size", roles: pOnly, kind: int32T, least: zero},
		{name: "buffer.memory", roles: pOnly, kind: int64T, least: zero},
		{name: "compression.gzip.level", roles: pOnly, kind: int32T, least: new(int64(-1)), most: new(int64(9)), refuse: notZero},
		{name: "compression.lz4.level", roles: pOnly, kind: int32T, least: new(int64(1)), most: new(int64(17))},
		{name: "compression.type", roles: pOnly, oneOf: []string{"none", "gzip", "snappy", "lz4", "zstd"}},
		{name: "compression.zstd.level", roles: pOnly, kind: int32T, least: new(int64(-131072)), most: new(int64(22))},
		{name: "delivery.timeout.ms", roles: pOnly, kind: int32T, least: zero},
		{name: "enable.idempotence", roles: pOnly, kind: boolT},
		{name: "key.serializer", roles: pOnly, none: rawBytes},
		{name: "linger.ms", roles: pOnly, kind: int64T, least: zero},
		{name: "max.block.ms", roles: pOnly, kind: int64T, least: zero, none: "a full buffer or a topic that is not there yet makes the task wait, and fails no record"},
		{name: "max.in.flight.requests.per.connection", roles: pOnly, kind: int32T, least: new(int64(1))},
		{name: "max.request.size", roles: pOnly, kind: int32T, least: zero},
		{name: "metadata.max.idle.ms", roles: pOnly, kind: int64T, least: new(int64(5000)), none: "a topic that was written to stays known until the client is closed"},
		{name: "partitioner.adaptive.partitioning.enable", roles: pOnly, kind: boolT},
		{name: "partitioner.availability.timeout.ms", roles: pOnly, kind: int64T, least: zero, none: "adaptive partitioning looks at what waits for a partition, not at time"},
		{name: "partitioner.class", roles: pOnly, refuse: knownPartitioner},
		{name: "partitioner.ignore.keys", roles: pOnly, kind: boolT},
		{name: "transaction.timeout.ms", roles: pOnly, kind: int32T, least: new(int64(1))},
		{name: "transaction.two.phase.commit.enable", roles: pOnly, kind: boolT, refuse: only(false, "two-phase commit is not supported yet; give false")},
		{name: "transactional.id", roles: pOnly, notEmpty: true},
		{name: "value.serializer", roles: pOnly, none: rawBytes},
	}
}

func consumerKeys() []key {
	zero := new(int64(0))
	return []key{
		{name: "allow.auto.create.topics", roles: cOnly, kind: boolT},
		{name: "auto.commit.interval.ms", roles: cOnly, kind: int32T, least: zero, none: "the worker commits, every offset.flush.interval.ms"},
		{name: "auto.offset.reset", roles: cOnly},
		{name: "check.crcs", roles: cOnly, kind: boolT},
		{name: "client.rack", roles: cOnly},
		{name: "default.api.timeout.ms", roles: cOnly | aOnly, kind: int32T, least: zero},
		{name: "enable.auto.commit", roles: cOnly, kind: boolT, refuse: only(false, "the worker commits what a task has made safe, a client must not commit by itself; give false")},
		{name: "exclude.internal.topics", roles: cOnly, kind: boolT, none: "a pattern never matches internal topics"},
		{name: "fetch.max.bytes", roles: cOnly, kind: int32T, least: zero},
		{name: "fetch.max.wait.ms", roles: cOnly, kind: int32T, least: zero},
		{name: "fetch.min.bytes", roles: cOnly, kind: int32T, least: zero},
		{name: "group.id", roles: cOnly},
		{name: "group.instance.id", roles: cOnly, notEmpty: true},
		{name: "group.protocol", roles: cOnly, oneOf: []string{"classic", "consumer"}, anyCase: true},
		{name: "group.remote.assignor", roles: cOnly, oneOf: []string{"uniform", "range"}},
		{name: "heartbeat.interval.ms", roles: cOnly, kind: int32T, least: new(int64(1))},
		{name: "internal.throw.on.fetch.stable.offset.unsupported", roles: cOnly, kind: boolT, none: "it is for Kafka Streams"},
		{name: "isolation.level", roles: cOnly, oneOf: []string{"read_committed", "read_uncommitted"}},
		{name: "key.deserializer", roles: cOnly, none: rawBytes},
		{name: "max.partition.fetch.bytes", roles: cOnly, kind: int32T, least: zero},
		{name: "max.poll.interval.ms", roles: cOnly, kind: int32T, least: new(int64(1))},
		{name: "max.poll.records", roles: cOnly, kind: int32T, least: new(int64(1))},
		{name: "partition.assignment.strategy", roles: cOnly, kind: list},
		{name: "session.timeout.ms", roles: cOnly, kind: int32T, least: new(int64(1))},
		{name: "share.acknowledgement.mode", roles: cOnly, none: noShare},
		{name: "share.acquire.mode", roles: cOnly, none: noShare},
		{name: "value.deserializer", roles: cOnly, none: rawBytes},
	}
}

func adminKeys() []key {
	return []key{
		{name: "bootstrap.controllers", roles: aOnly, kind: list, refuse: func(v any) string {
			if len(v.([]string)) == 0 {
				return ""
			}
			return "controllers cannot be asked directly; give the brokers in bootstrap.servers"
		}},
	}
}

func tlsKeys() []key {
	return []key{
		{name: "ssl.cipher.suites", roles: all, kind: list},
		{name: "ssl.enabled.protocols", roles: all, kind: list},
		{name: "ssl.endpoint.identification.algorithm", roles: all, oneOf: []string{"https", ""}, anyCase: true},
		{name: "ssl.engine.factory.class", roles: all, refuse: unset(noClasses + "; take the key out")},
		{name: "ssl.key.password", roles: all, kind: password},
		{name: "ssl.keymanager.algorithm", roles: all, none: goTLS},
		{name: "ssl.keystore.certificate.chain", roles: all, kind: password},
		{name: "ssl.keystore.key", roles: all, kind: password},
		{name: "ssl.keystore.location", roles: all},
		{name: "ssl.keystore.password", roles: all, kind: password},
		{name: "ssl.keystore.type", roles: all},
		{name: "ssl.protocol", roles: all, none: "ssl.enabled.protocols decides"},
		{name: "ssl.provider", roles: all, none: goTLS},
		{name: "ssl.secure.random.implementation", roles: all, none: goTLS},
		{name: "ssl.trustmanager.algorithm", roles: all, none: goTLS},
		{name: "ssl.truststore.certificates", roles: all, kind: password},
		{name: "ssl.truststore.location", roles: all},
		{name: "ssl.truststore.password", roles: all, kind: password},
		{name: "ssl.truststore.type", roles: all},
	}
}

func saslKeys() []key {
	return []key{
		{name: "sasl.client.callback.handler.class", roles: all},
		{name: "sasl.jaas.config", roles: all, kind: password},
		{name: "sasl.kerberos.kinit.cmd", roles: all, none: ownTickets},
		{name: "sasl.kerberos.min.time.before.relogin", roles: all, kind: int64T, none: ownTickets},
		{name: "sasl.kerberos.service.name", roles: all},
		{name: "sasl.kerberos.ticket.renew.jitter", roles: all, kind: decimal, none: ownTickets},
		{name: "sasl.kerberos.ticket.renew.window.factor", roles: all, kind: decimal, none: ownTickets},
		{name: "sasl.login.callback.handler.class", roles: all},
		{name: "sasl.login.class", roles: all, refuse: unset(noClasses + "; take the key out")},
		{name: "sasl.login.connect.timeout.ms", roles: all, kind: int32T},
		{name: "sasl.login.read.timeout.ms", roles: all, kind: int32T},
		{name: "sasl.login.refresh.buffer.seconds", roles: all, kind: int16T},
		{name: "sasl.login.refresh.min.period.seconds", roles: all, kind: int16T, none: onDemand},
		{name: "sasl.login.refresh.window.factor", roles: all, kind: decimal},
		{name: "sasl.login.refresh.window.jitter", roles: all, kind: decimal},
		{name: "sasl.login.retry.backoff.max.ms", roles: all, kind: int64T},
		{name: "sasl.login.retry.backoff.ms", roles: all, kind: int64T},
		{name: "sasl.mechanism", roles: all},
		{name: "sasl.oauthbearer.assertion.algorithm", roles: all},
		{name: "sasl.oauthbearer.assertion.claim.aud", roles: all},
		{name: "sasl.oauthbearer.assertion.claim.exp.seconds", roles: all, kind: int32T},
		{name: "sasl.oauthbearer.assertion.claim.iss", roles: all},
		{name: "sasl.oauthbearer.assertion.claim.jti.include", roles: all, kind: boolT},
		{name: "sasl.oauthbearer.assertion.claim.nbf.seconds", roles: all, kind: int32T},
		{name: "sasl.oauthbearer.assertion.claim.sub", roles: all},
		{name: "sasl.oauthbearer.assertion.file", roles: all},
		{name: "sasl.oauthbearer.assertion.private.key.file", roles: all},
		{name: "sasl.oauthbearer.assertion.private.key.passphrase", roles: all, kind: password},
		{name: "sasl.oauthbearer.assertion.template.file", roles: all},
		{name: "sasl.oauthbearer.client.credentials.client.id", roles: all},
		{name: "sasl.oauthbearer.client.credentials.client.secret", roles: all, kind: password},
		{name: "sasl.oauthbearer.clock.skew.seconds", roles: all, kind: int32T, none: brokerSide},
		{name: "sasl.oauthbearer.expected.audience", roles: all, kind: list, none: brokerSide},
		{name: "sasl.oauthbearer.expected.issuer", roles: all, none: brokerSide},
		{name: "sasl.oauthbearer.header.urlencode", roles: all, kind: boolT},
		{name: "sasl.oauthbearer.jwks.endpoint.refresh.ms", roles: all, kind: int64T, none: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", roles: all, kind: int64T, none: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", roles: all, kind: int64T, none: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.url", roles: all, none: brokerSide},
		{name: "sasl.oauthbearer.jwt.retriever.class", roles: all},
		{name: "sasl.oauthbearer.jwt.validator.class", roles: all, none: brokerSide},
		{name: "sasl.oauthbearer.scope", roles: all},
		{name: "sasl.oauthbearer.scope.claim.name", roles: all, none: brokerSide},
		{name: "sasl.oauthbearer.sub.claim.name", roles: all, none: brokerSide},
		{name: "sasl.oauthbearer.token.endpoint.url", roles: all},
	}
}

// only refuses every value but one.
func only(good any, right string) func(any) string {
	return func(v any) string {
		if v == good {
			return ""
		}
		return right
	}
}

// unset refuses every value but the empty one.
func unset(right string) func(any) string { return only("", right) }

func notZero(v any) string {
	if v == int64(0) {
		return "give -1 for the default or a level from 1 to 9"
	}
	return ""
}
