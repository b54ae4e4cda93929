package transforms

import (
	"math/big"
	"slices"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
)

const maskPurpose = "mask fields"

// MaskField replaces values by the null of their type or by a fixed value.
func MaskField() []plugin.Transform {
	return keyAndValue("MaskField", maskFieldDef(), func(s side) connect.Transform { return &maskField{side: s} })
}

func maskFieldDef() config.Def {
	return config.Def{
		{
			Name: "fields", Type: config.List, Required: true, Validator: config.UniqueList{}, Importance: config.High,
			Doc: "The fields to mask.",
		},
		{
			Name: "replacement", Type: config.String, Validator: config.NonEmpty{}, Importance: config.Low,
			Doc: "The value to put there, for fields that hold numbers or text. Without it they become 0, false, an empty text and so on.",
		},
		replaceNullKey(),
	}
}

type maskField struct {
	closer
	side        side
	fields      []string // in the order of a HashSet
	replacement *string
	nulls       replaceNull
	masks       [schema.KindInstant + 1]*mask // made when first needed
	keys        hashMap
	known       schemaCache[[]bool]
}

// mask is what stands for values of one kind, or why nothing can.
type mask struct {
	value schema.Value
	err   error
}

func (t *maskField) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Fields      []string `config:"fields"`
		Replacement *string  `config:"replacement"`
		Replace     bool     `config:"replace.null.with.default"`
	}](maskFieldDef(), cfg)
	t.fields, t.replacement, t.nulls = hashSet(s.Fields), s.Replacement, replaceNull(s.Replace)
	return err
}

func (t *maskField) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		return true, t.applyMap(d, arena)
	}
	return true, t.applyStruct(d, arena)
}

func (t *maskField) applyMap(d *connect.Data, arena *schema.Arena) error {
	entries, err := requireMap(d.Value, maskPurpose)
	if err != nil {
		return err
	}
	t.keys.copyOf(entries)
	for _, name := range t.fields {
		v, err := t.masked(lookup(entries, name))
		if err != nil {
			return err
		}
		t.keys.put(name, v)
	}
	d.Value = t.keys.value(arena)
	return nil
}

func (t *maskField) applyStruct(d *connect.Data, arena *schema.Arena) error {
	from, err := requireStruct(d.Value, maskPurpose)
	if err != nil {
		return err
	}
	hidden, ok := t.known.get(from.Schema)
	if !ok {
		hidden = make([]bool, len(from.Schema.Fields))
		for i, f := range from.Schema.Fields {
			hidden[i] = slices.Contains(t.fields, f.Name)
		}
		t.known.put(from.Schema, hidden)
	}
	st := arena.Struct(from.Schema)
	for i, hide := range hidden {
		v := t.nulls.at(from, i)
		if hide {
			if v, err = t.masked(v); err != nil {
				return err
			}
		}
		if err := put(st, i, v); err != nil {
			return err
		}
	}
	d.Value = schema.StructValue(st)
	return nil
}

func (t *maskField) masked(v schema.Value) (schema.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	m := t.masks[v.Kind()]
	if m == nil {
		m = &mask{}
		if t.replacement == nil {
			m.value, m.err = nullOf(v.Kind())
		} else {
			m.value, m.err = replacementOf(v.Kind(), *t.replacement)
		}
		t.masks[v.Kind()] = m
	}
	return m.value, m.err
}

// nullOf returns the value that says nothing.
func nullOf(k schema.Kind) (schema.Value, error) {
	switch k {
	case schema.KindBoolean:
		return schema.BooleanValue(false), nil
	case schema.KindInt8:
		return schema.Int8Value(0), nil
	case schema.KindInt16:
		return schema.Int16Value(0), nil
	case schema.KindInt32:
		return schema.Int32Value(0), nil
	case schema.KindInt64:
		return schema.Int64Value(0), nil
	case schema.KindFloat32:
		return schema.Float32Value(0), nil
	case schema.KindFloat64:
		return schema.Float64Value(0), nil
	case schema.KindString:
		return schema.StringValue(""), nil
	case schema.KindDecimal:
		return schema.DecimalValue(&schema.Decimal{Unscaled: new(big.Int)}), nil
	case schema.KindInstant:
		return schema.InstantValue(0), nil
	case schema.KindList:
		return schema.ListValue(nil), nil
	case schema.KindMap:
		return schema.MapValue(nil), nil
	default:
		return schema.Null(), connect.DataErrorf("Cannot mask value of type: class %s", k.JavaClass())
	}
}

// replacementOf converts the configured text to the kind.
func replacementOf(k schema.Kind, text string) (schema.Value, error) {
	v := schema.StringValue(text)
	switch k {
	case schema.KindString:
		return v, nil
	case schema.KindInt8:
		return values.ToInt8(nil, v)
	case schema.KindInt16:
		return values.ToInt16(nil, v)
	case schema.KindInt32:
		return values.ToInt32(nil, v)
	case schema.KindInt64:
		return values.ToInt64(nil, v)
	case schema.KindFloat32:
		return values.ToFloat32(nil, v)
	case schema.KindFloat64:
		return values.ToFloat64(nil, v)
	case schema.KindDecimal:
		d, err := values.Convert(schema.DecimalOf(0), nil, v)
		if err != nil {
			err = &connect.Error{Class: connect.DataException, Message: "Unable to convert " + text + " (class java.lang.String) to number", Cause: err}
		}
		return d, err
	default:
		return schema.Null(), connect.DataErrorf("Cannot mask value of type class %s with custom replacement.", k.JavaClass())
	}
}
