package store

import (
	"fmt"
	"strconv"
	"testing"

	"sluice/connect/config"
)

// thousand is a topic of 1,000 connectors with two tasks each.
func thousand() []Record {
	value := "org.example.SomeConnector"
	var out []Record
	for i := range 1000 {
		name := fmt.Sprintf("connector-%04d", i)
		cfg := config.Raw{"name": &name, "connector.class": &value}
		for k := range 10 {
			cfg["property."+strconv.Itoa(k)] = &value
		}
		out = append(out, ConnectorRecord(name, cfg), TaskRecord(TaskID{name, 0}, cfg), TaskRecord(TaskID{name, 1}, cfg), CommitRecord(name, 2))
	}
	return out
}

func foldAll(records []Record) *ConfigSnapshot {
	s := NewConfigSnapshot()
	for i, r := range records {
		r.Offset = int64(i)
		s, _ = FoldConfig(s, r)
	}
	return s
}

// BenchmarkFoldConfig/one is the cost of a new snapshot for one record among 1,000
// connectors; /start of reading the whole topic.
func BenchmarkFoldConfig(b *testing.B) {
	records := thousand()
	b.Run("start", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			foldAll(records)
		}
	})
	b.Run("one", func(b *testing.B) {
		s := foldAll(records)
		r := TargetStateRecord("connector-0500", TargetPaused)
		b.ReportAllocs()
		for b.Loop() {
			FoldConfig(s, r)
		}
	})
	b.Run("changes", func(b *testing.B) {
		old := foldAll(records)
		s, _ := FoldConfig(old, TargetStateRecord("connector-0500", TargetPaused))
		b.ReportAllocs()
		for b.Loop() {
			s.Changes(old)
		}
	})
}

// TestSnapshotsShare holds the cost of a record: a path through the tree, not a
// copy of what all connectors say.
func TestSnapshotsShare(t *testing.T) {
	s := foldAll(thousand())
	r := TargetStateRecord("connector-0500", TargetPaused)
	allocs := testing.AllocsPerRun(100, func() { FoldConfig(s, r) })
	if allocs > 40 {
		t.Errorf("a record among 1,000 connectors allocates %.0f times", allocs)
	}
}
