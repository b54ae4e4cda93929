package sink

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connectors/jdbc/dialect"
)

// The names of dialects whose statements differ.
const (
	dialectPostgres  = "PostgreSqlDatabaseDialect"
	dialectMySQL     = "MySqlDatabaseDialect"
	dialectSQLite    = "SqliteDatabaseDialect"
	dialectSQLServer = "SqlServerDatabaseDialect"
	dialectOracle    = "OracleDatabaseDialect"
)

// builder writes the statements for one kind of database.
type builder struct {
	dialect  dialect.Dialect
	names    dialect.Identifiers
	holdLock bool // in a MERGE of SQL Server
	aiven    bool
}

func newBuilder(d dialect.Dialect, s *settings) builder {
	names := d.Identifiers()
	names.Plain = s.plain
	return builder{dialect: d, names: names, holdLock: s.holdLock, aiven: s.aiven}
}

// join writes each field and puts the separator between.
func join(fields []field, separator string, write func(field) string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = write(f)
	}
	return strings.Join(parts, separator)
}

func (b builder) name(f field) string { return b.names.Name(f.name) }

// marks writes the parameters of rows, such as "($1,$2),($3,$4)".
func (b builder) marks(rows, columns int) string {
	var out strings.Builder
	n := 0
	for i := range rows {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('(')
		for j := range columns {
			if j > 0 {
				out.WriteByte(',')
			}
			n++
			out.WriteString(b.dialect.Placeholder(n))
		}
		out.WriteByte(')')
	}
	return out.String()
}

// insert adds rows; parameters are the keys and then the other columns of each.
func (b builder) insert(t dialect.TableID, l layout, rows int) string {
	columns := l.columns()
	return "INSERT INTO " + b.names.Table(t) + " (" + join(columns, ",", b.name) + ") VALUES " + b.marks(rows, len(columns))
}

// upsert adds rows, or changes those that have the same keys. Parameters as insert.
func (b builder) upsert(t dialect.TableID, l layout, rows int) string {
	columns := l.columns()
	switch b.dialect.Name() {
	case dialectPostgres:
		return b.insert(t, l, rows) + b.onConflict(l)
	case dialectMySQL:
		set := l.others
		if len(set) == 0 {
			set = l.keys
		}
		return "insert into " + b.names.Table(t) + "(" + join(columns, ",", b.name) + ") values" + b.marks(rows, len(columns)) +
			" on duplicate key update " + join(set, ",", func(f field) string { return b.name(f) + "=values(" + b.name(f) + ")" })
	case dialectSQLite:
		return "INSERT OR REPLACE INTO " + b.names.Table(t) + "(" + join(columns, ",", b.name) + ") VALUES" + b.marks(rows, len(columns))
	case dialectSQLServer:
		return b.mergeSQLServer(t, l)
	default:
		return b.mergeOracle(t, l)
	}
}

func (b builder) onConflict(l layout) string {
	what := "DO NOTHING"
	if len(l.others) > 0 {
		what = "DO UPDATE SET " + join(l.others, ",", func(f field) string { return b.name(f) + "=EXCLUDED." + b.name(f) })
	}
	return " ON CONFLICT (" + join(l.keys, ",", b.name) + ") " + what
}

// upsertArrays is upsert with one parameter for each column: an array of the
// type. Side by side they need no table of their own, which unnest in FROM makes.
func (b builder) upsertArrays(t dialect.TableID, l layout, columns []column) string {
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = "unnest(" + b.dialect.Placeholder(i+1) + "::" + c.kind + "[])"
	}
	return "INSERT INTO " + b.names.Table(t) + " (" + join(l.columns(), ",", b.name) + ") SELECT " + strings.Join(items, ",") + b.onConflict(l)
}

func (b builder) mergeSQLServer(t dialect.TableID, l layout) string {
	n := 0
	lock := ""
	if b.holdLock {
		lock = " with (HOLDLOCK)"
	}
	same := func(f field) string { return "target." + b.name(f) + "=incoming." + b.name(f) }
	matched := ""
	if len(l.others) > 0 {
		matched = " when matched then update set " + join(l.others, ",", func(f field) string { return b.name(f) + "=incoming." + b.name(f) })
	}
	reversed := slices.Concat(l.others, l.keys)
	return "merge into " + b.names.Table(t) + lock + " AS target using (select " +
		join(l.columns(), ", ", func(f field) string {
			n++
			return b.dialect.Placeholder(n) + " AS " + b.name(f)
		}) +
		") AS incoming on (" + join(l.keys, " and ", same) + ")" + matched +
		" when not matched then insert (" + join(reversed, ", ", b.name) + ") values (" +
		join(reversed, ",", func(f field) string { return "incoming." + b.name(f) }) + ");"
}

func (b builder) mergeOracle(t dialect.TableID, l layout) string {
	n := 0
	table := b.names.Table(t)
	same := func(f field) string { return table + "." + b.name(f) + "=incoming." + b.name(f) }
	matched := ""
	if len(l.others) > 0 {
		matched = " when matched then update set " + join(l.others, ",", same)
	}
	reversed := slices.Concat(l.others, l.keys)
	return "merge into " + table + " using (select " +
		join(l.columns(), ", ", func(f field) string {
			n++
			return b.dialect.Placeholder(n) + " " + b.name(f)
		}) +
		" FROM dual) incoming on(" + join(l.keys, " and ", same) + ")" + matched +
		" when not matched then insert(" + join(reversed, ",", func(f field) string { return table + "." + b.name(f) }) + ") values(" +
		join(reversed, ",", func(f field) string { return "incoming." + b.name(f) }) + ")"
}

// update changes the row with the keys. Parameters are the other columns, then
// the keys.
func (b builder) update(t dialect.TableID, l layout) string {
	n := 0
	equal := func(f field) string {
		n++
		return b.name(f) + " = " + b.dialect.Placeholder(n)
	}
	text := "UPDATE " + b.names.Table(t) + " SET " + join(l.others, ", ", equal)
	if len(l.keys) > 0 {
		text += " WHERE " + join(l.keys, " AND ", equal)
	}
	return text
}

// remove deletes the row with the keys.
func (b builder) remove(t dialect.TableID, l layout) string {
	n := 0
	return "DELETE FROM " + b.names.Table(t) + " WHERE " + join(l.keys, " AND ", func(f field) string {
		n++
		return b.name(f) + " = " + b.dialect.Placeholder(n)
	})
}

// create makes the table with the fields.
func (b builder) create(t dialect.TableID, fields []field, v values) (string, error) {
	columns, err := b.columnList(fields, "\n", v)
	if err != nil {
		return "", err
	}
	text := "CREATE TABLE " + b.names.Table(t) + " (" + columns
	keys := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return !f.key })
	if len(keys) > 0 {
		text += ",\nPRIMARY KEY(" + join(keys, ",", b.name) + ")"
	}
	return text + ")", nil
}

// alter adds the columns, by one statement where the database can.
func (b builder) alter(t dialect.TableID, fields []field, v values) ([]string, error) {
	head := "ALTER TABLE " + b.names.Table(t) + " "
	switch b.dialect.Name() {
	case dialectSQLServer:
		columns, err := b.columnList(fields, "\n", v)
		return []string{head + "ADD" + columns}, err
	case dialectOracle:
		columns, err := b.columnList(fields, "\n", v)
		return []string{head + "ADD(" + columns + ")"}, err
	case dialectSQLite:
		var all []string
		for _, f := range fields {
			column, err := b.columnList([]field{f}, "ADD ", v)
			if err != nil {
				return nil, err
			}
			all = append(all, head+column)
		}
		return all, nil
	}
	before := "ADD "
	if len(fields) > 1 {
		before = "\nADD "
	}
	columns, err := b.columnList(fields, before, v)
	return []string{head + columns}, err
}

// columnList defines the columns, each with the text before it.
func (b builder) columnList(fields []field, before string, v values) (string, error) {
	parts := make([]string, len(fields))
	for i, f := range fields {
		kind, err := b.columnType(f)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", f.name, err)
		}
		parts[i] = before + b.name(f) + " " + kind
		switch {
		case f.schema.Default != nil:
			literal, err := b.literal(f, v)
			if err != nil {
				return "", fmt.Errorf("default of column %s: %w", f.name, err)
			}
			parts[i] += " DEFAULT " + literal
		case f.optional():
			parts[i] += " NULL"
		default:
			parts[i] += " NOT NULL"
		}
	}
	return strings.Join(parts, ","), nil
}
