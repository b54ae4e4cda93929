package transforms

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const castPurpose = "cast types"

// Cast changes the type of fields, or of the whole key or value.
func Cast() []plugin.Transform {
	return keyAndValue("Cast", castDef(), func(s side) connect.Transform { return &cast{side: s} })
}

func castDef() config.Def {
	return config.Def{
		{
			Name: "spec", Type: config.List, Required: true, Importance: config.High,
			Validator: config.CheckFunc(func(_ string, v any) error {
				list, _ := v.([]string)
				if len(list) == 0 {
					return config.Errorf("Must specify at least one field to cast.")
				}
				_, err := parseCasts(list)
				return err
			}),
			Doc: "Fields and their new types, as field:type,field:type, or one type for the whole key or value. " +
				"The types: int8, int16, int32, int64, float32, float64, boolean, string. Bytes become text only.",
		},
		replaceNullKey(),
	}
}

const (
	castInputs  = "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]"
	castOutputs = "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"
)

// casts are the new types by field; whole is that of the whole value, or 0.
type casts struct {
	fields map[string]schema.Type
	whole  schema.Type
}

func parseCasts(mappings []string) (casts, error) {
	c := casts{fields: map[string]schema.Type{}}
	for _, mapping := range mappings {
		parts := javaSplit(mapping)
		switch len(parts) {
		case 0:
			return c, connect.ClassErrorf(arrayBounds, "Index 1 out of bounds for length 0")
		case 1, 2:
		default:
			return c, invalidMapping(mappings, mapping)
		}
		name := config.Trim(parts[len(parts)-1])
		to, ok := schema.TypeNamed(strings.ToLower(name))
		switch {
		case !ok:
			// Java takes the sentence for the name of a key and the cause for its value.
			return c, config.Errorf("Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.%s"+
				" for configuration Invalid type found in casting spec: %s", strings.ToUpper(name), name)
		case !castsTo(to):
			return c, config.Errorf("Cast transformation does not support casting to %s; supported types are %s", typeName(to), castOutputs)
		case len(parts) == 1:
			c.whole = to
		default:
			c.fields[config.Trim(parts[0])] = to
		}
	}
	if c.whole != 0 && len(mappings) > 1 {
		return c, config.Errorf("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec")
	}
	return c, nil
}

func castsTo(t schema.Type) bool { return t.Primitive() && t != schema.Bytes }

type cast struct {
	closer
	side  side
	casts casts
	names []string // of the fields, in the order of a HashMap
	nulls replaceNull
	keys  hashMap
	known schemaCache[*castPlan]
	text  []byte
}

// castPlan is the new schema, and the new type of each field; 0 keeps it.
type castPlan struct {
	to    *schema.Schema
	types []schema.Type
}

func (t *cast) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Spec    []string `config:"spec"`
		Replace bool     `config:"replace.null.with.default"`
	}](castDef(), cfg)
	if err != nil {
		return err
	}
	t.nulls = replaceNull(s.Replace)
	t.casts, err = parseCasts(s.Spec)
	t.names = hashSet(namesOf(t.casts.fields))
	return err
}

func (t *cast) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	switch {
	case d.Value.IsNull():
		return true, nil
	case d.Schema == nil:
		return true, t.applySchemaless(d, arena)
	}
	return true, t.applyWithSchema(d, arena)
}

func (t *cast) applySchemaless(d *connect.Data, arena *schema.Arena) error {
	if t.casts.whole != 0 {
		v, err := t.value(nil, d.Value, t.casts.whole, arena)
		if err == nil {
			d.Value = v
		}
		return err
	}
	entries, err := requireMap(d.Value, castPurpose)
	if err != nil {
		return err
	}
	t.keys.copyOf(entries)
	for _, name := range t.names {
		v, err := t.value(nil, lookup(entries, name), t.casts.fields[name], arena)
		if err != nil {
			return err
		}
		t.keys.put(name, v)
	}
	d.Value = t.keys.value(arena)
	return nil
}

func (t *cast) applyWithSchema(d *connect.Data, arena *schema.Arena) error {
	p, ok := t.known.get(d.Schema)
	if !ok {
		var err error
		if p, err = t.plan(d.Schema); err != nil {
			return err
		}
		t.known.put(d.Schema, p)
	}
	if t.casts.whole != 0 {
		v, err := t.value(d.Schema, d.Value, t.casts.whole, arena)
		if err == nil {
			d.Schema, d.Value = p.to, v
		}
		return err
	}
	from, err := requireStruct(d.Value, castPurpose)
	if err == nil {
		err = sameSchema(from, d.Schema)
	}
	if err != nil {
		return err
	}
	st := arena.Struct(p.to)
	for i, to := range p.types {
		v := t.nulls.at(from, i)
		if to != 0 {
			if v, err = t.value(from.Schema.Fields[i].Schema, v, to, arena); err != nil {
				return err
			}
		}
		if err := put(st, i, v); err != nil {
			return err
		}
	}
	d.Schema, d.Value = p.to, schema.StructValue(st)
	return nil
}

func (t *cast) plan(s *schema.Schema) (*castPlan, error) {
	p := &castPlan{}
	to := t.casts.whole
	if to == 0 {
		to = schema.StructType
	}
	b := copyBasics(s, to)
	p.to = b.schema
	if to == schema.StructType {
		fields, err := fieldsOf(s)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			to := t.casts.fields[f.Name]
			p.types = append(p.types, to)
			fs := f.Schema
			if to != 0 {
				if fs, err = t.retyped(schemaBuilder{schema.Of(to)}, f.Schema); err != nil {
					return nil, err
				}
			}
			if err := b.field(f.Name, fs); err != nil {
				return nil, err
			}
		}
	}
	_, err := t.retyped(b, s)
	return p, err
}

// retyped gives the new schema the optionality and the default, cast, of the old one.
func (t *cast) retyped(b schemaBuilder, from *schema.Schema) (*schema.Schema, error) {
	b.schema.Optional = from.Optional
	if from.Default != nil {
		v, err := t.value(from, *from.Default, b.schema.Type, nil)
		if err != nil {
			return nil, err
		}
		if err := b.setDefault(v); err != nil {
			return nil, err
		}
	}
	return b.schema, nil
}
