package app

import (
	"context"
	"log/slog"

	"sluice/internal/plugins"
	"sluice/internal/plugins/jars"
)

// reportPluginPath logs, for each connector class in the jars of plugin.path,
// whether it runs natively. Java code does not run in this version, so that a
// worker file of a Java installation is accepted and its reader knows.
func reportPluginPath(ctx context.Context, path string, registry *plugins.Registry, log *slog.Logger) {
	found := jars.Scan(ctx, path)
	for _, w := range found.Warnings {
		log.Warn("part of plugin.path is passed over", "path", w.Path, "problem", w.Problem)
	}
	for _, f := range found.Found {
		native := false
		switch f.Kind {
		case plugins.TypeSource:
			_, native = registry.Source(f.Class)
		case plugins.TypeSink:
			_, native = registry.Sink(f.Class)
		default:
			continue
		}
		if native {
			log.Info("connector class of plugin.path runs natively", "class", f.Class, "version", f.Version, "location", f.Location)
		} else {
			log.Warn("connector class of plugin.path does not run yet: Java code is not run in this version", "class", f.Class, "version", f.Version, "location", f.Location)
		}
	}
}
