// Package transforms holds the transformations and predicates of Kafka Connect
// 4.3.1, one file each.
//
// Records are edited in place, and only once nothing can fail any more: after an
// error the record is as it was. New structs and maps lie in the arena of the
// batch; what belongs to a schema is worked out once and kept (schemacache.go).
// Maps without a schema get the order that a java.util.HashMap gives them
// (hashmap.go), since converters write what they get in that order. Patterns of
// java.util.regex and java.text.SimpleDateFormat are in javaregex and javadate.
// Nothing here blocks. Package transforms/all lists the plugins; start reading
// at one of them, such as hoistfield.go.
package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const (
	version         = "4.3.1"
	packageName     = "org.apache.kafka.connect.transforms."
	predicatePrefix = packageName + "predicates."
)

// side says whether a transformation works on keys or on values.
type side bool

const (
	onValue side = false
	onKey   side = true
)

// of returns the half of the record that the transformation works on.
func (s side) of(r *connect.Record) *connect.Data {
	if s == onKey {
		return &r.Key
	}
	return &r.Value
}

// single describes a transformation that has one class.
func single(name string, def config.Def, make func() connect.Transform) []plugin.Transform {
	return []plugin.Transform{{Info: info(packageName+name, def), New: make}}
}

// keyAndValue describes a transformation that has a class for keys and one for values.
func keyAndValue(name string, def config.Def, make func(side) connect.Transform) []plugin.Transform {
	return []plugin.Transform{
		{Info: info(packageName+name+"$Key", def), New: func() connect.Transform { return make(onKey) }},
		{Info: info(packageName+name+"$Value", def), New: func() connect.Transform { return make(onValue) }},
	}
}

func predicate(name string, def config.Def, make func() connect.Predicate) []plugin.Predicate {
	return []plugin.Predicate{{Info: info(predicatePrefix+name, def), New: make}}
}

func info(class string, def config.Def) plugin.Info {
	return plugin.Info{Class: class, Version: version, Config: def}
}

// closer is the part of transformations and predicates that hold nothing.
type closer struct{}

// Close does nothing.
func (closer) Close() error { return nil }

const replaceNullName = "replace.null.with.default"

// replaceNullKey defines the key that most transformations share.
func replaceNullKey() config.Key {
	return config.Key{
		Name: replaceNullName, Type: config.Boolean, Default: true, Importance: config.Medium,
		Doc: "Whether the default value of a field stands in for its null; otherwise null stays.",
	}
}

// replaceNull says whether defaults stand in for nulls.
type replaceNull bool

// at returns the member at a position.
func (r replaceNull) at(st *schema.Struct, i int) schema.Value {
	if r {
		return st.At(i)
	}
	return st.Values[i]
}
