package avro

import (
	"strings"

	"sluice/connect/schema"
	"sluice/converters/internal/jsontree"
)

// hasDefault reports whether Avro can hold the default of the schema: not that of
// a map that becomes a list of records.
func (b *builder) hasDefault(s *schema.Schema) bool {
	switch s.Type {
	case schema.Map:
		return (b.stringKeys(s) || len(s.Default.Map()) == 0) && b.hasDefaultBelow(s.Elem)
	case schema.Array:
		return b.hasDefaultBelow(s.Elem)
	}
	return true
}

func (b *builder) hasDefaultBelow(s *schema.Schema) bool {
	return s == nil || s.Type != schema.Map || b.stringKeys(s)
}

// describe adds the properties that keep what Avro has no words for.
func (b *builder) describe(t *avroType, s *schema.Schema) error {
	if b.Meta {
		if err := b.metadata(t, s); err != nil {
			return err
		}
	}
	switch s.Name {
	case schema.DecimalName:
		t.setProp("logicalType", jsontree.NewString("decimal"))
	case schema.TimeName:
		t.setProp("logicalType", jsontree.NewString("time-millis"))
	case schema.TimestampName:
		t.setProp("logicalType", jsontree.NewString("timestamp-millis"))
	case schema.DateName:
		t.setProp("logicalType", jsontree.NewString("date"))
	}
	for _, p := range s.Parameters {
		if strings.HasPrefix(p.Name, "avro") {
			t.setProp(p.Name, jsontree.NewString(p.Value))
		}
	}
	return nil
}

func (b *builder) metadata(t *avroType, s *schema.Schema) error {
	if s.Doc != "" {
		t.setProp(connectDoc, jsontree.NewString(s.Doc))
	}
	if s.Version != nil {
		t.setProp(connectVersion, jsontree.NewInt(int64(*s.Version)))
	}
	params := jsontree.NewObject()
	for _, p := range s.Parameters {
		if b.DiscardDoc || p.Name != fieldFlag {
			params.Put(p.Name, jsontree.NewString(p.Value))
		}
	}
	if len(params.Members) > 0 {
		t.setProp(connectParameters, params)
	}
	if _, flagged := s.Param(fieldFlag); s.Default != nil && (b.DiscardDoc || !flagged) {
		n, err := b.defaultNode(s, *s.Default)
		if err != nil {
			return err
		}
		t.setProp(connectDefault, n)
	}
	if s.Name != "" {
		t.setProp(connectName, jsontree.NewString(s.Name))
	}
	switch s.Type {
	case schema.Int8, schema.Int16:
		t.setProp(connectType, jsontree.NewString(s.Type.String()))
	}
	return nil
}
