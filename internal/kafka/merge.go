package kafka

import (
	"maps"
	"strings"
)

// Prefixes of a worker's settings for each of its clients, and of a
// connector's for its own.
const (
	producerPrefix = "producer."
	consumerPrefix = "consumer."
	adminPrefix    = "admin."

	ProducerOverride = "producer.override."
	ConsumerOverride = "consumer.override."
	AdminOverride    = "admin.override."
)

// Merge lays the settings of a connector's client over one another in the
// order of Java's Worker (4.3.1), last wins:
//
//  1. bootstrap.servers of the worker;
//  2. for the admin client alone, every key at the top level of the worker
//     that the admin client knows (security settings above all): Java hands
//     them on for the sake of old worker files. Producers and consumers
//     inherit nothing but bootstrap.servers: a worker that speaks TLS says
//     so three times, as security.protocol, producer.security.protocol and
//     consumer.security.protocol;
//  3. defaults: what Connect itself sets for the client (client.id, group.id,
//     auto.offset.reset);
//  4. the worker's keys with the prefix of the client, producer., consumer.
//     or admin., without it;
//  5. overrides: the connector's keys, the prefix already taken off by
//     WithPrefix and allowed by the worker's override policy.
//
// In Java step 3 comes before 2 for client.id of the admin client; so it does
// here. No argument is changed.
func Merge(role Role, worker, defaults, overrides map[string]string) map[string]string {
	merged := make(map[string]string, len(worker)+len(defaults)+len(overrides))
	if servers, ok := worker[bootstrapServers]; ok {
		merged[bootstrapServers] = servers
	}
	maps.Copy(merged, defaults)
	prefix := map[Role]string{ProducerRole: producerPrefix, ConsumerRole: consumerPrefix, AdminRole: adminPrefix}[role]
	if role == AdminRole {
		inherit(merged, worker)
	}
	maps.Copy(merged, WithPrefix(worker, prefix))
	maps.Copy(merged, overrides)
	return merged
}

// inherit copies the top-level keys that an admin client knows. Java copies
// the others too and then says that it does not know them.
func inherit(merged, worker map[string]string) {
	for k, v := range worker {
		row, ok := keyTable().find(k)
		if ok && row.roles&AdminRole != 0 && row.none == "" {
			merged[k] = v
		}
	}
}

// WorkerSettings are the settings of a client that serves the worker itself
// (its internal topics, its group): in Java all top-level keys, of which those
// that the role knows have an effect. group.id is the worker's group, not a
// consumer's, and is left out. The keys in set win: what Connect forces.
func WorkerSettings(role Role, worker, set map[string]string) map[string]string {
	merged := make(map[string]string)
	for k, v := range worker {
		if row, ok := keyTable().find(k); ok && row.roles&role != 0 && row.none == "" && k != "group.id" {
			merged[k] = v
		}
	}
	maps.Copy(merged, set)
	return merged
}

// WithPrefix returns the settings whose keys start with prefix, without it.
func WithPrefix(settings map[string]string, prefix string) map[string]string {
	found := make(map[string]string)
	for k, v := range settings {
		if name, ok := strings.CutPrefix(k, prefix); ok && name != "" {
			found[name] = v
		}
	}
	return found
}
