package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// task writes records to the tables of one database.
type task struct {
	aiven bool
	open  func(ctx context.Context, log *slog.Logger, c dialect.Config) (*dialect.DB, error)

	s       settings
	host    connect.SinkHost
	db      *dialect.DB
	build   builder
	v       values
	tables  *tables
	targets map[place]*target
	byTopic map[string][]*target
	// catalog and schema are those of the connection.
	catalog, schema string
	retries         int // that are left
	// plainly forgoes COPY and statements of many rows; PostgreSQL refused them.
	plainly bool
	buffer  []byte
	arrays  [][]byte // by column
	kept    prepared
	args    []any
}

// Start implements connect.SinkTask: it connects to the database.
func (t *task) Start(ctx context.Context, host connect.SinkHost, cfg config.Map) error {
	var err error
	if t.s, err = parseSettings(cfg, t.aiven); err != nil {
		return err
	}
	if t.db, err = t.open(ctx, host.Logger(), t.s.connection()); err != nil {
		return connect.Errorf("cannot connect to the database of connection.url: %w", err)
	}
	if t.catalog, t.schema, err = t.db.Dialect.Current(ctx, t.db); err != nil {
		return errors.Join(connect.Errorf("ask the database for the catalog and schema of the connection: %w", err), t.db.Close())
	}
	t.host, t.retries = host, t.s.MaxRetries
	t.build, t.v = newBuilder(t.db.Dialect, &t.s), newValues(t.db.Dialect.Name(), &t.s)
	t.targets, t.byTopic = make(map[place]*target), make(map[string][]*target)
	t.tables = &tables{db: t.db, log: host.Logger(), build: t.build, s: &t.s, v: t.v, known: make(map[dialect.TableID]description)}
	return nil
}

// Put writes the records in one transaction. An error of the database is
// retriable as often as max.retries says; then records are tried one at a time.
func (t *task) Put(ctx context.Context, records []connect.Record) error {
	if len(records) == 0 {
		return nil
	}
	err := t.write(ctx, records)
	if err != nil && refusesShape(err) && !t.plainly {
		t.host.Logger().Info("the fast way of writing is refused: PostgreSQL gets one statement for each record", "error", err)
		t.plainly = true
		err = t.write(ctx, records)
	}
	if err == nil {
		t.retries = t.s.MaxRetries
		return nil
	}
	err = t.fail(ctx, records, err)
	if reported, ok := errors.AsType[*reportedError](err); ok {
		return reported.err
	}
	return err
}

// fail decides what becomes of records that could not be written.
func (t *task) fail(ctx context.Context, records []connect.Record, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*reportedError](err); ok {
		return err
	}
	unfit, isUnfit := errors.AsType[*unfitError](err)
	if refusal(err) && !isUnfit {
		return err
	}
	t.forget() // A table may have been altered or dropped.
	if unfit == nil {
		t.host.Logger().Warn("cannot write records", "records", len(records), "first", coordinates(&records[0]),
			"remainingRetries", t.retries, "error", explain(err, t.s.trimSensitive))
		if t.retries > 0 {
			t.retries--
			return connect.RetryAfter(connect.ClassErrorf(connect.RetriableException, "%s", chain(err, t.s.trimSensitive)), t.s.Backoff)
		}
		if transient(err) {
			return connect.Errorf("%s%d records from %s on are not written: %w",
				chain(err, t.s.trimSensitive), len(records), coordinates(&records[0]), errors.New("see to the database and restart the task"))
		}
	}
	if err := t.isolate(ctx, records); err != nil {
		return err
	}
	t.retries = t.s.MaxRetries
	return nil
}

// PreCommit returns all offsets: the transactions of their records are committed.
func (t *task) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	return consumed, nil
}

// Stop implements connect.SinkTask.
func (t *task) Stop(context.Context) error {
	if t.db == nil {
		return nil
	}
	err := t.db.Close()
	t.db = nil
	if err != nil {
		return fmt.Errorf("close the connection to the database: %w", err)
	}
	return nil
}

func coordinates(r *connect.Record) string {
	return fmt.Sprintf("%s-%d@%d", r.Topic, r.Origin.Partition, r.Origin.Offset)
}
