package herder

import (
	"slices"

	"sluice/connect/config"
)

// KeyInfos returns the definition of each key, as GET
// /connector-plugins/{name}/config answers.
func KeyInfos(def config.Def) []ConfigKeyInfo {
	out := make([]ConfigKeyInfo, len(def))
	for i, k := range def {
		out[i] = keyInfo(k, "")
	}
	return out
}

func keyInfo(k config.Key, prefix string) ConfigKeyInfo {
	info := ConfigKeyInfo{
		Name: prefix + k.Name, Type: string(k.Type), Required: k.Required, Importance: string(k.Importance), Documentation: k.Doc,
		Width: string(k.Width), DisplayName: k.DisplayName, Dependents: slices.Clone(k.Dependents), Order: k.Order,
	}
	if text, ok := config.Format(k.Default); ok && !k.Required {
		info.DefaultValue = &text
	}
	if k.Group != "" {
		info.Group = &k.Group
	} else if k.Order == 0 {
		info.Order = -1
	}
	if info.Width == "" {
		info.Width = string(config.WidthNone)
	}
	if info.DisplayName == "" {
		info.DisplayName = k.Name
	}
	if info.Dependents == nil {
		info.Dependents = []string{}
	}
	return info
}

func valueInfo(v *config.Value, prefix string) ConfigValueInfo {
	info := ConfigValueInfo{Name: prefix + v.Name, Recommended: []string{}, Errors: slices.Clone(v.Errors), Visible: v.Visible}
	if text, ok := config.Format(v.Value); ok {
		info.Value = &text
	}
	for _, r := range v.Recommended {
		if text, ok := config.Format(r); ok {
			info.Recommended = append(info.Recommended, text)
		}
	}
	if info.Errors == nil {
		info.Errors = []string{}
	}
	return info
}

// result joins definitions and values: first the values without a definition,
// then the keys in order. Errors are counted one by one.
func result(name string, def config.Def, values config.Values) ConfigInfos {
	infos := ConfigInfos{Name: name, ErrorCount: values.ErrorCount()}
	for _, v := range values {
		if _, ok := def.Find(v.Name); !ok {
			infos.Configs = append(infos.Configs, ConfigInfo{Value: valueInfo(v, "")})
		}
	}
	for _, k := range def {
		if v := values.Find(k.Name); v != nil {
			infos.Configs = append(infos.Configs, ConfigInfo{Definition: new(keyInfo(k, "")), Value: valueInfo(v, "")})
		}
	}
	return infos
}

// prefixed is result for the keys of a plugin inside the connector's
// configuration. Keys with errors are counted, not errors.
func prefixed(def config.Def, values config.Values, prefix string) ConfigInfos {
	infos := ConfigInfos{Groups: def.Groups()}
	for _, v := range values {
		info := ConfigInfo{Value: valueInfo(v, prefix)}
		if k, ok := def.Find(v.Name); ok {
			info.Definition = new(keyInfo(k, prefix))
		}
		if len(v.Errors) > 0 {
			infos.ErrorCount++
		}
		infos.Configs = append(infos.Configs, info)
	}
	return infos
}
