//go:build integration

package sink

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
	"sluice/test/services"
)

// recordedCase is what a case of the Java connectors left behind.
type recordedCase struct {
	Config config.Map
	State  []string
	Cause  []string
	Table  string
}

func TestRecordedCasesOnServers(t *testing.T) {
	t.Parallel()
	postgres, maria := services.Postgres(t), services.MariaDB(t)
	files, err := filepath.Glob("testdata/sink/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		full := strings.TrimSuffix(filepath.Base(file), ".json")
		maker, name, _ := strings.Cut(full, "-")
		if full == "aiven-insert-kafkapk" {
			continue // TestValidationOfMoreKeys has it.
		}
		t.Run(full, func(t *testing.T) {
			var want recordedCase
			readJSON(t, "sink/"+full+".json", &want)
			want.Config["connection.url"], want.Config["connection.user"] = postgres, "postgres"
			if strings.HasPrefix(name, "maria") {
				want.Config["connection.url"], want.Config["connection.user"], want.Config["connection.password"] = maria, "root", ""
			}
			want.Config["name"], want.Config["max.retries"] = "conn-s-"+full, "0"
			if name == "sqlite-upsert" {
				upsertIntoFile(t, maker == "aiven", want)
				return
			}
			runRecorded(t, full, maker == "aiven", want, newRecorded(want.Config["topics"]).records(name))
		})
	}
}

// upsertIntoFile runs the case of SQLite, of which the table was not recorded.
func upsertIntoFile(t *testing.T, aiven bool, want recordedCase) {
	t.Helper()
	want.Config["connection.url"], want.Config["connection.user"] = "jdbc:sqlite:"+filepath.Join(t.TempDir(), "sink.db"), ""
	m := newRecorded(want.Config["topics"])
	task := startedOn(t, &fakeHost{}, want.Config, aiven)
	put(t, task, m.full(1, "first"), m.nulls(2), m.full(1, "second"), m.tombstone(2), m.full(3, "third"))
	table := strings.ReplaceAll(want.Config["table.name.format"], "${topic}", want.Config["topics"])
	rows := rowsOf(t, open(t, want.Config), "SELECT id, s, f64, dec, d, ts, def FROM "+table+" ORDER BY id")
	if diff := cmp.Diff([]string{"1|second|2.5|1.234567891e+07|1709164800000|1709212455123|x", "3|third|2.5|1.234567891e+07|1709164800000|1709212455123|x"}, rows); diff != "" {
		t.Error(diff)
	}
}

func runRecorded(t *testing.T, full string, aiven bool, want recordedCase, records []connect.Record) {
	t.Helper()
	task := startedOn(t, &fakeHost{}, want.Config, aiven)
	err := task.Put(t.Context(), records)
	if failed := want.State[0] == "FAILED"; failed != (err != nil) {
		t.Fatalf("error %v, and the recorded state is %s", err, want.State[0])
	}
	if err != nil {
		cause := want.Cause[len(want.Cause)-1]
		if strings.HasPrefix(cause, "java.lang.NullPointerException") {
			cause = connect.ConnectException + ": " + err.Error() // Ours says what is wrong.
		}
		if got := connect.ClassOf(err) + ": " + err.Error(); got != cause {
			t.Errorf("error %s\nwant  %s", got, cause)
		}
	}
	db := open(t, want.Config)
	table := strings.ReplaceAll(want.Config["table.name.format"], "${topic}", want.Config["topics"])
	got := ""
	if strings.Contains(full, "maria") {
		rows := rowsOf(t, db, "SHOW CREATE TABLE "+table)
		got = strings.Replace(rows[0], "|", "\nCreate Table: ", 1)
		got = "*************************** 1. row ***************************\n       Table: " + got + "\n"
		// The character set is that of the server.
		got, _, _ = strings.Cut(got, ") ENGINE")
		want.Table, _, _ = strings.Cut(want.Table, ") ENGINE")
	} else {
		got = postgresTable(t, db, table)
	}
	if aiven && err != nil && strings.HasPrefix(want.Table, "ERROR:") && got != "" {
		return // The table stays here: it is made by a transaction of its own.
	}
	if strings.HasPrefix(want.Table, "ERROR:") {
		want.Table = ""
	}
	if diff := cmp.Diff(want.Table, got); diff != "" {
		t.Error(diff)
	}
}

// postgresTable shows a table as the recording has it: columns, constraints, rows.
func postgresTable(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	columns := rowsOf(t, db, "SELECT column_name, data_type, is_nullable, coalesce(column_default,''), coalesce(numeric_precision::text,''), coalesce(numeric_scale::text,'')"+
		" FROM information_schema.columns WHERE table_name = '"+table+"' ORDER BY ordinal_position")
	if len(columns) == 0 {
		return ""
	}
	constraints := rowsOf(t, db, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '"+table+"'::regclass")
	rows := rowsOf(t, db, "SELECT row_to_json(x)::text FROM "+table+" x ORDER BY ctid")
	return strings.Join(append(append(columns, constraints...), rows...), "\n") + "\n"
}

func open(t *testing.T, cfg config.Map) *sql.DB {
	t.Helper()
	db, err := dialect.Open(t.Context(), (&fakeHost{}).Logger(), dialect.Config{
		URL: cfg["connection.url"], User: cfg["connection.user"], Password: config.NewSecret(cfg["connection.password"]), Attempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.DB
}

// TestContractOnServers runs the suite of sinks, and writes many rows by each way.
func TestContractOnServers(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"postgres": services.Postgres(t), "mariadb": services.MariaDB(t)} {
		for _, mode := range []string{modeInsert, modeUpsert} {
			n := 0
			connecttest.SinkTask(t, connecttest.Sink{
				Plugin: Plugins().Sinks[0], Idempotent: mode == modeUpsert,
				Lingering: []string{"database/sql.(*DB).connectionOpener", "mysql.(*mysqlConn).startWatcher"},
				Setup: func(t *testing.T) connecttest.SinkSystem {
					t.Helper()
					n++
					return serverSystem(t, name, url, mode, fmt.Sprintf("contract_%s_%d", mode, n))
				},
			})
		}
	}
}

func serverSystem(t *testing.T, name, url, mode, table string) connecttest.SinkSystem {
	t.Helper()
	system := contractSystem(t, mode, 0)
	system.Config["connection.url"], system.Config["table.name.format"], system.Config["batch.size"] = url, table, "70"
	if name == "postgres" {
		system.Config["connection.user"] = "postgres"
	}
	db := open(t, system.Config)
	system.Read = func(t *testing.T) []string {
		t.Helper()
		if len(rowsOf(t, db, "SELECT 1 FROM information_schema.tables WHERE table_name = '"+table+"'")) == 0 {
			return nil
		}
		return rowsOf(t, db, "SELECT text FROM "+table)
	}
	return system
}

// TestWaysOfWritingAgree writes hard values by COPY, by statements of many rows,
// of arrays where no column is one, and by pipelines, and compares.
func TestWaysOfWritingAgree(t *testing.T) {
	t.Parallel()
	server := services.Postgres(t)
	for name, fields := range map[string]int{"lists": 8, "no_lists": 7, "unprepared": 7} {
		url := server
		if name == "unprepared" {
			url += "?prepareThreshold=0"
		}
		var first []string
		for _, mode := range []string{modeInsert, modeUpsert, "each"} {
			table := "ways_" + name + "_" + mode
			cfg := config.Map{"connection.url": url, "connection.user": "postgres", "auto.create": "true", "pk.mode": "record_value", "pk.fields": "id", "table.name.format": table, "insert.mode": modeUpsert}
			if mode == modeInsert {
				cfg["insert.mode"] = mode
			}
			sinkTask := startedOn(t, &fakeHost{}, cfg, false).(*task) //nolint:forcetypeassert // Our own.
			sinkTask.plainly = mode == "each"
			put(t, sinkTask, hardRecords(fields)...)
			if inArrays := sinkTask.byTopic["hard"][0].arrays != nil; inArrays != (fields < 8) {
				t.Errorf("%s: upserts by arrays: %t", name, inArrays)
			}
			rows := rowsOf(t, open(t, cfg), "SELECT row_to_json(x)::text FROM "+table+" x ORDER BY id")
			if first == nil {
				first = rows
			}
			if diff := cmp.Diff(first, rows); diff != "" {
				t.Errorf("%s, %s:\n%s", name, mode, diff)
			}
		}
		text := strings.Join(first, "\n")
		if len(first) < 5 || !strings.Contains(text, `"text":"'\"`+"`"+`"`) || (fields == 8) != strings.Contains(text, `"list":["a","b\"\\c",null,""]`) {
			t.Errorf("rows: %s", text)
		}
	}
}

func hardRecords(fields int) []connect.Record {
	value := schema.StructOf(
		"", schema.Field{Name: "id", Schema: schema.Of(schema.Int64)}, schema.Field{Name: "text", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "raw", Schema: schema.OptionalOf(schema.Bytes)}, schema.Field{Name: "number", Schema: schema.OptionalOf(schema.Float64)},
		schema.Field{Name: "small", Schema: schema.OptionalOf(schema.Float32)}, schema.Field{Name: "day", Schema: schema.Date().AsOptional()},
		schema.Field{Name: "at", Schema: schema.Timestamp().AsOptional()}, schema.Field{Name: "list", Schema: schema.ArrayOf(schema.OptionalOf(schema.String)).AsOptional()},
	)
	value.Fields = value.Fields[:fields]
	texts := []string{"", "tab\tline\nreturn\rback\\slash", `\N`, `\.`, "ünï", "'\"`", strings.Repeat("x", 100000)}
	var out []connect.Record
	for i, text := range texts {
		st := schema.NewStruct(value)
		st.Values[0], st.Values[1] = schema.Int64Value(int64(i)), schema.StringValue(text)
		st.Values[2], st.Values[3], st.Values[4] = schema.BytesValue([]byte{0, 1, 92, 10, 255}), schema.Float64Value(1e300/float64(i+1)), schema.Float32Value(1.1)
		st.Values[5], st.Values[6] = schema.InstantValue(-200000*schema.MillisPerDay), schema.InstantValue(-1-int64(i)*schema.MillisPerDay*150000)
		if fields > 7 {
			st.Values[7] = schema.ListValue([]schema.Value{schema.StringValue("a"), schema.StringValue(`b"\c`), schema.Null(), schema.StringValue("")})
		}
		out = append(out, connect.Record{Topic: "hard", Value: connect.Data{Schema: value, Value: schema.StructValue(st)}, Origin: connect.Origin{Topic: "hard", Offset: int64(i)}})
	}
	return append(out, connect.Record{Topic: "hard", Value: connect.Data{Schema: value, Value: schema.StructValue(&schema.Struct{Schema: value, Values: append([]schema.Value{schema.Int64Value(100)}, make([]schema.Value, fields-1)...)})}})
}
