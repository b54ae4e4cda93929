package jdbc

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// task polls its tables in turn over one connection.
type task struct {
	variant  variant
	open     opener
	settings settings
	log      *slog.Logger
	db       *dialect.DB
	conn     *sql.Conn
	// ctx is that of the running statement; cancel ends it.
	ctx      context.Context //nolint:containedctx // A statement runs over many polls.
	cancel   context.CancelFunc
	queriers []*querier
	idle     bool  // no table is known yet
	fault    error // what the next Poll returns
}

// Start implements connect.SourceTask: it connects, checks the columns, and goes
// on where committed offsets say.
func (t *task) Start(ctx context.Context, host connect.SourceHost, cfg config.Map) error {
	var err error
	if t.settings, err = t.variant.decode(cfg); err != nil {
		return connect.ClassErrorf(connect.ConfigException, "Couldn't start JdbcSourceTask due to configuration error: %w", err)
	}
	t.log = host.Logger()
	s := &t.settings
	if cfg[keyTables] == "" && s.Query == "" {
		if cfg[keyFetched] == "false" {
			t.log.Info("the task waits for the list of tables")
			t.idle = true
			return nil
		}
		return connect.ClassErrorf(connect.ConfigException, "Task is being killed because it was not assigned a table nor a query to execute. "+
			"If run in table mode please make sure that the tables exist on the database. If the table does exist on the database, we recommend using the fully qualified table name.")
	}
	if t.db, err = t.open(ctx, t.log, s.connection()); err != nil {
		return connect.Errorf("Could not connect to database. %w", err)
	}
	t.ctx, t.cancel = context.WithCancel(ctx)
	if err := t.connect(ctx); err != nil {
		return err
	}
	if s.Query != "" {
		q := t.querier(dialect.TableID{}, s.TimestampNames, s.IncrementingName)
		q.topic, q.partition = s.TopicPrefix, queryPartition(host)
		return t.add(ctx, host, q)
	}
	return t.addTables(ctx, host, cfg[keyTables])
}

// addTables makes the queriers of the tables that the connector has assigned.
func (t *task) addTables(ctx context.Context, host connect.SourceHost, list string) error {
	ids := t.db.Dialect.Identifiers()
	for i, name := range splitNames(list, ids) {
		table, err := ids.ParseTable(name)
		if err != nil {
			return connect.ClassErrorf(connect.ConfigException, "tables: %w", err)
		}
		timestamps, incrementing, err := t.columnsOf(table, name)
		if err != nil {
			return err
		}
		q := t.querier(table, timestamps, incrementing)
		q.topic, q.partition = t.settings.TopicPrefix+table.Name, tablePartition(host, table)
		if t.settings.Mode == modeBulk {
			q.partition = oldPartition(host, table)
		}
		if err := t.check(ctx, q, i == 0); err != nil {
			return err
		}
		if err := t.add(ctx, host, q); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) querier(table dialect.TableID, timestamps []string, incrementing string) *querier {
	s := &t.settings
	return &querier{
		settings: s, db: t.db, table: table, timestamps: timestamps, incrementing: strings.TrimSpace(incrementing), number: -1,
		reader: reader{
			postgres: t.db.Dialect.Name() == "PostgreSqlDatabaseDialect", numeric: s.numericMapping(), loc: s.location(), proleptic: s.proleptic,
			granularity: s.granularity, lenient: s.aiven, zeroAsNull: t.db.ZeroDatesAreNull,
		},
	}
}

// splitNames cuts a list of quoted names at its commas.
func splitNames(list string, ids dialect.Identifiers) []string {
	var names []string
	quoted, start := false, 0
	for i := 0; i < len(list); i++ {
		switch {
		case !quoted && strings.HasPrefix(list[i:], ids.Open):
			quoted = true
		case quoted && strings.HasPrefix(list[i:], ids.Close):
			quoted = false
		case !quoted && list[i] == ',':
			names = append(names, list[start:i])
			start = i + 1
		}
	}
	return append(names, list[start:])
}

// columnsOf returns the columns that changes of the table are found by: those of
// the one mapping that matches, or those of all tables.
func (t *task) columnsOf(table dialect.TableID, name string) (timestamps []string, incrementing string, err error) {
	s := &t.settings
	if len(s.Include) == 0 {
		return s.TimestampNames, s.IncrementingName, nil
	}
	one := func(kind string, mappings []columnMapping) ([]string, error) {
		var found []columnMapping
		for _, m := range mappings {
			if m.tables.Matches(table.String()) {
				found = append(found, m)
			}
		}
		switch len(found) {
		case 0:
			return nil, connect.Errorf("Error while validating %s column mappings: Included table '%s' does not match any of the provided regexes", kind, name)
		case 1:
			return found[0].columns, nil
		}
		return nil, connect.Errorf("Error while validating %s column mappings: Included table '%s' matches more than one of the provided regexes", kind, name)
	}
	if s.usesTimestamp() && len(s.timestampColumns) > 0 {
		if timestamps, err = one("timestamp", s.timestampColumns); err != nil {
			return nil, "", err
		}
	}
	if s.usesIncrementing() && len(s.incrementing) > 0 {
		columns, err := one("incrementing", s.incrementing)
		if err != nil {
			return nil, "", err
		}
		incrementing = columns[0]
	}
	return timestamps, incrementing, nil
}

// check makes sure that the columns are there, for the first table as Java does,
// and that they cannot be null.
func (t *task) check(ctx context.Context, q *querier, first bool) error {
	s := &t.settings
	if s.Mode == modeBulk {
		return nil
	}
	columns, err := t.db.Dialect.Columns(ctx, t.conn, q.table)
	if err != nil {
		return connect.Errorf("Failed trying to validate that columns used for offsets exist: %w", err)
	}
	find := func(name string) *dialect.Column {
		for i := range columns {
			if strings.EqualFold(columns[i].Name, name) {
				return &columns[i]
			}
		}
		return nil
	}
	number := find(q.incrementing)
	if first && !s.aiven {
		if s.usesIncrementing() && q.incrementing != "" && number == nil {
			return connect.ClassErrorf(connect.ConfigException, "Incrementing column: %s does not exist in table '%s'", q.incrementing, q.name())
		}
		var missing []string
		for _, name := range q.timestamps {
			if s.usesTimestamp() && find(name) == nil {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			return connect.ClassErrorf(connect.ConfigException, "Timestamp columns: %s do not exist in table '%s'", strings.Join(missing, ", "), q.name())
		}
	}
	if !s.ValidateNonNull {
		return nil
	}
	if s.usesIncrementing() && number != nil && number.Nullable && !number.AutoIncrement {
		return connect.Errorf("Cannot make incremental queries using incrementing column %s on %s because this column is nullable.", q.incrementing, q.name())
	}
	required := false
	for _, name := range q.timestamps {
		c := find(name)
		required = required || c != nil && !c.Nullable
	}
	if s.usesTimestamp() && !required {
		return connect.Errorf("Cannot make incremental queries using timestamp columns %s on %s because all of these columns are nullable.", strings.Join(q.timestamps, ","), q.name())
	}
	return nil
}

// add takes the committed offset of the querier, under the partition of today or
// that of protocol 0, and puts it into the queue.
func (t *task) add(ctx context.Context, host connect.SourceHost, q *querier) error {
	t.queriers = append(t.queriers, q)
	if t.settings.Mode == modeBulk {
		return nil
	}
	partitions := []*connect.SourcePartition{q.partition}
	if q.table.Name != "" {
		partitions = append(partitions, oldPartition(host, q.table))
	}
	for _, p := range partitions {
		offset, err := host.Offset(ctx, p)
		if err != nil {
			return err
		}
		if offset.IsNull() {
			continue
		}
		q.place, err = placeOf(offset)
		return err
	}
	s := &t.settings
	q.place.number = s.initialNumber
	q.place.time = s.initial
	if s.initialNow {
		now, err := dialect.ReadNow(ctx, t.db.Dialect, t.conn, s.location())
		if err != nil {
			return connect.Errorf("Error while getting initial timestamp from database: %w", err)
		}
		now = now.Truncate(time.Millisecond)
		q.place.time = &now
	}
	return nil
}

// connect takes a connection and sets its isolation.
func (t *task) connect(ctx context.Context) error {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return err
	}
	t.conn = conn
	if t.settings.isolation == "default" {
		return nil
	}
	statement, ok := t.db.Dialect.IsolationStatement(t.settings.isolation)
	if ok {
		_, err = conn.ExecContext(ctx, statement)
	}
	if !ok || err != nil {
		t.log.Warn("cannot set transaction.isolation.mode: statements run in that of the database", "mode", t.settings.isolation, "error", err)
	}
	return nil
}

// next is the querier in the middle of its rows, or the one that is due first.
func (t *task) next() *querier {
	var first *querier
	for _, q := range t.queriers {
		if q.cursor != nil {
			return q
		}
		if first == nil || q.due.Before(first.due) {
			first = q
		}
	}
	return first
}

// Poll appends the rows of one table, at most batch.max.rows.
func (t *task) Poll(ctx context.Context, into *connect.Batch) error {
	if t.fault != nil {
		return t.fault
	}
	q := t.next()
	if q == nil || t.idle {
		wait(ctx, t.settings.linger)
		return nil
	}
	if q.cursor == nil {
		if pause := time.Until(q.due); pause > 0 {
			wait(ctx, min(pause, max(t.settings.linger, time.Millisecond)))
			if ctx.Err() != nil || time.Now().Before(q.due) {
				return nil //nolint:nilerr // the end of ctx is no error of a poll
			}
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // as above
		}
		if t.conn == nil {
			if err := t.connect(ctx); err != nil {
				return t.failed(ctx, q, err)
			}
		}
		if err := q.start(t.ctx, t.conn); err != nil { //nolint:contextcheck // rows outlive a poll, and end with the task
			return t.failed(ctx, q, err)
		}
		if len(q.mapping.left) > 0 {
			t.log.Warn("columns of types that have no place in a record are left out", "table", q.name(), "columns", strings.Join(q.mapping.left, ", "))
		}
	}
	end, err := q.read(into, max(t.settings.BatchRows, 1))
	if err != nil {
		err = t.failed(ctx, q, err)
		if len(into.Records) > 0 {
			t.fault, err = err, nil // The rows before it go first.
		}
		return err
	}
	if end {
		q.stop()
		q.retries = 0
		q.due = time.Now().Add(t.settings.PollInterval)
	}
	return nil
}

// failed decides what an error of a table means: values that cannot be read fail
// the task, others wait for the next turn as often as query.retry.attempts says.
func (t *task) failed(ctx context.Context, q *querier, err error) error {
	q.stop()
	t.drop()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the stop has interrupted it
	}
	if f, ok := errors.AsType[*fatalError](err); ok {
		return &connect.Error{
			Class: connect.ConnectException, Message: "Error while polling for records",
			Cause: &connect.Error{Class: connect.ConnectException, Message: "Error while processing table querier", Cause: f.err},
		}
	}
	shown := err
	if t.settings.masked {
		shown = errors.New("the error is kept back, since it may show query.masked")
	}
	q.retries++
	if t.settings.retries > 0 && q.retries >= t.settings.retries {
		return connect.Errorf("Failed to query table after retries: %w", shown)
	}
	t.log.Error("cannot read and tries again", "table", q.name(), "attempt", q.retries, "wait", t.settings.PollInterval, "error", shown)
	q.due = time.Now().Add(t.settings.PollInterval)
	return nil
}

// drop gives the connection up, since it may be the trouble.
func (t *task) drop() {
	if t.conn == nil {
		return
	}
	_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = t.conn.Close()
	t.conn = nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Stop ends a running statement and closes the connection.
func (t *task) Stop(context.Context) error {
	if t.cancel != nil {
		t.cancel() // A statement that still runs is not read to its end.
	}
	for _, q := range t.queriers {
		q.stop()
	}
	if t.conn != nil {
		_ = t.conn.Close()
		t.conn = nil
	}
	if t.db == nil {
		return nil
	}
	err := t.db.Close()
	t.db = nil
	return err
}
