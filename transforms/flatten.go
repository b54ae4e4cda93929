package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const flattenPurpose = "flattening"

// Flatten turns nested structs or maps into one, joining the names of fields.
func Flatten() []plugin.Transform {
	return keyAndValue("Flatten", flattenDef(), func(s side) connect.Transform { return &flatten{side: s} })
}

func flattenDef() config.Def {
	return config.Def{{
		Name: "delimiter", Type: config.String, Default: ".", Importance: config.Medium,
		Doc: "What stands between the names of outer and inner fields.",
	}}
}

type flatten struct {
	closer
	side      side
	delimiter string
	known     schemaCache[*flattenPlan]
	flat      []schema.Entry
}

// flattenPlan is the flat schema and, for each field of the nested one, the
// place of its value or the plan of its own fields.
type flattenPlan struct {
	to     *schema.Schema
	fields []flattenField
}

type flattenField struct {
	to    int
	inner []flattenField // of a struct
}

func (t *flatten) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Delimiter string `config:"delimiter"`
	}](flattenDef(), cfg)
	t.delimiter = s.Delimiter
	return err
}

func (t *flatten) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	switch {
	case d.Value.IsNull():
		return true, nil
	case d.Schema == nil:
		return true, t.applyMap(d, arena)
	}
	from, err := requireStruct(d.Value, flattenPurpose)
	if err != nil {
		return false, err
	}
	p, ok := t.known.get(d.Schema)
	if !ok {
		if p, err = t.plan(d.Schema); err != nil {
			return false, err
		}
		t.known.put(d.Schema, p)
	}
	if err := sameSchema(from, d.Schema); err != nil {
		return false, err
	}
	st := arena.Struct(p.to)
	if err := fill(st, from, p.fields); err != nil {
		return false, err
	}
	d.Schema, d.Value = p.to, schema.StructValue(st)
	return true, nil
}

// fill puts the members of a struct into the flat one. Those of a struct that
// is null stay null, whatever their schemas say.
func fill(to, from *schema.Struct, fields []flattenField) error {
	for i := range fields {
		f := &fields[i]
		if f.inner == nil {
			if err := put(to, f.to, from.At(i)); err != nil {
				return err
			}
			continue
		}
		if inner := from.Values[i].Struct(); inner != nil {
			if err := fill(to, inner, f.inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *flatten) plan(s *schema.Schema) (*flattenPlan, error) {
	b := copyBasics(s, schema.StructType)
	fields, err := t.nested(b, s, "", s.Optional, s.Default)
	return &flattenPlan{b.schema, fields}, err
}

// nested adds the fields of a struct schema to the flat one. They are optional
// where a struct around them is, and have the defaults of a default around them.
func (t *flatten) nested(b schemaBuilder, s *schema.Schema, prefix string, optional bool, around *schema.Value) ([]flattenField, error) {
	list, err := fieldsOf(s)
	if err != nil {
		return nil, err
	}
	plan := make([]flattenField, len(list))
	for i, f := range list {
		name := t.name(prefix, f.Name)
		byDefault := f.Schema.Default
		if byDefault == nil && around != nil {
			if v, _ := around.Struct().Get(f.Name); !v.IsNull() {
				byDefault = &v
			}
		}
		optional := optional || f.Schema.Optional
		switch f.Schema.Type {
		case schema.StructType:
			if plan[i].inner, err = t.nested(b, f.Schema, name, optional, byDefault); err != nil {
				return nil, err
			}
		case schema.Map:
			return nil, connect.DataErrorf("Flatten transformation does not support MAP for record with schemas (for field %s).", name)
		default:
			leaf := copyBasics(f.Schema, f.Schema.Type)
			leaf.schema.Elem, leaf.schema.Optional = f.Schema.Elem, optional
			if byDefault != nil {
				if err := leaf.setDefault(*byDefault); err != nil {
					return nil, err
				}
			}
			plan[i].to = len(b.schema.Fields)
			if err := b.field(name, leaf.schema); err != nil {
				return nil, err
			}
		}
	}
	return plan, nil
}

func (t *flatten) name(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + t.delimiter + name
}

// nameIn is name with its text in the arena.
func (t *flatten) nameIn(arena *schema.Arena, prefix, name string) string {
	if prefix == "" {
		return name
	}
	b := arena.Bytes(len(prefix) + len(t.delimiter) + len(name))
	n := copy(b, prefix)
	n += copy(b[n:], t.delimiter)
	copy(b[n:], name)
	return schema.TextValue(b).Text()
}

func (t *flatten) applyMap(d *connect.Data, arena *schema.Arena) error {
	entries, err := requireMap(d.Value, flattenPurpose)
	if err != nil {
		return err
	}
	t.flat = t.flat[:0]
	if err := t.addMap(entries, "", arena); err != nil {
		return err
	}
	out := arena.Entries(len(t.flat))
	copy(out, t.flat)
	clear(t.flat)
	d.Value = schema.MapValue(out)
	return nil
}

func (t *flatten) addMap(entries []schema.Entry, prefix string, arena *schema.Arena) error {
	for _, e := range entries {
		name := t.nameIn(arena, prefix, e.Key.Text())
		switch e.Value.Kind() {
		case schema.KindMap:
			if err := t.addMap(e.Value.Map(), name, arena); err != nil {
				return err
			}
			continue
		case schema.KindStruct:
			return connect.DataErrorf("Flatten transformation does not support class %s for record without schemas (for field %s).", class(e.Value), name)
		case schema.KindDecimal, schema.KindInstant:
			return connect.DataErrorf("Flatten transformation was passed a value of type class %s which is not supported by Connect's data API", class(e.Value))
		default:
		}
		if i := findEntry(t.flat, name); i >= 0 {
			t.flat[i].Value = e.Value
			continue
		}
		t.flat = append(t.flat, schema.Entry{Key: schema.StringValue(name), Value: e.Value})
	}
	return nil
}
