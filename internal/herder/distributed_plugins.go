package herder

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/herder/definition"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// ableOf returns the members that can run a connector with the plugins, of those
// that are known. One that does not say what it has, as Java workers, counts.
func ableOf(peers []assign.Peer, cfg config.Raw) (able []assign.Peer) {
	for _, p := range peers {
		if p.Plugins == nil || len(plugins.NamesOf(p.Plugins).Lacking(cfg)) == 0 {
			able = append(able, p)
		}
	}
	return able
}

// explain tells a person, behind the first line of the trace of what has failed,
// which plugins this worker lacks, and where they are. It is called in the loop.
func (h *Distributed) explain(s *cluster, name string, status store.Status) store.Status {
	cfg := s.configs.Connector(name)
	if status.State != store.Failed || cfg == nil {
		return status
	}
	lacks := h.names.Lacking(cfg)
	if len(lacks) == 0 {
		return status
	}
	first, rest, more := strings.Cut(status.Trace, "\n")
	status.Trace = first + "\n" + whereElse(h.cfg.WorkerID, lacks, cfg, s.assignment)
	if more {
		status.Trace += "\n" + rest
	}
	return status
}

// whereElse says what is missing here and who has it.
func whereElse(workerID string, lacks []string, cfg config.Raw, a assign.Assignment) string {
	text := "Worker " + workerID + " has no plugin " + strings.Join(lacks, ", ") + "; "
	able := ableOf(a.Peers, cfg)
	switch {
	case a.Peers == nil:
		return text + "which members of the group have it is not known."
	case len(able) == 0:
		return text + "no member of the group has it. It runs as soon as a worker joins that has it."
	}
	var urls []string
	blind := false
	for _, p := range able {
		switch {
		case p.Plugins != nil:
			urls = append(urls, p.URL)
		default:
			urls = append(urls, p.URL+" (a Java worker, which does not say what it has)")
			blind = blind || p.URL == a.LeaderURL
		}
	}
	text += "members of the group that can run it: " + strings.Join(urls, ", ") + ". "
	if blind {
		return text + "The leader is a Java worker, which does not know who lacks what; under a leader of Sluice it runs there."
	}
	return text + "It moves there with the next rebalance."
}

// explainAgain writes the statuses of what failed for want of plugins anew where
// the group has changed. It is called in the loop.
func (h *Distributed) explainAgain(s *cluster) {
	for name, l := range s.here {
		if cfg := s.configs.Connector(name); cfg == nil || len(h.names.Lacking(cfg)) == 0 {
			continue
		}
		if c := l.connector; c != nil && c.status.State == store.Failed {
			c.status.Generation = s.assignment.Generation
			h.cfg.Statuses.PutConnectorSafe(name, h.explain(s, name, c.status))
		}
		for id, t := range l.tasks {
			if t.status.State == store.Failed {
				t.status.Generation = s.assignment.Generation
				h.cfg.Statuses.PutTaskSafe(store.TaskID{Connector: name, Task: id}, h.explain(s, name, t.status))
			}
		}
	}
}

// misfit has the work dealt anew where a connector that runs here has come to
// need plugins that this worker lacks. It is called in the loop.
func (h *Distributed) misfit(s *cluster, name string) {
	if s.here[name] != nil && len(h.names.Lacking(s.configs.Connector(name))) > 0 {
		h.cfg.Group.Rejoin(s.configs.Offset(), "a connector needs plugins that this worker lacks")
	}
}

// Validate implements Herder. Where this worker lacks plugins of the connector, a
// member that has them answers.
func (h *Distributed) Validate(ctx context.Context, cfg config.Raw) (ConfigInfos, error) {
	if to := h.validator(cfg); to != "" {
		return ConfigInfos{}, &ForwardError{URL: to, Message: conflicting}
	}
	return h.catalog.Validate(ctx, cfg)
}

// accept refuses a configuration that is not valid. Where this worker, the leader,
// lacks plugins of the connector, it asks a member that has them.
func (h *Distributed) accept(ctx context.Context, cfg config.Raw) error {
	to := h.validator(cfg)
	if to == "" {
		return h.catalog.accept(ctx, cfg)
	}
	body, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	class := plugins.SimpleName(config.Trim(*cfg[definition.ConnectorClass]))
	text, err := h.cfg.Peers.Ask(ctx, http.MethodPut, to+"connector-plugins/"+url.PathEscape(class)+"/config/validate?forward=false", body)
	if err != nil {
		return err
	}
	var infos ConfigInfos
	if err := json.Unmarshal(text, &infos); err != nil {
		return internal("the validation of the worker " + to + " is not understood: " + err.Error())
	}
	return infos.refusal()
}

// validator is the URL of the member that has to validate the configuration, since
// this one cannot: on the leader one that has the plugins, elsewhere the leader.
// "" is this one, which says what is missing where nobody is known to have it.
func (h *Distributed) validator(cfg config.Raw) string {
	if cfg[definition.ConnectorClass] == nil || len(h.names.Lacking(cfg)) == 0 {
		return ""
	}
	m := h.member.Load()
	switch {
	case !m.joined:
		return ""
	case !m.Leader:
		return m.LeaderURL
	}
	if able := ableOf(m.Peers, cfg); len(able) > 0 {
		return able[0].URL
	}
	return ""
}
