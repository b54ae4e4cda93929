// Package dialect is what the JDBC connectors know of databases: JDBC URLs and
// the Go drivers behind them, connections, quoting, table and column metadata by
// catalog queries, and the SQL types of a sink's tables.
//
// A [Config] is opened with [Open], which gives a [DB]: the connection pool and
// its [Dialect]. Both the source and the sink stand on these; neither knows a
// driver. Functions that ask the database take a [Querier], so that they work in
// a transaction too, and block until it answers or the context ends.
//
// PostgreSQL, MySQL, MariaDB and SQLite are tested against the real thing; the
// statements of SQL Server and Oracle are not.
package dialect

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"sluice/connect/schema"
)

// Querier is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Dialect is what one kind of database says in its own way. Values do not change
// and may be used by any goroutine.
type Dialect interface {
	// Name is the Java class of the dialect without its package, such as
	// "PostgreSqlDatabaseDialect", as the key dialect.name has it.
	Name() string
	// Identifiers returns how names are quoted when quoting is wanted.
	Identifiers() Identifiers
	// Placeholder returns the n-th parameter of a statement, from 1: "?", "$1".
	Placeholder(n int) string
	// Tables lists the tables that the filter lets through, sorted by schema and
	// name. Catalog is empty where the database has none.
	Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error)
	// Columns describes the columns of a table in their order; none where there
	// is no such table. Parts of the name that are empty mean the connection's own
	// catalog and schema.
	Columns(ctx context.Context, q Querier, t TableID) ([]Column, error)
	// Current returns the catalog and the schema of the connection, "" for those
	// that the database does not have.
	Current(ctx context.Context, q Querier) (catalog, schemaName string, err error)
	// NowQuery is the statement that asks for the database's time. Its answer is
	// read with ReadNow.
	NowQuery() string
	// SQLType returns the type of a sink's column for the schema; key says that
	// the column is in the primary key. The error has Java's text for schemas
	// that no column can hold.
	SQLType(s *schema.Schema, key bool) (string, error)
	// Kind says how values of a type are read; size is the length of bit types, 0
	// where it is not known. KindNone is a type that is left out.
	Kind(typeName string, size int) Kind
	// TimeArg returns a point in time as the parameter of a statement that
	// compares it with a column; loc is the zone of columns without one.
	TimeArg(t time.Time, loc *time.Location) any
	// IsolationStatement sets the isolation of a connection: read_uncommitted,
	// read_committed, repeatable_read, serializable, sql_server_snapshot. ok is
	// false for one that the database does not have.
	IsolationStatement(mode string) (statement string, ok bool)
}

// TableFilter narrows a list of tables, as DatabaseMetaData.getTables does.
type TableFilter struct {
	// Catalog and Schema are LIKE patterns; nil does not narrow, "" is for tables
	// that have none.
	Catalog, Schema *string
	// Types are those of JDBC: TABLE, VIEW, PARTITIONED TABLE, ...
	Types []string
}

// Column is a column of a table.
type Column struct {
	Name string
	// Type is the database's name of the type in lower case without length, such
	// as "int4", "varchar", "bigint unsigned".
	Type string
	// Precision and Scale are those of decimal types; 0 where none is declared.
	Precision, Scale int
	Nullable         bool
	AutoIncrement    bool
	PrimaryKey       bool
	HasDefault       bool
}

// Dialects returns the dialects in the order in which the Java connector lists
// them.
func Dialects() []Dialect {
	return []Dialect{mySQL{}, oracle{}, sqlServer{}, postgres{}, sqlite{}}
}

// Named returns the dialect of a dialect.name.
func Named(name string) (Dialect, bool) {
	all := Dialects()
	i := slices.IndexFunc(all, func(d Dialect) bool { return strings.EqualFold(d.Name(), name) })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// ReadNow asks the database for its time. A time without zone is one of loc.
func ReadNow(ctx context.Context, d Dialect, q Querier, loc *time.Location) (time.Time, error) {
	rows, err := q.QueryContext(ctx, d.NowQuery())
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = rows.Close() }() // it was only read
	var at any
	if rows.Next() {
		err = rows.Scan(&at)
	}
	if err := firstError(err, rows.Err()); err != nil {
		return time.Time{}, err
	}
	return TimeOf(at, loc)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
