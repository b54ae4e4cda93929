package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/properties"
	"sluice/internal/telemetry"
)

// Standalone runs a worker as connect-standalone does: settings from a worker
// properties file, connectors from files and from REST, offsets in a file. It
// blocks until ctx ends. An error of type *ConnectorError is about one of the
// connector files.
func Standalone(ctx context.Context, workerFile string, connectorFiles []string, logs io.Writer) error {
	values, warnings, err := properties.Load(workerFile)
	if err != nil {
		return err
	}
	settings := config.Map(values)
	log, err := newLogger(logs, settings["log.format"])
	if err != nil {
		return fmt.Errorf("%s: %w", workerFile, err)
	}
	for _, w := range warnings {
		log.Warn("line of the worker properties is odd", "warning", w)
	}
	if err := checkSettings(settings); err != nil {
		return fmt.Errorf("%s: %w", workerFile, err)
	}
	s := standalone{settings: settings, log: log}
	for _, path := range connectorFiles {
		c, err := readConnector(path, nil)
		if err != nil {
			return err
		}
		s.connectors = append(s.connectors, c)
	}
	return s.run(ctx)
}

// required are the keys without which a standalone worker cannot start.
var required = []string{"bootstrap.servers", "key.converter", "value.converter", "offset.storage.file.filename"}

func checkSettings(settings config.Map) error {
	var missing []string
	for _, key := range required {
		if config.Trim(settings[key]) == "" {
			missing = append(missing, fmt.Sprintf("Missing required configuration %q which has no default value.", key))
		}
	}
	if len(missing) > 0 {
		return config.Errorf("%s", strings.Join(missing, " "))
	}
	return herder.CheckSettings(settings)
}

// newLogger makes the logger of log.format: text (the default) or json.
func newLogger(w io.Writer, format string) (*slog.Logger, error) {
	f, err := telemetry.ParseFormat(format)
	if err != nil {
		return nil, err
	}
	return telemetry.New(telemetry.Options{Writer: w, Format: f}), nil
}
