package rest

import (
	"net/http"
	"strconv"

	"sluice/internal/store"
)

func (s *api) target(t store.TargetState, status int) handler {
	return func(r *request) (answer, error) {
		return none(status, s.Herder.SetTarget(r.Context(), r.names[0], t))
	}
}

// restart answers 204 for a plain restart, and 202 with the status to come
// where tasks or only failed instances are asked for (KIP-745).
func (s *api) restart(r *request) (answer, error) {
	includeTasks, onlyFailed := flag(r, "includeTasks", false), flag(r, "onlyFailed", false)
	if !includeTasks && !onlyFailed {
		return none(http.StatusNoContent, s.Herder.Restart(r.Context(), r.names[0]))
	}
	st, err := s.Herder.RestartWith(r.Context(), r.names[0], includeTasks, onlyFailed)
	return answer{status: http.StatusAccepted, body: s.statusBody(s.maskStatus(r, st))}, err
}

func (s *api) restartTask(r *request) (answer, error) {
	id, err := readTaskID(r)
	if err != nil {
		return answer{}, err
	}
	return none(http.StatusNoContent, s.Herder.RestartTask(r.Context(), id))
}

// readTaskID reads the path's connector and task. A task that is no int32 is
// 404, as Java's path parameter.
func readTaskID(r *request) (store.TaskID, error) {
	n, err := strconv.ParseInt(r.names[1], 10, 32)
	if err != nil {
		return store.TaskID{}, fail(http.StatusNotFound, containerText(http.StatusNotFound))
	}
	return store.TaskID{Connector: r.names[0], Task: int(n)}, nil
}
