package transforms

import (
	"slices"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

// HasHeaderKey holds for records with a header of the name.
func HasHeaderKey() []plugin.Predicate {
	return predicate("HasHeaderKey", hasHeaderKeyDef(), func() connect.Predicate { return &hasHeaderKey{} })
}

func hasHeaderKeyDef() config.Def {
	return config.Def{{
		Name: "name", Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.Medium,
		Doc: "The name of the header to look for.",
	}}
}

type hasHeaderKey struct {
	closer
	name string
}

func (p *hasHeaderKey) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Name string `config:"name"`
	}](hasHeaderKeyDef(), cfg)
	p.name = s.Name
	return err
}

func (p *hasHeaderKey) Test(r *connect.Record) bool {
	return slices.ContainsFunc(r.Headers, func(h connect.Header) bool { return h.Key == p.name })
}
