package worker

import (
	"errors"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/internal/store"
	"sluice/internal/telemetry"
)

func partition(name string) *connect.SourcePartition {
	return &connect.SourcePartition{Fields: schema.MapValue([]schema.Entry{{Key: schema.StringValue("p"), Value: schema.StringValue(name)}})}
}

// fly departs a flight of one record for each partition; the offset is n.
func fly(fs *flights, n int, partitions ...*connect.SourcePartition) *flight {
	f := fs.take()
	for _, p := range partitions {
		addNumber(f.batch, p, n-1, strconv.Itoa(n))
	}
	f.noteOffsets()
	for range partitions {
		f.out.Records = append(f.out.Records, kgo.Record{})
	}
	fs.depart(f)
	return f
}

func committable(offsets []store.Offset) map[string]int64 {
	m := make(map[string]int64)
	for _, o := range offsets {
		p, _ := o.Partition.Lookup("p")
		n, _ := o.Offset.Lookup("n")
		m[p.Text()] = n.Int()
	}
	return m
}

func TestOffsetsFollowTheAcknowledgedPrefix(t *testing.T) {
	t.Parallel()
	fs := newFlights(telemetry.NewMetrics(telemetry.MetricsConfig{}).Task("c", 0, telemetry.Source))
	a, b := partition("a"), partition("b")
	expect := func(why string, want map[string]int64) (back func()) {
		t.Helper()
		offsets, back := fs.offsets()
		got := committable(offsets)
		if len(got) != len(want) || got["a"] != want["a"] || got["b"] != want["b"] {
			t.Fatalf("%s: %v can be committed, want %v", why, got, want)
		}
		return back
	}
	first, second, third := fly(fs, 1, a), fly(fs, 2, a, b), fly(fs, 3, b)
	expect("nothing has landed", nil)
	second.done(nil, nil)
	expect("half of a batch", nil)
	second.done(nil, nil)
	expect("a is behind the first batch", map[string]int64{"b": 2})
	third.done(nil, nil)
	back := expect("b goes on", map[string]int64{"b": 3})
	back()
	expect("the write failed", map[string]int64{"b": 3})
	if fs.landed() != nil {
		t.Fatal("the first batch is under way and was taken as landed")
	}
	first.done(nil, nil)
	for range 3 {
		f := fs.landed()
		if f == nil {
			t.Fatal("a landed batch stays")
		}
		fs.free(f)
	}
	expect("a catches up, b does not go back", map[string]int64{"a": 2})
	bad, good := fly(fs, 4, a), fly(fs, 5, a)
	bad.done(&kgo.Record{Topic: "t"}, errors.New("refused"))
	good.done(nil, nil)
	expect("nothing beyond a failure", nil)
	if fs.failure() == nil || fs.landed() != nil {
		t.Error("the failure is not kept")
	}
}
