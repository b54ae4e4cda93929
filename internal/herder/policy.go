package herder

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connect/config"
)

// Keys of the worker that say which client settings a connector may override.
const (
	policyKey    = "connector.client.config.override.policy"
	allowlistKey = "connector.client.config.override.allowlist"
)

// policy is a ConnectorClientConfigOverridePolicy of Kafka Connect.
type policy struct {
	name    string
	allowed []string // unless all are
	all     bool
}

// CheckSettings refuses settings of the worker that a herder cannot obey.
func CheckSettings(settings config.Map) error {
	_, err := readPolicy(settings)
	return err
}

func readPolicy(settings config.Map) (policy, error) {
	class := config.Trim(settings[policyKey])
	if class == "" {
		class = "All"
	}
	name := strings.TrimPrefix(class, "org.apache.kafka.connect.connector.policy.")
	switch strings.TrimSuffix(name, "ConnectorClientConfigOverridePolicy") {
	case "All":
		return policy{name: "All", all: true}, nil
	case "None":
		return policy{name: "None"}, nil
	case "Principal":
		return policy{name: "Principal", allowed: []string{"sasl.jaas.config", "sasl.mechanism", "security.protocol"}}, nil
	case "Allowlist":
		parsed, err := config.Parse(allowlistKey, settings[allowlistKey], config.List)
		if err == nil {
			err = config.UniqueList{EmptyAllowed: true}.Check(allowlistKey, parsed)
		}
		list, _ := parsed.([]string)
		return policy{name: "Allowlist", allowed: list}, err
	}
	return policy{}, config.InvalidValue(policyKey, class, "Sluice has the policies All, None, Principal and Allowlist, and cannot load Java classes")
}

// check adds an error to the value of a setting that may not be overridden.
func (p policy) check(v *config.Value) {
	if !p.all && !slices.Contains(p.allowed, v.Name) {
		v.Errors = append(v.Errors, fmt.Sprintf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", p.name, v.Name))
	}
}
