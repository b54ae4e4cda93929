package rest

import (
	"net/http"
	"slices"
	"strings"

	"sluice/internal/store"
)

// route is one method of one path.
type route struct {
	method string
	path   string
	handle handler
	doc    doc
	// anyType takes a body of any content type, as Java's internal endpoints do.
	anyType bool
	// page is the status with rest.answers=page instead of 204; 0 is the same one.
	page int

	pattern []string // path, cut into segments
}

// doc describes a route for people and for OpenAPI.
type doc struct {
	id, summary string
	query       []parameter
	body        string // name of a schema; "" is none
	status      int
	answer      string         // name of a schema; "" is no body
	also        map[int]string // further statuses and their schemas
	internal    bool           // between workers; not described
}

type parameter struct{ name, kind, about string }

const connectorPath = "/connectors/{connector}"

// allRoutes is the table of the API. The order means nothing.
func (s *api) allRoutes() []route {
	return prepared(slices.Concat(s.rootRoutes(), s.connectorRoutes(), s.actionRoutes(), s.offsetRoutes(), s.pluginRoutes(), s.internalRoutes()))
}

func prepared(routes []route) []route {
	for i, rt := range routes {
		routes[i].pattern = strings.Split(strings.Trim(rt.path, "/"), "/")
	}
	return routes
}

func (s *api) rootRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/", handle: s.root, anyType: true, doc: doc{id: "getRoot", summary: "Version of the worker and id of the Kafka cluster", status: 200, answer: "ServerInfo"}},
		{method: http.MethodGet, path: "/health", handle: s.health, anyType: true, doc: doc{id: "getHealth", summary: "Health of the worker (KIP-1017)", status: 200, answer: "Health", also: map[int]string{500: "Health", 503: "Health"}}},
	}
}

func (s *api) connectorRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/connectors", handle: s.list, doc: doc{
			id: "listConnectors", summary: "Names of the connectors, or with expand an object of their status and info", status: 200, answer: "ConnectorList",
			query: []parameter{{"expand", "string", "status or info; may be repeated"}},
		}},
		{method: http.MethodPost, path: "/connectors", handle: s.create, doc: doc{
			id: "createConnector", summary: "Create a connector", status: 201, body: "CreateConnector", answer: "ConnectorInfo",
		}},
		{method: http.MethodGet, path: connectorPath, handle: s.info, doc: doc{id: "getConnector", summary: "Configuration and tasks of a connector", status: 200, answer: "ConnectorInfo"}},
		{method: http.MethodDelete, path: connectorPath, handle: s.remove, doc: doc{id: "deleteConnector", summary: "Stop and forget a connector; its offsets stay", status: 204}},
		{method: http.MethodGet, path: connectorPath + "/config", handle: s.config, doc: doc{id: "getConfig", summary: "Configuration of a connector", status: 200, answer: "Config"}},
		{method: http.MethodPut, path: connectorPath + "/config", handle: s.putConfig, doc: doc{
			id: "putConfig", summary: "Create a connector (201) or replace its configuration (200)", status: 200, body: "Config", answer: "ConnectorInfo", also: map[int]string{201: "ConnectorInfo"},
		}},
		{method: http.MethodPatch, path: connectorPath + "/config", handle: s.patchConfig, doc: doc{
			id: "patchConfig", summary: "Change single keys of a configuration; null removes a key (KIP-477)", status: 200, body: "Config", answer: "ConnectorInfo",
		}},
		{method: http.MethodGet, path: connectorPath + "/status", handle: s.status, doc: doc{id: "getStatus", summary: "State of a connector and its tasks", status: 200, answer: "ConnectorStatus"}},
		{method: http.MethodGet, path: connectorPath + "/tasks", handle: s.tasks, doc: doc{id: "listTasks", summary: "Configurations of a connector's tasks", status: 200, answer: "TaskConfigs"}},
		{method: http.MethodGet, path: connectorPath + "/tasks/{task}/status", handle: s.taskStatus, doc: doc{id: "getTaskStatus", summary: "State of a task", status: 200, answer: "TaskStatus"}},
		{method: http.MethodGet, path: connectorPath + "/topics", handle: s.topics, doc: doc{id: "getTopics", summary: "Topics that the connector has used (KIP-558)", status: 200, answer: "Topics"}},
		{method: http.MethodPut, path: connectorPath + "/topics/reset", handle: s.resetTopics, doc: doc{id: "resetTopics", summary: "Forget the topics that the connector has used", status: 202}},
	}
}

func (s *api) actionRoutes() []route {
	return []route{
		{method: http.MethodPut, path: connectorPath + "/pause", handle: s.target(store.TargetPaused, http.StatusAccepted), doc: doc{id: "pauseConnector", summary: "Pause a connector and its tasks", status: 202}},
		{method: http.MethodPut, path: connectorPath + "/resume", handle: s.target(store.TargetStarted, http.StatusAccepted), doc: doc{id: "resumeConnector", summary: "Resume a paused or stopped connector", status: 202}},
		{
			method: http.MethodPut, path: connectorPath + "/stop", handle: s.target(store.TargetStopped, http.StatusNoContent), page: http.StatusAccepted,
			doc: doc{id: "stopConnector", summary: "Stop a connector: its tasks end, its configuration stays (KIP-875)", status: 204},
		},
		{
			method: http.MethodPost, path: connectorPath + "/restart", handle: s.restart, page: http.StatusOK,
			doc: doc{
				id: "restartConnector", summary: "Restart a connector (204), or with parameters its instances (202 with the status to come, KIP-745)", status: 202, answer: "ConnectorStatus", also: map[int]string{204: ""},
				query: []parameter{{"includeTasks", "boolean", "restart the tasks, too"}, {"onlyFailed", "boolean", "restart only what has failed"}},
			},
		},
		{method: http.MethodPost, path: connectorPath + "/tasks/{task}/restart", handle: s.restartTask, doc: doc{id: "restartTask", summary: "Restart a task", status: 204}},
	}
}

func (s *api) offsetRoutes() []route {
	return []route{
		{method: http.MethodGet, path: connectorPath + "/offsets", handle: s.offsets, doc: doc{id: "getOffsets", summary: "Offsets of a connector (KIP-875)", status: 200, answer: "Offsets"}},
		{method: http.MethodPatch, path: connectorPath + "/offsets", handle: s.alterOffsets, doc: doc{
			id: "alterOffsets", summary: "Set offsets of a stopped connector; a null offset removes", status: 200, body: "Offsets", answer: "Message",
		}},
		{method: http.MethodDelete, path: connectorPath + "/offsets", handle: s.resetOffsets, doc: doc{id: "resetOffsets", summary: "Remove all offsets of a stopped connector", status: 200, answer: "Message"}},
	}
}

func (s *api) pluginRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/connector-plugins", handle: s.listPlugins, doc: doc{
			id: "listPlugins", summary: "Plugins of the worker", status: 200, answer: "Plugins",
			query: []parameter{{"connectorsOnly", "boolean", "leave out converters, transformations and predicates; true where it is not given"}},
		}},
		{method: http.MethodGet, path: "/connector-plugins/{plugin}/config", handle: s.pluginConfig, doc: doc{
			id: "getPluginConfig", summary: "Keys that a plugin takes (KIP-769)", status: 200, answer: "ConfigKeys",
			query: []parameter{{"version", "string", "a version or a range of versions; latest where it is not given"}},
		}},
		{method: http.MethodPut, path: "/connector-plugins/{plugin}/config/validate", handle: s.validate, doc: doc{
			id: "validateConfig", summary: "Check a configuration", status: 200, body: "Config", answer: "ConfigInfos",
		}},
	}
}

// internalRoutes are what workers ask of one another.
func (s *api) internalRoutes() []route {
	return []route{
		{method: http.MethodPost, path: connectorPath + "/tasks", handle: s.putTaskConfigs, anyType: true, doc: doc{id: "putTaskConfigs", summary: "Between workers (KIP-507)", internal: true}},
		{method: http.MethodPut, path: connectorPath + "/fence", handle: s.fenceZombies, anyType: true, doc: doc{id: "fenceZombies", summary: "Between workers (KIP-618)", internal: true}},
	}
}

// adminRoutes are served on admin.listeners where they are set (KIP-495).
func (s *api) adminRoutes() []route {
	return prepared([]route{
		{method: http.MethodGet, path: "/admin/loggers", handle: s.loggers, doc: doc{id: "listLoggers", summary: "Levels of the loggers", status: 200, answer: "Loggers"}},
		{method: http.MethodGet, path: "/admin/loggers/{logger}", handle: s.logger, doc: doc{id: "getLogger", summary: "Level of a logger", status: 200, answer: "LoggerLevel"}},
		{method: http.MethodPut, path: "/admin/loggers/{logger}", handle: s.setLogger, doc: doc{
			id: "setLogger", summary: "Set the level of a logger and those below it, on this worker (200) or all of the cluster (204, KIP-976)", status: 200, body: "SetLevel", answer: "LoggerNames", also: map[int]string{204: ""},
			query: []parameter{{"scope", "string", "worker or cluster; worker where it is not given"}},
		}},
	})
}
