package datagen

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"sluice/connect/schema"
)

const (
	unionName     = "io.confluent.connect.avro.Union"
	enumParameter = "io.confluent.connect.avro.Enum"
	millisPerDay  = 24 * 60 * 60 * 1000
)

// converter makes Connect schemas of Avro schemas, as AvroData of Confluent
// does. One Avro schema gives one Connect schema, by pointer.
type converter struct {
	made map[*avroSchema]*schema.Schema
	open map[*avroSchema]bool
}

func newConverter() *converter {
	return &converter{made: map[*avroSchema]*schema.Schema{}, open: map[*avroSchema]bool{}}
}

func (c *converter) convert(s *avroSchema) (*schema.Schema, error) {
	if cs := c.made[s]; cs != nil {
		return cs, nil
	}
	if c.open[s] {
		return nil, fmt.Errorf("schema %s contains itself, which Connect schemas cannot", s.name)
	}
	c.open[s] = true
	cs, err := c.make(s)
	if err != nil {
		return nil, err
	}
	delete(c.open, s)
	c.made[s] = cs
	return cs, nil
}

func (c *converter) make(s *avroSchema) (*schema.Schema, error) {
	switch s.kind {
	case "null":
		return nil, errors.New("schema null stands outside of a union, which Connect schemas cannot show")
	case "array", "map":
		elem, err := c.convert(s.elem)
		if err != nil {
			return nil, err
		}
		if s.kind == "array" {
			return schema.ArrayOf(elem), nil
		}
		return schema.MapOf(schema.Of(schema.String), elem), nil
	case "union":
		return c.union(s)
	case "record":
		return c.record(s)
	}
	cs := leafSchema(s)
	if cs.Name == "" && s.isNamed() {
		cs.Name = s.name
	}
	if name := s.props.text("connect.name"); name != "" {
		cs.Name = name
	}
	cs.Doc = s.props.text("connect.doc")
	return cs, nil
}

func leafSchema(s *avroSchema) *schema.Schema {
	switch s.kind {
	case "boolean":
		return schema.Of(schema.Boolean)
	case "int":
		switch s.logical {
		case "date":
			return schema.Date()
		case "time-millis":
			return schema.Time()
		}
		return schema.Of(schema.Int32)
	case "long":
		if s.logical == "timestamp-millis" {
			return schema.Timestamp()
		}
		return schema.Of(schema.Int64)
	case "float":
		return schema.Of(schema.Float32)
	case "double":
		return schema.Of(schema.Float64)
	case "enum":
		cs := schema.Of(schema.String)
		cs.Parameters = []schema.Parameter{{Name: enumParameter, Value: s.name}}
		for _, symbol := range s.symbols {
			cs.Parameters = append(cs.Parameters, schema.Parameter{Name: enumParameter + "." + symbol, Value: symbol})
		}
		return cs
	case "string":
		return schema.Of(schema.String)
	}
	if s.logical == "decimal" {
		cs := schema.DecimalOf(int32(s.scale))
		cs.Parameters = append(cs.Parameters, schema.Parameter{Name: "connect.decimal.precision", Value: strconv.Itoa(s.precision)})
		return cs
	}
	cs := schema.Of(schema.Bytes)
	if s.kind == "fixed" {
		cs.Parameters = []schema.Parameter{{Name: "connect.fixed.size", Value: strconv.Itoa(s.size)}}
	}
	return cs
}

func (c *converter) record(s *avroSchema) (*schema.Schema, error) {
	cs := schema.StructOf(s.name)
	cs.Doc = s.doc
	for _, f := range s.fields {
		fs, err := c.convert(f.schema)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		if f.hasDefault && f.def != nil || f.doc != "" {
			fs = fs.Clone()
			fs.Doc = f.doc
		}
		if f.hasDefault && f.def != nil {
			v, err := wrapOption(defaultBranch(f.schema), fs, f.def)
			if err != nil {
				return nil, fmt.Errorf("default of field %s: %w", f.name, err)
			}
			fs.Default = &v
		}
		cs.Fields = append(cs.Fields, schema.Field{Name: f.name, Schema: fs})
	}
	return cs, nil
}

// defaultBranch is the schema that a field's default belongs to: for a union
// its first branch.
func defaultBranch(s *avroSchema) *avroSchema {
	if s.kind == "union" {
		if b := optionalBranch(s); b != nil {
			return b
		}
	}
	return s
}

// optionalBranch returns the only branch of a union beside null, or nil.
func optionalBranch(s *avroSchema) *avroSchema {
	if len(s.branches) != 2 {
		return nil
	}
	i := slices.IndexFunc(s.branches, func(b *avroSchema) bool { return b.kind == "null" })
	if i < 0 {
		return nil
	}
	return s.branches[1-i]
}

// union gives an optional schema for a union of null and another type, and a
// struct with an optional field for each branch otherwise.
func (c *converter) union(s *avroSchema) (*schema.Schema, error) {
	if b := optionalBranch(s); b != nil {
		cs, err := c.convert(b)
		if err != nil {
			return nil, err
		}
		return cs.AsOptional(), nil
	}
	cs := schema.StructOf(unionName)
	for _, b := range s.branches {
		if b.kind == "null" {
			cs.Optional = true
			continue
		}
		member, err := c.convert(b)
		if err != nil {
			return nil, err
		}
		cs.Fields = append(cs.Fields, schema.Field{Name: branchName(b), Schema: member.AsOptional()})
	}
	return cs, nil
}

func branchName(b *avroSchema) string {
	if b.isNamed() {
		return b.simpleName()
	}
	return b.kind
}
