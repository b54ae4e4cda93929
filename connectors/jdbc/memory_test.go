//go:build integration

package jdbc

import (
	"runtime"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/test/services"
)

// TestMemoryOfALargeTable reads a million rows of 200 bytes, of MariaDB fewer, and looks at the heap
// on the way: rows are streamed, so it must not grow with the table. It is not
// parallel, since the heap is that of all tests.
func TestMemoryOfALargeTable(t *testing.T) { //nolint:paralleltest // see above
	const limit = 12 << 20 // the smaller table has 40
	for _, server := range []struct {
		name, url, user, fill string
		rows                  int
	}{
		{"postgres", services.Postgres(t), "postgres", "INSERT INTO large SELECT i, repeat('x', 190) FROM generate_series(1, 1000000) i", 1_000_000},
		{"mariadb", services.MariaDB(t), "root", "INSERT INTO large SELECT seq, repeat('x', 190) FROM seq_1_to_200000", 200_000},
	} {
		do(t, connected(t, server.url, server.user), "CREATE TABLE large (id bigint PRIMARY KEY, x text)", server.fill)
		for _, mode := range []string{modeBulk, modeIncrementing} {
			r := runningTask(t, serverConfig(server.url, "large", config.Map{"connection.user": server.user, "mode": mode, "poll.interval.ms": "600000"}))
			base, most, seen := liveHeap(), uint64(0), 0
			var batch connect.Batch
			for polls := 0; seen < server.rows; polls++ {
				if err := r.task.Poll(t.Context(), &batch); err != nil {
					t.Fatal(err)
				}
				seen += len(batch.Records)
				batch.Reset()
				if polls%100 == 0 {
					most = max(most, liveHeap())
				}
			}
			if most > base+limit {
				t.Errorf("%s, %s: the heap grows from %d to %d bytes", server.name, mode, base, most)
			}
			t.Logf("%s, %s: the heap was %d bytes and %d at most", server.name, mode, base, most)
			_ = r.task.Stop(t.Context())
		}
	}
}

// liveHeap is what is in use on the heap after a collection.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
