// Package config defines configurations as literal tables, and parses and
// validates them as org.apache.kafka.common.config.ConfigDef of Kafka 4.3.1 does,
// error texts included.
//
// A [Def] is a table of keys. It gives the answer of the validate endpoint
// ([Def.Validate]), the typed settings of a plugin ([Decode]), and the reference
// page. Nothing here blocks, but recommenders and validators of plugins may.
package config

import (
	"cmp"
	"slices"
	"strings"
)

// Map is a configuration as a plugin sees it.
type Map map[string]string

// Raw is a configuration as a client sent it: values may be null (nil).
type Raw map[string]*string

// Map returns the configuration without its null values.
func (r Raw) Map() Map {
	m := make(Map, len(r))
	for k, v := range r {
		if v != nil {
			m[k] = *v
		}
	}
	return m
}

// Raw returns the configuration in the form that may hold nulls.
func (m Map) Raw() Raw {
	r := make(Raw, len(m))
	for k, v := range m {
		r[k] = &v
	}
	return r
}

// Type is the type of a key's value.
type Type string

// The types of ConfigDef, with the Go type of their parsed values.
const (
	Boolean  Type = "BOOLEAN"  // bool
	String   Type = "STRING"   // string
	Int      Type = "INT"      // int32
	Short    Type = "SHORT"    // int16
	Long     Type = "LONG"     // int64
	Double   Type = "DOUBLE"   // float64
	List     Type = "LIST"     // []string
	Class    Type = "CLASS"    // string
	Password Type = "PASSWORD" // Secret
)

// Importance says how much a key matters to users.
type Importance string

// The levels of importance.
const (
	High   Importance = "HIGH"
	Medium Importance = "MEDIUM"
	Low    Importance = "LOW"
)

// Width is how wide a form shows the value; the zero Width is NONE.
type Width string

// The widths.
const (
	WidthNone   Width = "NONE"
	WidthShort  Width = "SHORT"
	WidthMedium Width = "MEDIUM"
	WidthLong   Width = "LONG"
)

// Secret is the value of a PASSWORD key. It prints as [Hidden] everywhere; Reveal
// gives the text.
type Secret struct{ text string }

// Hidden stands for a secret in every text.
const Hidden = "[hidden]"

// NewSecret returns the text as a secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the secret text.
func (s Secret) Reveal() string { return s.text }

// String returns Hidden.
func (s Secret) String() string { return Hidden }

// GoString returns Hidden.
func (s Secret) GoString() string { return Hidden }

// MarshalText returns Hidden, so that no encoder shows the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// Key defines one key.
type Key struct {
	Name string
	Type Type
	// Required is Java's "no default value".
	Required bool
	// Default is the parsed default, of the Go type of Type; nil is a null default.
	Default     any
	Validator   Validator
	Importance  Importance
	Doc         string
	Group       string
	Order       int // in its group; see OrderInGroup
	Width       Width
	DisplayName string // "" is the name
	Dependents  []string
	Recommender Recommender
	Internal    bool
	// Resolve finds the class that the value of a CLASS key names and returns its
	// full name, and whether there is one; nil accepts every name.
	Resolve func(class string) (full string, ok bool)
}

// Def is a table of keys in the order in which they are shown.
type Def []Key

// Find returns the key of the name.
func (d Def) Find(name string) (Key, bool) {
	i := slices.IndexFunc(d, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return d[i], true
}

// Join returns a definition with the keys of all, a later one replacing an
// earlier one of the same name in its place.
func Join(defs ...Def) Def {
	var all Def
	at := map[string]int{}
	for _, d := range defs {
		for _, k := range d {
			if i, ok := at[k.Name]; ok {
				all[i] = k
				continue
			}
			at[k.Name] = len(all)
			all = append(all, k)
		}
	}
	return all
}

// OrderInGroup returns the key's place in its group as answers show it; -1 is
// unset, which an Order of 0 means where there is no group.
func (k Key) OrderInGroup() int {
	if k.Group == "" && k.Order == 0 {
		return -1
	}
	return k.Order
}

// Embed returns the definition with the prefix before every name and dependent,
// in the order and the groups that ConfigDef.embed of Java gives.
func (d Def) Embed(prefix, group string, firstOrder int) Def {
	out := slices.Clone(d)
	groups := d.Groups()
	slices.SortStableFunc(out, func(a, b Key) int { return compareKeys(groups, a, b) })
	for i, k := range out {
		if k.DisplayName == "" {
			k.DisplayName = k.Name
		}
		k.Name = prefix + k.Name
		if k.Group != "" {
			k.Group = group + ": " + k.Group
		} else {
			k.Group = group
		}
		k.Order = firstOrder + i
		if len(k.Dependents) > 0 {
			k.Dependents = slices.Clone(k.Dependents)
			for j := range k.Dependents {
				k.Dependents[j] = prefix + k.Dependents[j]
			}
		}
		if r := k.Recommender; r != nil {
			k.Recommender = embedded{prefix, r}
		}
		if v := k.Validator; v != nil {
			// Java's validators of embedded keys name the key without its prefix.
			k.Validator = CheckFunc(func(name string, value any) error { return v.Check(strings.TrimPrefix(name, prefix), value) })
		}
		out[i] = k
	}
	return out
}

// compareKeys orders keys as Java's documentation does: those without a group,
// then by group; in a group by order; then required ones, importance, and name.
func compareKeys(groups []string, a, b Key) int {
	required := func(k Key) int {
		if k.Required {
			return 0
		}
		return 1
	}
	levels := []Importance{High, Medium, Low}
	return cmp.Or(
		cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)),
		cmp.Compare(a.OrderInGroup(), b.OrderInGroup()),
		cmp.Compare(required(a), required(b)),
		cmp.Compare(slices.Index(levels, a.Importance), slices.Index(levels, b.Importance)),
		strings.Compare(a.Name, b.Name),
	)
}

// Groups returns the groups in the order of their first key.
func (d Def) Groups() []string {
	var groups []string
	for _, k := range d {
		if k.Group != "" && !slices.Contains(groups, k.Group) {
			groups = append(groups, k.Group)
		}
	}
	return groups
}
