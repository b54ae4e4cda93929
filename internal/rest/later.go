package rest

import "net/http"

// laterRoutes are the resources that this version does not have yet. They say
// so, instead of the 404 that would hide them.
func (s *server) laterRoutes() []route {
	not := func(what string) handler {
		return func(*request) (answer, error) {
			return answer{}, fail(http.StatusNotImplemented, what+" is not available in this version of Sluice yet: see the status table of its README")
		}
	}
	standalone := func(what string) handler {
		return func(*request) (answer, error) {
			return answer{}, fail(http.StatusInternalServerError, "Kafka Connect in standalone mode does not support "+what)
		}
	}
	return []route{
		on(http.MethodGet, "/connectors/{name}/offsets", not("reading offsets")),
		on(http.MethodPatch, "/connectors/{name}/offsets", not("altering offsets")),
		on(http.MethodDelete, "/connectors/{name}/offsets", not("resetting offsets")),
		on(http.MethodGet, "/connector-plugins/{class}/config", not("listing the keys of a plugin")),
		on(http.MethodGet, "/admin/loggers", not("listing loggers")),
		on(http.MethodGet, "/admin/loggers/{logger}", not("reading the level of a logger")),
		on(http.MethodPut, "/admin/loggers/{logger}", not("setting the level of a logger")),
		on(http.MethodPost, "/connectors/{name}/tasks", standalone("externally setting task configurations.")),
		on(http.MethodPut, "/connectors/{name}/fence", standalone("exactly-once source connectors.")),
	}
}
