//go:build integration

package sink

import (
	"runtime"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/test/services"
)

// TestMemoryOfManyBatches writes many megabytes and looks at the heap: what was written must not stay. It is not
// parallel, since the heap is that of all tests.
func TestMemoryOfManyBatches(t *testing.T) { //nolint:paralleltest // see above
	const limit = 16 << 20 // the batch, its statement of 4 MiB at most, and their copies; 40 MB are written
	for _, server := range []struct{ url, user string }{{services.Postgres(t), "postgres"}, {services.MariaDB(t), "root"}} {
		for _, mode := range []string{modeInsert, modeUpsert} {
			sinkTask := startedOn(t, &fakeHost{}, config.Map{
				"connection.url": server.url, "connection.user": server.user, "auto.create": "true", "insert.mode": mode,
				"pk.mode": "record_value", "pk.fields": "id", "table.name.format": "many_" + mode,
			}, false)
			m, text := newMaker("many"), strings.Repeat("x", 1000)
			base, most := liveHeap(), uint64(0)
			for round := range int32(40) {
				var batch []connect.Record
				for i := range int32(1000) {
					batch = append(batch, m.person(round*1000+i, &text))
				}
				put(t, sinkTask, batch...)
				if round%10 == 0 {
					most = max(most, liveHeap())
				}
			}
			if most > base+limit {
				t.Errorf("%s, %s: the heap grows from %d to %d bytes", server.url, mode, base, most)
			}
			t.Logf("%s, %s: the heap was %d bytes and %d at most", server.url, mode, base, most)
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
