package properties

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// The classes of the providers that Kafka ships and this package knows.
const (
	fileClass      = "org.apache.kafka.common.config.provider.FileConfigProvider"
	directoryClass = "org.apache.kafka.common.config.provider.DirectoryConfigProvider"
	envClass       = "org.apache.kafka.common.config.provider.EnvVarConfigProvider"
)

// Providers resolves references of the form ${provider:path:key} and
// ${provider:key} in configurations (KIP-297), as the worker's config.providers
// say. It does not change after [NewProviders] and may be used by many goroutines
// at once.
type Providers struct {
	byName map[string]provider
	// warnings are about the settings themselves.
	warnings []string
}

// provider gets the values of the keys at a path. Keys without a value are left
// out. It may block on the file system. A warning says why all were left out.
type provider interface {
	get(path string, keys []string) (values map[string]string, warning string, err error)
}

// NewProviders reads config.providers, config.providers.NAME.class and
// config.providers.NAME.param.* of a worker. An error names the key, its value
// and what would be right. References in these settings are not resolved: to have
// them so, resolve the settings first.
func NewProviders(settings map[string]string) (*Providers, error) {
	p := &Providers{byName: map[string]provider{}}
	const key = "config.providers"
	for name := range strings.SplitSeq(settings[key], ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		prefix := key + "." + name
		class, ok := settings[prefix+".class"]
		if !ok {
			p.warnings = append(p.warnings, fmt.Sprintf("%s names %s, but %s.class is missing: its references stay as they are", key, name, prefix))
			continue
		}
		made, err := newProvider(strings.TrimSpace(class), prefix, settings)
		if err != nil {
			return nil, err
		}
		p.byName[name] = made
	}
	return p, nil
}

func newProvider(class, prefix string, settings map[string]string) (provider, error) {
	param := func(name string) (key, value string) {
		key = prefix + ".param." + name
		return key, settings[key]
	}
	switch class {
	case fileClass, directoryClass:
		allowed, err := parseAllowed(param("allowed.paths"))
		if err != nil {
			return nil, err
		}
		if class == fileClass {
			return fileProvider{allowed}, nil
		}
		return directoryProvider{allowed}, nil
	case envClass:
		key, pattern := param("allowlist.pattern")
		if _, ok := settings[key]; !ok {
			return envProvider{}, nil
		}
		allowed, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			return nil, fmt.Errorf("invalid value %s for configuration %s: %w", pattern, key, err)
		}
		return envProvider{allowed}, nil
	}
	return nil, fmt.Errorf("invalid value %s for configuration %s.class: Could not load config provider class or one of its dependencies; here can run %s",
		class, prefix, strings.Join([]string{fileClass, directoryClass, envClass}, ", "))
}

// Resolved is a configuration whose references are replaced by values.
type Resolved struct {
	Config map[string]string
	// Secrets are the values that were put in, for masking: they must appear in
	// no log, metric or error (invariant 6). Sorted, none is empty.
	Secrets []string
	// Warnings say which references stay as they are, and why; they hold no
	// values.
	Warnings []string
}

// reference is ${provider:path:key} or ${provider:key}, as Java's transformer
// finds it: the path ends at the second colon, and the key can have more.
var reference = regexp.MustCompile(`\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}`)

// Resolve replaces the references in the values of a configuration. A reference
// to an unknown provider, to a path that is not allowed or to a key that is not
// there stays as it is, as in Java; what a provider cannot read is an error that
// names the keys that need it, and nothing is resolved. Values that are put in are
// not looked at again. It blocks on the file system; each file is read once.
func (p *Providers) Resolve(config map[string]string) (Resolved, error) {
	r := resolution{providers: p, values: map[source]map[string]string{}, refused: map[source]string{}}
	r.warnings = append(r.warnings, p.warnings...)
	keys := slices.Sorted(maps.Keys(config))
	for _, key := range keys {
		r.collect(key, config[key])
	}
	if err := r.get(); err != nil {
		return Resolved{}, err
	}
	out := Resolved{Config: make(map[string]string, len(config))}
	secrets := map[string]bool{}
	for _, key := range keys {
		out.Config[key] = reference.ReplaceAllStringFunc(config[key], func(text string) string {
			at, name := parseReference(text)
			value, ok := r.values[at][name]
			if !ok {
				r.unresolved(key, text, at)
				return text
			}
			if value != "" {
				secrets[value] = true
			}
			return value
		})
	}
	out.Secrets = slices.Sorted(maps.Keys(secrets))
	out.Warnings = r.warnings
	return out, nil
}

// source is where a value comes from.
type source struct{ provider, path string }

func parseReference(text string) (source, string) {
	m := reference.FindStringSubmatch(text)
	return source{provider: m[1], path: m[3]}, m[4]
}

// resolution is the work of one Resolve.
type resolution struct {
	providers *Providers
	wanted    []want
	values    map[source]map[string]string
	// refused has why a source gave nothing.
	refused  map[source]string
	warnings []string
}

// want is a source with the names that are asked of it, and the configuration
// keys that ask, for errors.
type want struct {
	source
	names, keys []string
}

func (r *resolution) collect(key, value string) {
	for _, text := range reference.FindAllString(value, -1) {
		at, name := parseReference(text)
		i := slices.IndexFunc(r.wanted, func(w want) bool { return w.source == at })
		if i < 0 {
			i = len(r.wanted)
			r.wanted = append(r.wanted, want{source: at})
		}
		w := &r.wanted[i]
		w.names = append(w.names, name)
		if !slices.Contains(w.keys, key) {
			w.keys = append(w.keys, key)
		}
	}
}

func (r *resolution) get() error {
	var problems []error
	for _, w := range r.wanted {
		p, ok := r.providers.byName[w.provider]
		if !ok {
			continue
		}
		values, refused, err := p.get(w.path, w.names)
		if err != nil {
			problems = append(problems, fmt.Errorf("resolve %s by config provider %s: %w", strings.Join(w.keys, ", "), w.provider, err))
			continue
		}
		r.values[w.source], r.refused[w.source] = values, refused
	}
	return errors.Join(problems...)
}

// unresolved shows the reference only where it surely is one: else it can be a
// piece of a password.
func (r *resolution) unresolved(key, text string, at source) {
	warning := fmt.Sprintf("%s: %s stays as it is: %s", key, text, cmp.Or(r.refused[at], "there is no such key"))
	if _, ok := r.providers.byName[at.provider]; !ok {
		warning = key + ": text of the form ${provider:key} stays as it is: config.providers has no such provider"
	}
	if !slices.Contains(r.warnings, warning) {
		r.warnings = append(r.warnings, warning)
	}
}

// envProvider knows the environment of this process; the path must be empty.
type envProvider struct{ allowed *regexp.Regexp }

func (p envProvider) get(path string, keys []string) (map[string]string, string, error) {
	if path != "" {
		return nil, "", fmt.Errorf("Path is not supported for EnvVarConfigProvider, invalid value '%s'", path) //nolint:staticcheck // Java's text
	}
	values := map[string]string{}
	refused := ""
	for _, key := range keys {
		if p.allowed != nil && !p.allowed.MatchString(key) {
			refused = "the variable is not there, or allowlist.pattern leaves it out"
			continue
		}
		if v, ok := os.LookupEnv(key); ok {
			values[key] = v
		}
	}
	return values, refused, nil
}
