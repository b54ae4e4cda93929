package json

import (
	"errors"
	"slices"
	"strconv"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jackson"
)

// typeName returns the name that the type has in JSON.
func typeName(t schema.Type) string {
	switch t {
	case schema.Float32:
		return "float"
	case schema.Float64:
		return "double"
	default:
		return t.String()
	}
}

// appendSchema writes a schema as JsonConverter.asJsonSchema does; field is the
// name of the struct's field that has it, "" elsewhere.
func (e *encoder) appendSchema(dst []byte, s *schema.Schema, field string) ([]byte, error) {
	if s == nil {
		return append(dst, "null"...), nil
	}
	dst = jackson.AppendText(append(dst, `{"type":`...), typeName(s.Type))
	dst, err := e.appendParts(dst, s)
	if err != nil {
		return nil, err
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), s.Optional)
	if s.Name != "" {
		dst = jackson.AppendText(append(dst, `,"name":`...), s.Name)
	}
	if s.Version != nil {
		dst = strconv.AppendInt(append(dst, `,"version":`...), int64(*s.Version), 10)
	}
	if s.Doc != "" {
		dst = jackson.AppendText(append(dst, `,"doc":`...), s.Doc)
	}
	if len(s.Parameters) > 0 {
		dst = append(dst, `,"parameters":{`...)
		for i, p := range s.Parameters {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jackson.AppendText(dst, p.Name), ':')
			dst = jackson.AppendText(dst, p.Value)
		}
		dst = append(dst, '}')
	}
	if s.Default != nil {
		if dst, err = e.value(append(dst, `,"default":`...), s, *s.Default); err != nil {
			return nil, err
		}
	}
	if field != "" {
		dst = jackson.AppendText(append(dst, `,"field":`...), field)
	}
	return append(dst, '}'), nil
}

// appendParts writes the schemas that a schema is made of.
func (e *encoder) appendParts(dst []byte, s *schema.Schema) ([]byte, error) {
	var err error
	switch s.Type {
	case schema.Array:
		return e.appendSchema(append(dst, `,"items":`...), s.Elem, "")
	case schema.Map:
		if dst, err = e.appendSchema(append(dst, `,"keys":`...), s.Key, ""); err != nil {
			return nil, err
		}
		return e.appendSchema(append(dst, `,"values":`...), s.Elem, "")
	case schema.StructType:
		dst = append(dst, `,"fields":[`...)
		for i, f := range s.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = e.appendSchema(dst, f.Schema, f.Name); err != nil {
				return nil, err
			}
		}
		dst = append(dst, ']')
	}
	return dst, nil
}

// schemaOf returns the schema that the text says, from the cache if it is there.
func (c *codec) schemaOf(text []byte) (*schema.Schema, error) {
	if s, ok := c.parsed[string(text)]; ok {
		return s, nil
	}
	d := decoder{raw: text, replace: c.dec.replace}
	n, err := d.node()
	if err != nil {
		return nil, notJSON(err)
	}
	s, err := c.build(n)
	if err != nil {
		return nil, err
	}
	if len(c.parsed) >= c.cacheSize {
		clear(c.parsed)
	}
	if c.cacheSize > 0 {
		c.parsed[string(text)] = s
	}
	return s, nil
}

func (c *codec) parseContent(text []byte) (*schema.Schema, error) {
	d := decoder{raw: text}
	n, err := d.node()
	if err != nil {
		return nil, connect.DataErrorf("Failed to parse schema in converter config due to serialization error: %w", err)
	}
	return c.build(n)
}

// build makes a schema of its text as JsonConverter.asConnectSchema does.
func (c *codec) build(n *node) (*schema.Schema, error) {
	if n.kind == jsonNull {
		return nil, nil
	}
	name, ok := n.text("type")
	if !ok {
		return nil, connect.DataErrorf("Schema must contain 'type' field")
	}
	s := &schema.Schema{}
	switch name {
	case "float":
		s.Type = schema.Float32
	case "double":
		s.Type = schema.Float64
	case "float32", "float64":
	default:
		s.Type, _ = schema.TypeNamed(name)
	}
	if s.Type == 0 {
		return nil, connect.DataErrorf("Unknown schema type: %s", name)
	}
	if err := c.buildParts(s, n); err != nil {
		return nil, err
	}
	if o := n.get("optional"); o != nil {
		s.Optional = o.kind == jsonTrue
	}
	s.Name, _ = n.text("name")
	s.Doc, _ = n.text("doc")
	if v := n.get("version"); v != nil && v.kind == jsonNumber && !isFraction(v.span) {
		s.Version = new(int32(integer(v.span)))
	}
	if p := n.get("parameters"); p != nil && p.kind == jsonObject {
		for _, m := range p.members {
			if m.node.kind != jsonString {
				return nil, connect.DataErrorf("Schema parameters must have string values.")
			}
			s.Parameters = append(s.Parameters, schema.Parameter{Name: m.name, Value: m.node.str})
		}
	}
	return s, c.buildDefault(s, n.get("default"))
}

func (c *codec) buildParts(s *schema.Schema, n *node) error {
	var err error
	switch s.Type {
	case schema.Array:
		items := n.get("items")
		if items == nil || items.kind == jsonNull {
			return connect.DataErrorf("Array schema did not specify the element type")
		}
		s.Elem, err = c.build(items)
		return err
	case schema.Map:
		return c.buildMap(s, n)
	case schema.StructType:
		return c.buildFields(s, n)
	}
	return nil
}

func (c *codec) buildMap(s *schema.Schema, n *node) error {
	for _, part := range []struct {
		member, what string
		into         **schema.Schema
	}{{"keys", "key", &s.Key}, {"values", "value", &s.Elem}} {
		m := n.get(part.member)
		if m == nil {
			return connect.DataErrorf("Map schema did not specify the %s type", part.what)
		}
		made, err := c.build(m)
		if err != nil {
			return err
		}
		*part.into = made
	}
	switch {
	case s.Key == nil:
		return connect.ClassErrorf(connect.SchemaBuilderFailure, "keySchema cannot be null.")
	case s.Elem == nil:
		return connect.ClassErrorf(connect.SchemaBuilderFailure, "valueSchema cannot be null.")
	}
	return nil
}

func (c *codec) buildFields(s *schema.Schema, n *node) error {
	fields := n.get("fields")
	if fields == nil || fields.kind != jsonArray {
		return connect.DataErrorf("Struct schema's \"fields\" argument is not an array.")
	}
	known := make(map[string]bool, len(fields.items))
	for _, f := range fields.items {
		name, ok := f.text("field")
		if !ok {
			return connect.DataErrorf("Struct schema's field name not specified properly")
		}
		made, err := c.build(f)
		switch {
		case err != nil:
			return err
		case name == "":
			return connect.ClassErrorf(connect.SchemaBuilderFailure, "fieldName cannot be null.")
		case known[name]:
			return connect.ClassErrorf(connect.SchemaBuilderFailure, "Cannot create field because of field name duplication %s", name)
		}
		known[name] = true
		s.Fields = append(s.Fields, schema.Field{Name: name, Schema: made})
	}
	return nil
}

func (c *codec) buildDefault(s *schema.Schema, n *node) error {
	if n == nil {
		return nil
	}
	d := decoder{raw: slices.Clone(n.span), replace: c.dec.replace}
	v, err := d.value(s)
	if err != nil {
		return err
	}
	err = schema.Check(s, v)
	if err == nil && v.Kind() == schema.KindStruct {
		// Java compares the struct's schema with one that is not built yet.
		err = errors.New("Struct schemas do not match.") //nolint:staticcheck // Java's text.
	}
	if err != nil {
		return &connect.Error{Class: connect.SchemaBuilderFailure, Message: "Invalid default value", Cause: err}
	}
	if !v.IsNull() {
		s.Default = &v
	}
	return nil
}
