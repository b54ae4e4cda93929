package avro

import (
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
	"sluice/converters/internal/jsontree"
)

func (b *builder) scalarType(s *schema.Schema) (*avroType, error) {
	switch s.Type {
	case schema.Int8, schema.Int16, schema.Int32:
		return &avroType{kind: intKind}, nil
	case schema.Int64:
		return &avroType{kind: long}, nil
	case schema.Float32:
		return &avroType{kind: float}, nil
	case schema.Float64:
		return &avroType{kind: double}, nil
	case schema.Boolean:
		return &avroType{kind: boolean}, nil
	case schema.String:
		if b.asEnum(s) {
			return b.enumType(s), nil
		}
		return &avroType{kind: stringKind}, nil
	case schema.Bytes:
		return b.bytesType(s)
	}
	return nil, connect.DataErrorf("Unknown schema type: %s", s.Type)
}

func (b *builder) bytesType(s *schema.Schema) (*avroType, error) {
	t := &avroType{kind: bytesKind}
	if isFixed(s) {
		text, _ := s.Param(fixedSize)
		size, err := strconv.Atoi(text)
		if err != nil {
			return nil, connect.ClassErrorf("java.lang.NumberFormatException", "For input string: %q (parameter %s of the schema %s)", text, fixedSize, s.Name)
		}
		t.kind, t.size = fixed, size
		t.space, t.name = b.names(s)
	}
	if s.Name != schema.DecimalName {
		return t, nil
	}
	scale, err := values.ScaleOf(s)
	if err != nil {
		return nil, err
	}
	precision := anyPrecision
	if text, ok := s.Param(decimalPrecision); ok {
		if precision, err = strconv.Atoi(text); err != nil {
			return nil, connect.DataErrorf("Invalid %s parameter found in Decimal schema: %q", decimalPrecision, text)
		}
	}
	t.setProp("scale", jsontree.NewInt(int64(scale)))
	t.setProp("precision", jsontree.NewInt(int64(precision)))
	return t, nil
}

func (b *builder) enumType(s *schema.Schema) *avroType {
	param := b.enumParam()
	t := &avroType{kind: enum}
	full, _ := s.Param(param)
	t.space, t.name = splitName(full)
	for _, p := range s.Parameters {
		if symbol, ok := strings.CutPrefix(p.Name, param+"."); ok {
			t.symbols = append(t.symbols, symbol)
		}
	}
	_, short := b.names(s)
	if b.DiscardDoc {
		t.doc = param1(s, connectEnumDoc)
		return t
	}
	t.doc, t.fallback = param1(s, enumDoc+short), param1(s, enumDefault+short)
	return t
}
