package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
)

// pipeline is what a task does to each record between its plugin and Kafka.
type pipeline struct {
	key, value connect.Converter
	header     connect.HeaderConverter
	steps      []step
}

// step is a transformation with its predicate.
type step struct {
	alias     string
	transform connect.Transform
	predicate connect.Predicate // nil is always
	negate    bool
}

const defaultHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"

// newPipeline makes and configures what the connector's configuration names,
// and the worker's where it names no converter.
func newPipeline(reg *plugins.Registry, worker, conn config.Map) (*pipeline, error) {
	p := &pipeline{}
	var err error
	if p.key, err = newConverter(reg, worker, conn, "key.converter", true); err != nil {
		return nil, err
	}
	if p.value, err = newConverter(reg, worker, conn, "value.converter", false); err != nil {
		return nil, err
	}
	if p.header, err = newHeaderConverter(reg, worker, conn); err != nil {
		return nil, err
	}
	for _, alias := range list(conn["transforms"]) {
		s, err := newStep(reg, conn, alias)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

// from returns the configuration that names the plugin of the key.
func from(worker, conn config.Map, key string) config.Map {
	if conn[key] != "" {
		return conn
	}
	return worker
}

func newConverter(reg *plugins.Registry, worker, conn config.Map, key string, isKey bool) (connect.Converter, error) {
	cfg := from(worker, conn, key)
	class := cfg[key]
	if class == "" {
		return nil, connect.ClassErrorf(configException, "Missing required configuration \"%s\" which has no default value.", key)
	}
	desc, ok := reg.Converter(class)
	if !ok {
		return nil, unknownPlugin("converter", key, class)
	}
	c := desc.New()
	if err := c.Configure(kafka.WithPrefix(cfg, key+"."), isKey); err != nil {
		return nil, fmt.Errorf("configure the %s: %w", key, err)
	}
	return c, nil
}

func newHeaderConverter(reg *plugins.Registry, worker, conn config.Map) (connect.HeaderConverter, error) {
	const key = "header.converter"
	cfg := from(worker, conn, key)
	class := orElse(cfg[key], defaultHeaderConverter)
	desc, ok := reg.HeaderConverter(class)
	if !ok {
		return nil, unknownPlugin("header converter", key, class)
	}
	own := config.Map(kafka.WithPrefix(cfg, key+"."))
	own["converter.type"] = "header"
	c := desc.New()
	if err := c.Configure(own); err != nil {
		return nil, fmt.Errorf("configure the %s: %w", key, err)
	}
	return c, nil
}

func newStep(reg *plugins.Registry, conn config.Map, alias string) (step, error) {
	prefix := "transforms." + alias + "."
	desc, ok := reg.Transform(conn[prefix+"type"])
	if !ok {
		return step{}, unknownPlugin("transformation", prefix+"type", conn[prefix+"type"])
	}
	s := step{alias: alias, transform: desc.New()}
	own := config.Map(kafka.WithPrefix(conn, prefix))
	maps.DeleteFunc(own, func(k, _ string) bool { return k == "type" || k == "predicate" || k == "negate" })
	if err := s.transform.Configure(own); err != nil {
		return step{}, fmt.Errorf("configure the transformation %s: %w", alias, err)
	}
	name := conn[prefix+"predicate"]
	if name == "" {
		return s, nil
	}
	s.negate = strings.EqualFold(conn[prefix+"negate"], "true")
	key := "predicates." + name + "."
	predicate, ok := reg.Predicate(conn[key+"type"])
	if !ok {
		return step{}, errors.Join(unknownPlugin("predicate", key+"type", conn[key+"type"]), s.transform.Close())
	}
	s.predicate = predicate.New()
	own = kafka.WithPrefix(conn, key)
	delete(own, "type")
	if err := s.predicate.Configure(own); err != nil {
		return step{}, errors.Join(fmt.Errorf("configure the predicate %s: %w", name, err), s.transform.Close())
	}
	return s, nil
}

func (p *pipeline) close() error {
	var errs []error
	for _, s := range p.steps {
		errs = append(errs, guard(s.transform.Close))
		if s.predicate != nil {
			errs = append(errs, guard(s.predicate.Close))
		}
	}
	return errors.Join(errs...)
}

// apply runs the transformations over the record; keep false drops it.
func (p *pipeline) apply(r *connect.Record, arena *schema.Arena) (keep bool, err error) {
	for i := range p.steps {
		s := &p.steps[i]
		if s.predicate != nil && s.predicate.Test(r) == s.negate {
			continue
		}
		if keep, err = s.transform.Apply(r, arena); err != nil {
			return false, fmt.Errorf("stage TRANSFORMATION, transforms.%s: %w", s.alias, err)
		}
		if !keep {
			return false, nil
		}
	}
	return true, nil
}

// tolerate says what becomes of a record that cannot be converted or
// transformed: nil drops it, counted and logged as configured.
func (t *task) tolerate(ctx context.Context, r *connect.Record, cause error) error {
	if t.settings.LogErrors {
		args := []any{"error", cause, "topic", r.Topic, "tolerance", t.settings.Tolerance}
		if r.Origin.Topic != "" {
			args = append(args, "partition", r.Origin.Partition, "offset", r.Origin.Offset)
		}
		if t.settings.LogRecord {
			args = append(args, "key", r.Key.Value.String(), "value", r.Value.Value.String())
		}
		t.log.ErrorContext(ctx, "record cannot be processed", args...)
	}
	if t.settings.Tolerance == "all" {
		t.dropped++
		return nil
	}
	return connect.Errorf("Tolerance exceeded in error handler%w", hide(cause))
}

// hidden is a cause that does not show in the message of its error, as in
// Java, where the message and the cause are two.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

func hide(err error) error { return hidden{err} }

// list cuts at commas, as a LIST of Java.
func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
