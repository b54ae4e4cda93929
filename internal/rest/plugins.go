package rest

import (
	"errors"
	"net/http"
	"strings"

	"sluice/internal/herder"
)

func (s *server) pluginRoutes() []route {
	return []route{
		on(http.MethodGet, "/connector-plugins", s.listPlugins),
		on(http.MethodPut, "/connector-plugins/{class}/config/validate", s.validate),
	}
}

type pluginInfo struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

func (s *server) listPlugins(r *request) (answer, error) {
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
func (s *server) validate(r *request) (answer, error) {
	cfg, err := readConfig(r.body, "a configuration")
	if err != nil {
		return answer{}, err
	}
	asked := r.names[0]
	if class := cfg["connector.class"]; class != nil {
		if !strings.HasSuffix(normalized(*class), normalized(asked)) {
			return answer{}, fail(http.StatusBadRequest, "Included connector type "+*class+" does not match request type "+asked)
		}
	}
	infos, err := s.Herder.Validate(r.Context(), cfg)
	var e *herder.Error
	if errors.As(err, &e) && e.Status == http.StatusBadRequest {
		// Java runs validation on another thread and wraps what it throws.
		err = fail(http.StatusInternalServerError, e.JavaClass()+": "+e.Message)
	}
	return answer{status: http.StatusOK, body: infos}, err
}
