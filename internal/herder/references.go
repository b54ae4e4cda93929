package herder

import (
	"strings"

	"sluice/connect/config"
	"sluice/internal/properties"
	"sluice/internal/telemetry"
)

// references validates a configuration as its connector would get it, with the
// values of config providers in it, and takes them out of the answer again
// (invariant 6).
type references struct {
	raw, resolved config.Map
	secrets       telemetry.Secrets
}

// resolveReferences replaces the references in the configuration; nil providers know none.
func resolveReferences(p *properties.Providers, raw config.Raw) (config.Raw, *references, error) {
	if p == nil {
		return raw, nil, nil
	}
	plain := raw.Map()
	r, err := p.Resolve(plain)
	if err != nil {
		return nil, nil, badRequest(err.Error())
	}
	refs := &references{raw: plain, resolved: r.Config}
	refs.secrets.Add(r.Secrets...)
	full := refs.resolved.Raw()
	for key, value := range raw {
		if value == nil {
			full[key] = nil
		}
	}
	return full, refs, nil
}

// hide puts the references back in the place of the values.
func (r *references) hide(infos *ConfigInfos) {
	if r == nil {
		return
	}
	for i := range infos.Configs {
		v := &infos.Configs[i].Value
		raw, value := r.raw[v.Name], r.resolved[v.Name]
		for j, text := range v.Errors {
			if raw != value && value != "" {
				text = strings.ReplaceAll(text, value, raw)
			}
			v.Errors[j] = r.secrets.Mask(text)
		}
		if raw != value && v.Value != nil {
			v.Value = &raw
		}
	}
}

// hideError does it for the text of an error that a client sees.
func (r *references) hideError(err error) error {
	if e, ok := err.(*Error); ok && r != nil { //nolint:errorlint // An error of the validation itself, which is not wrapped.
		shown := *e
		shown.Message = r.secrets.Mask(e.Message)
		return &shown
	}
	return err
}
