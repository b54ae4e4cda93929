package herder

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/herder/definition"
)

// The keys of these rules.
const (
	consumerGroup   = "consumer.override.group.id"
	exactlyOnceKey  = "exactly.once.support"
	boundaryKey     = "transaction.boundary"
	workerExactOnce = "exactly.once.source.support"
	offsetsTopicKey = "offsets.storage.topic"
)

// groupRules adds the errors that only a distributed worker knows: a sink whose
// consumers would join the workers' own group, and a source that asks for
// exactly-once delivery which the worker or the connector cannot give (KIP-618).
// The latter hold in standalone mode, too, where that is enabled.
func (v validation) groupRules(kind string, values *config.Values) {
	switch {
	case kind == TypeSink && v.group == "":
	case v.group == "" && !v.exactlyOnce():
	case kind == TypeSink:
		v.checkConsumerGroup(values)
	default:
		v.checkExactlyOnce(values)
		v.checkBoundary(values)
	}
}

func (v validation) checkConsumerGroup(values *config.Values) {
	const conflicts = " conflicts with Connect worker group "
	if own, given := v.raw[consumerGroup]; given {
		value := values.Find(consumerGroup)
		if value == nil {
			value = &config.Value{Name: consumerGroup, Visible: true}
			*values = append(*values, value)
		}
		if own != nil {
			value.Value = *own
			if *own == v.group {
				values.AddError(consumerGroup, "Consumer group "+*own+conflicts+v.group)
			}
		}
		return
	}
	if name, ok := values.Find(definition.Name).Value.(string); ok && "connect-"+name == v.group {
		values.AddError(definition.Name, "Consumer group for sink connector named "+name+conflicts+v.group)
	}
}

func (v validation) checkExactlyOnce(values *config.Values) {
	value := values.Find(exactlyOnceKey)
	if text, ok := value.Value.(string); !ok || len(value.Errors) > 0 || !strings.EqualFold(text, "required") {
		return
	}
	if !v.exactlyOnce() {
		values.AddError(exactlyOnceKey, "This worker does not have exactly-once source support enabled.")
	}
	support := connect.ExactlyOnceUnknown
	if p, ok := v.plugins.Source(*v.raw[definition.ConnectorClass]); ok {
		if c, ok := p.New().(connect.ExactlyOnceSource); ok {
			if wrong := firstError(p.Config.Validate(v.raw)); wrong != "" {
				values.AddError(exactlyOnceKey, unexpected+wrong)
				return
			}
			support = c.ExactlyOnceSupport(v.raw.Map())
		}
	}
	switch support {
	case connect.ExactlyOnceSupported:
	case connect.ExactlyOnceUnsupported:
		values.AddError(exactlyOnceKey, "The connector does not support exactly-once semantics with the provided configuration.")
	case connect.ExactlyOnceUnknown:
		values.AddError(exactlyOnceKey, "The connector does not implement the API required for preflight validation of exactly-once "+
			"source support. Please consult the documentation for the connector to determine whether it supports exactly-once "+
			"semantics, and then consider reconfiguring the connector to use the value \"requested\" for this property "+
			"(which will disable this preflight check and allow the connector to be created).")
	}
}

// unexpected stands before what keeps a connector from being asked what it can do:
// in Java it is asked, and fails with that.
const unexpected = "An unexpected error occurred during validation: "

// firstError returns the first error of the values; "" is none.
func firstError(values config.Values) string {
	for _, value := range values {
		if len(value.Errors) > 0 {
			return value.Errors[0]
		}
	}
	return ""
}

// exactlyOnce tells whether source tasks write in transactions on this worker.
func (v validation) exactlyOnce() bool {
	return strings.EqualFold(strings.TrimSpace(v.settings[workerExactOnce]), "enabled")
}

// checkBoundary refuses transactions that the connector is to bound, unless it
// says that it can.
func (v validation) checkBoundary(values *config.Values) {
	value := values.Find(boundaryKey)
	if text, ok := value.Value.(string); ok && len(value.Errors) == 0 && strings.EqualFold(text, "connector") && !v.definesBoundaries() {
		values.AddError(boundaryKey, "The connector does not support connector-defined transaction boundaries with the given configuration. "+
			"Please reconfigure it to use a different transaction boundary definition.")
	}
}

func (v validation) definesBoundaries() bool {
	p, ok := v.plugins.Source(*v.raw[definition.ConnectorClass])
	if !ok {
		return false
	}
	c, ok := p.New().(connect.TransactionDefiner)
	return ok && c.CanDefineTransactionBoundaries(v.raw.Map())
}

// ownOffsetClients tells whether a source connector reads its offsets with clients
// of its own.
func (v validation) ownOffsetClients(kind string) bool {
	if kind == TypeSink {
		return false
	}
	topic := v.raw[offsetsTopicKey]
	return v.exactlyOnce() || v.group != "" && topic != nil && config.Trim(*topic) != ""
}
