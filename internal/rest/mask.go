package rest

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// With rest.mask.secrets=true no answer shows the value of a PASSWORD key, or the
// password in a URL. A client that sends back what it was shown means: unchanged.

// reference is a value that names a secret of a config provider and shows none.
var reference = regexp.MustCompile(`^\$\{[^}]+\}$`)

// secretNames are the ends of names of PASSWORD keys that no definition of the
// connector lists: those of clients, converters and transformations.
var secretNames = []string{
	"password", "secret", "passphrase", "token", "private.key", "sasl.jaas.config", "ssl.keystore.key",
	"basic.auth.user.info", "access.key", "api.key", "credentials",
}

func secretName(key string) bool {
	key = strings.ToLower(key)
	for _, end := range secretNames {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// inURL finds passwords in URLs: before the host, and among the parameters.
var inURL = regexp.MustCompile(`(?i)(://[^/?#@:\s]*:)[^/?#@\s]+@|([?&;](?:[^=&;#\s]*(?:password|passwd|secret|token|passphrase))=)[^&;#\s]+`)

func hideInURLs(text string) string {
	return inURL.ReplaceAllStringFunc(text, func(found string) string {
		m := inURL.FindStringSubmatch(found)
		if m[2] != "" {
			return m[2] + config.Hidden
		}
		return m[1] + config.Hidden + "@"
	})
}

// secretKeys tells the PASSWORD keys of a configuration: those of its connector,
// converters, transformations and predicates, and those of clients by their names.
func (s *api) secretKeys(r *request, cfg config.Raw) func(key string) bool {
	defined := map[string]bool{}
	add := func(prefix, class string) {
		if class == "" {
			return
		}
		// Without the definition the names of the keys have to do.
		keys, _ := s.Herder.PluginConfig(r.Context(), class, anyVersion)
		for _, k := range keys {
			defined[prefix+k.Name] = k.Type == string(config.Password)
		}
	}
	given := cfg.Map()
	for _, role := range []string{"key.converter", "value.converter", "header.converter"} {
		add(role+".", given[role])
	}
	for _, list := range []string{"transforms", "predicates"} {
		for alias := range strings.SplitSeq(given[list], ",") {
			prefix := list + "." + config.Trim(alias) + "."
			add(prefix, given[prefix+"type"])
		}
	}
	add("", given["connector.class"])
	return func(key string) bool { return defined[key] || secretName(key) }
}

// shown returns the value of a key as answers show it.
func shown(value string, secret bool) string {
	switch {
	case value == "" || reference.MatchString(value):
		return value
	case secret:
		return config.Hidden
	}
	return hideInURLs(value)
}

// masked returns the connector as answers show it.
func (s *api) masked(r *request, info herder.ConnectorInfo) herder.ConnectorInfo {
	if s.mask && info.Config != nil {
		info.Config = maskAll(info.Config, s.secretKeys(r, info.Config))
	}
	return info
}

func (s *api) maskedTask(r *request, cfg config.Map) config.Map {
	if !s.mask {
		return cfg
	}
	all := config.Raw{}
	if info, found := s.Herder.Info(r.names[0]); found {
		maps.Copy(all, info.Config)
	}
	maps.Copy(all, cfg.Raw())
	return maskAll(cfg.Raw(), s.secretKeys(r, all)).Map()
}

func maskAll(cfg config.Raw, secret func(string) bool) config.Raw {
	out := make(config.Raw, len(cfg))
	for key, value := range cfg {
		if value != nil {
			value = new(shown(*value, secret(key)))
		}
		out[key] = value
	}
	return out
}

// secretValues are what must not stand in the error of a request or in a trace.
type secretValues []string

// secretsOf returns the secrets of a configuration.
func secretsOf(cfg config.Raw, secret func(string) bool) secretValues {
	values := secretValues{}
	for key, value := range cfg {
		if value != nil && secret(key) && shown(*value, true) == config.Hidden && *value != config.Hidden {
			values = append(values, *value)
		}
	}
	return values
}

// unmask puts the values of the connector in place of masks that came back, and
// returns the secrets of the configuration. A mask without a former value stays.
func (s *api) unmask(r *request, name string, cfg config.Raw) secretValues {
	if !s.mask {
		return nil
	}
	info, _ := s.Herder.Info(name)
	all := config.Raw{}
	maps.Copy(all, info.Config)
	maps.Copy(all, cfg)
	secret := s.secretKeys(r, all)
	for key, value := range cfg {
		former := info.Config[key]
		if value == nil || former == nil {
			continue
		}
		if mask := shown(*former, secret(key)); mask != *former && *value == mask {
			cfg[key] = former
		}
	}
	return secretsOf(cfg, secret)
}

// text masks the secrets in a text.
func (v secretValues) text(text string) string {
	for _, secret := range v {
		text = strings.ReplaceAll(text, secret, config.Hidden)
	}
	return hideInURLs(text)
}

// maskStatus masks the traces of a status.
func (s *api) maskStatus(r *request, c herder.ConnectorStatus) herder.ConnectorStatus {
	traced := c.Connector.Trace != "" || slices.ContainsFunc(c.Tasks, func(t herder.TaskStatus) bool { return t.Trace != "" })
	if !s.mask || !traced {
		return c
	}
	info, _ := s.Herder.Info(c.Name)
	secrets := secretsOf(info.Config, s.secretKeys(r, info.Config))
	c.Connector.Trace = secrets.text(c.Connector.Trace)
	c.Tasks = slices.Clone(c.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Trace = secrets.text(c.Tasks[i].Trace)
	}
	return c
}

// hide masks the secrets in an error for the client.
func (v secretValues) hide(err error) error {
	e, is := errors.AsType[*herder.Error](err)
	if !is || v == nil {
		return err
	}
	hidden := *e
	hidden.Message = v.text(e.Message)
	return &hidden
}

// maskInfos masks the values of a validation.
func (s *api) maskInfos(infos herder.ConfigInfos) herder.ConfigInfos {
	if !s.mask {
		return infos
	}
	configs := make([]herder.ConfigInfo, len(infos.Configs))
	for i, c := range infos.Configs {
		secret := secretName(c.Value.Name) || c.Definition != nil && c.Definition.Type == string(config.Password)
		if v := c.Value.Value; v != nil {
			c.Value.Value = new(shown(*v, secret))
		}
		configs[i] = c
	}
	infos.Configs = configs
	return infos
}

func nameOf(cfg config.Raw) string {
	if name := cfg["name"]; name != nil {
		return *name
	}
	return ""
}
