package sink

import (
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

// checkRecord refuses a record that the settings have no use for, in the words
// of the Java connector, which name its coordinates.
func (s *settings) checkRecord(r *connect.Record) error {
	if s.PkMode == pkRecordKey || s.Delete {
		if k := r.Key.Schema; r.Key.Value.IsNull() || k == nil || k.Type != schema.StructType && !k.Type.Primitive() {
			return s.refuse(r, "key", "a non-null key and non-null Struct or primitive key schema", r.Key)
		}
	}
	if s.isDelete(r) {
		return nil
	}
	v := r.Value.Schema
	if r.Value.Value.IsNull() || v == nil || v.Type != schema.StructType && !isText(v) {
		return s.refuse(r, "value", "a non-null Struct or String value and non-null Struct or String schema", r.Value)
	}
	if isText(v) {
		return s.checkText()
	}
	return nil
}

// isText reports whether the schema's values go to one column as they are.
func isText(s *schema.Schema) bool { return s != nil && s.Type == schema.String }

// isDelete reports whether the record deletes a row.
func (s *settings) isDelete(r *connect.Record) bool { return s.Delete && r.Value.Value.IsNull() }

func (s *settings) refuse(r *connect.Record, part, needs string, d connect.Data) error {
	timestamp := "null"
	if r.Timestamp != connect.NoTimestamp {
		timestamp = strconv.FormatInt(r.Timestamp, 10)
	}
	return connect.Errorf("Sink connector '%s' is configured with 'delete.enabled=%t' and 'pk.mode=%s' and therefore requires records with %s, "+
		"but found record at (topic='%s',partition=%d,offset=%d,timestamp=%s) with a %s %s and %s %s schema.",
		s.name, s.Delete, s.PkMode, needs, r.Topic, r.Origin.Partition, r.Origin.Offset, timestamp,
		className(d.Value), part, schemaName(d.Schema), part)
}

// checkText refuses a value that is a string where options name fields.
func (s *settings) checkText() error {
	var wrong []string
	if len(s.Whitelist) > 0 {
		wrong = append(wrong, "fields.whitelist")
	}
	if len(s.timestamps) > 0 {
		wrong = append(wrong, "timestamp.fields.list")
	}
	if s.aiven {
		return connect.Errorf("Sink connector '%s' writes values that are structs; a value that is a string has no fields", s.name)
	}
	if len(wrong) == 0 {
		return nil
	}
	return connect.Errorf("Sink connector '%s' is configured with field-level options that are not applicable to String values: %s. "+
		"Remove these options, or have the upstream producer emit Struct values instead.", s.name, strings.Join(wrong, ", "))
}

// className is the simple name of the value's Java class.
func className(v schema.Value) string {
	if v.Kind() == schema.KindBytes {
		return "byte[]"
	}
	name := v.Kind().JavaClass()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// schemaName is the schema's type as Java's texts name it.
func schemaName(s *schema.Schema) string {
	switch {
	case s == nil:
		return "null"
	case s.Type == schema.StructType:
		return "Struct"
	}
	return s.Type.String()
}
