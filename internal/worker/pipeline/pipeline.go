// Package pipeline turns the records of source tasks into those of Kafka, and
// the records of Kafka into those of sink tasks: converters, transformations
// with their predicates, and what becomes of a record that fails (KIP-298).
//
// It owns the stages between a plugin and Kafka and the errors in them. It
// never polls, puts, commits or decides whether a task runs: that is package
// worker's. A Pipeline belongs to the goroutine of one task. Start reading at
// Pipeline, then encode.go (sources) or decode.go (sinks), then tolerance.go.
package pipeline

import (
	"context"
	"log/slog"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/telemetry"
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
	// Errors counts what goes wrong; nil counts for nobody.
	Errors *telemetry.ErrorCounts
}

// Pipeline is the chain of stages of one task.
type Pipeline struct {
	key, value converter
	header     headerConverter
	steps      []step
	at         position // of the record in work
	errors     tolerance
	log        *slog.Logger
	kept       originals
	config     Config
}

// New makes and configures the plugins that the configurations name. Close the
// pipeline in the end.
func New(cfg Config) (*Pipeline, error) {
	s, err := readSettings(cfg.Connector)
	if err != nil {
		return nil, err
	}
	if cfg.Errors == nil {
		cfg.Errors = &telemetry.ErrorCounts{}
	}
	p := &Pipeline{log: cfg.Log, config: cfg, errors: tolerance{settings: s, id: cfg.ID, log: cfg.Log, counts: cfg.Errors}}
	if err := p.load(cfg, s.Transforms); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends the transformations and the dead letter queue, which gets a
// while to write what it was given. Errors in it are logged, as in Java.
func (p *Pipeline) Close() {
	if p.errors.queue != nil {
		p.errors.queue.close()
	}
	if n := p.errors.counts.Dropped(); n > 0 {
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
func (p *Pipeline) transform(ctx context.Context, r *connect.Record, arena *schema.Arena) (keep bool, err error) {
	for i := range p.steps {
		p.at = position{Transformation, i}
		if p.errors.settings.RetryTimeout != 0 {
			keep, err = p.transformAgain(ctx, &p.steps[i], r, arena)
		} else {
			keep, err = p.steps[i].apply(r, arena)
		}
		if err != nil || !keep {
			return false, err
		}
	}
	return true, nil
}

// apply runs the transformation where its predicate lets it.
func (s *step) apply(r *connect.Record, arena *schema.Arena) (keep bool, err error) {
	if s.predicate != nil && s.predicate.Test(r) == s.negate {
		return true, nil
	}
	return s.transform.Apply(r, arena)
}

// transformAgain is apply with retries, each on the record as it was.
func (p *Pipeline) transformAgain(ctx context.Context, s *step, r *connect.Record, arena *schema.Arena) (bool, error) {
	before := *r
	for a := p.errors.begin(); ; {
		keep, err := s.apply(r, arena)
		if err == nil {
			return keep, nil
		}
		if again, err := p.errors.again(ctx, &a, err); !again {
			return false, err
		}
		*r = before
	}
}

// failure is the error of the record in work.
func (p *Pipeline) failure(err error) *Failure {
	f := &Failure{Stage: p.at.stage, Err: err}
	switch f.Stage {
	case KeyConverter:
		f.Class = p.key.class
	case ValueConverter:
		f.Class = p.value.class
	case HeaderConverter:
		f.Class = p.header.class
	case Transformation:
		f.Class, f.Alias = p.steps[p.at.step].class, p.steps[p.at.step].alias
	case TaskPoll, TaskPut, KafkaProduce, KafkaConsume: // no stages of the pipeline itself
	}
	return f
}
