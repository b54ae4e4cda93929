//go:build integration

package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/test/services"
)

// server is a database of a kind, with what differs in trouble.
type server struct {
	name, url, user string
	// options end the wait for a lock soon.
	options string
	// lock, deadlock and dropped are what its errors say.
	lock, deadlock, dropped string
}

func (s server) config(more config.Map) config.Map {
	cfg := upsertConfig()
	cfg["connection.url"], cfg["connection.user"], cfg["retry.backoff.ms"] = s.url, s.user, "5"
	cfg["connection.attempts"] = "1"
	maps.Copy(cfg, more)
	return cfg
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, s := range []server{
		{"postgres", services.Postgres(t), "postgres", "?options=-c%20lock_timeout%3D50", "canceling statement due to lock timeout", "deadlock detected", `relation "public.%s" does not exist`},
		{"mariadb", services.MariaDB(t), "root", "&sessionVariables=innodb_lock_wait_timeout=1", "Lock wait timeout exceeded", "Deadlock found when trying to get lock", "Table 'conn.%s' doesn't exist"},
	} {
		for name, f := range map[string]func(*testing.T, server){
			"start": refusedAtStart, "records": refusedRecords, "lost": lostConnection, "lost without keys": lostInserts, "deadlock": deadlock, "lock": lockTimeout, "dropped": droppedAndAltered,
		} {
			t.Run(s.name+" "+name, func(t *testing.T) { t.Parallel(); f(t, s) })
		}
	}
}

// refusedAtStart gives the errors of a configuration that cannot work.
func refusedAtStart(t *testing.T, s server) {
	portOf := regexp.MustCompile(`:\d+/`)
	for what, tt := range map[string]struct {
		more config.Map
		want []string
	}{
		"port":     {config.Map{"connection.url": portOf.ReplaceAllString(s.url, ":1/")}, []string{"cannot connect to the database of connection.url: ", "refused"}},
		"database": {config.Map{"connection.url": strings.Replace(s.url, "/conn", "/nosuch", 1)}, []string{"connection.url", "nosuch"}},
		"user":     {config.Map{"connection.user": "nobody", "connection.password": "some-secret"}, []string{"connection.url", "nobody"}},
	} {
		err := pluginOf(t, false).NewTask().Start(t.Context(), &fakeHost{}, s.config(tt.more))
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "some-secret") {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
	}
}

// refusedRecords gives the errors of tables and records that do not fit.
func refusedRecords(t *testing.T, s server) {
	db := open(t, s.config(nil))
	execute(t, db, "CREATE TABLE few (id int PRIMARY KEY)", "CREATE TABLE short (id int PRIMARY KEY, name varchar(3) NOT NULL)")
	withMap := newMaker("maps")
	withMap.value = schema.StructOf("", personSchema().Fields[0], schema.Field{Name: "m", Schema: schema.MapOf(schema.Of(schema.String), schema.Of(schema.String)).AsOptional()})
	for what, tt := range map[string]struct {
		record connect.Record
		more   config.Map
		want   []string
	}{
		"no table":             {newMaker("nosuch").person(1, nil), config.Map{"auto.create": "false"}, []string{"nosuch", "is missing and auto-creation is disabled"}},
		"no column":            {newMaker("few").person(1, nil), nil, []string{`few" is missing fields`, "name='name'", "auto-evolution is disabled"}},
		"type without mapping": {withMap.person(1, nil), nil, []string{"column m", "(MAP) type doesn't have a mapping to the SQL database column type"}},
		"too long":             {newMaker("short").person(7, new("long name")), nil, []string{"short-0@0", "too long", "correct the record or the table, or set errors.tolerance=all"}},
		"null":                 {newMaker("short").person(7, nil), nil, []string{"short-0@0", "name", "null"}},
	} {
		sinkTask := startedOn(t, &fakeHost{}, s.config(tt.more), false)
		err := sinkTask.Put(t.Context(), []connect.Record{tt.record})
		for _, want := range tt.want {
			if err == nil || connect.IsRetriable(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
	}
}

func execute(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// lostConnection cuts the connection in the middle of a batch, at many places:
// the batch comes again and is there once.
func lostConnection(t *testing.T, s server) {
	through, cutter := services.Cut(t, s.url)
	sinkTask := startedOn(t, &fakeHost{}, s.config(config.Map{"connection.url": through, "max.retries": "3"}), false)
	m := newMaker("lost")
	want := map[int32]string{}
	for round := range int64(8) {
		var batch []connect.Record
		for id := range int32(2000) {
			name := fmt.Sprintf("%d of round %d %s", id, round, strings.Repeat("x", 100))
			want[id] = name
			batch = append(batch, m.person(id, &name))
		}
		if round%2 == 1 {
			batch = append(batch, m.tombstone(int32(round)))
			delete(want, int32(round))
		}
		cutter.After(1 + round*20_000)
		putAgain(t, sinkTask, batch)
	}
	if cutter.Cuts() < 8 {
		t.Fatalf("the connection was cut %d times", cutter.Cuts())
	}
	rows := rowsOf(t, open(t, s.config(nil)), "SELECT id, name FROM lost ORDER BY id")
	var all []string
	for id := range int32(2000) {
		if name, ok := want[id]; ok {
			all = append(all, fmt.Sprintf("%d|%s", id, name))
		}
	}
	if diff := cmp.Diff(all, rows); diff != "" {
		t.Error(diff)
	}
}

// putAgain puts as a worker does: again, as long as the error says that it helps.
func putAgain(t *testing.T, sinkTask connect.SinkTask, batch []connect.Record) {
	t.Helper()
	for {
		err := sinkTask.Put(t.Context(), batch)
		if err == nil {
			return
		}
		if !connect.IsRetriable(err) {
			t.Fatal(err)
		}
	}
}

// lostInserts cuts the connection before the end of a batch without keys: nothing
// of it is there.
func lostInserts(t *testing.T, s server) {
	through, cutter := services.Cut(t, s.url)
	sinkTask := startedOn(t, &fakeHost{}, s.config(config.Map{"connection.url": through, "max.retries": "3", "insert.mode": "insert", "pk.mode": "none", "delete.enabled": "false"}), false)
	m := newMaker("inserted")
	put(t, sinkTask, m.person(0, nil))
	var batch []connect.Record
	for id := range int32(3000) {
		batch = append(batch, m.person(id+1, new(strings.Repeat("x", 100))))
	}
	cutter.After(100_000)
	err := sinkTask.Put(t.Context(), batch)
	if !connect.IsRetriable(err) || !strings.Contains(err.Error(), "Exception chain") {
		t.Fatalf("error %v, want one that may go away", err)
	}
	db := open(t, s.config(nil))
	if got := rowsOf(t, db, "SELECT count(*) FROM inserted"); got[0] != "1" {
		t.Errorf("%s rows are there after the cut", got[0])
	}
	putAgain(t, sinkTask, batch)
	if got := rowsOf(t, db, "SELECT count(*), count(DISTINCT id) FROM inserted"); got[0] != "3001|3001" {
		t.Errorf("rows and different rows: %s", got[0])
	}
}

// deadlock lets another session want the rows in the other order.
func deadlock(t *testing.T, s server) {
	sinkTask := startedOn(t, &fakeHost{}, s.config(config.Map{"max.retries": "5"}), false)
	m := newMaker("deadlocked")
	put(t, sinkTask, m.person(1, new("a")), m.person(2, new("a")))
	db := open(t, s.config(nil))
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	update := func(id int) error {
		_, err := tx.ExecContext(t.Context(), fmt.Sprintf("UPDATE deadlocked SET name = 'theirs' WHERE id = %d", id))
		return err
	}
	if err := update(2); err != nil {
		t.Fatal(err)
	}
	batch := []connect.Record{m.person(1, new("ours")), m.person(2, new("ours"))}
	done := make(chan error, 1)
	go func() { done <- sinkTask.Put(context.WithoutCancel(t.Context()), batch) }()
	// The sink holds row 1 and waits for row 2 when a look at row 1 fails.
	for {
		var id int
		err := db.QueryRowContext(t.Context(), "SELECT id FROM deadlocked WHERE id = 1 FOR UPDATE NOWAIT").Scan(&id)
		if err != nil && t.Context().Err() == nil {
			break
		}
	}
	theirs := update(1)
	ours := <-done
	switch {
	case theirs != nil && ours == nil:
		if !strings.Contains(theirs.Error(), s.deadlock) {
			t.Fatalf("the other session ends with %v", theirs)
		}
	case theirs == nil && connect.IsRetriable(ours):
		if !strings.Contains(ours.Error(), s.deadlock) {
			t.Fatalf("the sink ends with %v", ours)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		putAgain(t, sinkTask, batch)
	default:
		t.Fatalf("the other session ends with %v, the sink with %v", theirs, ours)
	}
	if diff := cmp.Diff([]string{"1|ours", "2|ours"}, rowsOf(t, db, "SELECT id, name FROM deadlocked ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}

// lockTimeout holds the row that the sink wants: that is no fault of the record.
func lockTimeout(t *testing.T, s server) {
	sinkTask := startedOn(t, &fakeHost{tolerant: true}, s.config(config.Map{"connection.url": s.url + s.options}), false)
	m := newMaker("locked")
	put(t, sinkTask, m.person(1, new("a")))
	db := open(t, s.config(nil))
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "UPDATE locked SET name = 'mine'"); err != nil {
		t.Fatal(err)
	}
	blocked := []connect.Record{m.person(1, new("theirs"))}
	err = sinkTask.Put(t.Context(), blocked)
	if err == nil || !strings.Contains(err.Error(), s.lock) || !strings.Contains(err.Error(), "locked-0@1") || !strings.Contains(err.Error(), "see to the database and restart the task") {
		t.Fatalf("error %v", err)
	}
	if err := errors.Join(tx.Rollback(), sinkTask.Put(context.WithoutCancel(t.Context()), blocked)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1|theirs"}, rowsOf(t, db, "SELECT id, name FROM locked")); diff != "" {
		t.Error(diff)
	}
}

// droppedAndAltered changes the table under a running task.
func droppedAndAltered(t *testing.T, s server) {
	sinkTask := startedOn(t, &fakeHost{}, s.config(config.Map{"max.retries": "1", "auto.evolve": "true"}), false)
	db := open(t, s.config(nil))
	m := newMaker("changed")
	put(t, sinkTask, m.person(1, new("a")))
	for _, statement := range []string{"DROP TABLE changed", "ALTER TABLE changed DROP COLUMN name"} {
		execute(t, db, statement)
		next := m.person(2, new(statement))
		err := sinkTask.Put(t.Context(), []connect.Record{next})
		if !connect.IsRetriable(err) {
			t.Fatalf("%s: %v, want an error that may go away", statement, err)
		}
		if want := fmt.Sprintf(s.dropped, "changed"); strings.HasPrefix(statement, "DROP") && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", statement, err, want)
		}
		put(t, sinkTask, next)
		if diff := cmp.Diff([]string{"2|" + statement}, rowsOf(t, db, "SELECT id, name FROM changed")); diff != "" {
			t.Error(diff)
		}
	}
	// A column that the records do not have, and that cannot be null.
	execute(t, db, "ALTER TABLE changed ADD COLUMN more int NOT NULL DEFAULT 5")
	put(t, sinkTask, m.person(3, new("c")))
	if diff := cmp.Diff([]string{"2|5", "3|5"}, rowsOf(t, db, "SELECT id, more FROM changed ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}
