//go:build integration

package jdbc

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
	"sluice/test/services"
)

// goldenCase is what the Java connector did: its configuration, how its tasks
// ended, and the offsets that it left.
type goldenCase struct {
	name   string
	Config config.Map
	Create any
	Status struct {
		Tasks []struct{ State, Trace string }
	}
	Offsets struct {
		Offsets []struct{ Partition, Offset map[string]any }
	}
	records []written
}

// differences are the cases in which this connector does on purpose what the
// Java one did not; see docs/compatibility.md.
func differences() map[string]string {
	return map[string]string{
		"confluent/sqlite-bulk":       "decimals of SQLite can be read",
		"confluent/sqlite-incr":       "decimals of SQLite can be read",
		"aiven/sqlite-bulk":           "decimals and bytes of SQLite are read, and not null",
		"aiven/sqlite-incr":           "decimals and bytes of SQLite are read, and not null",
		"aiven/bulk-alltypes-newyork": "a date has no time of day in any zone",
	}
}

// TestGoldens runs the recorded cases against PostgreSQL, MariaDB and SQLite.
func TestGoldens(t *testing.T) {
	t.Parallel()
	postgres := services.Postgres(t)
	load(t, postgres, "postgres", "testdata/pg.sql", "testdata/pg2.sql")
	maria := services.MariaDB(t)
	load(t, maria, "", "testdata/maria.sql")
	sqlite := sqliteFile(t)
	load(t, sqlite, "", "testdata/sqlite.sql")
	for _, c := range goldens(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := c.Config
			switch {
			case strings.HasPrefix(cfg["connection.url"], "jdbc:postgresql:"):
				cfg["connection.url"] = postgres
			case strings.HasPrefix(cfg["connection.url"], "jdbc:sqlite:"):
				cfg["connection.url"] = sqlite
			default:
				cfg["connection.url"], cfg["connection.user"], cfg["connection.password"] = maria, "", ""
			}
			if len(c.records) == 0 {
				cfg["poll.interval.ms"] = "1" // A failure is waited for.
			}
			check(t, c)
		})
	}
}

func check(t *testing.T, c goldenCase) {
	t.Helper()
	host := newHost()
	want := max(len(c.records), 1)
	failed := len(c.Status.Tasks) > 0 && c.Status.Tasks[0].State == "FAILED"
	switch c.name {
	case "aiven/missing-table": // no task at all
		want = 0
	case "confluent/sqlite-bulk", "confluent/sqlite-incr":
		want, failed = 2, false
	case "aiven/bulk-alltypes-newyork":
		want, failed = 3, false
	}
	got, err := copied(t, host, c.Config, want)
	if c.Create != "created" {
		if refused, _ := json.Marshal(c.Create); err == nil || !strings.Contains(string(refused), errors.Unwrap(err).Error()) {
			t.Errorf("the connector ends with %v, want %s", err, refused)
		}
		return
	}
	if failed {
		if last := lastCause(c.Status.Tasks[0].Trace); err == nil || !strings.Contains(whole(err), last) {
			t.Errorf("the task ends with %v, want %q", whole(err), last)
		}
		return
	}
	if err != nil {
		t.Fatal(whole(err))
	}
	if why := differences()[c.name]; why != "" {
		if len(got) != want {
			t.Errorf("%s: %d records, want %d", why, len(got), want)
		}
		return
	}
	if diff := cmp.Diff(c.records, got); diff != "" {
		t.Errorf("records:\n%s", diff)
	}
	offsets := map[string]string{}
	for _, o := range c.Offsets.Offsets {
		offsets[javaMap(o.Partition, "protocol", "table", "query")] = javaMap(o.Offset, "timestamp_nanos", "incrementing", "timestamp")
	}
	if diff := cmp.Diff(offsets, host.committed()); diff != "" {
		t.Errorf("offsets:\n%s", diff)
	}
}

// javaMap writes a map with its entries in the order of Java's hash map.
func javaMap(m map[string]any, order ...string) string {
	var parts []string
	for _, k := range order {
		switch v := m[k].(type) {
		case nil:
		case json.Number:
			parts = append(parts, k+"="+v.String())
		case string:
			parts = append(parts, k+"="+v)
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// whole is the text of an error with those of its causes.
func whole(err error) string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		all = append(all, connect.ClassOf(err)+": "+err.Error())
	}
	return strings.Join(all, "\n")
}

// lastCause returns the message of the innermost cause of a Java trace.
func lastCause(trace string) string {
	last := ""
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "Caused by: "); ok || last == "" {
			if !ok {
				rest = line
			}
			_, last, _ = strings.Cut(rest, ": ")
		}
	}
	return last
}

func goldens(t *testing.T) []goldenCase {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("there are %d recorded cases, %v", len(files), err)
	}
	slices.Sort(files)
	var all []goldenCase
	for _, f := range files {
		c := goldenCase{name: strings.TrimSuffix(strings.TrimPrefix(f, "testdata/"), ".json")}
		d := json.NewDecoder(bytes.NewReader(readFile(t, f)))
		d.UseNumber()
		if err := d.Decode(&c); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for line := range bytes.Lines(readFile(t, strings.TrimSuffix(f, ".json")+".records.jsonl")) {
			r, ok := fromJSON(t, line).(map[string]any)
			if !ok {
				t.Fatalf("%s: %s", f, line)
			}
			topic, _ := r["topic"].(string)
			c.records = append(c.records, written{topic, r["value"]})
		}
		all = append(all, c)
	}
	return all
}

// load runs the statements of files. The PostgreSQL goldens name the database "conn".
func load(t *testing.T, url, user string, files ...string) {
	t.Helper()
	db, err := dialect.Open(t.Context(), slog.New(slog.DiscardHandler), dialect.Config{URL: url, User: user, Attempts: 100, Backoff: 1e8})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, f := range files {
		for s := range strings.SplitSeq(string(readFile(t, f)), ";\n") {
			s = strings.TrimSpace(s)
			if s == "" {
				continue
			}
			for part := range strings.SplitSeq(s, "; insert") {
				if !strings.HasPrefix(part, "create") && !strings.HasPrefix(part, "insert") && part != s {
					part = "insert" + part
				}
				if _, err := db.ExecContext(t.Context(), part); err != nil {
					t.Fatalf("%s: %s: %v", f, part, err)
				}
			}
		}
	}
}
