package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"sluice/connect"
)

// unfitError is that of a record whose value cannot be turned into a column's.
type unfitError struct{ err error }

func (e *unfitError) Error() string { return e.err.Error() }
func (e *unfitError) Unwrap() error { return e.err }

// reportedError is that of a bad record which is not tolerated.
type reportedError struct{ err error }

func (e *reportedError) Error() string { return e.err.Error() }
func (e *reportedError) Unwrap() error { return e.err }

// session is a connection with the transaction on it; pg says that it is one of
// PostgreSQL. Before begin every statement is a transaction of its own.
type session struct {
	conn *sql.Conn
	tx   *sql.Tx
	pg   bool
}

// session takes a connection. The caller ends it.
func (t *task) session(ctx context.Context) (*session, error) {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, pg: t.db.Dialect.Name() == dialectPostgres}, nil
}

// begin makes one transaction of all statements from here on.
func (x *session) begin(ctx context.Context) (err error) {
	if x.tx == nil {
		x.tx, err = x.conn.BeginTx(ctx, nil)
	}
	return err
}

func (x *session) commit() error {
	if x.tx == nil {
		return nil
	}
	return x.tx.Commit()
}

// end rolls back what was not committed and gives the connection back.
func (x *session) end() error {
	var err error
	if x.tx != nil {
		if err = x.tx.Rollback(); errors.Is(err, sql.ErrTxDone) {
			err = nil
		}
	}
	return errors.Join(err, x.conn.Close())
}

// postgres runs f on the connection of PostgreSQL.
func (x *session) postgres(f func(c *pgx.Conn) error) error {
	return x.conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driverConn)
		}
		return f(c.Conn())
	})
}

func (x *session) exec(ctx context.Context, statement string, args ...any) error {
	_, err := x.tx.ExecContext(ctx, statement, args...)
	return err
}

// write puts the records into one transaction. Records that do not fit are
// reported before it is committed. A run that PostgreSQL takes by one statement
// needs no transaction around it, which saves two ways to the server.
func (t *task) write(ctx context.Context, records []connect.Record) (err error) {
	runs, bad, err := t.plan(ctx, records, false)
	if err != nil {
		return err
	}
	x, err := t.session(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := x.end(); err == nil {
			err = e
		}
	}()
	if len(runs) > 1 || len(bad) > 0 || !x.pg {
		if err := x.begin(ctx); err != nil {
			return err
		}
	}
	for _, r := range runs {
		if err := t.execute(ctx, x, r); err != nil {
			return err
		}
	}
	if err := t.report(ctx, bad); err != nil {
		return err
	}
	return x.commit()
}

// report hands over bad records; the error of the first that is not tolerated
// comes back.
func (t *task) report(ctx context.Context, bad []badRecord) error {
	for _, b := range bad {
		if err := t.host.ReportErrant(ctx, b.record, b.err); err != nil {
			return &reportedError{err}
		}
	}
	return nil
}

// execute writes a run.
func (t *task) execute(ctx context.Context, x *session, r *run) error {
	switch {
	case r.remove, t.s.InsertMode == modeUpdate:
		return t.each(ctx, x, r)
	case x.pg && t.plainly:
		return t.each(ctx, x, r)
	case x.pg && t.s.InsertMode == modeInsert && len(r.records) > 1 && r.target.kind != "VIEW":
		return t.copyRows(ctx, x, r)
	case x.pg && t.s.InsertMode == modeUpsert && r.target.arrays != nil:
		return t.upsertRows(ctx, x, r)
	}
	return t.many(ctx, x, r)
}

// arguments appends the parameters of a record for its statement.
func (t *task) arguments(dst []any, r *run, record *connect.Record) ([]any, error) {
	l := r.target.layout
	first, second := l.keys, l.others
	switch {
	case r.remove:
		second = nil
	case t.s.InsertMode == modeUpdate:
		first, second = second, first
	}
	for _, fields := range [2][]field{first, second} {
		for _, f := range fields {
			arg, err := t.v.argument(f, f.value(record, t.s.replaceNull))
			if err != nil {
				return dst, &unfitError{connect.Errorf("%w", err)}
			}
			dst = append(dst, arg)
		}
	}
	return dst, nil
}

// statement is the text for some rows of a run, made once.
func (t *task) statement(r *run, rows int) string {
	key := rows
	if r.remove {
		key = 0
	}
	text, ok := r.target.statements[key]
	if ok {
		return text
	}
	switch {
	case r.remove:
		text = t.build.remove(r.target.table, r.target.layout)
	case t.s.InsertMode == modeUpdate:
		text = t.build.update(r.target.table, r.target.layout)
	case rows == arrayRows:
		text = t.build.upsertArrays(r.target.table, r.target.layout, r.target.arrays)
	case t.s.InsertMode == modeUpsert:
		text = t.build.upsert(r.target.table, r.target.layout, rows)
	default:
		text = t.build.insert(r.target.table, r.target.layout, rows)
	}
	r.target.statements[key] = text
	return text
}

// each runs the statement once for each record: one round trip for a batch of
// PostgreSQL, a prepared statement elsewhere.
func (t *task) each(ctx context.Context, x *session, r *run) error {
	if x.pg {
		return t.pipeline(ctx, x, r)
	}
	prepared, err := x.tx.PrepareContext(ctx, t.statement(r, 1))
	if err != nil {
		return err
	}
	for _, record := range r.records {
		if t.args, err = t.arguments(t.args[:0], r, record); err != nil {
			break
		}
		if _, err = prepared.ExecContext(ctx, t.args...); err != nil {
			break
		}
	}
	return errors.Join(err, prepared.Close())
}

// maxStatementBytes bounds the parameters of a statement: MySQL takes 16 MiB in
// one, as it comes.
const maxStatementBytes = 4 << 20

// rowsOfStatement is the most rows that one statement may write.
func (t *task) rowsOfStatement(columns int) int {
	most := 1
	switch t.db.Dialect.Name() {
	case dialectPostgres, dialectMySQL:
		most = min(1024, 65535/columns)
	case dialectSQLite:
		most = min(256, 32766/columns)
	case dialectSQLServer:
		if t.s.InsertMode == modeInsert {
			most = min(1000, 2000/columns)
		}
	}
	return max(1, min(most, t.s.BatchSize))
}

// many writes a run by statements of many rows.
func (t *task) many(ctx context.Context, x *session, r *run) error {
	if err := x.begin(ctx); err != nil {
		return err
	}
	columns := len(r.target.layout.keys) + len(r.target.layout.others)
	limit := t.rowsOfStatement(columns)
	if limit == 1 {
		return t.each(ctx, x, r)
	}
	records := r.records
	if x.pg && t.s.InsertMode == modeUpsert && len(r.target.layout.others) > 0 {
		var err error
		if records, err = t.lastOfKeys(r); err != nil {
			return err
		}
	}
	args, rows, size := t.args[:0], 0, 0
	for _, record := range records {
		var err error
		before := len(args)
		if args, err = t.arguments(args, r, record); err != nil {
			return err
		}
		rows++
		size += sizeOf(args[before:])
		if rows < limit && size < maxStatementBytes {
			continue
		}
		if err := t.flush(ctx, x, r, args, rows); err != nil {
			return err
		}
		args, rows, size = args[:0], 0, 0
	}
	t.args = args
	return t.flush(ctx, x, r, args, rows)
}

// flush writes rows by statements whose numbers of rows are powers of two, so
// that few statements are ever prepared.
func (t *task) flush(ctx context.Context, x *session, r *run, args []any, rows int) error {
	if rows == 0 {
		return nil
	}
	columns := len(args) / rows
	for rows > 0 {
		n := 1 << (bits.Len(uint(rows)) - 1)
		if err := x.exec(ctx, t.statement(r, n), args[:n*columns]...); err != nil {
			return err
		}
		args, rows = args[n*columns:], rows-n
	}
	return nil
}

func sizeOf(args []any) int {
	n := 0
	for _, a := range args {
		switch a := a.(type) {
		case string:
			n += len(a)
		case []byte:
			n += 2 * len(a)
		default:
			n += 8
		}
	}
	return n
}
