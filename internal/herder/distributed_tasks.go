package herder

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"sluice/connect/config"
	"sluice/internal/store"
)

// Pauses between attempts to publish task configurations, as in Java.
const (
	retryFirst = 250 * time.Millisecond
	retryMost  = time.Minute
)

// replan queues an operation that asks the connector for its task
// configurations; one in the queue serves all that ask before it begins. It is
// called in the loop.
func (h *Distributed) replan(s *cluster, name string) {
	l := s.here[name]
	if l == nil || l.connector == nil || l.replanning {
		return
	}
	//nolint:forbidigo // nobody waits for it
	l.replanning = h.local.add(context.Background(), name, operation{"reconfiguring connector " + name, false, func(ctx context.Context) {
		h.change(func(s *cluster) { s.at(name).replanning = false })
		h.planOrRetry(ctx, name)
	}})
}

// planOrRetry asks for task configurations and publishes them, now or later.
func (h *Distributed) planOrRetry(ctx context.Context, name string) {
	err := h.planTasks(ctx, name)
	var pause time.Duration
	h.change(func(s *cluster) {
		l := s.at(name)
		if err == nil {
			l.attempts = 0
		} else {
			pause = min(retryFirst<<min(l.attempts, 10), retryMost)
			l.attempts++
		}
		s.tidy(name)
	})
	if err == nil || errors.Is(err, errGivenUp) || errors.Is(err, errStopping) {
		return
	}
	if tooMany(err) {
		h.cfg.Log.Error("the connector generated too many tasks", slog.String("connector", name), slog.Any("error", err))
		return
	}
	h.cfg.Log.Warn("task configurations were not updated; it is tried again", slog.String("connector", name), slog.Duration("in", pause), slog.Any("error", err))
	time.AfterFunc(pause, func() {
		h.box.put(func(s *cluster) { h.replan(s, name) })
	})
}

// tooMany tells whether the connector made more tasks than it may: asking again
// does not help.
func tooMany(err error) bool {
	classed, ok := errors.AsType[interface {
		error
		JavaClass() string
	}](err)
	return ok && classed.JavaClass() == "org.apache.kafka.connect.runtime.TooManyTasksException"
}

// planTasks asks the running connector for its task configurations, and sends
// them to the leader where they differ from the stored ones.
func (h *Distributed) planTasks(ctx context.Context, name string) error {
	var ready bool
	var cfg config.Raw
	h.change(func(s *cluster) {
		c := s.at(name).connector
		ready = c != nil && c.status.State == store.Running && s.configs.TargetState(name) == store.TargetStarted
		cfg = s.configs.Connector(name)
	})
	if !ready {
		return nil
	}
	h.local.enter(name, "generating task configs for connector "+name)
	patience := h.local.patience(ctx, name)
	configs, err := h.cfg.Worker.TaskConfigs(patience, name, tasksMax(cfg))
	switch {
	case patience.Err() != nil:
		return context.Cause(patience)
	case err != nil:
		return err
	}
	raw := rawOf(configs)
	if sameTasks(h.cfg.Configs.Snapshot(), name, raw) {
		return nil
	}
	h.local.enter(name, "publishing the task configs of connector "+name)
	return h.publish(ctx, name, raw)
}

// publish stores task configurations, here or on the leader.
func (h *Distributed) publish(ctx context.Context, name string, configs []config.Raw) error {
	err := h.lead()
	if err == nil {
		return h.writes.do(ctx, name, "writing the task configs of connector "+name, false, func(ctx context.Context) error {
			return h.writeTasks(ctx, name, configs)
		})
	}
	forward, ok := errors.AsType[*ForwardError](err)
	if !ok || forward.URL == "" {
		return errors.New("the leader of the group is not known")
	}
	body, err := json.Marshal(configs)
	if err != nil {
		return err
	}
	var sig *Signature
	if h.member.Load().Signed {
		sig = h.signing.sign(h.cfg.Configs.Snapshot().SessionKey(), body)
	}
	return h.cfg.Peers.Send(ctx, http.MethodPost, forward.URL+"connectors/"+url.PathEscape(name)+"/tasks", body, sig)
}

// writeTasks stores task configurations, on the leader.
func (h *Distributed) writeTasks(ctx context.Context, name string, configs []config.Raw) error {
	snapshot := h.cfg.Configs.Snapshot()
	switch {
	case !snapshot.Contains(name):
		return notFound("Connector %s not found", name)
	case len(configs) > 0 && snapshot.TargetState(name) == store.TargetStopped:
		return badRequest("Cannot submit non-empty set of task configs for stopped connector " + name)
	}
	return h.write(ctx, func(ctx context.Context) error { return h.cfg.Configs.PutTaskConfigs(ctx, name, configs) })
}

// PutTaskConfigs implements Herder.
func (h *Distributed) PutTaskConfigs(ctx context.Context, name string, configs []config.Map, sig *Signature) error {
	if err := h.verify(sig); err != nil {
		return err
	}
	if err := h.lead(); err != nil {
		return err
	}
	return h.writes.do(ctx, name, "writing the task configs of connector "+name, false, func(ctx context.Context) error {
		return h.writeTasks(ctx, name, rawOf(configs))
	})
}

func rawOf(configs []config.Map) []config.Raw {
	raw := make([]config.Raw, len(configs))
	for i, cfg := range configs {
		raw[i] = cfg.Raw()
	}
	return raw
}

// verify refuses an internal request that is not signed as the group demands.
func (h *Distributed) verify(sig *Signature) error {
	if !h.member.Load().Signed {
		return nil
	}
	return h.signing.verify(h.cfg.Configs.Snapshot().SessionKey(), sig)
}

// sameTasks tells whether the configurations are those that are stored, and were
// made from the connector's configuration of now.
func sameTasks(s *store.ConfigSnapshot, name string, configs []config.Raw) bool {
	equal := func(a, b config.Raw) bool { return maps.EqualFunc(a, b, equalText) }
	ids := s.Tasks(name)
	if len(ids) != len(configs) || s.Inconsistent(name) || s.Applied(name) == nil || !equal(s.Applied(name), s.Connector(name)) {
		return false
	}
	return !slices.ContainsFunc(ids, func(id store.TaskID) bool { return !equal(s.TaskConfig(id), configs[id.Task]) })
}
