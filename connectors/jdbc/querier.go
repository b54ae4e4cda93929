package jdbc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

// querier reads one table, or the query, again and again from its place.
type querier struct {
	settings  *settings
	db        *dialect.DB
	reader    reader
	table     dialect.TableID // without a name for a query
	topic     string
	partition *connect.SourcePartition

	timestamps   []string
	incrementing string

	place   place
	due     time.Time // when to read next, while no statement runs
	retries int

	// Of a running statement:
	cursor  cursor
	mapping mapping
	times   []int // columns of the cursor
	number  int   // column of the cursor, -1 for none
	numbers int   // field of the record, with number
	ahead   bool  // the cursor stands on a row that is not yet read
}

// name is what errors call it; a masked query has no text.
func (q *querier) name() string {
	if q.table.Name == "" {
		return "the query"
	}
	return q.settings.identifiers(q.db.Dialect).Table(q.table)
}

// statement returns the SQL and its parameters, asking the database for its time
// where the mode needs it.
func (q *querier) statement(ctx context.Context, conn *sql.Conn) (string, []any, error) {
	s, d := q.settings, q.db.Dialect
	ids := s.identifiers(d)
	var b strings.Builder
	if q.table.Name == "" {
		b.WriteString(s.Query)
	} else {
		b.WriteString("SELECT * FROM " + ids.Table(q.table))
	}
	var args []any
	parameter := func(v any) string {
		args = append(args, v)
		return d.Placeholder(len(args))
	}
	var stamp, number string
	var until any
	if s.usesTimestamp() && len(q.timestamps) > 0 {
		stamp = q.coalesced(ids)
		now, err := dialect.ReadNow(ctx, d, conn, q.reader.loc)
		if err != nil {
			return "", nil, err
		}
		// Java's clock of the database has milliseconds.
		until = d.TimeArg(now.Truncate(time.Millisecond).Add(-s.Delay), q.reader.loc)
	}
	if s.usesIncrementing() && q.incrementing != "" {
		number = ids.Column(q.table, q.incrementing)
	}
	after := d.TimeArg(q.place.after(), q.reader.loc)
	switch {
	case stamp != "" && number != "":
		b.WriteString(" WHERE " + stamp + " < " + parameter(until) + " AND ((" + stamp + " = " + parameter(after) + " AND " + number + " > " +
			parameter(q.place.above()) + ") OR " + stamp + " > " + parameter(after) + ") ORDER BY " + stamp + "," + number + " ASC")
	case stamp != "":
		b.WriteString(" WHERE " + stamp + " > " + parameter(after) + " AND " + stamp + " < " + parameter(until) + " ORDER BY " + stamp + " ASC")
	case number != "":
		b.WriteString(" WHERE " + number + " > " + parameter(q.place.above()) + " ORDER BY " + number + " ASC")
	}
	if s.suffix != "" {
		b.WriteString(" " + s.suffix)
	}
	return b.String(), args, nil
}

func (q *querier) coalesced(ids dialect.Identifiers) string {
	names := make([]string, len(q.timestamps))
	for i, c := range q.timestamps {
		names[i] = ids.Column(q.table, c)
	}
	if len(names) == 1 {
		return names[0]
	}
	return "COALESCE(" + strings.Join(names, ",") + ")"
}

// start runs the statement.
func (q *querier) start(ctx context.Context, conn *sql.Conn) error {
	if err := q.findIncrementing(ctx, conn); err != nil {
		return err
	}
	statement, args, err := q.statement(ctx, conn)
	if err != nil {
		return err
	}
	if q.cursor, err = open(ctx, conn, q.db, q.table, statement, args); err != nil {
		return err
	}
	q.ahead = false
	if err := q.remap(); err != nil {
		q.stop()
		return err
	}
	return nil
}

// findIncrementing looks for the column that the database numbers itself, where
// the configuration names none.
func (q *querier) findIncrementing(ctx context.Context, conn *sql.Conn) error {
	if !q.settings.usesIncrementing() || q.incrementing != "" || q.table.Name == "" {
		return nil
	}
	columns, err := q.db.Dialect.Columns(ctx, conn, q.table)
	if err != nil {
		return err
	}
	for _, c := range columns {
		if c.AutoIncrement {
			q.incrementing = c.Name
			return nil
		}
	}
	return fmt.Errorf("table %s has no column that the database numbers itself: name one by incrementing.column.name", q.name())
}

// remap makes the record schema of the running statement, or keeps that of the
// one before where the columns are the same, so that schemas are shared.
func (q *querier) remap() error {
	columns := q.cursor.columns()
	m := newMapping(q.table.Name, columns, q.reader)
	if q.mapping.schema == nil || !q.mapping.schema.Equal(m.schema) {
		q.mapping = m
	} else {
		m.schema = q.mapping.schema
		q.mapping = m
	}
	q.times, q.number, q.numbers = q.times[:0], -1, -1
	if q.settings.usesTimestamp() {
		for _, name := range q.timestamps {
			i, err := findColumn(columns, name)
			if err != nil {
				return err
			}
			q.times = append(q.times, i)
		}
	}
	if q.settings.usesIncrementing() && q.incrementing != "" {
		q.number = slices.IndexFunc(columns, func(c column) bool { return c.name == q.incrementing })
		q.numbers = m.schema.FieldIndex(q.incrementing)
		if q.number < 0 || q.numbers < 0 {
			return &fatalError{connect.DataErrorf("Incrementing column %s not found in %s", q.incrementing, fieldNames(m.schema))}
		}
	}
	return nil
}

func fieldNames(s *schema.Schema) string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return strings.Join(names, ",")
}

// findColumn finds a timestamp column; upper and lower case are the same where
// that leaves one.
func findColumn(columns []column, name string) (int, error) {
	found := -1
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
		if c.name == name {
			return i, nil
		}
	}
	for i, c := range columns {
		if strings.EqualFold(c.name, name) {
			if found >= 0 {
				return 0, &fatalError{connect.DataErrorf("Timestamp column %s not found in columns read from database: %s. It is the same as several of them but for upper and lower case: write one as it is there", name, strings.Join(names, ","))}
			}
			found = i
		}
	}
	if found < 0 {
		return 0, &fatalError{connect.DataErrorf("Timestamp column %s not found in %s", name, strings.Join(names, ","))}
	}
	return found, nil
}

// fatalError is one that another try does not mend.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// read appends rows to the batch until it has so many, or the answer ends, which
// it reports.
func (q *querier) read(into *connect.Batch, most int) (end bool, err error) {
	for range most {
		if !q.ahead && !q.cursor.next() {
			return true, q.cursor.err()
		}
		q.ahead = false
		if err := q.append(into); err != nil {
			return false, err
		}
		if q.settings.Mode == modeTimestamp && !q.ahead {
			return true, q.cursor.err()
		}
	}
	return false, nil
}

// append makes a record of the row that the cursor stands on. In timestamp mode
// it goes on to the next row, since only a row with a later time makes this
// row's time one to begin from: others with the same time would be lost.
func (q *querier) append(into *connect.Batch) error {
	value, err := q.mapping.value(q.cursor, &into.Arena, q.reader)
	if err != nil {
		return &fatalError{connect.DataErrorf("table %s: %w", q.name(), err)}
	}
	now, err := q.position(value)
	if err != nil {
		return &fatalError{err}
	}
	if q.settings.Mode == modeTimestamp {
		if q.ahead = q.cursor.next(); q.ahead {
			next, err := q.position(schema.Null())
			if err != nil {
				return &fatalError{err}
			}
			if now.time == nil || next.time == nil || now.time.Before(*next.time) {
				q.place = now
			}
		} else if q.cursor.err() == nil {
			q.place = now
		}
	} else {
		q.place = now
	}
	r := into.Add()
	r.Topic = q.topic
	r.Value = connect.Data{Schema: q.mapping.schema, Value: value}
	r.Origin.SourcePartition = q.partition
	if q.settings.Mode != modeBulk {
		r.Origin.SourceOffset = q.place.value(&into.Arena)
	}
	return nil
}

// position reads the place of the row that the cursor stands on; value is its
// record where the mode needs the number.
func (q *querier) position(value schema.Value) (place, error) {
	var p place
	for _, i := range q.times {
		c := q.cursor.cell(i)
		if c.null() {
			continue
		}
		at, ok, err := q.reader.time(c)
		if err != nil {
			return p, connect.DataErrorf("table %s, timestamp column %s: %w", q.name(), q.cursor.columns()[i].name, err)
		}
		if ok {
			at = q.reader.exact(at)
			p.time = &at
			break
		}
	}
	if q.number < 0 || value.IsNull() {
		return p, nil
	}
	n, err := incrementingOf(value.Struct().Values[q.numbers], q.mapping.schema.Fields[q.numbers].Schema)
	if err != nil {
		return p, err
	}
	p.number = &n
	return p, nil
}

func incrementingOf(v schema.Value, s *schema.Schema) (int64, error) {
	switch v.Kind() {
	case schema.KindNull:
		return 0, connect.Errorf("Null value for incrementing column of type: %s", strings.ToUpper(s.Type.String()))
	case schema.KindInt8, schema.KindInt16, schema.KindInt32, schema.KindInt64:
		return v.Int(), nil
	case schema.KindDecimal:
		d := v.Decimal()
		switch {
		case d.Scale != 0:
			return 0, errors.New("Scale of Decimal value for incrementing column must be 0") //nolint:staticcheck // Java's text.
		case !d.Unscaled.IsInt64():
			return 0, errors.New("Decimal value for incrementing column exceeded Long.MAX_VALUE") //nolint:staticcheck // Java's text.
		}
		return d.Unscaled.Int64(), nil
	}
	return 0, connect.Errorf("Invalid type for incrementing column: %s", strings.ToUpper(s.Type.String()))
}

// stop ends a running statement.
func (q *querier) stop() {
	if q.cursor != nil {
		q.cursor.close()
		q.cursor = nil
	}
}
