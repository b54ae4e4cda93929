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
		h.plan(ctx, name)
	}})
}

// plan asks the running connector for its task configurations, and has them
// published where they differ from the stored ones. It runs in the queue of the
// connector and does not wait for the leader: that may itself wait, in a
// rebalance, for what is behind in this queue to stop.
func (h *Distributed) plan(ctx context.Context, name string) {
	var ready bool
	var cfg config.Raw
	var number int
	h.change(func(s *cluster) {
		l := s.at(name)
		number = s.next()
		l.plan = number
		ready = l.connector != nil && l.connector.status.State == store.Running && s.configs.TargetState(name) == store.TargetStarted
		cfg = s.configs.Connector(name)
		s.tidy(name)
	})
	if !ready {
		return
	}
	h.local.enter(name, "generating task configs for connector "+name)
	patience := h.local.patience(ctx, name)
	configs, err := h.cfg.Worker.TaskConfigs(patience, name, tasksMax(cfg))
	switch {
	case errors.Is(context.Cause(patience), errGivenUp):
	case tooMany(err):
		h.cfg.Log.Error("the connector generated too many tasks", slog.String("connector", name), slog.Any("error", err))
	case err != nil:
		h.planAgain(name, err)
	case sameTasks(h.cfg.Configs.Snapshot(), name, rawOf(configs)):
		h.change(func(s *cluster) { s.at(name).attempts = 0; s.tidy(name) })
	default:
		h.publish(ctx, name, number, rawOf(configs))
	}
}

// planAgain asks for task configurations anew after a pause, which grows.
func (h *Distributed) planAgain(name string, err error) {
	h.change(func(s *cluster) {
		l := s.here[name]
		if l == nil || l.connector == nil {
			return
		}
		pause := min(retryFirst<<min(l.attempts, 10), retryMost)
		l.attempts++
		h.cfg.Log.Warn("task configurations were not updated; it is tried again", slog.String("connector", name), slog.Duration("in", pause), slog.Any("error", err))
		time.AfterFunc(pause, func() {
			h.box.put(func(s *cluster) { h.replan(s, name) })
		})
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

// publish has task configurations stored, here or on the leader, unless a later
// plan comes first; plan numbers them. It does not wait.
func (h *Distributed) publish(ctx context.Context, name string, plan int, configs []config.Raw) {
	queued := h.writes.add(ctx, publishLane+name, operation{"publishing the task configs of connector " + name, false, func(ctx context.Context) {
		if !h.isLatest(name, plan) {
			return
		}
		if err := h.send(ctx, name, configs); err != nil {
			h.planAgain(name, err)
			return
		}
		h.change(func(s *cluster) {
			l := s.at(name)
			l.attempts = 0
			if l.plan != plan {
				h.replan(s, name) // the later plan was compared with what was stored before this one
			}
			s.tidy(name)
		})
	}})
	if !queued {
		h.cfg.Log.Debug("task configurations are not published: the worker stops", slog.String("connector", name))
	}
}

func (h *Distributed) isLatest(name string, plan int) (latest bool) {
	h.change(func(s *cluster) { latest = s.here[name] != nil && s.here[name].plan == plan })
	return latest
}

// send stores task configurations, here or on the leader, and waits for that.
func (h *Distributed) send(ctx context.Context, name string, configs []config.Raw) error {
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
