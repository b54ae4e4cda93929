package pipeline

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
)

// settings are the keys of a connector that steer its stages.
type settings struct {
	Transforms []string `config:"transforms"`
	Tolerance  string   `config:"errors.tolerance"`
	LogErrors  bool     `config:"errors.log.enable"`
	LogRecord  bool     `config:"errors.log.include.messages"`
}

func settingsDef() config.Def {
	return config.Def{
		{Name: "transforms", Type: config.List, Default: []string{}},
		{Name: "errors.tolerance", Type: config.String, Default: "none"},
		{Name: "errors.log.enable", Type: config.Boolean, Default: false},
		{Name: "errors.log.include.messages", Type: config.Boolean, Default: false},
	}
}

func readSettings(m config.Map) (settings, error) {
	s, err := config.Decode[settings](settingsDef(), m)
	if err != nil {
		return s, connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	if s.Tolerance = strings.ToLower(s.Tolerance); s.Tolerance != "none" && s.Tolerance != "all" {
		return s, connect.ClassErrorf(connect.ConfigException, "%w", config.InvalidValue("errors.tolerance", m["errors.tolerance"], "String must be one of (case insensitive): NONE, ALL"))
	}
	return s, nil
}
