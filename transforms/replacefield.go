package transforms

import (
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// ReplaceField filters and renames fields.
func ReplaceField() []plugin.Transform {
	return keyAndValue("ReplaceField", replaceFieldDef(), func(s side) connect.Transform { return &replaceField{side: s} })
}

func replaceFieldDef() config.Def {
	return config.Def{
		{
			Name: "exclude", Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.Medium,
			Doc: "The fields to leave out; this wins over the fields to include.",
		},
		{
			Name: "include", Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.Medium,
			Doc: "The fields to keep. Where it is empty all are kept that are not excluded.",
		},
		{
			Name: renamesName, Type: config.List, Default: []string{}, Importance: config.Medium,
			Validator: config.CheckFunc(func(_ string, v any) error {
				_, err := parseRenames(v)
				return err
			}),
			Doc: "New names of fields, as old:new,old:new.",
		},
		replaceNullKey(),
	}
}

const renamesName = "renames"

type replaceField struct {
	closer
	side             side
	exclude, include []string
	renames, reverse map[string]string
	nulls            replaceNull
	fields           hashMap
	known            schemaCache[*replaceFieldPlan]
}

// replaceFieldPlan is the new schema and where its fields were; -1 is a field
// whose new name stands for another one that the value does not have.
type replaceFieldPlan struct {
	to   *schema.Schema
	from []int
}

func (t *replaceField) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Exclude []string `config:"exclude"`
		Include []string `config:"include"`
		Renames []string `config:"renames"`
		Replace bool     `config:"replace.null.with.default"`
	}](replaceFieldDef(), cfg)
	if err != nil {
		return err
	}
	t.exclude, t.include, t.nulls = s.Exclude, s.Include, replaceNull(s.Replace)
	if t.renames, err = parseRenames(s.Renames); err != nil {
		return err
	}
	t.reverse = make(map[string]string, len(t.renames))
	for _, from := range hashSet(namesOf(t.renames)) {
		t.reverse[t.renames[from]] = from
	}
	return nil
}

// namesOf returns the keys, sorted: the order in which Java saw them is lost.
func namesOf[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseRenames(list any) (map[string]string, error) {
	mappings, _ := list.([]string)
	renames := make(map[string]string, len(mappings))
	for _, mapping := range mappings {
		parts := javaSplit(mapping)
		if len(parts) != 2 {
			return nil, invalidMapping(mappings, mapping)
		}
		renames[parts[0]] = parts[1]
	}
	return renames, nil
}

func invalidMapping(all []string, mapping string) error {
	return config.InvalidValue(renamesName, all, "Invalid rename mapping: "+mapping)
}

// javaSplit is String.split(":") of Java, which drops empty parts at the end.
func javaSplit(s string) []string {
	parts := strings.Split(s, ":")
	if len(parts) == 1 {
		return parts
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

func (t *replaceField) keeps(name string) bool {
	return !slices.Contains(t.exclude, name) && (len(t.include) == 0 || slices.Contains(t.include, name))
}

func (t *replaceField) renamed(name string) string {
	if to, ok := t.renames[name]; ok {
		return to
	}
	return name
}

const replacePurpose = "field replacement"

func (t *replaceField) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Value.IsNull() {
		return true, nil
	}
	if d.Schema == nil {
		entries, err := requireMap(d.Value, replacePurpose)
		if err != nil {
			return false, err
		}
		t.fields.reset(len(entries))
		for _, e := range entries {
			if name := e.Key.Text(); t.keeps(name) {
				t.fields.put(t.renamed(name), e.Value)
			}
		}
		d.Value = t.fields.value(arena)
		return true, nil
	}
	from, err := requireStruct(d.Value, replacePurpose)
	if err != nil {
		return false, err
	}
	p, err := t.plan(from.Schema)
	if err != nil {
		return false, err
	}
	st := arena.Struct(p.to)
	for i, at := range p.from {
		if at < 0 {
			return false, connect.DataErrorf("%s is not a valid field name", t.reverse[p.to.Fields[i].Name])
		}
		if err := put(st, i, t.nulls.at(from, at)); err != nil {
			return false, err
		}
	}
	d.Schema, d.Value = p.to, schema.StructValue(st)
	return true, nil
}

func (t *replaceField) plan(s *schema.Schema) (*replaceFieldPlan, error) {
	if p, ok := t.known.get(s); ok {
		return p, nil
	}
	b := copyBasics(s, schema.StructType)
	p := &replaceFieldPlan{to: b.schema}
	for _, f := range s.Fields {
		if !t.keeps(f.Name) {
			continue
		}
		if err := b.field(t.renamed(f.Name), f.Schema); err != nil {
			return nil, err
		}
	}
	for _, f := range p.to.Fields {
		name := f.Name
		if old, ok := t.reverse[name]; ok {
			name = old
		}
		p.from = append(p.from, s.FieldIndex(name))
	}
	t.known.put(s, p)
	return p, nil
}
