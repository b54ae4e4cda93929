package jdbc

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connectors/jdbc/dialect"
)

// sqliteFile makes a database and returns its URL.
func sqliteFile(t *testing.T, statements ...string) string {
	t.Helper()
	url := "jdbc:sqlite:" + filepath.Join(t.TempDir(), "test.db")
	execute(t, url, statements...)
	return url
}

// execute runs statements over a connection of its own, which is closed again:
// the suite counts goroutines.
func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	db, err := dialect.Open(t.Context(), slog.New(slog.DiscardHandler), dialect.Config{URL: url, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	for _, plugin := range Plugins().Sources {
		for _, mode := range []string{modeBulk, modeIncrementing, modeTimestamp, modeBoth} {
			t.Run(plugin.Class+" "+mode, func(t *testing.T) {
				t.Parallel()
				connecttest.SourceTask(t, connecttest.Source{Plugin: plugin, Repeats: mode == modeBulk, Setup: func(t *testing.T) connecttest.SourceSystem {
					url := sqliteFile(t, "CREATE TABLE a (id integer primary key, at timestamp not null, n bigint, x text, b blob)")
					rows := 0
					return connecttest.SourceSystem{
						Config: config.Map{
							"connection.url": url, "mode": mode, "topic.prefix": "p-", "table.whitelist": "a", "poll.interval.ms": "5",
							"incrementing.column.name": "id", "timestamp.column.name": "at", "validate.non.null": "false", "batch.max.rows": "9",
						},
						Append: func(t *testing.T, n int) {
							var inserts []string
							for range n {
								rows++
								at := 1700000000000 + rows/3
								if mode == modeTimestamp { // Rows of one time come again after a restart, see TestTies.
									at = 1700000000000 + rows
								}
								inserts = append(inserts, fmt.Sprintf("INSERT INTO a(at, n, x, b) VALUES (%d, %d, 'text %[2]d', x'0102')", at, rows))
							}
							execute(t, url, inserts...)
						},
					}
				}})
			})
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	t.Run("confluent", func(t *testing.T) {
		t.Parallel()
		connecttest.CheckConfig[confluent](t, confluentKeys())
	})
	t.Run("aiven", func(t *testing.T) { t.Parallel(); connecttest.CheckConfig[aiven](t, aivenKeys()) })
}
