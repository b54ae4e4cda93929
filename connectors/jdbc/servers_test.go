package jdbc

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// fakeServer stands for a database that cannot be had: it remembers statements
// and answers with one table and one row of it.
type fakeServer struct {
	catalog, schema string
	columns         []fakeColumn

	mu  sync.Mutex
	log []string // guarded by mu
}

// fakeColumn is what the catalog has of a column, what the driver calls its type,
// and what it gives for the row.
type fakeColumn struct {
	name, declared, driver string
	precision, scale       int64
	nullable, numbered     bool
	value                  driver.Value
}

func (f *fakeServer) Connect(context.Context) (driver.Conn, error) { return fakeSession{f}, nil }
func (f *fakeServer) Driver() driver.Driver                        { return nil }

type fakeSession struct{ *fakeServer }

func (s fakeSession) Prepare(query string) (driver.Stmt, error) {
	return fakeStatement{s.fakeServer, query}, nil
}
func (s fakeSession) Close() error              { return nil }
func (s fakeSession) Begin() (driver.Tx, error) { return nil, driver.ErrSkip }

type fakeStatement struct {
	*fakeServer
	query string
}

func (s fakeStatement) Close() error  { return nil }
func (s fakeStatement) NumInput() int { return -1 }

func (s fakeStatement) Exec(args []driver.Value) (driver.Result, error) {
	s.note(args)
	return driver.RowsAffected(0), nil
}

// note remembers a statement, once.
func (s fakeStatement) note(args []driver.Value) {
	parts := []string{strings.ReplaceAll(s.query, "\n", "")}
	for _, a := range args {
		parts = append(parts, fmt.Sprintf("[%v]", a))
	}
	text := strings.Join(parts, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.log, text) {
		s.log = append(s.log, text)
	}
}

func (s fakeStatement) Query(args []driver.Value) (driver.Rows, error) {
	s.note(args)
	answer := &fakeAnswer{}
	switch {
	case strings.Contains(s.query, "INFORMATION_SCHEMA.TABLES"), strings.Contains(s.query, "ALL_OBJECTS"):
		answer.names, answer.rows = make([]string, 3), [][]driver.Value{{s.catalog, s.schema, "orders"}}
	case strings.Contains(s.query, "sys.columns"), strings.Contains(s.query, "ALL_TAB_COLUMNS"):
		answer.names = make([]string, 8)
		for _, c := range s.columns {
			answer.rows = append(answer.rows, []driver.Value{c.name, c.declared, c.precision, c.scale, c.nullable, c.numbered, c.numbered, false})
		}
	case strings.Contains(s.query, "DB_NAME()"), strings.Contains(s.query, "SYS_CONTEXT('USERENV','CURRENT_SCHEMA') FROM DUAL"):
		answer.names, answer.rows = make([]string, 2), [][]driver.Value{{s.catalog, s.schema}}
	case strings.HasPrefix(s.query, "SELECT CONVERT"):
		answer.names, answer.rows = make([]string, 1), [][]driver.Value{{"2024-03-01 12:00:00.123"}}
	case strings.HasPrefix(s.query, "SELECT CURRENT_TIMESTAMP"):
		answer.names, answer.rows = make([]string, 1), [][]driver.Value{{time.Date(2024, 3, 1, 12, 0, 0, 123456000, time.UTC)}}
	default:
		row := make([]driver.Value, len(s.columns))
		for i, c := range s.columns {
			answer.names, answer.types = append(answer.names, c.name), append(answer.types, c.driver)
			row[i] = c.value
		}
		answer.rows, answer.columns = [][]driver.Value{row}, s.columns
	}
	return answer, nil
}

type fakeAnswer struct {
	names, types []string
	columns      []fakeColumn // of the table
	rows         [][]driver.Value
}

func (r *fakeAnswer) Columns() []string                       { return r.names }
func (r *fakeAnswer) Close() error                            { return nil }
func (r *fakeAnswer) ColumnTypeDatabaseTypeName(i int) string { return r.types[i] }

// ColumnTypePrecisionScale implements driver.RowsColumnTypePrecisionScale.
func (r *fakeAnswer) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return r.columns[i].precision, r.columns[i].scale, r.columns[i].precision > 0
}

func (r *fakeAnswer) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(into, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// fakeServers are those whose source statements are held as goldens.
func fakeServers() map[string]*fakeServer {
	at := time.Date(2024, 2, 29, 13, 14, 15, 123456000, time.UTC)
	return map[string]*fakeServer{
		"SqlServerDatabaseDialect": {catalog: "shop", schema: "dbo", columns: []fakeColumn{
			{name: "id", declared: "bigint", driver: "BIGINT", numbered: true, value: int64(7)},
			{name: "tiny", declared: "tinyint", driver: "TINYINT", nullable: true, value: int64(255)},
			{name: "flag", declared: "bit", driver: "BIT", nullable: true, value: true},
			{name: "whole", declared: "numeric", driver: "NUMERIC", precision: 9, nullable: true, value: []byte("123456789")},
			{name: "price", declared: "decimal", driver: "DECIMAL", precision: 10, scale: 2, nullable: true, value: []byte("12.50")},
			{name: "ratio", declared: "float", driver: "FLOAT", nullable: true, value: 1.5},
			{name: "name", declared: "nvarchar", driver: "NVARCHAR", nullable: true, value: "ünï"},
			{name: "raw", declared: "varbinary", driver: "VARBINARY", nullable: true, value: []byte{1, 255}},
			{name: "guid", declared: "uniqueidentifier", driver: "UNIQUEIDENTIFIER", nullable: true, value: []byte{0xFF, 0x19, 0x96, 0x6F, 0x86, 0x8B, 0x11, 0xD0, 0xB4, 0x2D, 0x00, 0xC0, 0x4F, 0xC9, 0x64, 0xFF}},
			{name: "day", declared: "date", driver: "DATE", nullable: true, value: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
			{name: "at", declared: "datetime2", driver: "DATETIME2", value: at},
			{name: "left_out", declared: "datetimeoffset", driver: "DATETIMEOFFSET", nullable: true, value: at},
			{name: "nothing", declared: "int", driver: "INT", nullable: true},
		}},
		"OracleDatabaseDialect": {schema: "SHOP", columns: []fakeColumn{
			{name: "id", declared: "number", driver: "NUMBER", precision: 19, numbered: true, value: "7"},
			{name: "small", declared: "number", driver: "NUMBER", precision: 5, nullable: true, value: int64(-12345)},
			{name: "price", declared: "number", driver: "NUMBER", precision: 10, scale: 2, nullable: true, value: "12.5"},
			{name: "ratio", declared: "binary_double", driver: "IBDouble", nullable: true, value: 1.5},
			{name: "name", declared: "varchar2", driver: "NCHAR", nullable: true, value: "ünï"},
			{name: "raw", declared: "raw", driver: "RAW", nullable: true, value: []byte{1, 255}},
			{name: "day", declared: "date", driver: "DATE", nullable: true, value: time.Date(2024, 2, 29, 13, 0, 0, 0, time.UTC)},
			{name: "at", declared: "timestamp(6)", driver: "TimeStampDTY", value: at},
			{name: "left_out", declared: "interval day to second", driver: "IntervalDS_DTY", nullable: true, value: "x"},
			{name: "nothing", declared: "number", driver: "NUMBER", precision: 3, nullable: true},
		}},
	}
}

// TestServersThatCannotBeHad holds what a source says to SQL Server and Oracle,
// and the record that it makes of a row, in each mode.
func TestServersThatCannotBeHad(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, name := range []string{"SqlServerDatabaseDialect", "OracleDatabaseDialect"} {
		for _, c := range []struct {
			title string
			cfg   config.Map
		}{
			{"tables and views of a schema, bulk", config.Map{"mode": modeBulk, "table.types": "TABLE,VIEW", "schema.pattern": "S%", "catalog.pattern": "shop"}},
			{"incrementing, the column is found", config.Map{"mode": modeIncrementing}},
			{"timestamp, in New York", config.Map{"mode": modeTimestamp, "timestamp.column.name": "at", "db.timezone": "America/New_York", "timestamp.delay.interval.ms": "1000"}},
			{"timestamp+incrementing, two columns", config.Map{"mode": modeBoth, "timestamp.column.name": "at,day", "incrementing.column.name": "id"}},
			{"without quotes", config.Map{"mode": modeIncrementing, "incrementing.column.name": "id", "quote.sql.identifiers": "NEVER"}},
			{"query", config.Map{"mode": modeIncrementing, "incrementing.column.name": "id", "query": "SELECT * FROM orders o", "query.suffix": "FOR READ ONLY"}},
			{"numbers by precision, isolation", config.Map{"mode": modeBulk, "numeric.mapping": "best_fit", "transaction.isolation.mode": "SERIALIZABLE"}},
			{"Aiven", config.Map{"mode": modeIncrementing, "connector.class": "io.aiven.connect.jdbc.JdbcSourceConnector"}},
		} {
			server := fakeServers()[name]
			record := readFrom(t, server, name, c.cfg)
			fmt.Fprintf(&out, "== %s: %s\n%s\n%s\n", name, c.title, strings.Join(server.log, "\n"), record)
		}
	}
	const file = "testdata/servers.txt"
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s\nall of it:\n%s", diff, out.String())
	}
}

// readFrom runs a connector and its task on the server and returns the record.
func readFrom(t *testing.T, server *fakeServer, name string, cfg config.Map) string {
	t.Helper()
	d, ok := dialect.Named(name)
	if !ok {
		t.Fatal(name)
	}
	open := func(context.Context, *slog.Logger, dialect.Config) (*dialect.DB, error) {
		return &dialect.DB{DB: sql.OpenDB(server), Dialect: d}, nil
	}
	cfg["connection.url"], cfg["topic.prefix"] = "jdbc:x", "p-"
	if cfg["query"] == "" {
		cfg["table.whitelist"] = "orders"
	}
	v := variant{isAiven: strings.HasPrefix(cfg["connector.class"], "io.aiven")}
	host := newHost()
	planned := plannedTask(t, host, &connector{variant: v, open: open}, cfg)
	got, err := copiedByTask(t.Context(), t, &task{variant: v, open: open}, host, planned, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%s: %d records, %v", name, len(got), chain(err))
	}
	return fmt.Sprintf("%s %s\n%v\n", got[0].Topic, inShort(t, got[0].Value), host.committed())
}

// inShort writes the fields of a record as name, type and value, * behind those
// that must not be null.
func inShort(t *testing.T, value any) string {
	t.Helper()
	var record struct {
		Schema struct {
			Name   string
			Fields []struct {
				Field, Type, Name string
				Optional          bool
				Parameters        map[string]string
			}
		}
		Payload map[string]any
	}
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"name=" + record.Schema.Name}
	for _, f := range record.Schema.Fields {
		kind := f.Type
		if f.Name != "" {
			kind = f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		}
		if len(f.Parameters) > 0 {
			kind += fmt.Sprint(f.Parameters)
		}
		if !f.Optional {
			kind += "*"
		}
		v, err := json.Marshal(record.Payload[f.Field])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("%s %s=%s", f.Field, kind, v))
	}
	return strings.Join(parts, ", ")
}
