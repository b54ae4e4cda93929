package jdbc

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

func sqliteConfig(url string, more config.Map) config.Map {
	cfg := config.Map{
		"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "connection.url": url, "mode": modeIncrementing, "incrementing.column.name": "id",
		"topic.prefix": "p-", "table.whitelist": "a", "poll.interval.ms": "1", "validate.non.null": "false", "timestamp.column.name": "at",
	}
	maps.Copy(cfg, more)
	return cfg
}

const tableA = "CREATE TABLE a (id integer primary key, at timestamp, x text)"

func ids(records []written) string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprint(r.Value.(map[string]any)["payload"].(map[string]any)["id"])) //nolint:forcetypeassert // JSON of the converter.
	}
	return strings.Join(all, " ")
}

// TestStatements gives the statements of each dialect, see also
// TestRecordedStatements.
func TestStatements(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ dialect, mode, more, want string }{
		{"PostgreSqlDatabaseDialect", modeBulk, "", `SELECT * FROM "public"."t"`},
		{"PostgreSqlDatabaseDialect", modeIncrementing, "", `SELECT * FROM "public"."t" WHERE "public"."t"."id" > $1 ORDER BY "public"."t"."id" ASC`},
		{"PostgreSqlDatabaseDialect", modeIncrementing, "never", `SELECT * FROM public.t WHERE public.t.id > $1 ORDER BY public.t.id ASC`},
		{"PostgreSqlDatabaseDialect", modeIncrementing, "query", `select id, name from smallt WHERE "id" > $1 ORDER BY "id" ASC limit 5`},
		{"SqliteDatabaseDialect", modeTimestamp, "", "SELECT * FROM `public`.`t` WHERE `public`.`t`.`at` > ? AND `public`.`t`.`at` < ? ORDER BY `public`.`t`.`at` ASC"},
		{"SqliteDatabaseDialect", modeTimestamp, "two", "SELECT * FROM `public`.`t` WHERE COALESCE(`public`.`t`.`at`,`public`.`t`.`b`) > ? AND COALESCE(`public`.`t`.`at`,`public`.`t`.`b`) < ? ORDER BY COALESCE(`public`.`t`.`at`,`public`.`t`.`b`) ASC"},
		{"SqlServerDatabaseDialect", modeIncrementing, "", "SELECT * FROM [public].[t] WHERE [public].[t].[id] > @p1 ORDER BY [public].[t].[id] ASC"},
		{"OracleDatabaseDialect", modeIncrementing, "", `SELECT * FROM "public"."t" WHERE "public"."t"."id" > :1 ORDER BY "public"."t"."id" ASC`},
		{"SqliteDatabaseDialect", modeBoth, "", "SELECT * FROM `public`.`t` WHERE `public`.`t`.`at` < ? AND ((`public`.`t`.`at` = ? AND `public`.`t`.`id` > ?) OR `public`.`t`.`at` > ?) ORDER BY `public`.`t`.`at`,`public`.`t`.`id` ASC"},
	} {
		s := &settings{Mode: tt.mode}
		q := &querier{settings: s, table: dialect.TableID{Schema: "public", Name: "t"}, incrementing: "id", timestamps: []string{"at"}, reader: reader{loc: time.UTC}}
		switch tt.more {
		case "never":
			s.plain = true
		case "query":
			q.table, s.Query, s.suffix = dialect.TableID{}, "select id, name from smallt", "limit 5"
		case "two":
			q.timestamps = []string{"at", "b"}
		}
		if got := statementOf(t, tt.dialect, q); got != tt.want {
			t.Errorf("%s %s %s:\n%s, want\n%s", tt.dialect, tt.mode, tt.more, got, tt.want)
		}
	}
}

// TestRecordedStatements compares all statements that PostgreSQL logged for the
// Java connectors with those made here.
func TestRecordedStatements(t *testing.T) {
	t.Parallel()
	for maker, table := range map[string]dialect.TableID{
		"confluent": {Schema: "public", Name: "smallt"}, "aiven": {Catalog: "conn", Schema: "public", Name: "smallt"},
	} {
		recorded := map[string]bool{}
		files, err := filepath.Glob("testdata/sql/" + maker + "-*.sql")
		if err != nil || len(files) != 6 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, f := range files {
			for line := range strings.SplitSeq(string(readFile(t, f)), "\n") {
				if strings.Contains(line, "smallt") && !strings.Contains(line, "pg_catalog") && strings.HasPrefix(strings.ToLower(line), "select") {
					recorded[strings.TrimSpace(line)] = true
				}
			}
		}
		if maker == "aiven" { // Its first log begins with the end of Confluent's last.
			delete(recorded, "SELECT * FROM public.smallt WHERE public.smallt.id > $1 ORDER BY public.smallt.id ASC")
		}
		made := map[string]bool{}
		for _, s := range []*settings{
			{Mode: modeBulk},
			{Mode: modeIncrementing},
			{Mode: modeTimestamp},
			{Mode: modeBoth},
			{Mode: modeIncrementing, Query: "select id, name from smallt", own: own{suffix: "limit 5"}},
			{Mode: modeIncrementing, own: own{plain: true}},
		} {
			if maker == "aiven" {
				s.plain, s.suffix = false, ""
			}
			q := &querier{settings: s, table: table, incrementing: "id", timestamps: []string{"upd"}, reader: reader{loc: time.UTC}}
			if s.Query != "" {
				q.table = dialect.TableID{}
			}
			made[statementOf(t, "PostgreSqlDatabaseDialect", q)] = true
		}
		if diff := cmp.Diff(recorded, made); diff != "" {
			t.Errorf("%s:\n%s", maker, diff)
		}
	}
}

// statementOf returns what the querier says to a database of the dialect. SQLite
// gives the time of the database to the modes that ask for it.
func statementOf(t *testing.T, name string, q *querier) string {
	t.Helper()
	d, ok := dialect.Named(name)
	if !ok {
		t.Fatal(name)
	}
	file, err := dialect.Open(t.Context(), newHost().Logger(), dialect.Config{URL: "jdbc:sqlite::memory:", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	conn, err := file.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q.db = &dialect.DB{DB: file.DB, Dialect: d}
	got, _, err := q.statement(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTies stops in the middle of rows with one timestamp: none may be lost.
func TestTies(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, tableA,
		"INSERT INTO a(at) VALUES (1000), (2000), (2000), (2000), (2000), (3000)")
	cfg := sqliteConfig(url, config.Map{"mode": modeTimestamp, "batch.max.rows": "3"})
	host := newHost()
	first, err := copied(t, host, cfg, 3)
	if err != nil || ids(first) != "1 2 3" {
		t.Fatalf("the first rows are %s, %v", ids(first), err)
	}
	want := map[string]string{"{protocol=1, table=a}": "{timestamp_nanos=0, timestamp=1000}"}
	if diff := cmp.Diff(want, host.committed()); diff != "" {
		t.Error(diff)
	}
	rest, err := copied(t, host, cfg, 5)
	if err != nil || ids(rest) != "2 3 4 5 6" {
		t.Errorf("after a restart: %s, %v", ids(rest), err)
	}
}

// TestOldOffsets reads on from an offset that an old release has stored, and
// writes the new form.
func TestOldOffsets(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, tableA, "INSERT INTO a(at) VALUES (1), (1), (1), (1)")
	host := newHost()
	host.offsets["{table=a}"] = schema.MapValue([]schema.Entry{{Key: schema.StringValue("incrementing"), Value: schema.Int64Value(2)}})
	got, err := copied(t, host, sqliteConfig(url, nil), 2)
	if err != nil || ids(got) != "3 4" {
		t.Errorf("%s, %v", ids(got), err)
	}
	if o := host.committed()["{protocol=1, table=a}"]; o != "{incrementing=4}" {
		t.Errorf("the offset is %s", o)
	}
	bad := newHost()
	bad.offsets["{protocol=1, table=a}"] = schema.MapValue([]schema.Entry{{Key: schema.StringValue("incrementing"), Value: schema.StringValue("x")}})
	if _, err := copied(t, bad, sqliteConfig(url, nil), 1); err == nil || !strings.Contains(err.Error(), "must have an integer for incrementing") {
		t.Errorf("an offset that is no number gives %v", err)
	}
}

func TestInitial(t *testing.T) {
	t.Parallel()
	now := time.Now().UnixMilli()
	url := sqliteFile(t, tableA, fmt.Sprintf("INSERT INTO a(at) VALUES (1000), (5000), (%d)", now-3600_000))
	for initial, want := range map[string]string{"1001": "2 3", "4999": "2 3", "0": "1 2 3"} {
		got, err := copied(t, newHost(), sqliteConfig(url, config.Map{"mode": modeBoth, "timestamp.initial": initial}), len(strings.Fields(want)))
		if err != nil || ids(got) != want {
			t.Errorf("timestamp.initial=%s: %s, %v", initial, ids(got), err)
		}
	}
	aiven := sqliteConfig(url, config.Map{"connector.class": "io.aiven.connect.jdbc.JdbcSourceConnector", "incrementing.initial": "1"})
	if got, err := copied(t, newHost(), aiven, 2); err != nil || ids(got) != "2 3" {
		t.Errorf("incrementing.initial=1: %s, %v", ids(got), err)
	}
}

// TestTrouble gives the errors of what cannot be read.
func TestTrouble(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, tableA, "INSERT INTO a(id, at, x) VALUES (1, 1000, 'x'), (2, 'no time', 'y')", "CREATE TABLE d (id bigint, n decimal(4,2))", "INSERT INTO d VALUES (1, 1.25), (2, 1.255)",
		"CREATE TABLE empty (x text)")
	for _, tt := range []struct {
		name string
		more config.Map
		want string
	}{
		{"no such table", config.Map{"table.whitelist": "nosuch"}, "Task is being killed because it was not assigned a table nor a query to execute."},
		{"no such column", config.Map{"incrementing.column.name": "nosuch"}, "Incrementing column: nosuch does not exist in table '`a`'"},
		{"no such timestamp column", config.Map{"mode": modeTimestamp, "timestamp.column.name": "t1,t2"}, "Timestamp columns: t1, t2 do not exist in table '`a`'"},
		{"nullable", config.Map{"table.whitelist": "d", "validate.non.null": "true"}, "Cannot make incremental queries using incrementing column id on `d` because this column is nullable."},
		{"nullable timestamp", config.Map{"mode": modeTimestamp, "validate.non.null": "true"}, "Cannot make incremental queries using timestamp columns at on `a` because all of these columns are nullable."},
		{"bad value", config.Map{"mode": modeBulk}, "table `a`: column at: Bad value for type timestamp : no time"},
		{"lost digits", config.Map{"mode": modeBulk, "table.whitelist": "d"}, "table `d`: column n: Bad value for type BigDecimal : 1.255"},
		{"query that fails", config.Map{"table.whitelist": "", "query": "select nosuch from a", "query.retry.attempts": "3"}, "Failed to query table after retries: "},
		{"masked query that fails", config.Map{"table.whitelist": "", "query.masked": "select nosuch from a", "query.retry.attempts": "1"}, "the error is kept back, since it may show query.masked"},
		{"query and tables", config.Map{"query": "select 1"}, "query may not be combined with whole-table copying settings."},
		{"no database", config.Map{"connection.url": "jdbc:nosuch:x"}, "No suitable driver found for jdbc:nosuch:x"},
	} {
		_, err := copied(t, newHost(), sqliteConfig(url, tt.more), 10)
		if err == nil || !strings.Contains(chain(err), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func chain(err error) string {
	text := err.Error()
	if u, ok := err.(interface{ Unwrap() error }); ok && u.Unwrap() != nil {
		text += "\n" + chain(u.Unwrap())
	}
	return text
}

// TestRecovers drops a table under a running task and makes it again.
func TestRecovers(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, tableA, "INSERT INTO a(at) VALUES (1), (1)")
	host := newHost()
	p := Plugins().Sources[0]
	cfg := sqliteConfig(url, config.Map{keyTables: "`a`", keyFetched: "true"})
	task := p.NewTask()
	if err := task.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = task.Stop(t.Context()) }()
	count := func(want int) {
		t.Helper()
		var batch connect.Batch
		for range 2000 {
			if err := task.Poll(t.Context(), &batch); err != nil {
				t.Fatal(err)
			}
			if len(batch.Records) >= want {
				break
			}
		}
		if len(batch.Records) != want {
			t.Fatalf("%d records come, want %d", len(batch.Records), want)
		}
	}
	count(2)
	execute(t, url, "DROP TABLE a")
	for range 3 {
		if err := task.Poll(t.Context(), &connect.Batch{}); err != nil {
			t.Fatalf("a dropped table fails the task: %v", err)
		}
	}
	execute(t, url, "CREATE TABLE a (id integer primary key, at timestamp, x text, more text default 'm')", "INSERT INTO a(id) VALUES (2), (3)")
	count(1)
}

// TestMonitor makes tables while a connector runs.
func TestMonitor(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t, tableA)
	host := newHost()
	c := &connector{open: dialect.Open}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := c.Start(ctx, host, sqliteConfig(url, config.Map{"table.whitelist": "", "table.include.list": "[ab].*", "table.exclude.list": ".*x", "table.poll.interval.ms": "2"})); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Stop(t.Context()) }()
	plan := func(most int) []string {
		configs, err := c.TaskConfigs(ctx, most)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range configs {
			all = append(all, m[keyTables]+" "+m[keyFetched])
		}
		return all
	}
	if diff := cmp.Diff([]string{"`a` true"}, plan(2)); diff != "" {
		t.Error(diff)
	}
	execute(t, url, "CREATE TABLE b (x int)", "CREATE TABLE ax (x int)", "CREATE TABLE c (x int)", "CREATE TABLE a2 (x int)")
	for want := []string{"`a`,`a2` true", "`b` true"}; ; {
		select {
		case <-host.reconfigured:
		case <-time.After(10 * time.Second):
			t.Fatalf("the plan stays %v", plan(2))
		}
		if cmp.Equal(want, plan(2)) {
			break
		}
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	c := &connector{}
	c.settings.Whitelist = []string{"t"}
	err := c.duplicates([]dialect.TableID{{Schema: "a", Name: "t"}, {Schema: "b", Name: "t"}, {Schema: "a", Name: "u"}})
	if err == nil || !strings.Contains(chain(err), `[["a"."t", "b"."t"]]`) || !strings.Contains(chain(err), "'table.whitelist' config") {
		t.Errorf("%v", err)
	}
	if err := c.duplicates([]dialect.TableID{{Schema: "a", Name: "t"}, {Schema: "b", Name: "u"}}); err != nil {
		t.Error(err)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([][]int{{1, 2, 3}, {4, 5}, {6, 7}}, groups([]int{1, 2, 3, 4, 5, 6, 7}, 3)); diff != "" {
		t.Error(diff)
	}
	if got := groups([]int{1}, 5); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestSplitNames(t *testing.T) {
	t.Parallel()
	got := splitNames(`"a,b"."c",d.e,"f""g,h"`, dialect.Identifiers{Open: `"`, Close: `"`})
	if diff := cmp.Diff([]string{`"a,b"."c"`, "d.e", `"f""g,h"`}, got); diff != "" {
		t.Error(diff)
	}
}
