// Package plugin describes plugins to the worker: values that name the Java
// class, its configuration, and how to make one. There is no registration by
// side effect: the program lists the sets that it carries.
package plugin

import (
	"sluice/connect"
	"sluice/connect/config"
)

// Info names a plugin.
type Info struct {
	// Class is the full name of the Java class that the plugin stands for, such as
	// "org.apache.kafka.connect.file.FileStreamSourceConnector".
	Class   string
	Version string
	// Config defines the plugin's own keys.
	Config config.Def
}

// Source is a source connector.
type Source struct {
	Info
	// TaskClass is the Java class of its tasks; it stands in the task configurations.
	TaskClass string
	New       func() connect.SourceConnector
	NewTask   func() connect.SourceTask
}

// Sink is a sink connector.
type Sink struct {
	Info
	TaskClass string
	New       func() connect.SinkConnector
	NewTask   func() connect.SinkTask
}

// Converter converts keys and values.
type Converter struct {
	Info
	New func() connect.Converter
}

// HeaderConverter converts headers.
type HeaderConverter struct {
	Info
	New func() connect.HeaderConverter
}

// Transform is a transformation.
type Transform struct {
	Info
	New func() connect.Transform
}

// Predicate is a predicate.
type Predicate struct {
	Info
	New func() connect.Predicate
}

// Set is a collection of plugins.
type Set struct {
	Sources          []Source
	Sinks            []Sink
	Converters       []Converter
	HeaderConverters []HeaderConverter
	Transforms       []Transform
	Predicates       []Predicate
}

// Join returns the plugins of all sets, in order.
func Join(sets ...Set) Set {
	var all Set
	for _, s := range sets {
		all.Sources = append(all.Sources, s.Sources...)
		all.Sinks = append(all.Sinks, s.Sinks...)
		all.Converters = append(all.Converters, s.Converters...)
		all.HeaderConverters = append(all.HeaderConverters, s.HeaderConverters...)
		all.Transforms = append(all.Transforms, s.Transforms...)
		all.Predicates = append(all.Predicates, s.Predicates...)
	}
	return all
}
