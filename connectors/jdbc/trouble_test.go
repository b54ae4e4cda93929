//go:build integration

package jdbc

import (
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
	"sluice/test/services"
)

// serverConfig reads the table by its ids, and looks again at once.
func serverConfig(url, table string, more config.Map) config.Map {
	cfg := config.Map{
		"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "connection.url": url, "connection.user": "postgres", "connection.attempts": "1",
		"mode": modeIncrementing, "incrementing.column.name": "id", "topic.prefix": "p-", "table.whitelist": table, "poll.interval.ms": "1",
	}
	maps.Copy(cfg, more)
	return cfg
}

// connected opens a database for the test itself.
func connected(t *testing.T, url, user string) *sql.DB {
	t.Helper()
	host := newHost()
	db, err := dialect.Open(t.Context(), host.Logger(), dialect.Config{URL: url, User: user, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.DB
}

func do(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// running is a started task of the configuration, with what it has read.
type running struct {
	task connect.SourceTask
	host *fakeHost
	ids  []int64
	// fields are those of the last record, with their types.
	fields string
}

// runningTask starts the one task of a connector.
func runningTask(t *testing.T, cfg config.Map) *running {
	t.Helper()
	r := &running{host: newHost()}
	p := pluginOf(t, cfg["connector.class"])
	planned := plannedTask(t, r.host, p.New(), cfg)
	r.task = p.NewTask()
	if err := r.task.Start(t.Context(), r.host, planned); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.task.Stop(t.Context()) })
	return r
}

// until polls until the condition holds; an error of the task ends the test.
func (r *running) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("%s does not come; the log: %s", what, r.host.said.String())
		}
		if err := r.poll(t); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *running) poll(t *testing.T) error {
	var batch connect.Batch
	if err := r.task.Poll(t.Context(), &batch); err != nil {
		return err
	}
	for _, record := range batch.Records {
		id := record.Value.Value.Struct().Values[record.Value.Schema.FieldIndex("id")]
		r.ids = append(r.ids, id.Int())
		var fields []string
		for _, f := range record.Value.Schema.Fields {
			fields = append(fields, f.Name+" "+f.Schema.Type.String())
		}
		r.fields = strings.Join(fields, ", ")
		r.host.commit(record)
	}
	return nil
}

// says waits until the log has the text.
func (r *running) says(t *testing.T, text string) {
	t.Helper()
	r.until(t, text, func() bool { return strings.Contains(r.host.said.String(), text) })
}

// inOrder checks that the ids are those from 1 to n, each once.
func (r *running) inOrder(t *testing.T, n int) {
	t.Helper()
	for i, id := range r.ids {
		if id != int64(i)+1 {
			t.Fatalf("row %d has the id %d", i, id)
		}
	}
	if len(r.ids) != n {
		t.Errorf("%d rows come, want %d", len(r.ids), n)
	}
}

// TestTroubleOfPostgres gives what a user may get wrong, and what may happen to
// a task that runs.
func TestTroubleOfPostgres(t *testing.T) {
	t.Parallel()
	url := services.Postgres(t)
	db := connected(t, url, "postgres")
	do(t, db, "CREATE TABLE t (id bigint PRIMARY KEY, x text)", "INSERT INTO t VALUES (1, 'a')", "CREATE TABLE nullable (id bigint, x text)",
		"CREATE TABLE lists (id bigint PRIMARY KEY, l int[], i interval)", "INSERT INTO lists VALUES (1, '{1}', '1 day')", "CREATE ROLE limited LOGIN PASSWORD 'right'")
	askForPasswords(t, db, "limited")
	t.Run("refused", func(t *testing.T) { t.Parallel(); troubleAtStart(t, url) })
	t.Run("lost connection", func(t *testing.T) { t.Parallel(); lostInTheMiddle(t, url, db) })
	t.Run("lost connection in bulk", func(t *testing.T) { t.Parallel(); lostInBulk(t, url, db) })
	t.Run("lock", func(t *testing.T) { t.Parallel(); lockedTable(t, url, db) })
	t.Run("dropped", func(t *testing.T) { t.Parallel(); droppedTable(t, url, db) })
	t.Run("altered", func(t *testing.T) { t.Parallel(); alteredTable(t, url, db) })
	t.Run("type without mapping", func(t *testing.T) {
		t.Parallel()
		r := runningTask(t, serverConfig(url, "lists", nil))
		r.says(t, `left out" table="\"public\".\"lists\"" columns="l _int4, i interval"`)
		r.until(t, "the row", func() bool { return len(r.ids) == 1 })
	})
}

// askForPasswords makes the server want the password of the role.
func askForPasswords(t *testing.T, db *sql.DB, role string) {
	t.Helper()
	var file string
	if err := db.QueryRowContext(t.Context(), "SHOW hba_file").Scan(&file); err != nil {
		t.Fatal(err)
	}
	do(t, db, fmt.Sprintf("COPY (VALUES ('host all %s 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')) TO '%s'", role, file), "SELECT pg_reload_conf()")
}

func troubleAtStart(t *testing.T, url string) {
	for _, tt := range []struct {
		name string
		more config.Map
		want string
	}{
		{"port", config.Map{"connection.url": "jdbc:postgresql://127.0.0.1:1/conn"}, "Could not connect to database. Connection to 127.0.0.1:1 refused. Check that the hostname and port are correct"},
		{"database", config.Map{"connection.url": url + "x"}, `Could not connect to database. FATAL: database "connx" does not exist`},
		{"role", config.Map{"connection.user": "nobody"}, `Could not connect to database. FATAL: role "nobody" does not exist`},
		{"password", config.Map{"connection.user": "limited", "connection.password": "wrong-secret"}, `Could not connect to database. FATAL: password authentication failed for user "limited"`},
		{"parameter", config.Map{"connection.url": url + "?sslfactory=x"}, "connection.url: parameter sslfactory is not supported: give certificates by sslrootcert, sslcert and sslkey"},
		{"table", config.Map{"table.whitelist": "nosuch"}, "please make sure that the tables exist on the database"},
		{"column", config.Map{"incrementing.column.name": "nosuch"}, `Incrementing column: nosuch does not exist in table '"public"."t"'`},
		{"timestamp column", config.Map{"mode": modeTimestamp, "timestamp.column.name": "x,nosuch"}, `Timestamp columns: nosuch do not exist in table '"public"."t"'`},
		{"nullable", config.Map{"table.whitelist": "nullable"}, `Cannot make incremental queries using incrementing column id on "public"."nullable" because this column is nullable.`},
		{"no rights", config.Map{"connection.user": "limited", "connection.password": "right", "query.retry.attempts": "1"}, `ERROR: permission denied for table t`},
		{"wrong query", config.Map{"table.whitelist": "", "query": "SELECT * FROM t WHERE", "query.retry.attempts": "1"}, "Failed to query table after retries: ERROR: "},
		{"column of a query", config.Map{"table.whitelist": "", "query": "SELECT x FROM t", "query.retry.attempts": "1"}, "Incrementing column id not found in x"},
		{"text as a number", config.Map{"table.whitelist": "", "query": "SELECT * FROM (SELECT x AS id FROM t) s", "query.retry.attempts": "1"}, "Invalid type for incrementing column: STRING"},
	} {
		host := newHost()
		_, err := copied(t, host, serverConfig(url, "t", tt.more), 1)
		if err == nil || !strings.Contains(chain(err), tt.want) || strings.Contains(chain(err)+host.said.String(), "wrong-secret") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// manyRows are some megabytes, more than the buffers between server and task hold.
const manyRows = "INSERT INTO %s SELECT i, repeat('x', 300) FROM generate_series(1, 60000) i"

// lostInTheMiddle cuts the connection while rows are on their way: the task reads
// on behind the last row that it has.
func lostInTheMiddle(t *testing.T, url string, db *sql.DB) {
	do(t, db, "CREATE TABLE lost (id bigint PRIMARY KEY, x text)", fmt.Sprintf(manyRows, "lost"))
	through, cutter := services.Cut(t, url)
	r := runningTask(t, serverConfig(through, "lost", nil))
	for n := 1; n <= 3; n++ {
		cutter.After(3_000_000)
		r.until(t, "the cut", func() bool { return cutter.Cuts() == n })
	}
	r.until(t, "the last row", func() bool { return len(r.ids) >= 60_000 })
	r.inOrder(t, 60_000)
	r.says(t, `cannot read and tries again" table="\"public\".\"lost\""`)
}

// lostInBulk gives the table again from its first row.
func lostInBulk(t *testing.T, url string, db *sql.DB) {
	do(t, db, "CREATE TABLE bulk (id bigint PRIMARY KEY, x text)", fmt.Sprintf(manyRows, "bulk"))
	through, cutter := services.Cut(t, url)
	r := runningTask(t, serverConfig(through, "bulk", config.Map{"mode": modeBulk}))
	cutter.After(3_000_000)
	r.until(t, "the cut", func() bool { return cutter.Cuts() == 1 && strings.Contains(r.host.said.String(), "tries again") })
	seen := len(r.ids)
	r.until(t, "the whole table", func() bool { return len(r.ids) >= seen+60_000 })
	r.ids = r.ids[seen : seen+60_000]
	r.inOrder(t, 60_000)
}

// lockedTable waits for a lock longer than the server lets it.
func lockedTable(t *testing.T, url string, db *sql.DB) {
	do(t, db, "CREATE TABLE locked (id bigint PRIMARY KEY)", "INSERT INTO locked VALUES (1)")
	r := runningTask(t, serverConfig(url+"?options=-c%20lock_timeout%3D20", "locked", nil))
	r.until(t, "the row", func() bool { return len(r.ids) == 1 })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"LOCK TABLE locked", "INSERT INTO locked VALUES (2)"} {
		if _, err := tx.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	r.says(t, "canceling statement due to lock timeout")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the other row", func() bool { return len(r.ids) == 2 })
	r.inOrder(t, 2)
}

// droppedTable is made again after it was dropped, and read on from the offset.
func droppedTable(t *testing.T, url string, db *sql.DB) {
	do(t, db, "CREATE TABLE dropped (id bigint PRIMARY KEY)", "INSERT INTO dropped VALUES (1), (2)")
	r := runningTask(t, serverConfig(url, "dropped", nil))
	r.until(t, "the rows", func() bool { return len(r.ids) == 2 })
	do(t, db, "DROP TABLE dropped")
	r.says(t, `relation \"public.dropped\" does not exist`)
	do(t, db, "CREATE TABLE dropped (id bigint PRIMARY KEY, x text)", "INSERT INTO dropped VALUES (2), (3)")
	r.until(t, "the new row", func() bool { return len(r.ids) == 3 })
	r.inOrder(t, 3)
}

// alteredTable gets a column, another type of one, and loses that of the offset.
func alteredTable(t *testing.T, url string, db *sql.DB) {
	do(t, db, "CREATE TABLE altered (id int PRIMARY KEY, x int)", "INSERT INTO altered VALUES (1, 1)")
	r := runningTask(t, serverConfig(url, "altered", config.Map{"query.retry.attempts": "5"}))
	r.until(t, "the first row", func() bool { return len(r.ids) == 1 })
	for i, statement := range []string{"ALTER TABLE altered ADD more text DEFAULT 'm'", "ALTER TABLE altered ALTER id TYPE bigint", "ALTER TABLE altered DROP x"} {
		do(t, db, statement, fmt.Sprintf("INSERT INTO altered(id) VALUES (%d)", i+2))
		r.until(t, statement, func() bool { return len(r.ids) == i+2 })
	}
	r.inOrder(t, 4)
	if want := "id int64, more string"; r.fields != want {
		t.Errorf("the last record has the fields %s, want %s", r.fields, want)
	}
	do(t, db, "ALTER TABLE altered RENAME id TO number")
	var err error
	for end := time.Now().Add(time.Minute); err == nil && time.Now().Before(end); {
		err = r.poll(t)
	}
	if err == nil || !strings.Contains(chain(err), "column altered.id does not exist") {
		t.Errorf("without the column of the offset: %v", err)
	}
}
