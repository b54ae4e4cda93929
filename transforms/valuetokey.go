package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const valueToKeyPurpose = "copying fields from value to key"

// ValueToKey makes the key out of fields of the value.
func ValueToKey() []plugin.Transform {
	return single("ValueToKey", valueToKeyDef(), func() connect.Transform { return &valueToKey{} })
}

func valueToKeyDef() config.Def {
	return config.Def{
		{
			Name: "fields", Type: config.List, Required: true, Validator: config.UniqueList{}, Importance: config.High,
			Doc: "The fields of the value that make the key.",
		},
		replaceNullKey(),
	}
}

type valueToKey struct {
	closer
	fields []string
	nulls  replaceNull
	keys   hashMap
	known  schemaCache[*valueToKeyPlan]
}

// valueToKeyPlan is the key's schema and where its fields are in the value.
type valueToKeyPlan struct {
	key  *schema.Schema
	from []int
}

func (t *valueToKey) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Fields  []string `config:"fields"`
		Replace bool     `config:"replace.null.with.default"`
	}](valueToKeyDef(), cfg)
	t.fields, t.nulls = s.Fields, replaceNull(s.Replace)
	return err
}

func (t *valueToKey) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	if r.Value.Schema == nil {
		entries, err := requireMap(r.Value.Value, valueToKeyPurpose)
		if err != nil {
			return false, err
		}
		t.keys.reset(len(t.fields))
		for _, name := range t.fields {
			t.keys.put(name, lookup(entries, name))
		}
		r.Key = connect.Data{Value: t.keys.value(arena)}
		return true, nil
	}
	st, err := requireStruct(r.Value.Value, valueToKeyPurpose)
	if err != nil {
		return false, err
	}
	p, err := t.plan(st.Schema)
	if err != nil {
		return false, err
	}
	key := arena.Struct(p.key)
	for i, from := range p.from {
		if err := put(key, i, t.nulls.at(st, from)); err != nil {
			return false, err
		}
	}
	r.Key = connect.Data{Schema: p.key, Value: schema.StructValue(key)}
	r.Value.Schema = st.Schema
	return true, nil
}

func (t *valueToKey) plan(s *schema.Schema) (*valueToKeyPlan, error) {
	if p, ok := t.known.get(s); ok {
		return p, nil
	}
	b := schemaBuilder{&schema.Schema{Type: schema.StructType}}
	p := &valueToKeyPlan{key: b.schema}
	for _, name := range t.fields {
		i := s.FieldIndex(name)
		if i < 0 {
			return nil, connect.DataErrorf("Field does not exist: %s", name)
		}
		if err := b.field(name, s.Fields[i].Schema); err != nil {
			return nil, err
		}
		p.from = append(p.from, i)
	}
	t.known.put(s, p)
	return p, nil
}
