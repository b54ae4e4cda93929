package pipeline

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/connect"
)

// tolerance says what becomes of bad records.
type tolerance struct {
	settings settings
	log      *slog.Logger
	dropped  int64
}

// tolerate says what becomes of a record that cannot be converted or
// transformed: nil drops it, counted and logged as configured.
func (t *tolerance) tolerate(ctx context.Context, r *connect.Record, cause error) error {
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

// ReportErrant deals with a record that a sink task cannot write (KIP-610).
func (p *Pipeline) ReportErrant(ctx context.Context, r *connect.Record, err error) error {
	if err == nil {
		err = connect.Errorf("the task has reported an errant record without a reason")
	}
	return p.errors.tolerate(ctx, r, fmt.Errorf("stage TASK_PUT: %w", err))
}

// hidden is a cause that does not show in the message of its error, as in
// Java, where the message and the cause are two.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

func hide(err error) error { return hidden{err} }
