package herder

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/plugins"
)

// validation is one call of Validate.
type validation struct {
	plugins  *plugins.Registry
	settings config.Map
	policy   policy
	group    string // of the workers; "" in standalone mode
	raw      config.Raw
}

// found is the connector that a configuration names.
type found struct {
	kind, class, version string
	config               config.Def
	check                connect.ConfigValidator // nil where it has none
}

// run does what AbstractHerder.validateConnectorConfig of Connect 4.3.1 does.
func (v validation) run(ctx context.Context) (ConfigInfos, error) {
	class := v.raw[definition.ConnectorClass]
	if class == nil {
		return ConfigInfos{}, badRequest("Connector config " + javaMap(v.raw) + " contains no connector type")
	}
	c, ok := v.find(*class)
	if !ok && definition.IsConnector(*class) {
		return ConfigInfos{}, badRequest("Instantiation error")
	}
	if !ok {
		return ConfigInfos{}, badRequest("Failed to find any class that implements Connector and which name matches " + *class +
			", available connectors are: " + v.available())
	}
	if text := v.raw[definition.ConnectorVersion]; text != nil {
		wanted, err := plugins.ParseRange(*text)
		if err != nil {
			return ConfigInfos{}, badRequest(err.Error())
		}
		if !wanted.Contains(c.version) {
			return v.otherVersion(c, wanted), nil
		}
	}
	if key := v.nullTopic(c.kind); key != "" {
		return ConfigInfos{}, badRequest(key + " is null: it must be the name of a topic, or not be there")
	}
	enriched := definition.Sink(v.defaults(c))
	if c.kind == TypeSource {
		enriched = definition.Source(v.defaults(c))
	}
	enriched = definition.Enrich(enriched, v.raw, v.transforms(), v.predicates())
	values := enriched.Validate(v.raw)
	if c.kind == TypeSink {
		definition.CheckSink(v.raw, &values)
	}
	v.groupRules(c.kind, &values)
	v.addNullErrors(&values)

	converters := v.converterInfos(values)
	clients, err := v.clientInfos(c.kind)
	if err != nil {
		return ConfigInfos{}, err
	}
	own := c.config.Validate(v.raw)
	if c.check != nil {
		c.check.ValidateConfig(ctx, v.raw.Map(), own)
	}
	infos := result(*class, config.Join(enriched, c.config), overlay(values, own))
	infos.add(clients)
	infos.add(converters)
	return infos, nil
}

// nullTopic returns the key of a topic whose null value Java cannot work with.
func (v validation) nullTopic(kind string) string {
	key := definition.DLQTopic
	if kind == TypeSource {
		if key = offsetsTopicKey; v.group == "" {
			return ""
		}
	}
	if value, given := v.raw[key]; given && value == nil {
		return key
	}
	return ""
}

func (v validation) find(class string) (found, bool) {
	if p, ok := v.plugins.Sink(class); ok {
		check, _ := p.New().(connect.ConfigValidator)
		return found{TypeSink, p.Class, p.Version, p.Config, check}, true
	}
	if p, ok := v.plugins.Source(class); ok {
		check, _ := p.New().(connect.ConfigValidator)
		return found{TypeSource, p.Class, p.Version, p.Config, check}, true
	}
	return found{}, false
}

// available lists the connectors as Java prints their descriptions.
func (v validation) available() string {
	var list []string
	for _, d := range v.plugins.All() {
		if d.Type == plugins.TypeSink || d.Type == plugins.TypeSource {
			list = append(list, fmt.Sprintf("PluginDesc{klass=class %s, name='%s', version='%s', encodedVersion=%s, type=%s, typeName='%s', location='classpath'}",
				d.Class, d.Class, d.Version, d.Version, d.Type, d.Type))
		}
	}
	return strings.Join(list, ", ")
}

// otherVersion answers where the asked version of the connector is not there.
func (v validation) otherVersion(c found, wanted plugins.Range) ConfigInfos {
	def := definition.Connector(definition.Defaults{
		Version: c.version,
		Key:     definition.Converter{VersionOffers: versionOffers{key: definition.KeyConverter}},
		Value:   definition.Converter{VersionOffers: versionOffers{key: definition.ValueConverter}},
		Header:  definition.Converter{VersionOffers: versionOffers{key: definition.HeaderConverter}},
	})
	values := def.Validate(v.raw)
	message := plugins.NoVersion(c.class, wanted, v.plugins.Versions(c.class)...)
	values.AddError(definition.ConnectorClass, message)
	values.AddError(definition.ConnectorVersion, message)
	values.Find(definition.ConnectorVersion).Recommended = []any{c.version}
	v.addNullErrors(&values)
	return result(*v.raw[definition.ConnectorClass], def, values)
}

func (v validation) addNullErrors(values *config.Values) {
	for _, key := range slices.Sorted(maps.Keys(v.raw)) {
		if v.raw[key] == nil {
			values.AddError(key, "Null value can not be supplied as the configuration value.")
		}
	}
}

// overlay puts the connector's own values in the place of those of the same name.
func overlay(base, own config.Values) config.Values {
	out := slices.Clone(base)
	for _, value := range own {
		if i := slices.IndexFunc(out, func(o *config.Value) bool { return o.Name == value.Name }); i >= 0 {
			out[i] = value
			continue
		}
		out = append(out, value)
	}
	return out
}
