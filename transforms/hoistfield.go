package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// HoistField wraps the whole key or value into a struct or map with one member.
func HoistField() []plugin.Transform {
	return keyAndValue("HoistField", hoistFieldDef(), func(s side) connect.Transform { return &hoistField{side: s} })
}

func hoistFieldDef() config.Def {
	return config.Def{{
		Name: "field", Type: config.String, Required: true, Importance: config.Medium,
		Doc: "The name of the one field of the struct or map that is made.",
	}}
}

type hoistField struct {
	closer
	side  side
	field string
	known schemaCache[*schema.Schema]
}

func (t *hoistField) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Field string `config:"field"`
	}](hoistFieldDef(), cfg)
	t.field = s.Field
	return err
}

func (t *hoistField) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		e := arena.Entries(1)
		e[0] = schema.Entry{Key: schema.StringValue(t.field), Value: d.Value}
		d.Value = schema.MapValue(e)
		return true, nil
	}
	to, ok := t.known.get(d.Schema)
	if !ok {
		b := schemaBuilder{&schema.Schema{Type: schema.StructType}}
		if err := b.field(t.field, d.Schema); err != nil {
			return false, err
		}
		to = b.schema
		t.known.put(d.Schema, to)
	}
	st := arena.Struct(to)
	if err := putChecked(st, 0, d.Value); err != nil {
		return false, err
	}
	d.Schema, d.Value = to, schema.StructValue(st)
	return true, nil
}
