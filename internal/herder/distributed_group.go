package herder

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// Assigned says what this worker is to run from now on. It does not wait.
func (h *Distributed) Assigned(a assign.Assignment) {
	h.box.put(func(s *cluster) {
		h.takeConfigs(s)
		h.succeed(s, a)
		// Whoever has led since the last assignment has fenced this worker.
		anew := !s.assignment.Leader || s.assignment.MemberID != a.MemberID || s.assignment.Generation != a.Generation-1
		s.assign(a)
		h.member.Store(&membership{a, true})
		for _, name := range s.names() {
			h.look(s, name)
		}
		h.explainAgain(s)
		if a.Leader {
			h.startLeading(s, anew)
		}
		s.checkSettled()
		h.Ready()
	})
}

// Revoked stops work and then calls done; by then its statuses are written. What
// runs is told at once, whatever is done with its connector at the moment: another
// worker may be given it soon (invariant 2). It does not wait.
func (h *Distributed) Revoked(w assign.Work, done func()) {
	ok := h.box.put(func(s *cluster) {
		h.takeConfigs(s)
		names := s.revoke(w)
		h.cfg.Worker.BeginStop(w.Connectors, w.Tasks)
		var left atomic.Int64
		left.Store(int64(len(names)))
		for _, name := range names {
			//nolint:forbidigo // nobody waits for it
			queued := h.local.add(context.Background(), name, operation{"stopping what was revoked of connector " + name, true, func(ctx context.Context) {
				h.act(ctx, name)
				if left.Add(-1) == 0 {
					h.flush(ctx)
					done()
				}
			}})
			if !queued { // all is being stopped
				s.whenStopped = append(s.whenStopped, done)
				return
			}
		}
		if len(names) == 0 {
			done()
		}
	})
	if !ok {
		done() // all is stopped
	}
}

// Left says that the worker is in no group: it does not lead, and knows no
// leader. It does not wait.
func (h *Distributed) Left() {
	h.box.put(func(s *cluster) {
		s.assignment.Leader, s.assignment.LeaderURL = false, ""
		h.member.Store(&membership{Assignment: s.assignment})
	})
}

// takeConfigs takes in what has happened in the config store. It is called in
// the loop.
func (h *Distributed) takeConfigs(s *cluster) {
	events := h.cfg.Configs.Take()
	if events.Snapshot == nil {
		return
	}
	changes := events.Snapshot.Changes(s.configs)
	s.configs = events.Snapshot
	for _, name := range changes.Updated {
		if l := s.here[name]; l != nil && l.connector != nil {
			l.connector.restart = true
		}
		h.misfit(s, name)
	}
	for _, name := range changes.Tasks {
		s.commits[name] = s.configs.Offset()
		if s.configs.Inconsistent(name) { // a former leader's commit has come late, without what it commits
			h.replan(s, name)
		}
	}
	for _, name := range changes.Removed {
		delete(s.commits, name)
	}
	for _, name := range slices.Concat(changes.Removed, changes.Updated, changes.Tasks, changes.Targets) {
		h.look(s, name)
	}
	if len(changes.Added)+len(changes.Removed)+len(changes.Tasks) > 0 {
		s.needs = s.configs.Offset()
		h.cfg.Group.Rejoin(s.configs.Offset(), "connectors or tasks were configured")
	}
	if changes.SessionKey {
		h.doubtKey(s)
		h.renewKey(s)
	}
	for _, r := range events.Restarts {
		h.obeyRestart(s, r)
	}
	for _, l := range events.Levels {
		if h.cfg.Levels == nil {
			break
		}
		if err := h.cfg.Levels.SetLevel(l.Logger, l.Level); err != nil {
			h.cfg.Log.Warn("the level of a logger is not set", slog.String("logger", l.Logger), slog.Any("error", err))
		}
	}
}

// obeyRestart restarts what of a restart request runs here.
func (h *Distributed) obeyRestart(s *cluster, r store.RestartRequest) {
	status, ok := h.Status(r.Connector)
	l := s.here[r.Connector]
	if !ok || l == nil {
		return
	}
	_, connector, tasks := planRestart(status, r.IncludeTasks, r.OnlyFailed)
	if connector && l.connector != nil {
		l.connector.restart, l.connector.announce = true, true
	}
	for _, id := range tasks {
		if t := l.tasks[id.Task]; t != nil {
			t.restart, t.announce = true, true
		}
	}
	h.look(s, r.Connector)
}

// startLeading does what a worker does whenever it is made the leader; anew says
// that another one may have led since it was the last time.
func (h *Distributed) startLeading(s *cluster, anew bool) {
	h.forgetStatuses()
	h.renewKey(s)
	//nolint:forbidigo // nobody waits for it
	h.writes.add(context.Background(), claimLane, operation{"claiming write privileges for the config topic", false, func(ctx context.Context) {
		if h.lead() != nil {
			return
		}
		var err error
		if anew {
			err = h.cfg.Configs.Resign(ctx)
		}
		if err := errors.Join(err, h.cfg.Configs.Claim(ctx)); err != nil {
			h.cfg.Log.Warn("write privileges for the config topic could not be claimed; the next write claims them", slog.Any("error", err))
		}
	}})
}

// The queues of writes beside those of the connectors, whose names do not begin
// with a line end.
const (
	claimLane   = "\nclaim"
	keyLane     = "\nsession key"
	publishLane = "\ntasks of "
	statusLane  = "\nstatus of "
)

// forgetStatuses removes the statuses of what is not configured any more.
func (h *Distributed) forgetStatuses() {
	// In this order, a connector that is created and started meanwhile is left alone.
	statuses, configs := h.cfg.Statuses.Snapshot(), h.cfg.Configs.Snapshot()
	for name := range statuses.Connectors() {
		tasks, exists := configs.Tasks(name), configs.Contains(name)
		for id := range statuses.Tasks(name) {
			if !exists || !slices.Contains(tasks, store.TaskID{Connector: name, Task: id}) {
				h.cfg.Statuses.RemoveTask(store.TaskID{Connector: name, Task: id})
			}
		}
		if !exists {
			h.cfg.Statuses.RemoveConnector(name)
		}
	}
}

// doubtKey says when somebody else writes what is the leader's to write while this
// worker leads: only a leader writes session keys. It is called in the loop.
func (h *Distributed) doubtKey(s *cluster) {
	key := s.configs.SessionKey()
	if !s.assignment.Leader || key == nil || key.Key.Reveal() == s.ownKey {
		return
	}
	h.cfg.Log.Warn("another leader has written a session key to the config topic while this worker leads its group: "+
		"a former leader that was cut off, or a second cluster, with another group.id, on the same topics. Such clusters take one another's "+
		"connectors, and each of them runs all: give every group.id topics of its own",
		slog.String("group.id", h.group), slog.String("config.storage.topic", h.cfg.Settings["config.storage.topic"]))
}

// renewKey has a new session key written where this worker leads and the key is
// missing, too old, or not of the kind that this worker's settings want. It is
// called in the loop.
func (h *Distributed) renewKey(s *cluster) {
	if !s.assignment.Leader || !s.assignment.Signed || s.renewing {
		return
	}
	now := h.cfg.Clock()
	due, end := h.signing.renew(s.configs.SessionKey(), now)
	if !due {
		if !end.IsZero() {
			s.renewIn(end.Sub(now), func() { h.box.put(h.renewKey) })
		}
		return
	}
	key := h.signing.newKey(now)
	s.ownKey = key.Key.Reveal()
	//nolint:forbidigo // nobody waits for it
	s.renewing = h.writes.add(context.Background(), keyLane, operation{"writing a new session key to the config topic", false, func(ctx context.Context) {
		err := h.write(ctx, func(ctx context.Context) error {
			return h.cfg.Configs.PutSessionKey(ctx, key)
		})
		h.change(func(s *cluster) {
			s.renewing = false
			if err == nil {
				h.renewKey(s)
				return
			}
			h.cfg.Log.Warn("a new session key could not be written; it is tried again", slog.Any("error", err))
			s.renewIn(retryFirst, func() { h.box.put(h.renewKey) })
		})
	}})
}

// write does a leader's write. Where the privilege for it was lost it is claimed
// again, as long as this worker leads.
func (h *Distributed) write(ctx context.Context, put func(ctx context.Context) error) error {
	if err := h.lead(); err != nil {
		return err
	}
	err := put(ctx)
	if errors.Is(err, store.ErrNotClaimed) {
		if err := h.lead(); err != nil {
			return err
		}
		if claimed := h.cfg.Configs.Claim(ctx); claimed == nil {
			err = put(ctx)
		}
	}
	if err == nil {
		return nil
	}
	h.cfg.Log.Error("write to the config topic", slog.Any("error", err))
	return internal("Failed to write to config topic; this may be due to a transient error and the request can be safely retried: " + err.Error())
}
