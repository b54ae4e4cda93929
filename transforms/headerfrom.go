package transforms

import (
	"slices"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// HeaderFrom moves or copies fields into headers.
func HeaderFrom() []plugin.Transform {
	return keyAndValue("HeaderFrom", headerFromDef(), func(s side) connect.Transform { return &headerFrom{side: s} })
}

const moveFields = "move"

func headerFromDef() config.Def {
	return config.Def{
		{
			Name: "fields", Type: config.List, Required: true, Validator: config.CheckFunc(nonEmptyList), Importance: config.High,
			Doc: "The fields whose values go into headers.",
		},
		{
			Name: "headers", Type: config.List, Required: true, Validator: config.CheckFunc(nonEmptyList), Importance: config.High,
			Doc: "The names of the headers, one for each field and in their order.",
		},
		{
			Name: "operation", Type: config.String, Required: true, Validator: config.OneOf{moveFields, "copy"}, Importance: config.High,
			Doc: "move takes the fields out of the key or value, copy leaves them there.",
		},
		replaceNullKey(),
	}
}

// nonEmptyList refuses null and the empty list.
func nonEmptyList(name string, value any) error {
	if items, ok := value.([]string); !ok || len(items) == 0 {
		return config.InvalidValue(name, value, "Empty list")
	}
	return nil
}

type headerFrom struct {
	closer
	side            side
	fields, headers []string
	operation       string
	nulls           replaceNull
	rest            hashMap
	known           schemaCache[*headerFromPlan]
}

// headerFromPlan is the schema without the fields that move, and where the
// fields that stay were.
type headerFromPlan struct {
	to   *schema.Schema
	from []int
}

func (t *headerFrom) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Fields    []string `config:"fields"`
		Headers   []string `config:"headers"`
		Operation string   `config:"operation"`
		Replace   bool     `config:"replace.null.with.default"`
	}](headerFromDef(), cfg)
	if err != nil {
		return err
	}
	if len(s.Fields) != len(s.Headers) {
		return config.Errorf("'fields' config must have the same number of elements as 'headers' config.")
	}
	t.fields, t.headers, t.operation, t.nulls = s.Fields, s.Headers, s.Operation, replaceNull(s.Replace)
	return nil
}

func (t *headerFrom) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		return true, t.applyMap(r, d, arena)
	}
	return true, t.applyStruct(r, d, arena)
}

func (t *headerFrom) applyMap(r *connect.Record, d *connect.Data, arena *schema.Arena) error {
	entries, err := requireMap(d.Value, "header "+t.operation)
	if err != nil {
		return err
	}
	t.rest.copyOf(entries)
	for i, name := range t.fields {
		if t.operation == moveFields {
			t.rest.remove(name)
		}
		r.Headers = append(r.Headers, connect.Header{Key: t.headers[i], Data: connect.Data{Value: lookup(entries, name)}})
	}
	d.Value = t.rest.value(arena)
	return nil
}

func (t *headerFrom) applyStruct(r *connect.Record, d *connect.Data, arena *schema.Arena) error {
	from, err := requireStruct(d.Value, "header "+t.operation)
	if err == nil {
		err = sameSchema(from, d.Schema)
	}
	if err != nil {
		return err
	}
	out := *d
	if t.operation == moveFields {
		p, err := t.plan(d.Schema)
		if err != nil {
			return err
		}
		st := arena.Struct(p.to)
		for i, at := range p.from {
			if err := put(st, i, t.nulls.at(from, at)); err != nil {
				return err
			}
		}
		out = connect.Data{Schema: p.to, Value: schema.StructValue(st)}
	}
	headers := r.Headers
	for i, name := range t.fields {
		at := d.Schema.FieldIndex(name)
		if at < 0 {
			return connect.ClassErrorf(nullPointer, `Cannot invoke "org.apache.kafka.connect.data.Field.schema()" because the return value of `+
				`"org.apache.kafka.connect.data.Schema.field(String)" is null`)
		}
		headers = append(headers, connect.Header{Key: t.headers[i], Data: connect.Data{
			Schema: d.Schema.Fields[at].Schema, Value: t.nulls.at(from, at),
		}})
	}
	*d, r.Headers = out, headers
	return nil
}

func (t *headerFrom) plan(s *schema.Schema) (*headerFromPlan, error) {
	if p, ok := t.known.get(s); ok {
		return p, nil
	}
	b := copyBasics(s, schema.StructType)
	p := &headerFromPlan{to: b.schema}
	for i, f := range s.Fields {
		if slices.Contains(t.fields, f.Name) {
			continue
		}
		if err := b.field(f.Name, f.Schema); err != nil {
			return nil, err
		}
		p.from = append(p.from, i)
	}
	t.known.put(s, p)
	return p, nil
}
