package sink

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
)

// fakeHost tolerates bad records where tolerant says so, and keeps them.
type fakeHost struct {
	connect.SinkHost
	tolerant bool
	bad      []string
}

func (h *fakeHost) Logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (h *fakeHost) ReportErrant(_ context.Context, r *connect.Record, err error) error {
	if !h.tolerant {
		return err
	}
	h.bad = append(h.bad, fmt.Sprintf("%d: %v", r.Origin.Offset, err))
	return nil
}

// started starts a task on a new SQLite file and returns it with a connection of
// the test's own.
func started(t *testing.T, host *fakeHost, cfg config.Map) (connect.SinkTask, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sink.db")
	cfg["connection.url"], cfg["name"] = "jdbc:sqlite:"+path, "my-sink"
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(3000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return startedOn(t, host, cfg, false), db
}

func startedOn(t *testing.T, host *fakeHost, cfg config.Map, aiven bool) connect.SinkTask {
	t.Helper()
	task := pluginOf(t, aiven).NewTask()
	if err := task.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := task.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return task
}

// rowsOf returns the rows of a query, each as its columns joined by |.
func rowsOf(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		cells := make([]any, len(names))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, c := range cells {
			v := *c.(*any) //nolint:forcetypeassert // Made above.
			switch v := v.(type) {
			case []byte:
				texts = append(texts, string(v))
			case time.Time:
				texts = append(texts, v.Format("2006-01-02 15:04:05.999999"))
			default:
				texts = append(texts, fmt.Sprint(v))
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// person is a struct of an id and a name; withID leaves the id to the key.
func personSchema() *schema.Schema {
	return schema.StructOf("person",
		schema.Field{Name: "id", Schema: schema.Of(schema.Int32)},
		schema.Field{Name: "name", Schema: schema.OptionalOf(schema.String)},
	)
}

type maker struct {
	topic  string
	key    *schema.Schema
	value  *schema.Schema
	offset int64
}

func newMaker(topic string) *maker {
	return &maker{topic: topic, key: schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)}), value: personSchema()}
}

// person makes a record; a nil name is null.
func (m *maker) person(id int32, name *string) connect.Record {
	st := schema.NewStruct(m.value)
	st.Values[0] = schema.Int32Value(id)
	if name != nil {
		st.Values[1] = schema.StringValue(*name)
	}
	r := m.tombstone(id)
	r.Value = connect.Data{Schema: m.value, Value: schema.StructValue(st)}
	return r
}

func (m *maker) tombstone(id int32) connect.Record {
	key := schema.NewStruct(m.key)
	key.Values[0] = schema.Int32Value(id)
	r := connect.Record{Topic: m.topic, Timestamp: 1700000000000, Key: connect.Data{Schema: m.key, Value: schema.StructValue(key)}}
	r.Origin = connect.Origin{Topic: m.topic, Offset: m.offset}
	m.offset++
	return r
}

func put(t *testing.T, task connect.SinkTask, records ...connect.Record) {
	t.Helper()
	if err := task.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

func upsertConfig() config.Map {
	return config.Map{"auto.create": "true", "insert.mode": "upsert", "pk.mode": "record_key", "delete.enabled": "true", "max.retries": "0"}
}

func TestSinkContract(t *testing.T) {
	t.Parallel()
	for i, mode := range []string{modeInsert, modeUpsert} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			connecttest.SinkTask(t, connecttest.Sink{
				Plugin:     Plugins().Sinks[0],
				Idempotent: mode == modeUpsert,
				Lingering:  []string{"database/sql.(*DB).connectionOpener"},
				Setup: func(t *testing.T) connecttest.SinkSystem {
					t.Helper()
					return contractSystem(t, mode, i)
				},
			})
		})
	}
}

func contractSystem(t *testing.T, mode string, _ int) connecttest.SinkSystem {
	t.Helper()
	path := filepath.Join(t.TempDir(), "contract.db")
	value := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int64)}, schema.Field{Name: "text", Schema: schema.Of(schema.String)})
	return connecttest.SinkSystem{
		Config: config.Map{
			"connection.url": "jdbc:sqlite:" + path, "auto.create": "true", "insert.mode": mode,
			"pk.mode": map[string]string{modeInsert: pkNone, modeUpsert: pkRecordValue}[mode], "pk.fields": "id", "batch.size": "7",
		},
		Fill: func(i int, r *connect.Record, a *schema.Arena) {
			st := a.Struct(value)
			st.Values[0], st.Values[1] = schema.Int64Value(int64(i)), a.CopyText(fmt.Appendf(nil, "record-%d", i))
			r.Topic, r.Value = "contract", connect.Data{Schema: value, Value: schema.StructValue(st)}
		},
		Read: func(t *testing.T) []string {
			t.Helper()
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(3000)")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if len(rowsOf(t, db, "SELECT 1 FROM sqlite_master WHERE name = 'contract'")) == 0 {
				return nil
			}
			return rowsOf(t, db, "SELECT text FROM contract")
		},
	}
}

func TestUpsertAndDeleteKeepTheirOrder(t *testing.T) {
	t.Parallel()
	task, db := started(t, &fakeHost{}, upsertConfig())
	m := newMaker("people")
	put(t, task, m.person(1, new("a")), m.person(2, new("b")), m.tombstone(1), m.person(3, nil), m.tombstone(2), m.person(2, new("again")), m.person(3, new("c")))
	want := []string{"2|again", "3|c"}
	if diff := cmp.Diff(want, rowsOf(t, db, "SELECT id, name FROM people ORDER BY id")); diff != "" {
		t.Error(diff)
	}
	put(t, task, m.person(2, new("later")), m.tombstone(3))
	if diff := cmp.Diff([]string{"2|later"}, rowsOf(t, db, "SELECT id, name FROM people ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}

func TestDeleteFromATableThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	task, db := started(t, &fakeHost{}, upsertConfig())
	m := newMaker("people")
	put(t, task, m.tombstone(1))
	put(t, task, m.tombstone(1), m.person(1, new("a")))
	if diff := cmp.Diff([]string{"1|a"}, rowsOf(t, db, "SELECT id, name FROM people")); diff != "" {
		t.Error(diff)
	}
}

func TestEvolve(t *testing.T) {
	t.Parallel()
	cfg := upsertConfig()
	cfg["auto.evolve"] = "true"
	task, db := started(t, &fakeHost{}, cfg)
	m := newMaker("people")
	first := m.person(1, new("a"))
	m.value = schema.StructOf("person", append(personSchema().Fields,
		schema.Field{Name: "age", Schema: schema.OptionalOf(schema.Int64)},
		schema.Field{Name: "town", Schema: &schema.Schema{Type: schema.String, Default: new(schema.StringValue("O'Hara"))}},
	)...)
	second := m.person(2, nil)
	second.Value.Value.Struct().Values[2] = schema.Int64Value(7)
	put(t, task, first, second)
	want := []string{"1|a|<nil>|O'Hara", "2|<nil>|7|O'Hara"}
	if diff := cmp.Diff(want, rowsOf(t, db, "SELECT id, name, age, town FROM people ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}

func TestBadRecordsAreReportedAndTheOthersWritten(t *testing.T) {
	t.Parallel()
	host := &fakeHost{tolerant: true}
	cfg := config.Map{"auto.create": "true", "pk.mode": "record_value", "pk.fields": "id", "max.retries": "0"}
	task, db := started(t, host, cfg)
	m := newMaker("people")
	noValue := m.tombstone(9)
	put(t, task, noValue, m.person(1, new("a")), m.person(2, new("b")), m.person(1, new("twice")), m.person(3, new("c")))
	if diff := cmp.Diff([]string{"1|a", "2|b", "3|c"}, rowsOf(t, db, "SELECT id, name FROM people ORDER BY id")); diff != "" {
		t.Error(diff)
	}
	if len(host.bad) != 2 {
		t.Fatalf("%d records are reported: %q", len(host.bad), host.bad)
	}
	if !strings.Contains(host.bad[0], "with a null value and null value schema.") || !strings.HasPrefix(host.bad[0], "0: ") {
		t.Errorf("reported: %s", host.bad[0])
	}
	if !strings.Contains(host.bad[1], "UNIQUE constraint failed: people.id") || !strings.Contains(host.bad[1], "The record people-0@3 cannot be written to the table \"people\"") {
		t.Errorf("reported: %s", host.bad[1])
	}
}

func TestNothingStaysWhereABadRecordIsNotTolerated(t *testing.T) {
	t.Parallel()
	task, db := started(t, &fakeHost{}, config.Map{"auto.create": "true", "pk.mode": "record_value", "pk.fields": "id", "max.retries": "1", "retry.backoff.ms": "5"})
	m := newMaker("people")
	records := []connect.Record{m.person(1, new("a")), m.person(1, new("twice"))}
	err := task.Put(t.Context(), records)
	if !connect.IsRetriable(err) || !strings.Contains(err.Error(), "Exception chain:\n") {
		t.Fatalf("the first error is %v, want one that may go away", err)
	}
	err = task.Put(t.Context(), records)
	if err == nil || connect.IsRetriable(err) || connect.ClassOf(err) != connect.ConnectException || !strings.Contains(err.Error(), "people-0@1") {
		t.Fatalf("the last error is %v", err)
	}
	if rows := rowsOf(t, db, "SELECT * FROM people"); len(rows) > 0 {
		t.Errorf("rows %q stay", rows)
	}
	put(t, task, records[0]) // The task goes on.
}

func TestTableDroppedAndAlteredWhileRunning(t *testing.T) {
	t.Parallel()
	cfg := upsertConfig()
	cfg["max.retries"], cfg["auto.evolve"] = "1", "true"
	task, db := started(t, &fakeHost{}, cfg)
	m := newMaker("people")
	put(t, task, m.person(1, new("a")))
	for _, statement := range []string{"DROP TABLE people", "ALTER TABLE people DROP COLUMN name"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		next := m.person(2, new(statement))
		if err := task.Put(t.Context(), []connect.Record{next}); !connect.IsRetriable(err) {
			t.Fatalf("%s: %v, want an error that may go away", statement, err)
		}
		put(t, task, next)
		if diff := cmp.Diff([]string{"2|" + statement}, rowsOf(t, db, "SELECT id, name FROM people")); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPrimaryKeyModes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  config.Map
		want string
		err  string
	}{
		{"kafka", config.Map{"pk.mode": "kafka"}, "people|0|0|1|a", ""},
		{"kafka, named", config.Map{"pk.mode": "kafka", "pk.fields": "t,p,o"}, "1|a|0|0|people", ""},
		{"kafka, two", config.Map{"pk.mode": "kafka", "pk.fields": "t,p"}, "", "PK mode for table 'people' is KAFKA so there should either be no field names defined for defaults [__connect_topic, __connect_partition, __connect_offset] to be applicable, or exactly 3, defined fields are: [t, p]"},
		{"value, all", config.Map{"pk.mode": "record_value"}, "1|a", ""},
		{"value, missing", config.Map{"pk.mode": "record_value", "pk.fields": "x"}, "", "PK mode for table 'people' is RECORD_VALUE with configured PK fields [x], but record value schema does not contain field: x"},
		{"key, missing", config.Map{"pk.mode": "record_key", "pk.fields": "x"}, "", "PK mode for table 'people' is RECORD_KEY with configured PK fields [x], but record key schema does not contain field: x"},
		{"whitelist", config.Map{"pk.mode": "record_key", "fields.whitelist": "other"}, "1", ""},
		{"upsert without", config.Map{"insert.mode": "upsert"}, "", `Write to table '"people"' in UPSERT mode requires key field names to be known, check the primary key configuration`},
		{"no create", config.Map{"auto.create": "false"}, "", `Table "people" is missing and auto-creation is disabled`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.cfg["auto.create"] == "" {
				tt.cfg["auto.create"] = "true"
			}
			task, db := started(t, &fakeHost{}, tt.cfg)
			err := task.Put(t.Context(), []connect.Record{newMaker("people").person(1, new("a"))})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want}, rowsOf(t, db, "SELECT * FROM people")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlainValues(t *testing.T) {
	t.Parallel()
	task, db := started(t, &fakeHost{}, config.Map{"auto.create": "true", "pk.mode": "record_key", "pk.fields": "k", "insert.mode": "upsert"})
	r := connect.Record{Topic: "texts", Key: connect.Data{Schema: schema.Of(schema.Int64), Value: schema.Int64Value(5)}, Value: connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("hello")}}
	put(t, task, r)
	if diff := cmp.Diff([]string{"5|hello"}, rowsOf(t, db, "SELECT k, record_value FROM texts")); diff != "" {
		t.Error(diff)
	}
}

func TestNullAndDefault(t *testing.T) {
	t.Parallel()
	for replace, want := range map[string]string{"true": "1|dflt", "false": "1|<nil>"} {
		task, db := started(t, &fakeHost{}, config.Map{"auto.create": "true", "replace.null.with.default": replace})
		m := newMaker("t")
		m.value = schema.StructOf("", personSchema().Fields[0], schema.Field{Name: "name", Schema: &schema.Schema{Type: schema.String, Optional: true, Default: new(schema.StringValue("dflt"))}})
		put(t, task, m.person(1, nil))
		if diff := cmp.Diff([]string{want}, rowsOf(t, db, "SELECT id, name FROM t")); diff != "" {
			t.Errorf("replace.null.with.default=%s:\n%s", replace, diff)
		}
	}
}
