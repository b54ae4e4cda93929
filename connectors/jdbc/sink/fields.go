package sink

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

// origin says where the value of a column comes from.
type origin uint8

const (
	fromValueField origin = iota
	fromKeyField
	fromKey   // the key itself, which is no struct
	fromValue // the value itself, which is a string
	fromTopic
	fromPartition
	fromOffset
)

// field is a column with the part of the record that goes into it.
type field struct {
	name      string
	schema    *schema.Schema
	key       bool // part of the primary key
	from      origin
	index     int  // of the struct's field
	timestamp bool // named in timestamp.fields.list
}

// optional reports whether the column may hold null.
func (f field) optional() bool { return !f.key && f.schema.Optional }

// String is the text that Java's messages show.
func (f field) String() string {
	inside := strings.ToUpper(f.schema.Type.String())
	if f.schema.Name != "" {
		inside = f.schema.Name + ":" + inside
	}
	return fmt.Sprintf("SinkRecordField{schema=Schema{%s}, name='%s', isPrimaryKey=%t}", inside, f.name, f.key)
}

// layout is what records of the same schemas have in common.
type layout struct {
	keys, others []field
}

// columns are the fields in the order of statements.
func (l layout) columns() []field { return slices.Concat(l.keys, l.others) }

// table returns the fields in the order of the columns of a table that is
// created: Kafka's coordinates, the value's fields in their order, and the rest
// by name.
func (l layout) table(value *schema.Schema) []field {
	all := l.columns()
	place := func(f field) int {
		if i := slices.Index(kafkaNames(), f.name); i >= 0 {
			return i - len(kafkaNames())
		}
		if value != nil && value.Type == schema.StructType {
			if i := value.FieldIndex(f.name); i >= 0 {
				return i
			}
			return len(value.Fields)
		}
		if f.from == fromValue {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a.name, b.name))
	})
	return all
}

// layoutOf finds the columns for records of the schemas; a nil value is that of
// deletes. The errors have Java's texts.
func (s *settings) layoutOf(table string, key, value *schema.Schema) (layout, error) {
	l, err := s.keysOf(table, key, value)
	if err != nil {
		return layout{}, err
	}
	switch {
	case isText(value):
		if hasField(l.keys, s.textColumn) {
			return layout{}, connect.Errorf("Configured string.output.value.column.name '%s' conflicts with a primary key column for table '%s'", s.textColumn, table)
		}
		l.others = append(l.others, field{name: s.textColumn, schema: schema.OptionalOf(schema.String), from: fromValue})
	case value != nil:
		for i, f := range value.Fields {
			if hasField(l.keys, f.Name) || len(s.Whitelist) > 0 && !slices.Contains(s.Whitelist, f.Name) {
				continue
			}
			l.others = append(l.others, s.field(f, fromValueField, i, false))
		}
	}
	if len(l.keys)+len(l.others) == 0 {
		return layout{}, connect.Errorf("No fields found using key and value schemas for table: %s", table)
	}
	return l, nil
}

func (s *settings) field(f schema.Field, from origin, index int, key bool) field {
	return field{name: f.Name, schema: f.Schema, from: from, index: index, key: key, timestamp: s.writesTimestamp(f)}
}

// writesTimestamp reports whether timestamp.fields.list makes a time of the field.
func (s *settings) writesTimestamp(f schema.Field) bool {
	return f.Schema.Name == "" && (f.Schema.Type == schema.Int64 || f.Schema.Type == schema.String) && slices.Contains(s.timestamps, f.Name)
}

func hasField(fields []field, name string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
}

func (s *settings) keysOf(table string, key, value *schema.Schema) (layout, error) {
	switch s.PkMode {
	case pkKafka:
		return s.kafkaKeys(table)
	case pkRecordKey:
		return s.recordKeys(table, key)
	case pkRecordValue:
		if isText(value) {
			return layout{}, connect.Errorf("pk.mode record_value is not supported with String value schemas")
		}
		return s.structKeys(table, value, "value", fromValueField)
	}
	return layout{}, nil
}

func (s *settings) kafkaKeys(table string) (layout, error) {
	names := s.PkFields
	if len(names) == 0 {
		names = kafkaNames()
	}
	if len(names) != len(kafkaNames()) {
		return layout{}, connect.Errorf("PK mode for table '%s' is %s so there should either be no field names defined for defaults %s to be applicable, or exactly 3, defined fields are: %s",
			table, strings.ToUpper(s.PkMode), javaList(kafkaNames()), javaList(s.PkFields))
	}
	return layout{keys: []field{
		{name: names[0], schema: schema.Of(schema.String), key: true, from: fromTopic},
		{name: names[1], schema: schema.Of(schema.Int32), key: true, from: fromPartition},
		{name: names[2], schema: schema.Of(schema.Int64), key: true, from: fromOffset},
	}}, nil
}

func (s *settings) recordKeys(table string, key *schema.Schema) (layout, error) {
	if key == nil || key.Type == schema.StructType {
		return s.structKeys(table, key, "key", fromKeyField)
	}
	if !key.Type.Primitive() {
		return layout{}, connect.Errorf("Key schema must be primitive type or Struct, but is of type: %s", strings.ToUpper(key.Type.String()))
	}
	if len(s.PkFields) != 1 {
		return layout{}, connect.Errorf("Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: %s", javaList(s.PkFields))
	}
	f := s.field(schema.Field{Name: s.PkFields[0], Schema: key}, fromKey, 0, true)
	return layout{keys: []field{f}}, nil
}

func (s *settings) structKeys(table string, of *schema.Schema, part string, from origin) (layout, error) {
	mode := strings.ToUpper(s.PkMode)
	if of == nil {
		return layout{}, connect.Errorf("PK mode for table '%s' is %s, but record %s schema is missing", table, mode, part)
	}
	names := s.PkFields
	if len(names) == 0 {
		for _, f := range of.Fields {
			names = append(names, f.Name)
		}
	}
	var l layout
	for _, name := range names {
		i := of.FieldIndex(name)
		if i < 0 {
			return layout{}, connect.Errorf("PK mode for table '%s' is %s with configured PK fields %s, but record %s schema does not contain field: %s",
				table, mode, javaList(s.PkFields), part, name)
		}
		l.keys = append(l.keys, s.field(of.Fields[i], from, i, true))
	}
	return l, nil
}

// javaList is the text of a Java list.
func javaList(items []string) string { return "[" + strings.Join(items, ", ") + "]" }

// value finds what the record has for the field. replaceNull takes the default
// of a value's field for null; the fields of a key always do.
func (f field) value(r *connect.Record, replaceNull bool) schema.Value {
	switch f.from {
	case fromKeyField:
		return r.Key.Value.Struct().At(f.index)
	case fromKey:
		return r.Key.Value
	case fromValue:
		return r.Value.Value
	case fromTopic:
		return schema.StringValue(r.Topic)
	case fromPartition:
		return schema.Int32Value(r.Origin.Partition)
	case fromOffset:
		return schema.Int64Value(r.Origin.Offset)
	case fromValueField:
	}
	st := r.Value.Value.Struct()
	if replaceNull || f.key {
		return st.At(f.index)
	}
	return st.Values[f.index]
}
