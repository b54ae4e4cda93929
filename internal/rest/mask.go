package rest

import (
	"errors"
	"regexp"
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// With rest.mask.secrets=true no answer shows the value of a PASSWORD key. A
// client that sends the mask back means: unchanged.

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

// secretKeys tells the PASSWORD keys of a configuration.
func (s *api) secretKeys(r *request, cfg config.Raw) func(key string) bool {
	defined := map[string]bool{}
	if class := cfg["connector.class"]; class != nil {
		// Without the definition the names of the keys have to do.
		keys, _ := s.Herder.PluginConfig(r.Context(), *class, anyVersion)
		for _, k := range keys {
			defined[k.Name] = k.Type == string(config.Password)
		}
	}
	return func(key string) bool { return defined[key] || secretName(key) }
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
	raw := cfg.Raw()
	if info, found := s.Herder.Info(r.names[0]); found {
		raw["connector.class"] = info.Config["connector.class"]
	}
	shown := maskAll(cfg.Raw(), s.secretKeys(r, raw))
	return shown.Map()
}

func maskAll(cfg config.Raw, secret func(string) bool) config.Raw {
	out := make(config.Raw, len(cfg))
	for key, value := range cfg {
		if value != nil && *value != "" && !reference.MatchString(*value) && secret(key) {
			value = new(config.Hidden)
		}
		out[key] = value
	}
	return out
}

// secretValues are what must not stand in the error of a request.
type secretValues []string

// unmask puts the values of the connector in place of masks that came back, and
// returns the secrets of the configuration. A mask without a former value stays.
func (s *api) unmask(r *request, name string, cfg config.Raw) secretValues {
	if !s.mask {
		return nil
	}
	info, _ := s.Herder.Info(name)
	class := config.Raw{"connector.class": cfg["connector.class"]}
	if class["connector.class"] == nil {
		class["connector.class"] = info.Config["connector.class"]
	}
	secret := s.secretKeys(r, class)
	var values secretValues
	for key, value := range cfg {
		if value == nil || !secret(key) {
			continue
		}
		if former := info.Config[key]; *value == config.Hidden && former != nil {
			cfg[key], value = former, former
		}
		if *value != "" && *value != config.Hidden {
			values = append(values, *value)
		}
	}
	return values
}

// hide masks the secrets in an error for the client.
func (v secretValues) hide(err error) error {
	e, is := errors.AsType[*herder.Error](err)
	if !is || len(v) == 0 {
		return err
	}
	hidden := *e
	for _, secret := range v {
		hidden.Message = strings.ReplaceAll(hidden.Message, secret, config.Hidden)
	}
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
		if v := c.Value.Value; secret && v != nil && *v != "" {
			c.Value.Value = new(config.Hidden)
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
