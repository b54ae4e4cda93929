package jdbc

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"sluice/connectors/jdbc/dialect"
)

// cell is a value of the row that a cursor stands on. It is good until the next
// row.
type cell struct {
	// text is the value as the database writes it; nil where other has it.
	text []byte
	// other is an int64, float64, bool, time.Time, string or []byte; both being nil
	// is null.
	other any
}

func (c cell) null() bool { return c.text == nil && c.other == nil }

// cursor is a running statement. It reads rows from the connection as they are
// asked for, so that a table of any size takes no memory.
type cursor interface {
	columns() []column
	// next goes to the next row; false is the end or an error.
	next() bool
	cell(i int) cell
	err() error
	// close gives the connection back. It may read what is left of the answer,
	// unless the statement's context has ended.
	close()
}

// column is a column of an answer.
type column struct {
	name, typeName   string
	kind             dialect.Kind
	precision, scale int
	optional         bool
	autoIncrement    bool
	unsigned         bool
}

// open runs a statement. table is the table that is read, or has no name.
func open(ctx context.Context, conn *sql.Conn, db *dialect.DB, table dialect.TableID, statement string, args []any) (cursor, error) {
	var pg *pgx.Conn
	err := conn.Raw(func(c any) error {
		if c, ok := c.(*stdlib.Conn); ok {
			pg = c.Conn()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if pg != nil {
		return openPostgres(ctx, pg, db.Dialect, statement, args)
	}
	return openSQL(ctx, conn, db.Dialect, table, statement, args)
}

// pgCursor reads PostgreSQL's text form straight from the connection's buffer.
type pgCursor struct {
	answer *pgconn.ResultReader
	cols   []column
	fault  error
}

func openPostgres(ctx context.Context, conn *pgx.Conn, d dialect.Dialect, statement string, args []any) (cursor, error) {
	// The description comes first: the columns' nullability takes a question of
	// its own, which cannot be asked while an answer is read.
	described, err := conn.PgConn().Prepare(ctx, "", statement, nil)
	if err != nil {
		return nil, err
	}
	cols, err := describe(ctx, conn, d, described)
	if err != nil {
		return nil, err
	}
	texts := make([][]byte, len(args))
	for i, a := range args {
		texts[i] = fmt.Append(nil, a)
	}
	return &pgCursor{answer: conn.PgConn().ExecParams(ctx, statement, texts, nil, nil, nil), cols: cols}, nil
}

// describe asks the catalog for the types and for which columns are NOT NULL.
func describe(ctx context.Context, conn *pgx.Conn, d dialect.Dialect, s *pgconn.StatementDescription) ([]column, error) {
	n := len(s.Fields)
	types, tables, numbers := make([]uint32, n), make([]uint32, n), make([]int16, n)
	for i, f := range s.Fields {
		types[i], tables[i], numbers[i] = f.DataTypeOID, f.TableOID, int16(f.TableAttributeNumber)
	}
	const query = `SELECT CASE WHEN t.typtype = 'e' THEN 'enum' ELSE t.typname::text END, COALESCE(a.attnotnull, false),
 COALESCE(a.attidentity <> '' OR pg_catalog.pg_get_expr(def.adbin, def.adrelid) LIKE '%nextval(%', false)
 FROM unnest($1::oid[], $2::oid[], $3::int2[]) WITH ORDINALITY AS f(type, rel, num, place)
 JOIN pg_catalog.pg_type t ON t.oid = f.type
 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.rel AND a.attnum = f.num AND f.num > 0
 LEFT JOIN pg_catalog.pg_attrdef def ON def.adrelid = a.attrelid AND def.adnum = a.attnum ORDER BY f.place`
	rows, err := conn.Query(ctx, query, types, tables, numbers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cols := make([]column, 0, n)
	for i := 0; rows.Next(); i++ {
		f := s.Fields[i]
		c := column{name: f.Name}
		var required bool
		if err := rows.Scan(&c.typeName, &required, &c.autoIncrement); err != nil {
			return nil, err
		}
		c.optional = !required
		if mod := int(f.TypeModifier); c.typeName == "numeric" && mod >= 4 {
			c.precision, c.scale = (mod-4)>>16&0xffff, (mod-4)&0xffff
		} else if mod > 0 {
			c.precision = mod
		}
		c.kind = d.Kind(c.typeName, c.precision)
		cols = append(cols, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(cols) != n {
		return nil, fmt.Errorf("the catalog knows the types of %d of %d columns", len(cols), n)
	}
	return cols, nil
}

func (c *pgCursor) columns() []column { return c.cols }

func (c *pgCursor) next() bool {
	if c.answer == nil {
		return false
	}
	if c.answer.NextRow() {
		return true
	}
	c.close()
	return false
}

func (c *pgCursor) cell(i int) cell { return cell{text: c.answer.Values()[i]} }
func (c *pgCursor) err() error      { return c.fault }

func (c *pgCursor) close() {
	if c.answer != nil {
		_, c.fault = c.answer.Close()
		c.answer = nil
	}
}

// sqlCursor reads through database/sql: text of MySQL stays where the driver
// has it, values of other drivers come as they are.
type sqlCursor struct {
	rows  *sql.Rows
	cols  []column
	cells []any
	raw   []sql.RawBytes // for MySQL
	fault error
}

func openSQL(ctx context.Context, conn *sql.Conn, d dialect.Dialect, table dialect.TableID, statement string, args []any) (cursor, error) {
	var declared map[string]dialect.Column
	if table.Name != "" {
		list, err := d.Columns(ctx, conn, table)
		if err != nil {
			return nil, err
		}
		declared = make(map[string]dialect.Column, len(list))
		for _, c := range list {
			declared[c.Name] = c
		}
	}
	rows, err := conn.QueryContext(ctx, statement, args...) //nolint:rowserrcheck,sqlclosecheck // The cursor does both.
	if err != nil {
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		_ = rows.Close()
		return nil, err
	}
	c := &sqlCursor{rows: rows, cells: make([]any, len(types))}
	text := d.Name() == "MySqlDatabaseDialect"
	if text {
		c.raw = make([]sql.RawBytes, len(types))
	}
	for i, t := range types {
		own, known := declared[t.Name()]
		c.cols = append(c.cols, describeSQL(d, t, own, known))
		c.cells[i] = new(any)
		if text {
			c.cells[i] = &c.raw[i]
		}
	}
	return c, nil
}

// describeSQL takes what the driver says of a column, and what the catalog says
// where the driver is silent.
func describeSQL(d dialect.Dialect, t *sql.ColumnType, own dialect.Column, known bool) column {
	name, precision, scale := dialect.SplitType(t.DatabaseTypeName())
	c := column{name: t.Name(), typeName: name, optional: true, unsigned: strings.Contains(name, "unsigned")}
	if nullable, ok := t.Nullable(); ok {
		c.optional = nullable
	}
	c.precision, c.scale = precision, scale
	if p, s, ok := t.DecimalSize(); ok {
		c.precision, c.scale = int(min(p, 1<<20)), int(min(s, 1<<20))
	}
	if known {
		c.optional, c.autoIncrement = own.Nullable, own.AutoIncrement
		c.precision, c.scale = own.Precision, own.Scale
		if c.typeName == "" {
			c.typeName = own.Type
		}
	}
	c.kind = d.Kind(c.typeName, c.precision)
	return c
}

func (c *sqlCursor) columns() []column { return c.cols }

func (c *sqlCursor) next() bool {
	if c.fault != nil || !c.rows.Next() {
		return false
	}
	c.fault = c.rows.Scan(c.cells...)
	return c.fault == nil
}

func (c *sqlCursor) cell(i int) cell {
	if c.raw != nil {
		return cell{text: c.raw[i]}
	}
	value := *c.cells[i].(*any) //nolint:forcetypeassert // openSQL made it.
	if at, ok := value.(time.Time); ok {
		return clockCell(at, c.cols[i].kind)
	}
	return cell{other: value}
}

// clockCell takes off the zone that a driver has put to a time which has none:
// what it means, db.timezone says.
func clockCell(at time.Time, k dialect.Kind) cell {
	switch k {
	case dialect.KindTimestamp:
		return cell{text: at.AppendFormat(nil, "2006-01-02 15:04:05.999999999")}
	case dialect.KindTime:
		return cell{text: at.AppendFormat(nil, "15:04:05.999999999")}
	}
	return cell{other: at}
}

func (c *sqlCursor) err() error {
	if c.fault != nil {
		return c.fault
	}
	return c.rows.Err()
}

func (c *sqlCursor) close() { _ = c.rows.Close() }

// asText returns the value as text.
func (c cell) asText() string {
	switch v := c.other.(type) {
	case nil:
		return string(c.text)
	case string:
		return v
	case []byte:
		return string(v)
	case time.Time:
		return v.Format("2006-01-02 15:04:05.999999999Z07:00")
	default:
		return fmt.Sprint(v)
	}
}
