// Package pipeline turns the records of source tasks into those of Kafka, and
// the records of Kafka into those of sink tasks: converters, transformations
// with their predicates, and what becomes of a record that fails (KIP-298).
//
// It owns the stages between a plugin and Kafka and the errors in them. It
// never polls, puts, commits or decides whether a task runs: that is package
// worker's. A Pipeline belongs to the goroutine of one task. Start reading at
// Pipeline, then encode.go (sources) or decode.go (sinks).
package pipeline

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// Config is what a pipeline is made of.
type Config struct {
	ID      store.TaskID
	Plugins *plugins.Registry
	// Worker is the worker's properties: its converters count where the
	// connector names none.
	Worker config.Map
	// Connector is the configuration of the connector.
	Connector config.Map
	Log       *slog.Logger
}

// Pipeline is the chain of stages of one task.
type Pipeline struct {
	key, value converter
	header     headerConverter
	steps      []step
	errors     tolerance
	log        *slog.Logger
}

// New makes and configures the plugins that the configurations name. Close the
// pipeline in the end.
func New(cfg Config) (*Pipeline, error) {
	s, err := readSettings(cfg.Connector)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{log: cfg.Log, errors: tolerance{settings: s, log: cfg.Log}}
	if err := p.load(cfg, s.Transforms); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends the transformations; errors in it are logged, as in Java.
func (p *Pipeline) Close() {
	if n := p.errors.dropped; n > 0 {
		p.log.Warn("records were dropped under errors.tolerance=all", "records", n)
	}
	for _, s := range p.steps {
		err := Guard(s.transform.Close)
		if s.predicate != nil && err == nil {
			err = Guard(s.predicate.Close)
		}
		if err != nil {
			p.log.Error("transformation does not close cleanly", "transformation", s.alias, "error", err)
		}
	}
}

// transform runs the transformations over the record; keep false drops it.
func (p *Pipeline) transform(r *connect.Record, arena *schema.Arena) (keep bool, err error) {
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

// PanicError is a panic of a plugin.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Guard runs code of a plugin and turns a panic into a *PanicError.
func Guard(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return run()
}
