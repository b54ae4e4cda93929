package herder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
	"sluice/internal/plugins"
	"sluice/internal/properties"
)

// catalog is what a herder of any mode knows without its state: the plugins of
// the worker, and what they say of a configuration.
type catalog struct {
	plugins   *plugins.Registry
	settings  config.Map // of the worker
	providers *properties.Providers
	clusterID string
	group     string        // of the workers; "" in standalone mode
	timeout   time.Duration // of a validation
	log       *slog.Logger
}

// Plugins implements Herder.
func (c *catalog) Plugins() []plugins.Desc { return c.plugins.All() }

// ClusterID implements Herder.
func (c *catalog) ClusterID() string { return c.clusterID }

// PluginConfig implements Herder.
func (c *catalog) PluginConfig(_ context.Context, class, version string) ([]ConfigKeyInfo, error) {
	wanted, err := plugins.ParseRange(version)
	if err != nil {
		return nil, badRequest("Invalid version specification: " + version)
	}
	p, kind, ok := c.plugins.Find(class)
	if !ok {
		full, exists := resolve(c.plugins, class)
		switch {
		case !exists:
			return nil, notFound("Unknown plugin %s.", class)
		case wanted.String() != "":
			return nil, badRequest("Plugin " + full + " is not part of Connect's plugin loading mechanism (ClassPath or Plugin Path)")
		}
		return nil, internal("Instantiation error")
	}
	if !wanted.Contains(p.Version) {
		return nil, badRequest(plugins.NoVersion(p.Class, wanted, c.plugins.Versions(p.Class)...))
	}
	var base config.Def
	switch kind {
	case plugins.TypeSource:
		base = definition.Source(definition.Defaults{Version: p.Version})
	case plugins.TypeSink:
		base = definition.Sink(definition.Defaults{Version: p.Version})
	}
	out := KeyInfos(p.Config)
	for _, k := range base {
		if _, own := p.Config.Find(k.Name); !own {
			out = append(out, keyInfo(k, ""))
		}
	}
	return out, nil
}

// Validate implements Herder.
func (c *catalog) Validate(ctx context.Context, cfg config.Raw) (infos ConfigInfos, err error) {
	policy, err := readPolicy(c.settings)
	if err != nil {
		return infos, err // CheckSettings refuses it at start
	}
	full, refs, err := resolveReferences(c.providers, cfg)
	if err != nil {
		return infos, err
	}
	v := validation{plugins: c.plugins, settings: c.settings, policy: policy, group: c.group, raw: maps.Clone(full)}
	infos, err = ask(ctx, c, "validating the configuration of the connector", v.run)
	if panicked := (*pluginPanic)(nil); errors.As(err, &panicked) {
		err = internal("the validation of the connector's configuration panicked: " + panicked.Error())
	}
	refs.hide(&infos)
	return infos, refs.hideError(err)
}

// Check validates a configuration as the herder of a distributed worker with these
// settings would, without one.
func Check(ctx context.Context, registry *plugins.Registry, settings config.Map, providers *properties.Providers, log *slog.Logger, cfg config.Raw) (ConfigInfos, error) {
	c := &catalog{plugins: registry, settings: settings, providers: providers, group: settings["group.id"], timeout: requestTimeout, log: log}
	return c.Validate(ctx, cfg)
}

// pluginPanic is a panic of a plugin's code.
type pluginPanic struct{ value any }

func (p *pluginPanic) Error() string { return fmt.Sprint(p.value) }

// ask runs code of a plugin in a goroutine that is left to itself where it does
// not return before ctx or the time of a request ends. what is for the error then.
func ask[T any](ctx context.Context, c *catalog, what string, code func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	at := stage{what, time.Now()}
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("code of a plugin panicked", slog.String("while", what), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
				a.err = &pluginPanic{p}
			}
			answers <- a
		}()
		a.value, a.err = code(ctx)
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
			return none, cause
		}
		return none, errTimedOut(at)
	}
}

// kind returns the type of connector that the configuration names.
func (c *catalog) kind(cfg config.Raw) string {
	class := cfg[definition.ConnectorClass]
	if class == nil {
		return TypeUnknown
	}
	if _, ok := c.plugins.Sink(*class); ok {
		return TypeSink
	}
	if _, ok := c.plugins.Source(*class); ok {
		return TypeSource
	}
	return TypeUnknown
}

// accept refuses a configuration that is not valid, with Java's text.
func (c *catalog) accept(ctx context.Context, cfg config.Raw) error {
	infos, err := c.Validate(ctx, cfg)
	if err != nil {
		return err
	}
	return infos.refusal()
}

// refusal returns the error of a configuration with errors; nil where it has none.
func (c ConfigInfos) refusal() error {
	if c.ErrorCount == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Connector configuration is invalid and contains the following %d error(s):", c.ErrorCount)
	for _, info := range c.Configs {
		for _, message := range info.Value.Errors {
			b.WriteString("\n" + message)
		}
	}
	b.WriteString("\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
	return &Error{Status: http.StatusBadRequest, Message: b.String()}
}

// patched returns the configuration with the changes of the patch; null removes.
func patched(cfg, patch config.Raw) config.Raw {
	out := maps.Clone(cfg)
	for key, value := range patch {
		if value == nil {
			delete(out, key)
			continue
		}
		out[key] = value
	}
	return out
}

// tasksMax returns tasks.max of a validated configuration.
func tasksMax(cfg config.Raw) int {
	if text := cfg[definition.TasksMax]; text != nil {
		if n, err := strconv.Atoi(config.Trim(*text)); err == nil {
			return n
		}
	}
	return 1
}

func equalText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
