package rest

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"sluice/internal/telemetry"
)

type loggerLevel struct {
	Level        string `json:"level"`
	LastModified *int64 `json:"last_modified"`
}

func (s *api) loggers(*request) (answer, error) {
	all := map[string]loggerLevel{}
	for _, l := range s.Levels.List() {
		all[l.Name] = loggerLevel{l.Level, l.LastModified}
	}
	return ok(all)
}

func (s *api) logger(r *request) (answer, error) {
	l, found := s.Levels.Get(r.names[0])
	if !found {
		return answer{}, fail(http.StatusNotFound, "Logger "+r.names[0]+" not found.")
	}
	return ok(loggerLevel{l.Level, l.LastModified})
}

// setLogger sets the level of a logger on this worker, or with scope=cluster on
// all (KIP-976). An unknown scope counts as worker, as in Java.
func (s *api) setLogger(r *request) (answer, error) {
	m, err := readConfig(r.body, part{"", "a JSON object with level"})
	if err != nil {
		return answer{}, err
	}
	level := m["level"]
	switch {
	case level == nil:
		return answer{}, fail(http.StatusBadRequest, "Desired 'level' parameter was not specified in request.")
	case *level == "":
		return answer{}, fail(http.StatusBadRequest, "the level is empty: "+levelNames+" is possible")
	}
	if _, err := telemetry.ParseLevel(*level); err != nil {
		return answer{}, asLevelError(err)
	}
	if strings.EqualFold(query(r).Get("scope"), "cluster") {
		return none(http.StatusNoContent, s.Herder.SetClusterLoggerLevel(r.Context(), r.names[0], *level))
	}
	changed, err := s.Levels.Set(r.names[0], *level, time.Now())
	if err != nil {
		return answer{}, asLevelError(err)
	}
	s.Log.Info("log level is set", "name", r.names[0], "level", *level, "changed", len(changed))
	return ok(changed)
}

const levelNames = "TRACE, DEBUG, INFO, WARN, ERROR, FATAL or OFF"

func asLevelError(err error) error {
	if unknown, is := errors.AsType[*telemetry.LevelError](err); is {
		return fail(http.StatusNotFound, unknown.Error())
	}
	return err
}
