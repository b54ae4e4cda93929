package herder

import (
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/plugins"
)

// defaultHeaderConverter is that of a worker that names none.
const defaultHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"

func (v validation) transforms() definition.Kind {
	return definition.Kind{
		Find: func(name string) (definition.Class, bool) {
			p, ok := v.plugins.Transform(name)
			return definition.Class{Name: p.Class, Version: p.Version, Config: p.Config}, ok
		},
		All:     func() []string { return v.classes(plugins.TypeTransformation) },
		Resolve: func(name string) (string, bool) { return resolve(v.plugins, name) },
	}
}

func (v validation) predicates() definition.Kind {
	return definition.Kind{
		Find: func(name string) (definition.Class, bool) {
			p, ok := v.plugins.Predicate(name)
			return definition.Class{Name: p.Class, Version: p.Version, Config: p.Config}, ok
		},
		All:     func() []string { return v.classes(plugins.TypePredicate) },
		Resolve: func(name string) (string, bool) { return resolve(v.plugins, name) },
	}
}

func (v validation) classes(kind string) []string {
	var out []string
	for _, d := range v.plugins.All() {
		if d.Type == kind {
			out = append(out, d.Class)
		}
	}
	return out
}

// resolve returns the full name of a class that a Java worker would find by the
// name: a plugin of any type, the class around one, or a class of the language.
func resolve(registry *plugins.Registry, name string) (string, bool) {
	if p, _, ok := registry.Find(name); ok {
		return p.Class, true
	}
	if full, ok := definition.JavaClass(name); ok {
		return full, true
	}
	for _, d := range registry.All() {
		if strings.HasPrefix(d.Class, name+"$") {
			return name, true
		}
	}
	return "", false
}

// class is what validation needs of a converter or header converter.
type class struct {
	name, version string
	config        config.Def
}

func (v validation) converter(name string) (class, bool) {
	p, ok := v.plugins.Converter(name)
	return class{p.Class, p.Version, p.Config}, ok
}

func (v validation) headerConverter(name string) (class, bool) {
	p, ok := v.plugins.HeaderConverter(name)
	return class{p.Class, p.Version, p.Config}, ok
}

func (v validation) defaults(c found) definition.Defaults {
	d := definition.Defaults{
		Key:    v.converterKey(definition.KeyConverter, "", plugins.TypeConverter, v.converter),
		Value:  v.converterKey(definition.ValueConverter, "", plugins.TypeConverter, v.converter),
		Header: v.converterKey(definition.HeaderConverter, defaultHeaderConverter, plugins.TypeHeaderConverter, v.headerConverter),
	}
	if c.version != "" {
		d.Version = c.version
		d.VersionOffers = config.Choices{c.version}
	}
	return d
}

func (v validation) converterKey(key, fallback, kind string, find func(string) (class, bool)) definition.Converter {
	var out definition.Converter
	name := v.settings[key]
	if name == "" {
		name = fallback
	}
	if known, ok := find(name); ok {
		out.Default = known.name
	} else if name != "" {
		out.Default = name
	}
	version := v.settings[key+definition.VersionSuffix]
	if given := v.raw[key]; given != nil {
		name, version = config.Trim(*given), ""
	}
	out.VersionOffers = versionOffers{key, nil}
	if known, ok := find(name); ok && known.version != "" {
		out.Version = known.version
		out.VersionOffers = versionOffers{key, []any{known.version}}
	}
	if version != "" {
		out.Version = version
	}
	out.Offers = config.Choices(v.classes(kind))
	out.Resolve = func(name string) (string, bool) {
		if known, ok := find(name); ok {
			return known.name, true
		}
		return resolve(v.plugins, name) // some other class: Check tells
	}
	wanted := "Converter"
	if kind == plugins.TypeHeaderConverter {
		wanted = "HeaderConverter"
	}
	out.Check = config.CheckFunc(func(_ string, value any) error {
		name, ok := value.(string)
		if _, fits := find(name); !ok || fits {
			return nil
		}
		if _, exists := resolve(v.plugins, name); !exists {
			return nil
		}
		return definition.CheckConcrete(wanted, name, nil)
	})
	return out
}

// versionOffers offers versions of the class that another key names.
type versionOffers struct {
	key      string
	versions []any
}

// Values implements config.Recommender.
func (o versionOffers) Values(_ string, parsed map[string]any) []any {
	if parsed[o.key] == nil {
		return nil
	}
	return o.versions
}

// Visible implements config.Recommender.
func (o versionOffers) Visible(_ string, parsed map[string]any) bool { return parsed[o.key] != nil }

// converterInfos checks the settings of the converters that the connector
// itself names. What is wrong with the choice of a converter is added to values;
// errors of settings are counted by key.
func (v validation) converterInfos(values config.Values) ConfigInfos {
	infos := ConfigInfos{}
	for _, c := range []struct {
		key, kind string
		find      func(string) (class, bool)
	}{
		{definition.HeaderConverter, "header", v.headerConverter},
		{definition.KeyConverter, "key", v.converter},
		{definition.ValueConverter, "value", v.converter},
	} {
		chosen, version := values.Find(c.key), values.Find(c.key+definition.VersionSuffix)
		given := v.raw[c.key]
		if given == nil || len(chosen.Errors) > 0 || len(version.Errors) > 0 {
			continue
		}
		known, ok := c.find(config.Trim(*given))
		if !ok {
			continue
		}
		if text := v.raw[version.Name]; text != nil {
			if wanted, err := plugins.ParseRange(*text); err == nil && !wanted.Contains(known.version) {
				message := plugins.NoVersion(known.name, wanted, v.plugins.Versions(known.name)...)
				chosen.Errors = append(chosen.Errors, message)
				version.Errors = append(version.Errors, message)
				continue
			}
		}
		prefix := c.key + "."
		own := config.Raw{"converter.type": &c.kind}
		for key, value := range v.raw {
			if rest, ok := strings.CutPrefix(key, prefix); ok && rest != "" {
				own[rest] = value
			}
		}
		infos.add(prefixed(known.config, known.config.Validate(own), prefix))
	}
	return infos
}
