// Package connect is the contract between the worker and its plugins: records,
// connectors, tasks, converters, transforms and predicates.
//
// All that crosses the contract can be expressed as messages, so that a plugin
// may run in another process: batches of records, configurations, and the calls
// of the host interfaces. No plugin gets a Kafka client or a channel of the
// runtime. The package stands on the standard library alone.
//
// Start with record.go, then source.go or sink.go. Plugins are described by the
// values of package connect/plugin.
package connect

import "log/slog"

// Host is what the worker offers to every connector and task.
type Host interface {
	// Logger returns the logger of the instance; its lines carry the names of
	// the connector and the task.
	Logger() *slog.Logger
}
