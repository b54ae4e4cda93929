// Package compat says when records of one schema may follow those of another in
// the files of a sink, and projects values from the one to the other: the
// schema.compatibility of the storage sinks. Nothing in it blocks.
package compat

import (
	"sluice/connect/schema"
)

// ProjectorException is the Java class of errors of schemas that do not fit.
const ProjectorException = "org.apache.kafka.connect.errors.SchemaProjectorException"

// Mode is a schema compatibility.
type Mode uint8

// The modes. Full is Backward, as in the original.
const (
	None Mode = iota
	Backward
	Forward
	Full
)

// Parse returns the mode of the name; an unknown one is None, as in the original.
func Parse(name string) Mode {
	switch name {
	case "BACKWARD":
		return Backward
	case "FORWARD":
		return Forward
	case "FULL":
		return Full
	default:
		return None
	}
}

// String returns the name in configurations.
func (m Mode) String() string { return [...]string{"NONE", "BACKWARD", "FORWARD", "FULL"}[m] }

// Changed reports whether a record of the schema cannot be written to a file of
// the current schema: a new file with its own schema begins. nil is data without
// a schema; both nil is no change. The error is a SchemaProjectorException: the
// two cannot be compared, and the record can never be written.
func (m Mode) Changed(record, current *schema.Schema) (bool, error) {
	return m.changed(record, current)
}
