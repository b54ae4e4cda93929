package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// SetSchemaMetadata sets the name and the version of the schema.
func SetSchemaMetadata() []plugin.Transform {
	return keyAndValue("SetSchemaMetadata", setSchemaMetadataDef(), func(s side) connect.Transform { return &setSchemaMetadata{side: s} })
}

func setSchemaMetadataDef() config.Def {
	return config.Def{
		{Name: "schema.name", Type: config.String, Importance: config.High, Doc: "The name to give to the schema."},
		{Name: "schema.version", Type: config.Int, Importance: config.High, Doc: "The version to give to the schema."},
		replaceNullKey(),
	}
}

type setSchemaMetadata struct {
	closer
	side    side
	name    *string
	version *int32
	nulls   replaceNull
	known   schemaCache[*schema.Schema]
}

func (t *setSchemaMetadata) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Name    *string `config:"schema.name"`
		Version *int32  `config:"schema.version"`
		Replace bool    `config:"replace.null.with.default"`
	}](setSchemaMetadataDef(), cfg)
	if err == nil && s.Name == nil && s.Version == nil {
		err = config.Errorf("Neither schema name nor version configured")
	}
	t.name, t.version, t.nulls = s.Name, s.Version, replaceNull(s.Replace)
	return err
}

func (t *setSchemaMetadata) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		if d.Value.IsNull() {
			return true, nil
		}
		return false, connect.DataErrorf("Schema required for [updating schema metadata]")
	}
	to, ok := t.known.get(d.Schema)
	if !ok {
		if _, err := fieldsOf(d.Schema); err != nil {
			return false, err
		}
		to = d.Schema.Clone()
		if t.name != nil {
			to.Name = *t.name
		}
		if t.version != nil {
			to.Version = t.version
		}
		t.known.put(d.Schema, to)
	}
	from := d.Value.Struct()
	if from == nil {
		d.Schema = to
		return true, nil
	}
	if err := sameSchema(from, d.Schema); err != nil {
		return false, err
	}
	st := arena.Struct(to)
	for i := range st.Values {
		if err := put(st, i, t.nulls.at(from, i)); err != nil {
			return false, err
		}
	}
	d.Schema, d.Value = to, schema.StructValue(st)
	return true, nil
}
