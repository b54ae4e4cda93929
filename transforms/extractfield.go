package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const extractPurpose = "field extraction"

// ExtractField puts one field in the place of the struct or map that holds it.
func ExtractField() []plugin.Transform {
	return keyAndValue("ExtractField", extractFieldDef(), func(s side) connect.Transform { return &extractField{side: s} })
}

func extractFieldDef() config.Def {
	return config.Def{
		{
			Name: "field", Type: config.String, Required: true, Importance: config.Medium,
			Doc: "The field to take out.",
		},
		replaceNullKey(),
		fieldSyntaxKey(),
	}
}

type extractField struct {
	closer
	side  side
	text  string
	path  fieldPath
	nulls replaceNull
	known schemaCache[*schema.Schema]
}

func (t *extractField) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Field   string `config:"field"`
		Replace bool   `config:"replace.null.with.default"`
		Syntax  string `config:"field.syntax.version"`
	}](extractFieldDef(), cfg)
	if err != nil {
		return err
	}
	t.text, t.nulls = s.Field, replaceNull(s.Replace)
	t.path, err = newFieldPath(s.Field, s.Syntax)
	return err
}

func (t *extractField) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		if d.Value.IsNull() {
			return true, nil
		}
		entries, err := requireMap(d.Value, extractPurpose)
		if err != nil {
			return false, err
		}
		v, err := t.path.ofMap(entries)
		if err != nil {
			return false, err
		}
		d.Value = v
		return true, nil
	}
	st, err := requireStructOrNull(d.Value, extractPurpose)
	if err != nil {
		return false, err
	}
	to, err := t.target(d.Schema)
	if err != nil {
		return false, err
	}
	var v schema.Value
	if st != nil {
		if v, err = t.path.ofStruct(st, t.nulls); err != nil {
			return false, err
		}
	}
	d.Schema, d.Value = to, v
	return true, nil
}

func (t *extractField) target(s *schema.Schema) (*schema.Schema, error) {
	if to, ok := t.known.get(s); ok {
		return to, nil
	}
	to, err := t.path.in(s)
	if err == nil && to == nil {
		err = connect.ClassErrorf(illegalArgument, "Unknown field: %s", t.text)
	}
	if err != nil {
		return nil, err
	}
	t.known.put(s, to)
	return to, nil
}
