package herder

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/herder/definition"
)

// clientInfos lists the overrides of the connector's Kafka clients. One that does
// not parse fails the request.
func (v validation) clientInfos(kind string) (ConfigInfos, error) {
	infos := ConfigInfos{}
	dlq := v.raw[definition.DLQTopic]
	hasDLQ := dlq != nil && config.Trim(*dlq) != ""
	creates := false
	for key := range v.raw {
		creates = creates || strings.HasPrefix(key, "topic.creation.")
	}
	offsets := v.ownOffsetClients(kind)
	for _, c := range []struct {
		prefix string
		client definition.Client
		used   bool
	}{
		{"producer.override.", definition.ProducerClient, kind == TypeSource || hasDLQ},
		{"consumer.override.", definition.ConsumerClient, kind == TypeSink || offsets},
		{"admin.override.", definition.AdminClient, kind == TypeSource && creates || kind == TypeSink && hasDLQ || offsets},
	} {
		if !c.used {
			continue
		}
		part, err := v.overrides(c.prefix, c.client)
		if err != nil {
			return infos, err
		}
		infos.add(part)
	}
	return infos, nil
}

// overrides parses the settings below the prefix as those of a client, and asks
// the policy.
func (v validation) overrides(prefix string, client definition.Client) (ConfigInfos, error) {
	def := definition.ClientKeys(client)
	var values config.Values
	// Java copies them from one HashMap with all keys into others without the prefix.
	self := func(name string) string { return name }
	for _, full := range hashOrder(slices.Sorted(maps.Keys(v.raw)), self) {
		name, ok := strings.CutPrefix(full, prefix)
		if !ok || name == "" {
			continue
		}
		value := &config.Value{Name: name, Visible: true}
		if text := v.raw[full]; text != nil {
			value.Value = *text
			if k, known := def.Find(name); known {
				parsed, err := v.parseOverride(k, *text)
				if err != nil {
					return ConfigInfos{}, &Error{Status: http.StatusInternalServerError, Message: err.Error(), Class: connect.ConfigException}
				}
				value.Value = parsed
			}
		}
		v.policy.check(value)
		values = append(values, value)
	}
	return prefixed(def, values, prefix), nil
}

// parseOverride parses the value of a client's key. A class is one of Kafka's:
// no other can be loaded.
func (v validation) parseOverride(k config.Key, text string) (any, error) {
	if k.Type == config.Class && !strings.HasPrefix(config.Trim(text), "org.apache.kafka.") {
		if full, ok := resolve(v.plugins, config.Trim(text)); ok {
			return full, nil
		}
		return nil, config.InvalidValue(k.Name, text, "Class "+text+" could not be found.")
	}
	return config.Parse(k.Name, text, k.Type)
}
