package plugins

import (
	"maps"
	"slices"
	"strings"

	"sluice/connect/config"
)

// Names finds plugins by the names that configurations use where only the classes
// are known, as of another worker. It does not change after NamesOf.
type Names struct {
	classes map[string]bool
	aliases map[alias]string // to full class names; "" where two classes share one
}

// alias is a name of a plugin in a role: the suffix is that of the role's classes.
type alias struct{ suffix, name string }

// suffixes are what the aliases of the roles lack, with the interface that a class
// in the role implements.
var suffixes = [...]string{"Connector", "Converter", "HeaderConverter", "Transformation", "Predicate"}

// NamesOf returns the names of the classes.
func NamesOf(classes []string) Names {
	n := Names{make(map[string]bool, len(classes)), make(map[alias]string, 2*len(suffixes)*len(classes))}
	for _, class := range classes {
		if n.classes[class] {
			continue
		}
		n.classes[class] = true
		for _, suffix := range suffixes {
			n.add(alias{suffix, innermost(class)}, class)
			n.add(alias{suffix, prune(class, suffix)}, class)
		}
	}
	return n
}

func (n Names) add(a alias, class string) {
	if known, ok := n.aliases[a]; ok && known != class {
		class = ""
	}
	n.aliases[a] = class
}

// Lacking returns the plugins that the configuration of a connector names and that
// are none of the classes, each once, as the configuration names them. A name that
// a config provider is to give counts as there.
func (n Names) Lacking(cfg config.Raw) []string {
	var out []string
	for _, r := range references(cfg) {
		if n.classes[r.name] || n.aliases[r] != "" || strings.Contains(r.name, "${") || slices.Contains(out, r.name) {
			continue
		}
		out = append(out, r.name)
	}
	return out
}

// references returns the names of plugins in the configuration of a connector.
func references(cfg config.Raw) []alias {
	var out []alias
	add := func(key, suffix string) {
		if text := cfg[key]; text != nil && config.Trim(*text) != "" {
			out = append(out, alias{suffix, config.Trim(*text)})
		}
	}
	add("connector.class", "Connector")
	add("key.converter", "Converter")
	add("value.converter", "Converter")
	add("header.converter", "HeaderConverter")
	for _, list := range []struct{ key, suffix string }{{"transforms", "Transformation"}, {"predicates", "Predicate"}} {
		if cfg[list.key] == nil {
			continue
		}
		for part := range strings.SplitSeq(*cfg[list.key], ",") {
			add(list.key+"."+config.Trim(part)+".type", list.suffix)
		}
	}
	return out
}

// Classes returns the classes of all plugins, sorted, each once.
func (r *Registry) Classes() []string { return slices.Sorted(maps.Keys(r.defs)) }
