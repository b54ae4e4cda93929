package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/telemetry"
)

// converter is a converter with the Java class that it stands for.
type converter struct {
	connect.Converter
	class, version string
}

// headerConverter is a header converter with its Java class.
type headerConverter struct {
	connect.HeaderConverter
	class, version string
}

// step is a transformation with its predicate.
type step struct {
	alias, class, version string
	transform             connect.Transform
	predicate             connect.Predicate // nil is always
	negate                bool
	guard                 telemetry.Plugin // the predicate
}

const defaultHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"

func (p *Pipeline) load(cfg Config, transforms []string) (err error) {
	if p.key, err = newConverter(cfg, "key.converter", true); err != nil {
		return err
	}
	if p.value, err = newConverter(cfg, "value.converter", false); err != nil {
		return err
	}
	if p.header, err = newHeaderConverter(cfg); err != nil {
		return err
	}
	for _, alias := range transforms {
		s, err := newStep(cfg.Plugins, cfg.Connector, alias)
		if err != nil {
			return err
		}
		p.steps = append(p.steps, s)
	}
	return nil
}

// from returns the configuration that names the plugin of the key.
func (c Config) from(key string) config.Map {
	if c.Connector[key] != "" {
		return c.Connector
	}
	return c.Worker
}

// require checks the version of a plugin that its configuration asks for, and
// takes the key out of it: it is not the plugin's.
func require(own config.Map, info plugin.Info, prefix string) error {
	const key = "plugin.version"
	wanted := own[key]
	delete(own, key)
	return plugins.Require(info.Class, info.Version, prefix+key, wanted)
}

func newConverter(cfg Config, key string, isKey bool) (converter, error) {
	m := cfg.from(key)
	class := m[key]
	if class == "" {
		return converter{}, connect.ClassErrorf(connect.ConfigException, "Missing required configuration \"%s\" which has no default value.", key)
	}
	desc, ok := cfg.Plugins.Converter(class)
	if !ok {
		return converter{}, plugins.Unknown("converter", key, class)
	}
	own := config.Map(kafka.WithPrefix(m, key+"."))
	if err := require(own, desc.Info, key+"."); err != nil {
		return converter{}, err
	}
	c := desc.New()
	if err := c.Configure(own, isKey); err != nil {
		return converter{}, fmt.Errorf("configure the %s: %w", key, err)
	}
	return converter{c, desc.Class, desc.Version}, nil
}

func newHeaderConverter(cfg Config) (headerConverter, error) {
	const key = "header.converter"
	m := cfg.from(key)
	class := cmp.Or(m[key], defaultHeaderConverter)
	desc, ok := cfg.Plugins.HeaderConverter(class)
	if !ok {
		return headerConverter{}, plugins.Unknown("header converter", key, class)
	}
	own := config.Map(kafka.WithPrefix(m, key+"."))
	if err := require(own, desc.Info, key+"."); err != nil {
		return headerConverter{}, err
	}
	own["converter.type"] = "header"
	c := desc.New()
	if err := c.Configure(own); err != nil {
		return headerConverter{}, fmt.Errorf("configure the %s: %w", key, err)
	}
	return headerConverter{c, desc.Class, desc.Version}, nil
}

func newStep(reg *plugins.Registry, conn config.Map, alias string) (step, error) {
	prefix := "transforms." + alias + "."
	class := conn[prefix+"type"]
	desc, ok := reg.Transform(class)
	if !ok {
		return step{}, plugins.Unknown("transformation", prefix+"type", class)
	}
	own := config.Map(kafka.WithPrefix(conn, prefix))
	if err := require(own, desc.Info, prefix); err != nil {
		return step{}, err
	}
	s := step{alias: alias, class: desc.Class, version: desc.Version, transform: desc.New()}
	maps.DeleteFunc(own, func(k, _ string) bool { return k == "type" || k == "predicate" || k == "negate" })
	if err := s.transform.Configure(own); err != nil {
		return step{}, fmt.Errorf("configure the transformation %s: %w", alias, err)
	}
	name := conn[prefix+"predicate"]
	if name == "" {
		return s, nil
	}
	s.negate = strings.EqualFold(conn[prefix+"negate"], "true")
	var err error
	if s.predicate, s.guard, err = newPredicate(reg, conn, name); err != nil {
		return step{}, errors.Join(err, s.transform.Close())
	}
	return s, nil
}

func newPredicate(reg *plugins.Registry, conn config.Map, name string) (connect.Predicate, telemetry.Plugin, error) {
	var info telemetry.Plugin
	prefix := "predicates." + name + "."
	class := conn[prefix+"type"]
	desc, ok := reg.Predicate(class)
	if !ok {
		return nil, info, plugins.Unknown("predicate", prefix+"type", class)
	}
	own := config.Map(kafka.WithPrefix(conn, prefix))
	if err := require(own, desc.Info, prefix); err != nil {
		return nil, info, err
	}
	p := desc.New()
	delete(own, "type")
	if err := p.Configure(own); err != nil {
		return nil, info, fmt.Errorf("configure the predicate %s: %w", name, err)
	}
	return p, telemetry.Plugin{Alias: name, Class: desc.Class, Version: desc.Version}, nil
}

// Info names the plugins of the pipeline.
func (p *Pipeline) Info() telemetry.Info {
	i := telemetry.Info{
		Key:    telemetry.Plugin{Class: p.key.class, Version: p.key.version},
		Value:  telemetry.Plugin{Class: p.value.class, Version: p.value.version},
		Header: telemetry.Plugin{Class: p.header.class, Version: p.header.version},
	}
	for _, s := range p.steps {
		i.Transforms = append(i.Transforms, telemetry.Plugin{Alias: s.alias, Class: s.class, Version: s.version})
		if s.predicate != nil {
			i.Predicates = append(i.Predicates, s.guard)
		}
	}
	return i
}
