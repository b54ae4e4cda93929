package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/setting"
)

// settings are the worker's properties that steer the record path.
type settings struct {
	taskGrace     time.Duration
	flushInterval time.Duration
	flushTimeout  time.Duration
	createTopics  bool
}

type settingValues struct {
	TaskGrace     time.Duration `config:"task.shutdown.graceful.timeout.ms"`
	FlushInterval time.Duration `config:"offset.flush.interval.ms"`
	FlushTimeout  time.Duration `config:"offset.flush.timeout.ms"`
	CreateTopics  bool          `config:"topic.creation.enable"`
}

func settingsDef() config.Def {
	return setting.Keys("task.shutdown.graceful.timeout.ms", "offset.flush.interval.ms", "offset.flush.timeout.ms", "topic.creation.enable")
}

func readSettings(m config.Map) (settings, error) {
	v, err := config.Decode[settingValues](settingsDef(), m)
	switch {
	case err != nil:
		return settings{}, err
	case v.FlushInterval <= 0: // Java fails every task with it
		return settings{}, config.InvalidValue("offset.flush.interval.ms", m["offset.flush.interval.ms"], "give 1 millisecond or more")
	case v.FlushTimeout < 0:
		return settings{}, config.InvalidValue("offset.flush.timeout.ms", m["offset.flush.timeout.ms"], "give 0 milliseconds or more")
	case v.TaskGrace < 0:
		return settings{}, config.InvalidValue("task.shutdown.graceful.timeout.ms", m["task.shutdown.graceful.timeout.ms"], "give 0 milliseconds or more")
	}
	return settings{v.TaskGrace, v.FlushInterval, v.FlushTimeout, v.CreateTopics}, nil
}

// warned remembers what was said, so that a hundred tasks with one setting
// give one line.
type warned struct {
	mu   sync.Mutex
	said map[string]bool // guarded by mu
}

func (w *warned) warn(log *slog.Logger, warnings []string) {
	for _, text := range warnings {
		w.once(text, func() { log.Warn(warning, "warning", text) })
	}
}

// once calls say unless the text was said before.
func (w *warned) once(text string, say func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said[text] {
		return
	}
	if w.said == nil {
		w.said = make(map[string]bool)
	}
	w.said[text] = true
	say()
}

// client returns the settings of a client of a connector, and their plan. The
// warnings are logged unless some instance of this worker had them before.
func (w *Worker) client(role kafka.Role, defaults, connector config.Map, override string) (kafka.Settings, *kafka.Plan, error) {
	s := kafka.Settings{Role: role, Values: kafka.Merge(role, w.Settings, defaults, kafka.WithPrefix(connector, override))}
	plan, err := s.Plan()
	if err != nil {
		return s, nil, connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	w.warned.warn(w.log, plan.Warnings)
	return s, plan, nil
}

// quiet is a logger for clients whose warnings were logged by client.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler()}) }

type quietHandler struct{ slog.Handler }

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == warning {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}

// warning is the message with which package kafka logs a warning.
const warning = "client setting"
