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
		Width: string(k.Width), DisplayName: k.DisplayName, Dependents: slices.Clone(k.Dependents), Order: k.OrderInGroup(),
	}
	if text, ok := config.Format(k.Default); ok && !k.Required {
		info.DefaultValue = &text
	}
	if k.Group != "" {
		info.Group = &k.Group
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

// result joins definitions and values: first the values without a definition, in
// the order of a HashMap of Java, then the keys in order. Errors are counted one
// by one.
func result(name string, def config.Def, values config.Values) ConfigInfos {
	infos := ConfigInfos{Name: name, ErrorCount: values.ErrorCount(), Groups: def.Groups(), Configs: []ConfigInfo{}}
	if infos.Groups == nil {
		infos.Groups = []string{}
	}
	for _, v := range hashed(values) {
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

// prefixed is result for the keys of a plugin or a client inside the connector's
// configuration. Keys with errors are counted, not errors.
func prefixed(def config.Def, values config.Values, prefix string) ConfigInfos {
	infos := ConfigInfos{Groups: []string{}}
	for _, v := range hashed(values) {
		info := ConfigInfo{Value: valueInfo(v, prefix)}
		if k, ok := def.Find(v.Name); ok {
			info.Definition = new(keyInfo(k, prefix))
			infos.addGroups(k.Group)
		}
		if len(v.Errors) > 0 {
			infos.ErrorCount++
		}
		infos.Configs = append(infos.Configs, info)
	}
	return infos
}

// hashed returns the values in the order of a HashMap of Java.
func hashed(values config.Values) config.Values {
	return hashOrder(values, func(v *config.Value) string { return v.Name })
}

func (c *ConfigInfos) addGroups(groups ...string) {
	for _, g := range groups {
		if g != "" && !slices.Contains(c.Groups, g) {
			c.Groups = append(c.Groups, g)
		}
	}
}

// add joins the answer with another one (mergeConfigInfos of Java).
func (c *ConfigInfos) add(other ConfigInfos) {
	c.ErrorCount += other.ErrorCount
	c.Configs = append(c.Configs, other.Configs...)
	c.addGroups(other.Groups...)
}
