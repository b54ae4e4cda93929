package herder

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/kafka"
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
	for _, c := range []struct {
		prefix string
		role   kafka.Role
		used   bool
	}{
		{"producer.override.", kafka.ProducerRole, kind == TypeSource || hasDLQ},
		{"consumer.override.", kafka.ConsumerRole, kind == TypeSink},
		{"admin.override.", kafka.AdminRole, kind == TypeSource && creates || kind == TypeSink && hasDLQ},
	} {
		if !c.used {
			continue
		}
		part, err := v.overrides(c.prefix, c.role)
		if err != nil {
			return infos, err
		}
		infos.add(part)
	}
	return infos, nil
}

// overrides parses the settings below the prefix as those of a client, and asks
// the policy. Of a client's key the answer knows name and type, not Java's
// default and prose.
func (v validation) overrides(prefix string, role kafka.Role) (ConfigInfos, error) {
	var def config.Def
	var values config.Values
	for _, full := range slices.Sorted(maps.Keys(v.raw)) {
		name, ok := strings.CutPrefix(full, prefix)
		if !ok || name == "" {
			continue
		}
		value := &config.Value{Name: name, Visible: true}
		kind, known := kafka.KeyType(role, name)
		if known {
			def = append(def, config.Key{Name: name, Type: kind, Importance: config.Medium})
		} else {
			kind = config.String
		}
		if text := v.raw[full]; text != nil {
			parsed, err := config.Parse(name, *text, kind)
			if err != nil {
				return ConfigInfos{}, &Error{Status: http.StatusInternalServerError, Message: err.Error(), Class: "org.apache.kafka.common.config.ConfigException"}
			}
			value.Value = parsed
		}
		v.policy.check(value)
		values = append(values, value)
	}
	return prefixed(def, values, prefix), nil
}
