package sink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// fakeDatabase takes every statement and remembers it. Queries for the columns
// and the kind of a table answer with those of people; nothing else is known.
type fakeDatabase struct {
	mu     sync.Mutex
	log    []string // guarded by mu
	fails  string   // guarded by mu; statements that contain it are refused
	dialog string
}

func (f *fakeDatabase) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fakeDatabase) Driver() driver.Driver                        { return nil }

func (f *fakeDatabase) note(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, text)
}

type fakeConn struct{ db *fakeDatabase }

func (c fakeConn) Prepare(query string) (driver.Stmt, error) { return fakeStmt{c.db, query}, nil }
func (c fakeConn) Close() error                              { return nil }
func (c fakeConn) Begin() (driver.Tx, error)                 { c.db.note("BEGIN"); return c, nil }
func (c fakeConn) Commit() error                             { c.db.note("COMMIT"); return nil }
func (c fakeConn) Rollback() error                           { c.db.note("ROLLBACK"); return nil }

type fakeStmt struct {
	db    *fakeDatabase
	query string
}

func (s fakeStmt) Close() error  { return nil }
func (s fakeStmt) NumInput() int { return -1 }

func (s fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.db.mu.Lock()
	fails := s.db.fails
	s.db.mu.Unlock()
	if len(args) > 0 {
		s.db.note(s.query + " " + strings.TrimSpace(fmt.Sprintln(toAny(args)...)))
	} else {
		s.db.note(s.query)
	}
	if fails != "" && strings.Contains(fmt.Sprint(args), fails) {
		return nil, errors.New("ORA-00001: unique constraint violated")
	}
	return driver.RowsAffected(1), nil
}

func toAny(args []driver.Value) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a
	}
	return out
}

func (s fakeStmt) Query([]driver.Value) (driver.Rows, error) {
	switch {
	case strings.Contains(s.query, "SYS_CONTEXT('USERENV','CURRENT_SCHEMA') FROM DUAL"):
		return &fakeRows{columns: 2, rows: [][]driver.Value{{nil, "ME"}}}, nil
	case strings.HasPrefix(s.query, "SELECT DB_NAME()"):
		return &fakeRows{columns: 2, rows: [][]driver.Value{{"db", "dbo"}}}, nil
	case strings.Contains(s.query, "ALL_OBJECTS"), strings.Contains(s.query, "INFORMATION_SCHEMA.TABLES"):
		return &fakeRows{columns: 3, rows: [][]driver.Value{{"", s.db.dialog, "people"}}}, nil
	}
	column := func(name string, key bool) []driver.Value {
		return []driver.Value{name, "int", int64(0), int64(0), !key, false, key, false}
	}
	return &fakeRows{columns: 8, rows: [][]driver.Value{column("id", true), column("name", false)}}, nil
}

type fakeRows struct {
	columns int
	rows    [][]driver.Value
}

func (r *fakeRows) Columns() []string { return make([]string, r.columns) }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(into, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// startedOnFake starts a task on a fake database of the dialect.
func startedOnFake(t *testing.T, host *fakeHost, name, schemaName string, cfg config.Map) (connect.SinkTask, *fakeDatabase) {
	t.Helper()
	fake := &fakeDatabase{dialog: schemaName}
	d, ok := dialect.Named(name)
	if !ok {
		t.Fatal(name)
	}
	sinkTask := &task{open: func(context.Context, *slog.Logger, dialect.Config) (*dialect.DB, error) {
		return &dialect.DB{DB: sql.OpenDB(fake), Dialect: d}, nil
	}}
	cfg["connection.url"], cfg["name"] = "x", "my-sink"
	if err := sinkTask.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sinkTask.Stop(context.WithoutCancel(t.Context())) })
	return sinkTask, fake
}

func TestStatementsToServersThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect, schema string
		want            []string
	}{
		{dialectOracle, "ME", []string{
			"BEGIN",
			`merge into "ME"."people" using (select :1 "id", :2 "name" FROM dual) incoming on("ME"."people"."id"=incoming."id") when matched then update set "ME"."people"."name"=incoming."name" when not matched then insert("ME"."people"."name","ME"."people"."id") values(incoming."name",incoming."id") 1 a`,
			`merge into "ME"."people" using (select :1 "id", :2 "name" FROM dual) incoming on("ME"."people"."id"=incoming."id") when matched then update set "ME"."people"."name"=incoming."name" when not matched then insert("ME"."people"."name","ME"."people"."id") values(incoming."name",incoming."id") 2 <nil>`,
			`DELETE FROM "ME"."people" WHERE "id" = :1 1`,
			"COMMIT",
		}},
		{dialectSQLServer, "dbo", []string{
			"BEGIN",
			`merge into [db].[dbo].[people] with (HOLDLOCK) AS target using (select @p1 AS [id], @p2 AS [name]) AS incoming on (target.[id]=incoming.[id]) when matched then update set [name]=incoming.[name] when not matched then insert ([name], [id]) values (incoming.[name],incoming.[id]); 1 a`,
			`merge into [db].[dbo].[people] with (HOLDLOCK) AS target using (select @p1 AS [id], @p2 AS [name]) AS incoming on (target.[id]=incoming.[id]) when matched then update set [name]=incoming.[name] when not matched then insert ([name], [id]) values (incoming.[name],incoming.[id]); 2 <nil>`,
			`DELETE FROM [db].[dbo].[people] WHERE [id] = @p1 1`,
			"COMMIT",
		}},
	} {
		t.Run(tt.dialect, func(t *testing.T) {
			t.Parallel()
			sinkTask, fake := startedOnFake(t, &fakeHost{}, tt.dialect, tt.schema, upsertConfig())
			m := newMaker("people")
			put(t, sinkTask, m.person(1, new("a")), m.person(2, nil), m.tombstone(1))
			if diff := cmp.Diff(tt.want, fake.log); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSavepointsOfEachServer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		dialectOracle:    {"SAVEPOINT sluice_record", "ROLLBACK TO SAVEPOINT sluice_record"},
		dialectSQLServer: {"SAVE TRANSACTION sluice_record", "ROLLBACK TRANSACTION sluice_record"},
	} {
		host := &fakeHost{tolerant: true}
		schemaName := map[string]string{dialectOracle: "ME", dialectSQLServer: "dbo"}[name]
		sinkTask, fake := startedOnFake(t, host, name, schemaName, upsertConfig())
		fake.fails = "bad"
		m := newMaker("people")
		put(t, sinkTask, m.person(1, new("bad")))
		var got []string
		for _, line := range fake.log {
			if strings.Contains(line, "sluice_record") {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if len(host.bad) != 1 || !strings.Contains(host.bad[0], "ORA-00001") {
			t.Errorf("%s: reported %q", name, host.bad)
		}
		if last := fake.log[len(fake.log)-1]; last != "COMMIT" {
			t.Errorf("%s: the last statement is %s", name, last)
		}
	}
}
