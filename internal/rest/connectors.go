package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

func (s *server) connectorRoutes() []route {
	return []route{
		on(http.MethodGet, "/connectors", s.list),
		on(http.MethodPost, "/connectors", s.create),
		on(http.MethodGet, "/connectors/{name}", s.info),
		on(http.MethodDelete, "/connectors/{name}", s.remove),
		on(http.MethodGet, "/connectors/{name}/config", s.config),
		on(http.MethodPut, "/connectors/{name}/config", s.putConfig),
		on(http.MethodPatch, "/connectors/{name}/config", s.patchConfig),
		on(http.MethodGet, "/connectors/{name}/status", s.status),
		on(http.MethodGet, "/connectors/{name}/tasks", s.tasks),
		on(http.MethodGet, "/connectors/{name}/tasks/{task}/status", s.taskStatus),
		on(http.MethodGet, "/connectors/{name}/topics", s.topics),
		on(http.MethodPut, "/connectors/{name}/topics/reset", s.resetTopics),
	}
}

type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

type connectorInfo struct {
	Name   string     `json:"name"`
	Config config.Raw `json:"config"`
	Tasks  []taskID   `json:"tasks"`
	Type   string     `json:"type"`
}

func infoBody(i herder.ConnectorInfo) connectorInfo {
	tasks := make([]taskID, len(i.Tasks))
	for n, id := range i.Tasks {
		tasks[n] = taskID(id)
	}
	return connectorInfo{i.Name, i.Config, tasks, i.Type}
}

type instanceStatus struct {
	State    store.State `json:"state"`
	WorkerID string      `json:"worker_id"`
	Trace    string      `json:"trace,omitempty"`
	Version  string      `json:"version,omitempty"`
}

type taskStatus struct {
	ID int `json:"id"`
	instanceStatus
	// StalledSince is Sluice's own: Java has no such field.
	StalledSince *time.Time `json:"stalled_since,omitempty"`
}

type connectorStatus struct {
	Name      string         `json:"name"`
	Connector instanceStatus `json:"connector"`
	Tasks     []taskStatus   `json:"tasks"`
	Type      string         `json:"type"`
}

func instanceBody(s store.Status) instanceStatus {
	return instanceStatus{s.State, s.WorkerID, s.Trace, s.Version}
}

func (s *server) taskBody(connector string, t herder.TaskStatus) taskStatus {
	body := taskStatus{ID: t.ID, instanceStatus: instanceBody(t.Status)}
	if s.Stalled != nil {
		if since, stalled := s.Stalled(connector, t.ID); stalled {
			body.StalledSince = new(since.UTC().Truncate(time.Millisecond))
		}
	}
	return body
}

func (s *server) statusBody(c herder.ConnectorStatus) connectorStatus {
	tasks := make([]taskStatus, len(c.Tasks))
	for i, t := range c.Tasks {
		tasks[i] = s.taskBody(c.Name, t)
	}
	return connectorStatus{c.Name, instanceBody(c.Connector), tasks, c.Type}
}

// list answers with the names, or with what expand asks for. An unknown kind
// gives empty objects, as Java does.
func (s *server) list(r *request) (answer, error) {
	names := s.Herder.Connectors()
	kinds, expanded := r.URL.Query()["expand"]
	if !expanded {
		return ok(append([]string{}, names...))
	}
	all := make(map[string]map[string]any, len(names))
	for _, name := range names {
		entry := map[string]any{}
		for _, kind := range kinds {
			switch kind {
			case "status":
				if st, found := s.Herder.Status(name); found {
					entry[kind] = s.statusBody(st)
				}
			case "info":
				if info, found := s.Herder.Info(name); found {
					entry[kind] = infoBody(info)
				}
			}
		}
		all[name] = entry
	}
	return ok(all)
}

// createRequest is the body of POST /connectors.
type createRequest struct {
	name    string
	config  config.Raw
	initial *store.TargetState
}

func readCreate(body []byte) (createRequest, error) {
	var c createRequest
	m, err := members(body, "a connector with name and config")
	if err != nil {
		return c, err
	}
	for field, value := range m {
		switch field {
		case "name":
			text, err := scalar(field, value)
			if err != nil {
				return c, err
			}
			if text != nil {
				c.name = config.Trim(*text)
			}
		case "config":
			if string(value) == "null" {
				continue
			}
			if c.config, err = readConfig(value, "config"); err != nil {
				return c, err
			}
		case "initial_state":
			if c.initial, err = readInitialState(value); err != nil {
				return c, err
			}
		default:
			return c, fail(http.StatusBadRequest, "unknown field \""+field+"\" in the request: name, config and initial_state are possible")
		}
	}
	if c.config == nil {
		return c, fail(http.StatusUnprocessableEntity, "config may not be empty")
	}
	return c, nil
}

func readInitialState(value json.RawMessage) (*store.TargetState, error) {
	text, err := scalar("initial_state", value)
	if err != nil || text == nil {
		return nil, err
	}
	target, err := store.ParseInitialState(*text)
	if err != nil {
		return nil, fail(http.StatusBadRequest, err.Error())
	}
	return &target, nil
}

func (s *server) create(r *request) (answer, error) {
	c, err := readCreate(r.body)
	if err != nil {
		return answer{}, err
	}
	if err := nameMatches(c.config, c.name); err != nil {
		return answer{}, err
	}
	c.config["name"] = &c.name
	_, info, err := s.Herder.Put(r.Context(), c.name, c.config, c.initial, false)
	if err != nil {
		return answer{}, err
	}
	return created(r, info), nil
}

// nameMatches refuses a name inside the configuration that is another one.
func nameMatches(cfg config.Raw, name string) error {
	own, given := cfg["name"]
	if !given || own != nil && *own == name {
		return nil
	}
	text := "null"
	if own != nil {
		text = *own
	}
	return fail(http.StatusBadRequest, "Connector name configuration ("+text+") doesn't match connector name in the URL ("+name+")")
}

func created(r *request, info herder.ConnectorInfo) answer {
	return answer{
		status: http.StatusCreated, body: infoBody(info),
		header: map[string]string{"Location": "http://" + r.Host + "/connectors/" + escape(info.Name)},
	}
}

// escape encodes a name for a path as Java's UriBuilder does: sub-delimiters
// and what looks encoded already stay.
func escape(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0:
			b.WriteByte(c)
		case c == '%' && i+2 < len(name) && isHex(name[i+1]) && isHex(name[i+2]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (s *server) find(name string) (herder.ConnectorInfo, error) {
	info, found := s.Herder.Info(name)
	if !found {
		return info, fail(http.StatusNotFound, "Connector "+name+" not found")
	}
	return info, nil
}

func (s *server) info(r *request) (answer, error) {
	info, err := s.find(r.names[0])
	return answer{status: http.StatusOK, body: infoBody(info)}, err
}

func (s *server) config(r *request) (answer, error) {
	info, err := s.find(r.names[0])
	return answer{status: http.StatusOK, body: info.Config}, err
}

func (s *server) putConfig(r *request) (answer, error) {
	cfg, err := readConfig(r.body, "a configuration")
	if err != nil {
		return answer{}, err
	}
	name := r.names[0]
	if err := nameMatches(cfg, name); err != nil {
		return answer{}, err
	}
	cfg["name"] = &name
	isNew, info, err := s.Herder.Put(r.Context(), name, cfg, nil, true)
	switch {
	case err != nil:
		return answer{}, err
	case isNew:
		return created(r, info), nil
	}
	return ok(infoBody(info))
}

func (s *server) patchConfig(r *request) (answer, error) {
	patch, err := readConfig(r.body, "a patch of a configuration")
	if err != nil {
		return answer{}, err
	}
	info, err := s.Herder.Patch(r.Context(), r.names[0], patch)
	return answer{status: http.StatusOK, body: infoBody(info)}, err
}

func (s *server) remove(r *request) (answer, error) {
	return none(http.StatusNoContent, s.Herder.Delete(r.Context(), r.names[0]))
}

func (s *server) status(r *request) (answer, error) {
	st, found := s.Herder.Status(r.names[0])
	if !found {
		return answer{}, fail(http.StatusNotFound, "No status found for connector "+r.names[0])
	}
	return ok(s.statusBody(st))
}

type taskConfig struct {
	ID     taskID     `json:"id"`
	Config config.Map `json:"config"`
}

func (s *server) tasks(r *request) (answer, error) {
	list, found := s.Herder.TaskConfigs(r.names[0])
	if !found {
		return answer{}, fail(http.StatusNotFound, "Connector "+r.names[0]+" not found")
	}
	out := make([]taskConfig, len(list))
	for i, t := range list {
		out[i] = taskConfig{taskID(t.ID), t.Config}
	}
	return ok(out)
}

func (s *server) taskStatus(r *request) (answer, error) {
	id, err := readTaskID(r)
	if err != nil {
		return answer{}, err
	}
	if st, found := s.Herder.Status(id.Connector); found {
		for _, t := range st.Tasks {
			if t.ID == id.Task {
				return ok(s.taskBody(id.Connector, t))
			}
		}
	}
	return answer{}, fail(http.StatusNotFound, "No status found for task "+id.String())
}

func (s *server) topics(r *request) (answer, error) {
	name := r.names[0]
	return ok(map[string]map[string][]string{name: {"topics": append([]string{}, s.Herder.Topics(name)...)}})
}

func (s *server) resetTopics(r *request) (answer, error) {
	return none(http.StatusAccepted, s.Herder.ResetTopics(r.Context(), r.names[0]))
}
