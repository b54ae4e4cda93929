package rest

import (
	"errors"
	"net/http"
	"strings"

	"sluice/connect"
	"sluice/internal/herder"
)

type pluginInfo struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

func (s *api) listPlugins(r *request) (answer, error) {
	only := flag(r, "connectorsOnly", true)
	list := []pluginInfo{}
	for _, p := range s.Herder.Plugins() {
		if !only || p.Type == "source" || p.Type == "sink" {
			list = append(list, pluginInfo{p.Class, p.Type, p.Version})
		}
	}
	return ok(list)
}

// normalized is a class or alias without the suffix Connector.
func normalized(class string) string {
	const suffix = "Connector"
	if len(class) > len(suffix) {
		return strings.TrimSuffix(class, suffix)
	}
	return class
}

// validate checks that the configuration's class ends with the name in the
// path, both without the suffix Connector, as Java does.
func (s *api) validate(r *request) (answer, error) {
	cfg, err := readConfig(r.body, configBody)
	if err != nil {
		return answer{}, err
	}
	asked := r.names[0]
	if class := cfg["connector.class"]; class != nil {
		if !strings.HasSuffix(normalized(*class), normalized(asked)) {
			return answer{}, fail(http.StatusBadRequest, "Included connector type "+*class+" does not match request type "+asked)
		}
	}
	secrets := s.unmask(r, nameOf(cfg), cfg)
	infos, err := s.Herder.Validate(r.Context(), cfg)
	if e, is := errors.AsType[*herder.Error](err); is && e.Class == connect.ConfigException {
		// Java wraps what validation throws into a 500; the fault is the client's.
		err = fail(http.StatusBadRequest, e.Message)
	}
	if err != nil {
		return answer{}, secrets.hide(err)
	}
	return ok(s.maskInfos(infos))
}

// pluginConfig lists the keys of a plugin (KIP-769). An empty version is no
// version, as in Java.
func (s *api) pluginConfig(r *request) (answer, error) {
	version := anyVersion
	if versions, given := query(r)["version"]; given {
		version = versions[0]
	}
	keys, err := s.Herder.PluginConfig(r.Context(), r.names[0], version)
	if keys == nil {
		keys = []herder.ConfigKeyInfo{}
	}
	return answer{status: http.StatusOK, body: keys}, err
}

const anyVersion = "latest"
