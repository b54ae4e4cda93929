package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
)

// InsertHeader adds a header of a fixed value, whose type is read from its text.
func InsertHeader() []plugin.Transform {
	return single("InsertHeader", insertHeaderDef(), func() connect.Transform { return &insertHeader{} })
}

func insertHeaderDef() config.Def {
	return config.Def{
		{
			Name: "header", Type: config.String, Required: true, Validator: config.NonNull{}, Importance: config.High,
			Doc: "The name of the header to add.",
		},
		{
			Name: "value.literal", Type: config.String, Required: true, Validator: config.NonNull{}, Importance: config.High,
			Doc: "The value of the header in all records; numbers, booleans, dates, lists and maps are recognised.",
		},
	}
}

type insertHeader struct {
	closer
	header connect.Header
}

func (t *insertHeader) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Header  string `config:"header"`
		Literal string `config:"value.literal"`
	}](insertHeaderDef(), cfg)
	if err != nil {
		return err
	}
	t.header.Key = s.Header
	t.header.Schema, t.header.Value = values.Parse(s.Literal)
	return nil
}

func (t *insertHeader) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	r.Headers = append(r.Headers, t.header)
	return true, nil
}
