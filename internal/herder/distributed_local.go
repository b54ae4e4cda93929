package herder

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/internal/store"
)

// look has the connector compared, and what is necessary done, unless nothing
// is. It is called in the loop.
func (h *Distributed) look(s *cluster, name string) {
	todo := s.compare(name)
	if !todo.some() {
		return
	}
	l := s.at(name)
	if todo.retarget {
		h.retarget(s, name)
	}
	if l.queued || !todo.stops() && !todo.startConnector && len(todo.startTasks) == 0 {
		return
	}
	//nolint:forbidigo // nobody waits for it
	l.queued = h.local.add(context.Background(), name, operation{"applying the assignment of connector " + name, todo.stopConnector, func(ctx context.Context) {
		h.act(ctx, name)
	}})
}

// act stops and starts what is necessary. It runs in the queue of the connector.
func (h *Distributed) act(ctx context.Context, name string) {
	var todo steps
	var generation int
	h.change(func(s *cluster) {
		s.at(name).queued = false
		todo, generation = s.compare(name), s.assignment.Generation
	})
	if todo.stops() {
		h.stopTasks(ctx, name, todo.stopTasks)
		if todo.stopConnector {
			h.stopConnector(ctx, name)
		}
		h.change(func(s *cluster) { h.stopped(s, name, todo, generation) })
	}
	h.change(func(s *cluster) {
		todo := s.compare(name)
		if todo.startConnector && !todo.stopConnector {
			h.startConnector(s, name, nil)
		}
		for _, id := range todo.startTasks {
			if s.at(name).tasks[id] == nil {
				h.startTask(s, store.TaskID{Connector: name, Task: id})
			}
		}
		if todo.stops() {
			h.look(s, name) // something has changed meanwhile
		}
		s.tidy(name)
	})
}

func (h *Distributed) stopTasks(ctx context.Context, name string, numbers []int) {
	if len(numbers) == 0 {
		return
	}
	ids := make([]store.TaskID, len(numbers))
	for i, n := range numbers {
		ids[i] = store.TaskID{Connector: name, Task: n}
	}
	h.local.enter(name, fmt.Sprintf("stopping %d tasks of connector %s", len(ids), name))
	if err := h.cfg.Worker.StopTasks(ctx, ids); err != nil {
		h.cfg.Log.Warn("tasks were abandoned", slog.String("connector", name), slog.Any("error", err))
	}
}

func (h *Distributed) stopConnector(ctx context.Context, name string) {
	h.local.enter(name, "stopping connector "+name)
	if err := h.cfg.Worker.StopConnector(ctx, name); err != nil {
		h.cfg.Log.Warn("connector was abandoned", slog.String("connector", name), slog.Any("error", err))
	}
}

// stopped notes that instances have ended, and shows those that come back as
// RESTARTING. It is called in the loop.
func (h *Distributed) stopped(s *cluster, name string, done steps, generation int) {
	l := s.at(name)
	restarting := func(i *instance) store.Status {
		return store.Status{State: store.Restarting, WorkerID: h.cfg.WorkerID, Generation: generation, Version: i.status.Version}
	}
	for _, id := range done.stopTasks {
		if t := l.tasks[id]; t != nil && t.announce {
			h.cfg.Statuses.PutTask(store.TaskID{Connector: name, Task: id}, restarting(t))
		}
		delete(l.tasks, id)
	}
	if c := l.connector; done.stopConnector && c != nil {
		if c.announce {
			h.cfg.Statuses.PutConnector(name, restarting(c))
		}
		l.connector = nil
	}
	if !s.configs.Contains(name) {
		h.forgetTopics(name)
	}
}

// startConnector starts the connector; waiting, where it is not nil, hears of
// its next status. It is called in the loop.
func (h *Distributed) startConnector(s *cluster, name string, waiting chan<- store.Status) {
	l := s.at(name)
	h.retarget(s, name)
	l.connector = &instance{number: s.next(), waiting: waiting}
	h.cfg.Worker.StartConnector(name, s.configs.Connector(name).Map(), l.target, l.connector.number)
}

// startTask is called in the loop.
func (h *Distributed) startTask(s *cluster, id store.TaskID) {
	l := s.at(id.Connector)
	h.retarget(s, id.Connector)
	t := &instance{number: s.next(), generation: s.configs.TaskGeneration(id.Connector)}
	l.tasks[id.Task] = t
	h.cfg.Worker.StartTask(id, s.configs.Connector(id.Connector).Map(), s.configs.TaskConfig(id).Map(), l.target, t.number)
}

// retarget tells the worker of the target state where that is another than it
// was told. It is called in the loop, so that no change is missed.
func (h *Distributed) retarget(s *cluster, name string) {
	l, target := s.at(name), s.configs.TargetState(name)
	if l.target == target {
		return
	}
	l.target = target
	if l.connector != nil || len(l.tasks) > 0 {
		h.cfg.Worker.SetTargetState(name, target)
	}
	if c := l.connector; c != nil && target == store.TargetStarted && c.status.State == store.Running {
		h.replan(s, name) // it never left RUNNING, but may lack tasks
	}
}

// forgetTopics forgets the topics of a connector that is gone.
func (h *Distributed) forgetTopics(name string) {
	if !h.settings.TrackTopics {
		return
	}
	for topic := range h.cfg.Statuses.Snapshot().Topics(name) {
		h.cfg.Statuses.RemoveTopic(name, topic)
	}
}
