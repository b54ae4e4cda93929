// Package definition holds the keys that every connector has, as Connect 4.3.1
// defines them (ConnectorConfig, SourceConnectorConfig and SinkConnectorConfig),
// as literal tables. Names, defaults, groups and orders are facts that clients
// see; the documentation is ours.
//
// It knows no herder: [Connector], [Source] and [Sink] give the bare tables,
// [Enrich] adds the keys of transformations and predicates.
package definition

import (
	"fmt"

	"sluice/connect/config"
)

// Names of keys that code refers to.
const (
	Name             = "name"
	ConnectorClass   = "connector.class"
	ConnectorVersion = "connector" + VersionSuffix
	TasksMax         = "tasks.max"
	KeyConverter     = "key.converter"
	ValueConverter   = "value.converter"
	HeaderConverter  = "header.converter"
	VersionSuffix    = ".plugin.version"
	Transforms       = "transforms"
	Predicates       = "predicates"
	Topics           = "topics"
	TopicsRegex      = "topics.regex"
	DLQTopic         = "errors.deadletterqueue.topic.name"
)

const (
	commonGroup        = "Common"
	transformsGroup    = "Transforms"
	predicatesGroup    = "Predicates"
	errorGroup         = "Error Handling"
	topicCreationGroup = "Topic Creation"
	exactlyOnceGroup   = "Exactly Once Support"
	offsetsTopicGroup  = "offsets.topic"
)

// Converter holds what the definition of a converter key depends on.
type Converter struct {
	Default any // the worker's class, a string; nil where it has none
	Version any // the version of the class in use; nil where unknown
	// Resolve finds the class of a name; Offers lists all of them.
	Resolve func(class string) (full string, ok bool)
	Check   config.Validator
	Offers  config.Recommender
	// VersionOffers lists the versions of the class in use.
	VersionOffers config.Recommender
}

// Defaults is what the definitions take from the worker and its plugins. The
// zero Defaults gives the plain definitions of Java's configDef().
type Defaults struct {
	Version            any // of the connector; nil where unknown
	VersionOffers      config.Recommender
	Key, Value, Header Converter
}

func (c Converter) keys(prefix, what string, order int, doc string) config.Def {
	return config.Def{
		{
			Name: prefix, Type: config.Class, Default: c.Default, Importance: config.Low, Group: commonGroup, Order: order,
			Width: config.WidthShort, DisplayName: what + " converter class", Recommender: c.Offers, Resolve: c.Resolve,
			Validator: c.Check, Doc: doc,
		},
		{
			Name: prefix + VersionSuffix, Type: config.String, Default: c.Version, Importance: config.Low, Group: commonGroup,
			Order: order + 1, Width: config.WidthShort, DisplayName: what + " converter version", Recommender: c.VersionOffers,
			Validator: config.CheckFunc(checkVersion),
			Doc:       "Version of the " + prefix[:len(prefix)-len(".converter")] + " converter to use.",
		},
	}
}

// Connector returns the keys that sources and sinks share.
func Connector(d Defaults) config.Def {
	head := config.Def{
		{
			Name: Name, Type: config.String, Required: true, Validator: config.NonEmptyPrintable{}, Importance: config.High,
			Group: commonGroup, Order: 1, Width: config.WidthMedium, DisplayName: "Connector name",
			Doc: "The name of the connector, which no other connector of the cluster may have.",
		},
		{
			Name: ConnectorClass, Type: config.String, Required: true, Importance: config.High,
			Group: commonGroup, Order: 2, Width: config.WidthLong, DisplayName: "Connector class",
			Doc: "The class of the connector: its full name, its simple name, or that name without the ending Connector.",
		},
		{
			Name: ConnectorVersion, Type: config.String, Default: d.Version, Importance: config.Medium,
			Group: commonGroup, Order: 3, Width: config.WidthMedium, DisplayName: "Connector version", Recommender: d.VersionOffers,
			Validator: config.CheckFunc(checkVersion),
			Doc:       "Version of the connector to use.",
		},
		{
			Name: TasksMax, Type: config.Int, Default: int32(1), Validator: config.AtLeast(1), Importance: config.High,
			Group: commonGroup, Order: 4, Width: config.WidthShort, DisplayName: "Tasks max",
			Doc: "The most tasks that the connector may have.",
		},
		{
			Name: "tasks.max.enforce", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: commonGroup, Order: 5, Width: config.WidthShort, DisplayName: "Enforce tasks max",
			Doc: "(Deprecated) Whether a connector that plans more tasks than tasks.max fails. If false, it may run them all.",
		},
	}
	tail := config.Def{
		{
			Name: Transforms, Type: config.List, Default: []string{}, Validator: uniqueAliases{}, Importance: config.Low,
			Group: transformsGroup, Order: 12, Width: config.WidthLong, DisplayName: "Transforms",
			Doc: "Aliases of the transformations that records go through, in order.",
		},
		{
			Name: Predicates, Type: config.List, Default: []string{}, Validator: uniqueAliases{}, Importance: config.Low,
			Group: predicatesGroup, Order: 13, Width: config.WidthLong, DisplayName: "Predicates",
			Doc: "Aliases of the predicates that transformations refer to.",
		},
		{
			Name: "config.action.reload", Type: config.String, Default: "restart", Validator: config.OneOf{"none", "restart"},
			Importance: config.Low, Group: commonGroup, Order: 14, Width: config.WidthMedium, DisplayName: "Reload Action",
			Doc: "What is done when a configuration provider gives other values: 'restart' restarts the connector, 'none' does nothing.",
		},
		{
			Name: "errors.retry.timeout", Type: config.Long, Default: int64(0), Importance: config.Medium,
			Group: errorGroup, Order: 1, Width: config.WidthMedium, DisplayName: "Retry Timeout for Errors",
			Doc: "For how many milliseconds a failed operation is tried again: 0 is never, -1 without end.",
		},
		{
			Name: "errors.retry.delay.max.ms", Type: config.Long, Default: int64(60000), Importance: config.Medium,
			Group: errorGroup, Order: 2, Width: config.WidthMedium, DisplayName: "Maximum Delay Between Retries for Errors",
			Doc: "The longest wait between two tries in milliseconds. Once it is reached the waits are spread at random.",
		},
		{
			Name: "errors.tolerance", Type: config.String, Default: "none", Validator: config.OneOf{"none", "all"},
			Importance: config.Medium, Group: errorGroup, Order: 3, Width: config.WidthShort, DisplayName: "Error Tolerance",
			Doc: "Which errors of records are tolerated: with 'none' the first one fails the task, with 'all' bad records are skipped.",
		},
		{
			Name: "errors.log.enable", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: errorGroup, Order: 4, Width: config.WidthShort, DisplayName: "Log Errors",
			Doc: "Whether tolerated errors are logged too.",
		},
		{
			Name: "errors.log.include.messages", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: errorGroup, Order: 5, Width: config.WidthShort, DisplayName: "Log Error Details",
			Doc: "Whether the log of an error shows the record: its coordinates for sinks, also its content for sources.",
		},
	}
	const converterDoc = "The converter between records and the bytes of their %s in Kafka. Any connector works with any converter."
	return config.Join(head,
		d.Key.keys(KeyConverter, "Key", 6, fmt.Sprintf(converterDoc, "keys")),
		d.Value.keys(ValueConverter, "Value", 8, fmt.Sprintf(converterDoc, "values")),
		d.Header.keys(HeaderConverter, "Header", 10, fmt.Sprintf(converterDoc, "headers")),
		tail)
}

// Source returns the keys of source connectors.
func Source(d Defaults) config.Def {
	return config.Join(Connector(d), config.Def{
		{
			Name: "topic.creation.groups", Type: config.List, Default: []string{}, Validator: uniqueAliases{}, Importance: config.Low,
			Group: topicCreationGroup, Order: 1, Width: config.WidthLong, DisplayName: "Topic Creation Groups",
			Doc: "Names of groups of settings for the topics that are created for the connector.",
		},
		{
			Name: "exactly.once.support", Type: config.String, Default: "requested", Validator: config.OneOfFold{"REQUIRED", "REQUESTED"},
			Importance: config.Medium, Group: exactlyOnceGroup, Order: 2, Width: config.WidthShort, DisplayName: "Exactly once support",
			Doc: "Whether the connector must be known to deliver exactly once: 'required' refuses it if it is not, 'requested' does not ask.",
		},
		{
			Name: "transaction.boundary", Type: config.String, Default: "poll", Validator: config.OneOfFold{"INTERVAL", "POLL", "CONNECTOR"},
			Importance: config.Medium, Group: exactlyOnceGroup, Order: 3, Width: config.WidthShort, DisplayName: "Transaction Boundary",
			Doc: "Where transactions end: after each batch ('poll'), after a time ('interval'), or where the connector says ('connector').",
		},
		{
			Name: "transaction.boundary.interval.ms", Type: config.Long, Validator: nullOr{config.AtLeast(0)}, Importance: config.Low,
			Group: exactlyOnceGroup, Order: 4, Width: config.WidthShort, DisplayName: "Transaction boundary interval",
			Doc: "The time between commits of transactions in milliseconds where transaction.boundary is 'interval'. If unset, offset.flush.interval.ms of the worker.",
		},
		{
			Name: "offsets.storage.topic", Type: config.String, Validator: config.NonEmpty{}, Importance: config.Low,
			Group: offsetsTopicGroup, Order: 1, Width: config.WidthLong, DisplayName: "Offsets topic",
			Doc: "A topic of its own for the connector's offsets. If unset, that of the worker. It has no effect in standalone mode.",
		},
	})
}

// Sink returns the keys of sink connectors.
func Sink(d Defaults) config.Def {
	return config.Join(Connector(d), config.Def{
		{
			Name: Topics, Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.High,
			Group: commonGroup, Order: 4, Width: config.WidthLong, DisplayName: "Topics",
			Doc: "The topics to consume, separated by commas.",
		},
		{
			Name: TopicsRegex, Type: config.String, Default: "", Validator: regex{}, Importance: config.High,
			Group: commonGroup, Order: 4, Width: config.WidthLong, DisplayName: "Topics regex",
			Doc: "A regular expression of the topics to consume. Only one of topics and topics.regex may be set.",
		},
		{
			Name: DLQTopic, Type: config.String, Default: "", Importance: config.Medium,
			Group: errorGroup, Order: 6, Width: config.WidthMedium, DisplayName: "Dead Letter Queue Topic Name",
			Doc: "The topic that gets the records that could not be converted, transformed or written. Blank is none.",
		},
		{
			Name: "errors.deadletterqueue.topic.replication.factor", Type: config.Short, Default: int16(3), Importance: config.Medium,
			Group: errorGroup, Order: 7, Width: config.WidthMedium, DisplayName: "Dead Letter Queue Topic Replication Factor",
			Doc: "The replication factor with which a missing dead letter queue topic is created.",
		},
		{
			Name: "errors.deadletterqueue.context.headers.enable", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: errorGroup, Order: 8, Width: config.WidthMedium, DisplayName: "Enable Error Context Headers",
			Doc: "Whether records in the dead letter queue get headers that tell of the error. Their names start with __connect.errors.",
		},
	})
}
