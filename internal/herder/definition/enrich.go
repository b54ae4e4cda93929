package definition

import (
	"strings"

	"sluice/connect/config"
	"sluice/internal/plugins"
)

// Class is a transformation or predicate as [Enrich] sees it.
type Class struct {
	Name, Version string
	Config        config.Def
}

// Kind gives the classes of transformations or of predicates.
type Kind struct {
	// Find returns the class of the full name or alias.
	Find func(name string) (Class, bool)
	// All lists the full names.
	All func() []string
	// Resolve returns the full name of a class that exists, of this kind or not.
	Resolve func(name string) (string, bool)
}

// Enrich adds the keys of the transformations and predicates that the
// configuration lists (ConnectorConfig.enrich). A class that is not known gives
// only its type and version keys, and an error at the first of them.
func Enrich(base config.Def, raw config.Raw, transforms, predicates Kind) config.Def {
	out := base
	for _, alias := range aliases(raw, Transforms) {
		out = config.Join(out, chain{
			list: Transforms, alias: alias, group: transformsGroup, word: "transformation", title: "Transformation",
			kind: transforms, raw: raw,
		}.keys())
	}
	for _, alias := range aliases(raw, Predicates) {
		out = config.Join(out, chain{
			list: Predicates, alias: alias, group: predicatesGroup, word: "predicate", title: "Predicate",
			kind: predicates, raw: raw,
		}.keys())
	}
	return out
}

func aliases(raw config.Raw, key string) []string {
	text := raw[key]
	if text == nil {
		return nil
	}
	parsed, err := config.Parse(key, *text, config.List)
	list, ok := parsed.([]string)
	if err != nil || !ok {
		return nil
	}
	var out []string
	for _, s := range list {
		if !contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// chain is one transformation or predicate of a configuration.
type chain struct {
	list, alias, group, word, title string
	kind                            Kind
	raw                             config.Raw
}

func (c chain) keys() config.Def {
	prefix := c.prefix()
	group := c.group + ": " + c.alias
	typeKey := prefix + "type"
	class, found := c.class()
	var version any
	var versions config.Choices
	if found && class.Version != "" {
		version, versions = class.Version, config.Choices{class.Version}
	}
	out := config.Def{
		{
			Name: typeKey, Type: config.Class, Required: true, Importance: config.High, Group: group, Order: 0, Width: config.WidthLong,
			DisplayName: c.title + " type for " + c.alias, Doc: "Class for the '" + c.alias + "' " + c.word + ".",
			Recommender: config.Choices(c.kind.All()), Validator: config.CheckFunc(c.checkType), Resolve: c.resolve,
		},
		{
			Name: prefix + versionKey, Type: config.String, Default: version, Importance: config.High, Group: group, Order: 1,
			Width: config.WidthLong, DisplayName: c.title + " version for " + c.alias,
			Doc: "Version of the '" + c.alias + "' " + c.word + ".", Recommender: versions,
			Validator: config.CheckFunc(c.checkVersion),
		},
	}
	if !found || c.wrongVersion(c.raw[prefix+versionKey]) != nil {
		return out
	}
	own := class.Config
	if c.list == Transforms {
		// The keys of every transformation stand for those of the same name of its own.
		own = config.Join(own, config.Def{
			{
				Name: "predicate", Type: config.String, Importance: config.Medium,
				Doc: "The alias of the predicate that decides whether the transformation applies.",
			},
			{
				Name: "negate", Type: config.Boolean, Default: false, Importance: config.Medium,
				Doc: "Whether the transformation applies where the predicate does not hold.",
			},
		})
	}
	return append(out, own.Embed(prefix, group, len(out))...)
}

const versionKey = "plugin.version"

func (c chain) prefix() string { return c.list + "." + c.alias + "." }

// class returns the class that the configuration names.
func (c chain) class() (Class, bool) {
	if name := c.raw[c.prefix()+"type"]; name != nil {
		return c.kind.Find(config.Trim(*name))
	}
	return Class{}, false
}

// wrongVersion returns the error of a version that the class does not have; nil
// is no version asked for.
func (c chain) wrongVersion(text *string) error {
	if text == nil {
		return nil
	}
	wanted, err := plugins.ParseRange(*text)
	if err != nil {
		return config.Errorf("%s", err)
	}
	if class, ok := c.class(); ok && !wanted.Contains(class.Version) {
		return config.Errorf("%s", plugins.NoVersion(class.Name, wanted, class.Version))
	}
	return nil
}

func (c chain) checkVersion(_ string, value any) error {
	text, given := value.(string)
	if _, typed := c.raw[c.prefix()+"type"]; !given || !typed {
		return nil
	}
	return c.wrongVersion(&text)
}

// resolve also finds classes of another kind: checkType tells.
func (c chain) resolve(name string) (string, bool) {
	if class, ok := c.kind.Find(name); ok {
		return class.Name, true
	}
	return c.kind.Resolve(name)
}

// variants returns the classes inside the class of the name, such as
// InsertField$Key and InsertField$Value.
func (c chain) variants(name string) []string {
	var out []string
	for _, class := range c.kind.All() {
		if strings.HasPrefix(class, name+"$") {
			out = append(out, class)
		}
	}
	return out
}

func (c chain) checkType(_ string, value any) error {
	prefix := c.prefix()
	_, negated := c.raw[prefix+"negate"]
	if _, guarded := c.raw[prefix+"predicate"]; c.list == Transforms && negated && !guarded {
		return config.Errorf("Config '%snegate' was provided but there is no config '%spredicate' defining a predicate to be negated.", prefix, prefix)
	}
	name, ok := value.(string)
	if !ok {
		return nil
	}
	if _, ok := c.kind.Find(name); ok {
		return c.wrongVersion(c.raw[prefix+versionKey])
	}
	return CheckConcrete(c.title, name, c.variants(name))
}
