package worker

import (
	"log/slog"
	"maps"

	"sluice/connect"
	"sluice/connect/config"
)

// resolve replaces the references to config providers (KIP-297). It may wait for
// the file system. The error is one of the instance that has the configuration.
func (w *Worker) resolve(log *slog.Logger, m config.Map) (config.Map, error) {
	if w.Providers == nil {
		return maps.Clone(m), nil
	}
	r, err := w.Providers.Resolve(m)
	if err != nil {
		return nil, connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	if w.Secrets != nil {
		w.Secrets.Add(r.Secrets...)
	}
	for _, text := range r.Warnings {
		w.warned.once(text, func() { log.Warn("reference to a config provider", "warning", text) })
	}
	return r.Config, nil
}

// refer puts the references of the connector's configuration back into that of a
// task, which is shown to clients (reverseTransform of Java).
func refer(raw, resolved, task config.Map) {
	for key, text := range raw {
		if _, there := task[key]; there && resolved[key] != text {
			task[key] = text
		}
	}
}
