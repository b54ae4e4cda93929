package compat

import (
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

func (m Mode) changed(record, current *schema.Schema) (bool, error) {
	switch {
	case record == current:
		return false, nil
	case record == nil, current == nil:
		return false, projectorErrorf("Switch between schema-based and schema-less data is not supported")
	case m == None:
		return !record.Equal(current), nil
	case record.Version == nil, current.Version == nil:
		return false, projectorErrorf("Schema version required for %s compatibility", m)
	}
	if !follows(record, current) {
		return true, nil
	}
	if m == Forward {
		return *record.Version < *current.Version, nil
	}
	return *record.Version > *current.Version, nil
}

func projectorErrorf(format string, args ...any) error {
	return connect.ClassErrorf(ProjectorException, format, args...)
}

// follows reports whether values of the record's schema can be projected to the
// current one, whatever their versions.
func follows(record, current *schema.Schema) bool {
	if record == nil || current == nil {
		return record == current
	}
	if !promotable(record.Type, current.Type) || record.Name != current.Name || !sameParameters(record, current) {
		return false
	}
	if record.Optional && !current.Optional && current.Default == nil {
		return false
	}
	switch record.Type {
	case schema.StructType:
		return fieldsFollow(record, current)
	case schema.Array:
		return follows(record.Elem, current.Elem)
	case schema.Map:
		return follows(record.Key, current.Key) && follows(record.Elem, current.Elem)
	}
	return true
}

func fieldsFollow(record, current *schema.Schema) bool {
	for i := range record.Fields {
		f := &record.Fields[i]
		at := current.FieldIndex(f.Name)
		if at >= 0 && !follows(f.Schema, current.Fields[at].Schema) {
			return false
		}
	}
	for i := range current.Fields {
		f := &current.Fields[i]
		if record.FieldIndex(f.Name) < 0 && !f.Schema.Optional && f.Schema.Default == nil {
			return false
		}
	}
	return true
}

// promotable reports whether values of the type can become ones of the other.
func promotable(from, to schema.Type) bool {
	return from == to || from <= to && number(from) && number(to)
}

// number relies on the order of the types: int8 to float64, each wider.
func number(t schema.Type) bool { return t >= schema.Int8 && t <= schema.Float64 }

// sameParameters compares what matters in parameters: not documentation, and of
// enums only that no symbol is new.
func sameParameters(record, current *schema.Schema) bool {
	return within(record, current) && (isEnum(record) && isEnum(current) || within(current, record))
}

func within(a, b *schema.Schema) bool {
	for _, p := range a.Parameters {
		if documentation(p.Name) {
			continue
		}
		if v, ok := b.Param(p.Name); !ok || v != p.Value {
			return false
		}
	}
	return true
}

func documentation(name string) bool {
	switch name {
	case "connect.record.doc", "connect.record.aliases", "connect.record.namespace":
		return true
	}
	return strings.HasPrefix(name, "io.confluent.connect.avro.field.doc.")
}

func isEnum(s *schema.Schema) bool {
	for _, name := range [...]string{"org.apache.kafka.connect.data.Enum", "io.confluent.connect.avro.Enum", "io.confluent.connect.protobuf.Enum"} {
		if _, ok := s.Param(name); ok {
			return true
		}
	}
	return false
}
