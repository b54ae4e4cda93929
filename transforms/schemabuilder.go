package transforms

import (
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

// schemaBuilder makes a schema with the checks of org.apache.kafka.connect.data.SchemaBuilder.
type schemaBuilder struct{ schema *schema.Schema }

// copyBasics starts a schema of the type with name, version, documentation and
// parameters of the source, but without its optionality and default.
func copyBasics(source *schema.Schema, t schema.Type) schemaBuilder {
	return schemaBuilder{&schema.Schema{
		Type: t, Name: source.Name, Version: source.Version, Doc: source.Doc, Parameters: slices.Clone(source.Parameters),
	}}
}

func (b schemaBuilder) field(name string, s *schema.Schema) error {
	if name == "" {
		return connect.ClassErrorf(connect.SchemaBuilderFailure, "fieldName cannot be null.")
	}
	if slices.ContainsFunc(b.schema.Fields, func(f schema.Field) bool { return f.Name == name }) {
		return connect.ClassErrorf(connect.SchemaBuilderFailure, "Cannot create field because of field name duplication %s", name)
	}
	b.schema.Fields = append(b.schema.Fields, schema.Field{Name: name, Schema: s})
	return nil
}

// setDefault sets the default value, which must fit the schema as it is now.
func (b schemaBuilder) setDefault(v schema.Value) error {
	if err := schema.Check(b.schema, v); err != nil {
		return &connect.Error{Class: connect.SchemaBuilderFailure, Message: "Invalid default value", Cause: dataError(err)}
	}
	b.schema.Default = &v
	return nil
}

// describe is ConnectSchema.toString.
func describe(s *schema.Schema) string {
	if s == nil {
		return "null"
	}
	text := typeName(s.Type)
	if s.Name != "" {
		text = s.Name + ":" + text
	}
	return "Schema{" + text + "}"
}

// typeName is the name of Schema.Type in Java.
func typeName(t schema.Type) string { return strings.ToUpper(t.String()) }
