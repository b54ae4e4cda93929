package compat

import (
	"fmt"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
)

// Projector brings values of one schema to another, as SchemaProjector of
// Connect: fields by their names, missing ones by their defaults, numbers to wider
// ones. The zero Projector is ready; one goroutine at a time may use it.
type Projector struct {
	arena *schema.Arena
	// equal is the last pair of schemas that were found to be the same.
	equal [2]*schema.Schema
}

// Project returns the datum with the target as its schema. Nothing is copied where
// the two schemas are the same; new values come from the arena, which may be nil.
// The error is a SchemaProjectorException.
func (p *Projector) Project(d connect.Data, target *schema.Schema, arena *schema.Arena) (connect.Data, error) {
	if d.Schema == target || p.equal == [2]*schema.Schema{d.Schema, target} {
		return d, nil
	}
	if d.Schema == nil || target == nil {
		return connect.Data{}, projectorErrorf("Switch between schema-based and schema-less data is not supported")
	}
	if d.Schema.Equal(target) {
		p.equal = [2]*schema.Schema{d.Schema, target}
		return d, nil
	}
	p.arena = arena
	v, err := p.value(d.Schema, d.Value, target)
	p.arena = nil
	if err != nil {
		return connect.Data{}, err
	}
	return connect.Data{Schema: target, Value: v}, nil
}

func (p *Projector) value(source *schema.Schema, v schema.Value, target *schema.Schema) (schema.Value, error) {
	if source == nil || target == nil {
		return v, nil
	}
	if err := comparable(source, target); err != nil {
		return schema.Value{}, err
	}
	if source.Optional && !target.Optional {
		if target.Default == nil {
			return schema.Value{}, projectorErrorf("Writer schema is optional, however, target schema does not provide a default value.")
		}
		if v.IsNull() {
			return *target.Default, nil
		}
	}
	if v.IsNull() {
		return v, nil
	}
	switch target.Type {
	case schema.StructType:
		return p.structure(source, v.Struct(), target)
	case schema.Array:
		items := v.List()
		out := p.arena.Values(len(items))
		for i, item := range items {
			var err error
			if out[i], err = p.value(source.Elem, item, target.Elem); err != nil {
				return schema.Value{}, err
			}
		}
		return schema.ListValue(out), nil
	case schema.Map:
		return p.entries(source, v.Map(), target)
	}
	return promoted(v, schema.KindOf(target)), nil
}

func (p *Projector) entries(source *schema.Schema, entries []schema.Entry, target *schema.Schema) (schema.Value, error) {
	out := p.arena.Entries(len(entries))
	for i, e := range entries {
		var err error
		if out[i].Key, err = p.value(source.Key, e.Key, target.Key); err != nil {
			return schema.Value{}, err
		}
		if out[i].Value, err = p.value(source.Elem, e.Value, target.Elem); err != nil {
			return schema.Value{}, err
		}
	}
	return schema.MapValue(out), nil
}

func (p *Projector) structure(source *schema.Schema, st *schema.Struct, target *schema.Schema) (schema.Value, error) {
	out := p.arena.Struct(target)
	for i := range target.Fields {
		f := &target.Fields[i]
		at := source.FieldIndex(f.Name)
		switch {
		case at >= 0:
			v, err := p.value(source.Fields[at].Schema, st.At(at), f.Schema)
			if err != nil {
				return schema.Value{}, &connect.Error{Class: ProjectorException, Message: "Error projecting " + f.Name, Cause: err}
			}
			out.Values[i] = v
		case f.Schema.Optional:
		case f.Schema.Default != nil:
			out.Values[i] = *f.Schema.Default
		default:
			return schema.Value{}, projectorErrorf("Required field `%s` is missing from source schema: %s", f.Name, javaText(source))
		}
	}
	return schema.StructValue(out), nil
}

// javaText is ConnectSchema.toString.
func javaText(s *schema.Schema) string {
	if s.Name == "" {
		return "Schema{" + strings.ToUpper(s.Type.String()) + "}"
	}
	return "Schema{" + s.Name + ":" + strings.ToUpper(s.Type.String()) + "}"
}

func comparable(source, target *schema.Schema) error {
	switch {
	case !promotable(source.Type, target.Type):
		return projectorErrorf("Schema type mismatch. source type: %s and target type: %s",
			strings.ToUpper(source.Type.String()), strings.ToUpper(target.Type.String()))
	case source.Name != target.Name:
		return projectorErrorf("Schema name mismatch. source name: %s and target name: %s", nameText(source), nameText(target))
	case len(source.Parameters) == 0, len(target.Parameters) == 0, sameParameters(source, target):
		return nil
	case isEnum(source) && isEnum(target):
		return projectorErrorf("Schema parameters mismatch. Source parameter: %s is not a subset of target parameters: %s",
			parameterText(source), parameterText(target))
	}
	return projectorErrorf("Schema parameters not equal. source parameters: %s and target parameters: %s",
		parameterText(source), parameterText(target))
}

func nameText(s *schema.Schema) string {
	if s.Name == "" {
		return "null"
	}
	return s.Name
}

func parameterText(s *schema.Schema) string {
	parts := make([]string, len(s.Parameters))
	for i, p := range s.Parameters {
		parts[i] = p.Name + "=" + p.Value
	}
	return fmt.Sprintf("{%s}", strings.Join(parts, ", "))
}

// promoted returns a number as one of the wider kind.
func promoted(v schema.Value, to schema.Kind) schema.Value {
	from := v.Kind()
	if from == to || from < schema.KindInt8 || from > schema.KindFloat64 {
		return v
	}
	f := v.Float()
	if from <= schema.KindInt64 {
		f = float64(v.Int())
	}
	switch to {
	case schema.KindInt16:
		return schema.Int16Value(int16(v.Int()))
	case schema.KindInt32:
		return schema.Int32Value(int32(v.Int()))
	case schema.KindInt64:
		return schema.Int64Value(v.Int())
	case schema.KindFloat32:
		if from <= schema.KindInt64 {
			return schema.Float32Value(float32(v.Int()))
		}
		return schema.Float32Value(float32(f))
	case schema.KindFloat64:
		return schema.Float64Value(f)
	default:
		return v
	}
}
