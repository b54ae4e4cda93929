package config

import (
	"slices"
	"strings"
)

// Value is the validated state of one key (ConfigValue of Java).
type Value struct {
	Name string
	// Value is the parsed value; nil is null.
	Value       any
	Recommended []any
	Errors      []string
	Visible     bool
}

// Values holds one Value for each key, in the order of the definition, and
// after them those of dependents that no key defines.
type Values []*Value

// Find returns the value of the named key, or nil.
func (v Values) Find(name string) *Value {
	i := slices.IndexFunc(v, func(c *Value) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return v[i]
}

// AddError adds a message to the named key; a name without a key gets a value
// of its own.
func (v *Values) AddError(name, message string) {
	c := v.Find(name)
	if c == nil {
		c = &Value{Name: name, Visible: true}
		*v = append(*v, c)
	}
	c.Errors = append(c.Errors, message)
}

// ErrorCount returns the number of messages.
func (v Values) ErrorCount() int {
	n := 0
	for _, c := range v {
		n += len(c.Errors)
	}
	return n
}

// Validate parses and checks a configuration (ConfigDef.validateAll): each key
// gets its parsed value, all its errors, recommended values and visibility.
// Keys that the definition does not have are not looked at. Dependents are
// handled again after the key that they depend on, as in Java.
func (d Def) Validate(raw Raw) Values {
	r := run{def: d, raw: raw, index: make(map[string]int, len(d)), parsed: make(map[string]any, len(d))}
	for i, k := range d {
		r.index[k.Name] = i
		r.values = append(r.values, &Value{Name: k.Name, Visible: true})
	}
	for _, k := range d {
		for _, dep := range k.Dependents {
			if _, ok := r.index[dep]; !ok && r.values.Find(dep) == nil {
				r.values.AddError(dep, dep+" is referred in the dependents, but not defined.")
				r.values.Find(dep).Visible = false
			}
		}
	}
	roots := d.roots()
	for _, name := range roots {
		r.parse(name)
	}
	for _, name := range roots {
		r.recommend(name)
	}
	return r.values
}

// roots are the keys that depend on no other one.
func (d Def) roots() []string {
	dependent := map[string]bool{}
	for _, k := range d {
		for _, dep := range k.Dependents {
			dependent[dep] = true
		}
	}
	var names []string
	for _, k := range d {
		if !dependent[k.Name] {
			names = append(names, k.Name)
		}
	}
	return names
}

type run struct {
	def    Def
	raw    Raw
	index  map[string]int
	parsed map[string]any
	values Values
}

func (r *run) parse(name string) {
	i, ok := r.index[name]
	if !ok {
		return
	}
	k, v := r.def[i], r.values[i]
	value, err := k.value(r.raw)
	if err != nil {
		v.Errors = append(v.Errors, err.Error())
	}
	if k.Validator != nil {
		if err := k.Validator.Check(k.Name, value); err != nil {
			v.Errors = append(v.Errors, err.Error())
		}
	}
	v.Value = value
	r.parsed[name] = value
	for _, dep := range k.Dependents {
		r.parse(dep)
	}
}

// value parses what is given for the key, or takes the default.
func (k Key) value(raw Raw) (any, error) {
	text, given := raw[k.Name]
	switch {
	case given && text == nil:
		return nil, nil //nolint:nilnil // A null configuration value.
	case !given && k.Required:
		return nil, Errorf("Missing required configuration %q which has no default value.", k.Name)
	case !given:
		return k.Default, nil
	}
	value, err := Parse(k.Name, *text, k.Type)
	if err != nil || k.Type != Class || k.Resolve == nil {
		return value, err
	}
	class, ok := k.Resolve(Trim(*text))
	if !ok { // Java looks for the trimmed name and speaks of the given one.
		return nil, InvalidValue(k.Name, *text, "Class "+*text+" could not be found.")
	}
	return class, nil
}

func (r *run) recommend(name string) {
	i, ok := r.index[name]
	if !ok {
		return
	}
	k, v := r.def[i], r.values[i]
	if k.Recommender != nil {
		values := k.Recommender.Values(name, r.parsed)
		if len(v.Recommended) > 0 {
			values = slices.DeleteFunc(slices.Clone(values), func(o any) bool { return !slices.Contains(v.Recommended, o) })
		}
		v.Recommended = values
		v.Visible = k.Recommender.Visible(name, r.parsed)
	}
	for _, dep := range k.Dependents {
		r.recommend(dep)
	}
}

// Parse returns the parsed values of a configuration by key. The first bad
// value ends it with an *Error, as the constructor of Java's AbstractConfig.
func (d Def) Parse(m Map) (map[string]any, error) {
	raw := m.Raw()
	parsed := make(map[string]any, len(d))
	for _, k := range d {
		value, err := k.value(raw)
		if err != nil {
			return nil, err
		}
		value = k.distinct(value)
		if k.Validator != nil {
			if err := k.Validator.Check(k.Name, value); err != nil {
				return nil, err
			}
		}
		parsed[k.Name] = value
	}
	return parsed, nil
}

// Unknown returns the keys of the map that the definition does not have, sorted.
func (d Def) Unknown(m Map) []string {
	var names []string
	for name := range m {
		if _, ok := d.Find(name); !ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
