package sink

import (
	"context"

	"sluice/connect"
)

// isolate writes what can be written and reports the records that cannot, all in
// one transaction: nothing stays where one of them is not tolerated.
func (t *task) isolate(ctx context.Context, records []connect.Record) (err error) {
	t.host.Logger().Warn("looks for the records that cannot be written", "records", len(records))
	runs, bad, err := t.plan(ctx, records, true)
	if err != nil {
		return t.spent(err, &records[0])
	}
	for i := range bad {
		if !refusal(bad[i].err) {
			bad[i].err = t.spent(bad[i].err, bad[i].record)
		}
	}
	x, err := t.session(ctx)
	if err != nil {
		return t.spent(err, &records[0])
	}
	defer func() {
		if e := x.end(); err == nil {
			err = e
		}
	}()
	if err := x.begin(ctx); err != nil {
		return t.spent(err, &records[0])
	}
	for _, r := range runs {
		more, err := t.divide(ctx, x, r)
		if err != nil {
			return t.spent(err, r.records[0])
		}
		bad = append(bad, more...)
	}
	if err := t.report(ctx, bad); err != nil {
		return err
	}
	if err := x.commit(); err != nil {
		return t.spent(err, &records[0])
	}
	return nil
}

// divide tries a run and halves it as long as the database refuses it. An error
// is not about a record.
func (t *task) divide(ctx context.Context, x *session, r *run) ([]badRecord, error) {
	if err := x.exec(ctx, t.savepoint()); err != nil {
		return nil, err
	}
	failed := t.execute(ctx, x, r)
	if failed == nil {
		return nil, t.release(ctx, x)
	}
	if ctx.Err() != nil || transient(failed) {
		return nil, failed
	}
	if err := x.exec(ctx, t.undo()); err != nil {
		return nil, err
	}
	if len(r.records) == 1 {
		return []badRecord{{r.records[0], t.blame(r, failed)}}, nil
	}
	half := len(r.records) / 2
	var bad []badRecord
	for _, part := range [2][]*connect.Record{r.records[:half], r.records[half:]} {
		more, err := t.divide(ctx, x, &run{target: r.target, remove: r.remove, records: part})
		if err != nil {
			return nil, err
		}
		bad = append(bad, more...)
	}
	return bad, nil
}

const savepointName = "sluice_record"

func (t *task) savepoint() string {
	if t.db.Dialect.Name() == dialectSQLServer {
		return "SAVE TRANSACTION " + savepointName
	}
	return "SAVEPOINT " + savepointName
}

func (t *task) undo() string {
	if t.db.Dialect.Name() == dialectSQLServer {
		return "ROLLBACK TRANSACTION " + savepointName
	}
	return "ROLLBACK TO SAVEPOINT " + savepointName
}

// release forgets the savepoint where the database can.
func (t *task) release(ctx context.Context, x *session) error {
	switch t.db.Dialect.Name() {
	case dialectSQLServer, dialectOracle:
		return nil
	}
	return x.exec(ctx, "RELEASE SAVEPOINT "+savepointName)
}

// blame says which record cannot be written and what to do.
func (t *task) blame(r *run, err error) error {
	if refusal(err) {
		return connect.Errorf("%w (record %s, table %s)", err, coordinates(r.records[0]), javaTable(r.target.table))
	}
	return connect.Errorf("%sThe record %s cannot be written to the table %s: correct the record or the table, or set errors.tolerance=all to go on without it.",
		chain(err, t.s.trimSensitive), coordinates(r.records[0]), javaTable(r.target.table))
}

// spent is the error of a database that stays in trouble, or does not take the
// table of a record.
func (t *task) spent(err error, first *connect.Record) error {
	return connect.Errorf("%sThe records from %s on are not written.", chain(err, t.s.trimSensitive), coordinates(first))
}
