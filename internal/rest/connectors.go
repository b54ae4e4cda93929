package rest

import (
	"encoding/json"
	"net/http"
	"slices"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// list answers with the names, or with what expand asks for. An unknown kind
// gives empty objects, as Java does.
func (s *api) list(r *request) (answer, error) {
	names := s.Herder.Connectors()
	kinds, expanded := query(r)["expand"]
	if !expanded {
		return ok(append([]string{}, names...))
	}
	all := append(make([]byte, 0, s.infos.size.Load()), '{')
	look, end := s.infos.list(func(info herder.ConnectorInfo) []byte { return appendInfo(nil, s.masked(r, info)) })
	kinds = slices.Compact(slices.Sorted(slices.Values(kinds)))
	for _, name := range names {
		all = append(appendMember(all, name), '{')
		for _, kind := range kinds {
			switch kind {
			case "status":
				if st, found := s.Herder.Status(name); found {
					all = s.appendStatus(appendMember(all, kind), s.maskStatus(r, st))
				}
			case "info":
				if info, found := s.Herder.Info(name); found {
					all = append(appendMember(all, kind), look(info)...)
				}
			}
		}
		all = append(all, '}')
	}
	if slices.Contains(kinds, "info") {
		end()
	}
	all = append(all, '}')
	s.infos.size.Store(int64(len(all) + len(all)/16))
	return ok(json.RawMessage(all))
}

// createRequest is the body of POST /connectors.
type createRequest struct {
	name    string
	config  config.Raw
	initial *store.TargetState
}

func readCreate(body []byte) (createRequest, error) {
	var c createRequest
	m, err := members(body, part{"", "a connector with name and config, as a JSON object,"})
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
			if c.config, err = readConfig(value, part{"config", "a JSON object of keys and values"}); err != nil {
				return c, err
			}
		case "initial_state":
			if c.initial, err = readInitialState(value); err != nil {
				return c, err
			}
		default:
			return c, fail(http.StatusBadRequest, "unknown field \""+field+"\" in the request body: name, config and initial_state are possible")
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

func (s *api) create(r *request) (answer, error) {
	c, err := readCreate(r.body)
	if err != nil {
		return answer{}, err
	}
	if err := nameMatches(c.config, c.name); err != nil {
		return answer{}, err
	}
	c.config["name"] = &c.name
	secrets := s.unmask(r, c.name, c.config)
	_, info, err := s.Herder.Put(r.Context(), c.name, c.config, c.initial, false)
	if err != nil {
		return answer{}, secrets.hide(err)
	}
	if s.page {
		info = s.withTasks(r.Context(), info)
	}
	return created(r, s.masked(r, info))
}

// nameMatches refuses a name inside the configuration that is another one.
func nameMatches(cfg config.Raw, name string) error {
	own := cfg["name"]
	if own == nil || *own == name {
		return nil
	}
	return fail(http.StatusBadRequest, "Connector name configuration ("+*own+") doesn't match connector name in the URL ("+name+")")
}

func (s *api) find(name string) (herder.ConnectorInfo, error) {
	info, found := s.Herder.Info(name)
	if !found {
		return info, fail(http.StatusNotFound, "Connector "+name+" not found")
	}
	return info, nil
}

func (s *api) info(r *request) (answer, error) {
	info, err := s.find(r.names[0])
	return answer{status: http.StatusOK, body: infoBody(s.masked(r, info))}, err
}

func (s *api) config(r *request) (answer, error) {
	info, err := s.find(r.names[0])
	return answer{status: http.StatusOK, body: s.masked(r, info).Config}, err
}

func (s *api) putConfig(r *request) (answer, error) {
	cfg, err := readConfig(r.body, configBody)
	if err != nil {
		return answer{}, err
	}
	name := r.names[0]
	if err := nameMatches(cfg, name); err != nil {
		return answer{}, err
	}
	cfg["name"] = &name
	secrets := s.unmask(r, name, cfg)
	isNew, info, err := s.Herder.Put(r.Context(), name, cfg, nil, true)
	switch {
	case err != nil:
		return answer{}, secrets.hide(err)
	case isNew:
		return created(r, s.masked(r, info))
	}
	return ok(infoBody(s.masked(r, info)))
}

func (s *api) patchConfig(r *request) (answer, error) {
	name := r.names[0]
	if isNothing(r.body) {
		if _, err := s.find(name); err != nil {
			return answer{}, err // Java looks for the connector before it looks into the patch
		}
	}
	patch, err := readConfig(r.body, part{"", "the keys to change, as a JSON object,"})
	if err != nil {
		return answer{}, err
	}
	secrets := s.unmask(r, name, patch)
	info, err := s.Herder.Patch(r.Context(), name, patch)
	return answer{status: http.StatusOK, body: infoBody(s.masked(r, info))}, secrets.hide(err)
}

func (s *api) remove(r *request) (answer, error) {
	return none(http.StatusNoContent, s.Herder.Delete(r.Context(), r.names[0]))
}

func (s *api) status(r *request) (answer, error) {
	st, found := s.Herder.Status(r.names[0])
	if !found {
		return answer{}, fail(http.StatusNotFound, "No status found for connector "+r.names[0])
	}
	return ok(s.statusBody(s.maskStatus(r, st)))
}

type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

type taskConfig struct {
	ID     taskID     `json:"id"`
	Config config.Map `json:"config"`
}

func (s *api) tasks(r *request) (answer, error) {
	list, found := s.Herder.TaskConfigs(r.names[0])
	if !found {
		return answer{}, fail(http.StatusNotFound, "Connector "+r.names[0]+" not found")
	}
	out := make([]taskConfig, len(list))
	for i, t := range list {
		out[i] = taskConfig{taskID(t.ID), s.maskedTask(r, t.Config)}
	}
	return ok(out)
}

func (s *api) taskStatus(r *request) (answer, error) {
	id, err := readTaskID(r)
	if err != nil {
		return answer{}, err
	}
	if st, found := s.Herder.Status(id.Connector); found {
		for _, t := range s.maskStatus(r, st).Tasks {
			if t.ID == id.Task {
				return ok(s.taskBody(id.Connector, t))
			}
		}
	}
	return answer{}, fail(http.StatusNotFound, "No status found for task "+id.String())
}

func (s *api) topics(r *request) (answer, error) {
	if !s.trackTopics {
		return answer{}, errNotTracked
	}
	name := r.names[0]
	return ok(map[string]map[string][]string{name: {"topics": append([]string{}, s.Herder.Topics(name)...)}})
}

func (s *api) resetTopics(r *request) (answer, error) {
	switch {
	case !s.trackTopics:
		return answer{}, errNotTracked
	case !s.allowReset:
		return answer{}, fail(http.StatusForbidden, "Topic tracking reset is disabled.")
	}
	return none(http.StatusAccepted, s.Herder.ResetTopics(r.Context(), r.names[0]))
}

var errNotTracked = fail(http.StatusForbidden, "Topic tracking is disabled.")
