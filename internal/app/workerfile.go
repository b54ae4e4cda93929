package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"sluice/connect/config"
	"sluice/connect/plugin"
	connectors "sluice/connectors/all"
	converters "sluice/converters/all"
	"sluice/internal/herder"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/rest"
	"sluice/internal/setting"
	"sluice/internal/telemetry"
	transforms "sluice/transforms/all"
)

// workerFile is what a worker properties file comes to.
type workerFile struct {
	settings  config.Map // with the values of config providers put in
	providers *properties.Providers
	secrets   *telemetry.Secrets
	log       *slog.Logger
	levels    *telemetry.Levels
}

// logger is the logger of one of our packages.
func (f workerFile) logger(name string) *slog.Logger {
	return f.log.With(telemetry.NameKey, "sluice."+name)
}

// readWorker reads the properties of a worker, and says what is odd in them.
// Whatever cannot be obeyed is an error that names the file, the key and the value.
func readWorker(mode setting.Mode, path string, registry *plugins.Registry, logs io.Writer) (workerFile, error) {
	raw, odd, err := properties.Load(path)
	if err != nil {
		return workerFile{}, err
	}
	wrong := func(err error) (workerFile, error) { return workerFile{}, fmt.Errorf("%s: %w", path, err) }
	f := workerFile{secrets: &telemetry.Secrets{}}
	if f.providers, err = properties.NewProviders(raw); err != nil {
		return wrong(err)
	}
	resolved, err := f.providers.Resolve(raw)
	if err != nil {
		return wrong(err)
	}
	f.settings = resolved.Config
	jaasFile(f.settings, os.Getenv("KAFKA_OPTS"))
	f.secrets.Add(resolved.Secrets...)
	f.secrets.Add(passwords(f.settings)...)
	if f.log, f.levels, err = newLogger(logs, f.settings["log.format"], f.secrets); err != nil {
		return wrong(err)
	}
	if err := errors.Join(setting.Check(mode, f.settings, resolver(registry)), herder.CheckSettings(f.settings), checkReporters(f.settings)); err != nil {
		return wrong(err)
	}
	for _, w := range odd {
		f.log.Warn("line of the worker properties is odd", "warning", w)
	}
	for _, w := range resolved.Warnings {
		f.log.Warn("reference to a config provider", "warning", w)
	}
	for _, key := range setting.Unknown(mode, f.settings, kafka.KnownKey) {
		f.log.Warn("unknown key in the worker properties is ignored", "key", key, "file", path)
	}
	return f, nil
}

// resolver finds the full class name of converters, whichever kind.
func resolver(registry *plugins.Registry) func(string) (string, bool) {
	return func(class string) (string, bool) {
		if c, ok := registry.Converter(class); ok {
			return c.Class, true
		}
		h, ok := registry.HeaderConverter(class)
		return h.Class, ok
	}
}

// passwords returns the values of PASSWORD keys, those of clients with their
// prefixes among them.
func passwords(settings config.Map) []string {
	var values []string
	for _, k := range setting.Def(setting.Distributed) {
		if k.Type != config.Password {
			continue
		}
		for name, value := range settings {
			if name == k.Name || strings.HasSuffix(name, "."+k.Name) {
				values = append(values, value)
			}
		}
	}
	return values
}

// newLogger makes the logger of log.format: text (the default) or json.
func newLogger(w io.Writer, format string, secrets *telemetry.Secrets) (*slog.Logger, *telemetry.Levels, error) {
	f, err := telemetry.ParseFormat(format)
	if err != nil {
		return nil, nil, err
	}
	levels := telemetry.NewLevels()
	return telemetry.New(telemetry.Options{Writer: w, Format: f, Secrets: secrets, Levels: levels}), levels, nil
}

// jaasFile takes the JAAS file from KAFKA_OPTS, where users of the Java worker
// name it, if the settings do not.
func jaasFile(settings config.Map, options string) {
	if settings[rest.JAASFileKey] != "" {
		return
	}
	for option := range strings.FieldsSeq(options) {
		if path, found := strings.CutPrefix(option, "-Djava.security.auth.login.config="); found {
			settings[rest.JAASFileKey] = strings.Trim(path, `"'`)
		}
	}
}

// checkReporters refuses the classes of metric.reporters, which are Java code.
func checkReporters(settings config.Map) error {
	const key = "metric.reporters"
	for reporter := range strings.SplitSeq(settings[key], ",") {
		if reporter = config.Trim(reporter); reporter != "" && reporter != jmxReporter {
			return config.Errorf("%s=%s: the reporter %s is Java code, which this worker does not run: leave it out, GET /metrics has the figures", key, settings[key], reporter)
		}
	}
	return nil
}

// jmxReporter is Java's default; there is no JMX here, and nothing to refuse.
const jmxReporter = "org.apache.kafka.common.metrics.JmxReporter"

// Program is what a sluice binary carries.
type Program struct{ registry *plugins.Registry }

// New makes a program of the plugins that all have and the own ones of a binary.
// An own plugin takes the place of one with its class.
func New(own ...plugin.Set) Program {
	return Program{plugins.New(plugin.Join(plugin.Join(own...), connectors.Plugins(), converters.Plugins(), transforms.Plugins()))}
}
