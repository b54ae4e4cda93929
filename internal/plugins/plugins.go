// Package plugins finds plugins by the names that configurations use: the full
// Java class, its simple name, or Kafka Connect's alias of it.
//
// It owns the rules of these names and the order in which plugins are listed;
// it never makes or runs a plugin. A Registry does not change after New, so
// all may use it at once, and nothing in it blocks. Start reading at New.
package plugins

import (
	"cmp"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/plugin"
)

// The types of plugins, as Kafka Connect's REST answers spell them.
const (
	TypeSource          = "source"
	TypeSink            = "sink"
	TypeConverter       = "converter"
	TypeHeaderConverter = "header_converter"
	TypeTransformation  = "transformation"
	TypePredicate       = "predicate"
)

// Desc describes a plugin to people and tools.
type Desc struct {
	Class, Type, Version string
}

// Registry is the set of plugins of a worker.
type Registry struct {
	sources          map[string]plugin.Source
	sinks            map[string]plugin.Sink
	converters       map[string]plugin.Converter
	headerConverters map[string]plugin.HeaderConverter
	transforms       map[string]plugin.Transform
	predicates       map[string]plugin.Predicate

	aliases map[string]string // to full class names; "" where two classes share one
	all     []Desc
	defs    map[string]found // by class: of the first type that has it
}

type found struct {
	info plugin.Info
	kind string
}

// New makes a registry of the set. Of two plugins of one type and class the
// first counts.
func New(set plugin.Set) *Registry {
	r := &Registry{aliases: make(map[string]string), defs: make(map[string]found)}
	// The order of the types is that in which Java lists them.
	r.sinks = index(r, TypeSink, "Connector", set.Sinks, func(p plugin.Sink) plugin.Info { return p.Info })
	r.sources = index(r, TypeSource, "Connector", set.Sources, func(p plugin.Source) plugin.Info { return p.Info })
	r.transforms = index(r, TypeTransformation, "Transformation", set.Transforms, func(p plugin.Transform) plugin.Info { return p.Info })
	r.predicates = index(r, TypePredicate, "Predicate", set.Predicates, func(p plugin.Predicate) plugin.Info { return p.Info })
	r.converters = index(r, TypeConverter, "Converter", set.Converters, func(p plugin.Converter) plugin.Info { return p.Info })
	r.headerConverters = index(r, TypeHeaderConverter, "HeaderConverter", set.HeaderConverters, func(p plugin.HeaderConverter) plugin.Info { return p.Info })
	return r
}

func index[P any](r *Registry, kind, suffix string, list []P, info func(P) plugin.Info) map[string]P {
	byClass := make(map[string]P, len(list))
	first := len(r.all)
	for _, p := range list {
		i := info(p)
		if _, twice := byClass[i.Class]; twice {
			continue
		}
		byClass[i.Class] = p
		if _, known := r.defs[i.Class]; !known {
			r.defs[i.Class] = found{i, kind}
		}
		r.all = append(r.all, Desc{Class: i.Class, Type: kind, Version: i.Version})
		r.alias(innermost(i.Class), i.Class)
		r.alias(prune(i.Class, suffix), i.Class)
	}
	slices.SortFunc(r.all[first:], func(a, b Desc) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Version, b.Version))
	})
	return byClass
}

func (r *Registry) alias(alias, class string) {
	if known, ok := r.aliases[alias]; ok && known != class {
		class = "" // ambiguous, and stays so
	}
	r.aliases[alias] = class
}

// SimpleName returns the class without its package: "FileStreamSinkConnector",
// "Cast$Value".
func SimpleName(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// innermost returns the class without its package and the classes around it, as
// Class.getSimpleName of Java.
func innermost(class string) string {
	name := SimpleName(class)
	return name[strings.LastIndexByte(name, '$')+1:]
}

// prune returns Java's alias of the class: its innermost name, cut where the
// suffix last occurs, unless nothing would be left.
func prune(class, suffix string) string {
	name := innermost(class)
	if at := strings.LastIndex(name, suffix); at > 0 {
		return name[:at]
	}
	return name
}

// find resolves a full class name first, then an alias that one class has.
func find[P any](r *Registry, byClass map[string]P, name string) (P, bool) {
	if p, ok := byClass[name]; ok {
		return p, true
	}
	p, ok := byClass[r.aliases[name]]
	return p, ok
}

// Find returns the plugin of the class or alias with its type; of a class that
// is of several types, the type that New lists first.
func (r *Registry) Find(name string) (info plugin.Info, kind string, ok bool) {
	f, ok := find(r, r.defs, name)
	return f.info, f.kind, ok
}

// Versions returns the versions of the class, once for each type that it has, as
// Java lists them.
func (r *Registry) Versions(class string) []string {
	var out []string
	for _, d := range r.all {
		if d.Class == class {
			out = append(out, d.Version)
		}
	}
	return out
}

// Source returns the source connector of the class or alias.
func (r *Registry) Source(name string) (plugin.Source, bool) { return find(r, r.sources, name) }

// Sink returns the sink connector of the class or alias.
func (r *Registry) Sink(name string) (plugin.Sink, bool) { return find(r, r.sinks, name) }

// Converter returns the converter of the class or alias.
func (r *Registry) Converter(name string) (plugin.Converter, bool) {
	return find(r, r.converters, name)
}

// HeaderConverter returns the header converter of the class or alias.
func (r *Registry) HeaderConverter(name string) (plugin.HeaderConverter, bool) {
	return find(r, r.headerConverters, name)
}

// Transform returns the transformation of the class or alias.
func (r *Registry) Transform(name string) (plugin.Transform, bool) {
	return find(r, r.transforms, name)
}

// Predicate returns the predicate of the class or alias.
func (r *Registry) Predicate(name string) (plugin.Predicate, bool) {
	return find(r, r.predicates, name)
}

// All lists the plugins as Java does: by type (sinks, sources, transformations,
// predicates, converters, header converters), and by class within a type.
func (r *Registry) All() []Desc { return slices.Clone(r.all) }

// Unknown is the error of a configuration key that names a plugin which is not
// in the registry. kind is a word such as "converter".
func Unknown(kind, key, class string) error {
	return connect.Errorf("configuration key %q has the value %q: this worker has no %s of that class or alias; GET /connector-plugins?connectorsOnly=false lists what there is", key, class, kind)
}
