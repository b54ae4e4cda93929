package herder

import (
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/kafka"
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
		All: func() []string { return v.classes(plugins.TypeTransformation) },
	}
}

func (v validation) predicates() definition.Kind {
	return definition.Kind{
		Find: func(name string) (definition.Class, bool) {
			p, ok := v.plugins.Predicate(name)
			return definition.Class{Name: p.Class, Version: p.Version, Config: p.Config}, ok
		},
		All: func() []string { return v.classes(plugins.TypePredicate) },
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
		d.VersionOffers = definition.Offers{c.version}
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
	if given := v.raw[key]; given != nil {
		name = config.Trim(*given)
	}
	out.VersionOffers = versionOffers{key, nil}
	if known, ok := find(name); ok && known.version != "" {
		out.Version = known.version
		out.VersionOffers = versionOffers{key, []any{known.version}}
	}
	var offers definition.Offers
	for _, c := range v.classes(kind) {
		offers = append(offers, c)
	}
	out.Offers = offers
	out.Resolve = func(name string) (string, error) {
		if known, ok := find(name); ok {
			return known.name, nil
		}
		if v.known(name) {
			return name, nil // some other plugin: Check tells
		}
		return "", config.InvalidValue(key, name, "Class "+name+" could not be found.")
	}
	wanted := "Converter"
	if kind == plugins.TypeHeaderConverter {
		wanted = "HeaderConverter"
	}
	out.Check = config.CheckFunc(func(_ string, value any) error {
		name, ok := value.(string)
		if _, fits := find(name); !ok || fits || !v.known(name) {
			return nil
		}
		return config.Errorf("Class class %s does not implement the %s interface", name, wanted)
	})
	return out
}

// known reports whether the name is one of a class that exists but may be no
// plugin of the wanted type.
func (v validation) known(name string) bool {
	if strings.HasPrefix(name, "java.lang.") {
		return true
	}
	for _, d := range v.plugins.All() {
		if d.Class == name {
			return true
		}
	}
	return false
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
// itself names. Errors are counted by key.
func (v validation) converterInfos(values config.Values) (infos ConfigInfos, errors int) {
	for _, c := range []struct {
		key, kind string
		find      func(string) (class, bool)
	}{
		{definition.HeaderConverter, "header", v.headerConverter},
		{definition.KeyConverter, "key", v.converter},
		{definition.ValueConverter, "value", v.converter},
	} {
		given := v.raw[c.key]
		if given == nil || len(values.Find(c.key).Errors) > 0 || len(values.Find(c.key+definition.VersionSuffix).Errors) > 0 {
			continue
		}
		known, ok := c.find(config.Trim(*given))
		if !ok {
			continue
		}
		prefix := c.key + "."
		own := config.Raw{"converter.type": &c.kind}
		for key, value := range v.raw {
			if rest, ok := strings.CutPrefix(key, prefix); ok && rest != "" {
				own[rest] = value
			}
		}
		part := prefixed(known.config, known.config.Validate(own), prefix)
		infos.Configs = append(infos.Configs, part.Configs...)
		infos.Groups = append(infos.Groups, part.Groups...)
		errors += part.ErrorCount
	}
	return infos, errors
}

// clientInfos lists the overrides of the connector's Kafka clients, which all are
// allowed (connector.client.config.override.policy=All). One that does not parse
// fails the request.
func (v validation) clientInfos(kind string) ([]ConfigInfo, error) {
	var out []ConfigInfo
	dlq := v.raw[definition.DLQTopic]
	hasDLQ := dlq != nil && config.Trim(*dlq) != ""
	creates := false
	for key := range v.raw {
		creates = creates || strings.HasPrefix(key, "topic.creation.")
	}
	for _, c := range []struct {
		prefix string
		role   kafka.Role
		used   bool
	}{
		{"producer.override.", kafka.ProducerRole, kind == TypeSource || hasDLQ},
		{"consumer.override.", kafka.ConsumerRole, kind == TypeSink},
		{"admin.override.", kafka.AdminRole, kind == TypeSource && creates || kind == TypeSink && hasDLQ},
	} {
		if !c.used {
			continue
		}
		infos, err := v.overrides(c.prefix, c.role)
		if err != nil {
			return nil, err
		}
		out = append(out, infos...)
	}
	return out, nil
}
