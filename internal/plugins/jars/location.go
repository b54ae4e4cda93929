package jars

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sluice/internal/plugins"
)

// bases are the types that make a class a plugin, and those of Kafka's own
// plugins that others are derived from, since their jars lie elsewhere.
var bases = map[string][]string{
	"org/apache/kafka/connect/source/SourceConnector":          {plugins.TypeSource},
	"org/apache/kafka/connect/sink/SinkConnector":              {plugins.TypeSink},
	"org/apache/kafka/connect/storage/Converter":               {plugins.TypeConverter},
	"org/apache/kafka/connect/storage/HeaderConverter":         {plugins.TypeHeaderConverter},
	"org/apache/kafka/connect/transforms/Transformation":       {plugins.TypeTransformation},
	"org/apache/kafka/connect/transforms/predicates/Predicate": {plugins.TypePredicate},
	"org/apache/kafka/connect/converters/ByteArrayConverter":   {plugins.TypeConverter, plugins.TypeHeaderConverter},
	"org/apache/kafka/connect/converters/NumberConverter":      {plugins.TypeConverter, plugins.TypeHeaderConverter},
	"org/apache/kafka/connect/json/JsonConverter":              {plugins.TypeConverter, plugins.TypeHeaderConverter},
	"org/apache/kafka/connect/storage/SimpleHeaderConverter":   {plugins.TypeHeaderConverter},
	"org/apache/kafka/connect/storage/StringConverter":         {plugins.TypeConverter, plugins.TypeHeaderConverter},
}

// services are the service files that name plugins. That of Connector says
// nothing of the direction, so the class itself is looked at.
var services = []struct{ name, kind string }{
	{"META-INF/services/org.apache.kafka.connect.source.SourceConnector", plugins.TypeSource},
	{"META-INF/services/org.apache.kafka.connect.sink.SinkConnector", plugins.TypeSink},
	{"META-INF/services/org.apache.kafka.connect.connector.Connector", ""},
	{"META-INF/services/org.apache.kafka.connect.storage.Converter", plugins.TypeConverter},
	{"META-INF/services/org.apache.kafka.connect.storage.HeaderConverter", plugins.TypeHeaderConverter},
	{"META-INF/services/org.apache.kafka.connect.transforms.Transformation", plugins.TypeTransformation},
	{"META-INF/services/org.apache.kafka.connect.transforms.predicates.Predicate", plugins.TypePredicate},
}

// location is one plugin: the archives that are loaded together.
type location struct {
	archives []*archive
	classes  map[string]file  // of all archives, by name with slashes
	parsed   map[string]class // those that were looked at
}

func (l *location) add(a *archive) {
	l.archives = append(l.archives, a)
	for name, f := range a.files {
		if class, ok := strings.CutSuffix(name, ".class"); ok {
			if _, known := l.classes[class]; !known {
				l.classes[class] = f
			}
		}
	}
}

func (l *location) close() {
	for _, a := range l.archives {
		_ = a.close() // nothing was written
	}
}

// scan trusts the service files where an archive has one, and looks at the
// classes of the others. Where the plugin has any service file at all, the
// archives without are mostly libraries of thousands of classes; then only those
// that are called connectors are looked at.
func (l *location) scan(ctx context.Context, s *scanner) {
	var without []*archive
	for _, a := range l.archives {
		if !l.scanServices(a, s) {
			without = append(without, a)
		}
	}
	all := len(without) == len(l.archives)
	for _, a := range without {
		l.scanClasses(ctx, a, s, all)
	}
}

// scanServices reads the archive's service files; false where it has none.
func (l *location) scanServices(a *archive, s *scanner) bool {
	any := false
	for _, service := range services {
		f, ok := a.files[service.name]
		if !ok {
			continue
		}
		any = true
		b, err := f.read()
		if err != nil {
			s.warn(a.path, "%s is not readable: %v", service.name, err)
			continue
		}
		for _, name := range serviceNames(string(b)) {
			l.addService(a, s, service.kind, name)
		}
	}
	return any
}

func (l *location) addService(a *archive, s *scanner, kind, name string) {
	slashed := strings.ReplaceAll(name, ".", "/")
	if _, ok := l.classes[slashed]; !ok {
		s.warn(a.path, "a service file names the class %s, which is in none of the plugin's jars", name)
		return
	}
	kinds := []string{kind}
	if kind == "" {
		c, err := l.class(slashed)
		if err == nil {
			kinds, err = l.kinds(c)
		}
		if err != nil || len(kinds) == 0 {
			s.warn(a.path, "the class %s is neither a source nor a sink connector, or not readable", name)
			return
		}
	}
	s.add(a, name, kinds)
}

// serviceNames reads a service file: a class a line, # starts a comment.
func serviceNames(text string) []string {
	var names []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "\n")) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	return names
}

func (l *location) scanClasses(ctx context.Context, a *archive, s *scanner, all bool) {
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		slashed, ok := strings.CutSuffix(name, ".class")
		if !ok || !isCandidate(slashed, all) {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		c, err := l.class(slashed)
		if err != nil {
			s.warn(a.path, "%s is not readable: %v", name, err)
			continue
		}
		if c.name != slashed || c.access&accessPublic == 0 || c.access&(accessAbstract|accessInterface) != 0 {
			continue
		}
		kinds, err := l.kinds(c)
		if err != nil {
			s.warn(a.path, "%s is not readable: %v", name, err)
			continue
		}
		s.add(a, strings.ReplaceAll(slashed, "/", "."), kinds)
	}
}

// isCandidate leaves out what cannot be a plugin: what lies in META-INF, module
// descriptions, anonymous classes.
func isCandidate(slashed string, all bool) bool {
	base := path.Base(slashed)
	if strings.HasPrefix(slashed, "META-INF/") || strings.Contains(base, "-") {
		return false
	}
	if i := strings.LastIndexByte(base, '$'); i >= 0 && i+1 < len(base) && base[i+1] >= '0' && base[i+1] <= '9' {
		return false
	}
	return all || strings.Contains(base, "Connector")
}

// class reads a class of this location.
func (l *location) class(slashed string) (class, error) {
	if c, ok := l.parsed[slashed]; ok {
		return c, nil
	}
	b, err := l.classes[slashed].read()
	if err != nil {
		return class{}, err
	}
	c, err := parseClass(b)
	if err != nil {
		return class{}, err
	}
	l.parsed[slashed] = c
	return c, nil
}

// kinds walks over all that the class is made from. What is not in this
// location is Java's, Kafka's or missing, and makes no plugin unless it is one of
// the bases.
func (l *location) kinds(c class) ([]string, error) {
	var kinds []string
	seen := map[string]bool{c.name: true}
	todo := c.parents()
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		if k, ok := bases[name]; ok {
			kinds = append(kinds, k...)
			continue
		}
		if _, ok := l.classes[name]; !ok {
			continue
		}
		parent, err := l.class(name)
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", name, err)
		}
		todo = append(todo, parent.parents()...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

func (s *scanner) add(a *archive, name string, kinds []string) {
	for _, kind := range kinds {
		s.Found = append(s.Found, Found{Class: name, Kind: kind, Version: a.version, Location: a.path})
	}
}
