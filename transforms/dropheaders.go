package transforms

import (
	"slices"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// DropHeaders removes headers by name.
func DropHeaders() []plugin.Transform {
	return single("DropHeaders", dropHeadersDef(), func() connect.Transform { return &dropHeaders{} })
}

func dropHeadersDef() config.Def {
	return config.Def{{
		Name: "headers", Type: config.List, Required: true, Validator: config.UniqueList{}, Importance: config.High,
		Doc: "The names of the headers to remove.",
	}}
}

type dropHeaders struct {
	closer
	names []string
}

func (t *dropHeaders) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Headers []string `config:"headers"`
	}](dropHeadersDef(), cfg)
	t.names = s.Headers
	return err
}

func (t *dropHeaders) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	drop := func(h connect.Header) bool { return slices.Contains(t.names, h.Key) }
	if slices.ContainsFunc(r.Headers, drop) {
		// Other copies of the record may share the headers.
		r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), drop)
	}
	return true, nil
}
