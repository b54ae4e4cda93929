package journal_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"sluice/connect/schema"
	"sluice/internal/store"
	"sluice/internal/store/journal"
	"sluice/internal/store/memory"
	"sluice/internal/store/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

func opened(t *testing.T, topic *memory.Topic) *journal.Offsets {
	t.Helper()
	s := topic.Offsets(quiet)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOverlaySuite runs what every variant of the offset store must do.
func TestOverlaySuite(t *testing.T) {
	t.Parallel()
	own, worker := memory.NewTopic(), memory.NewTopic()
	storetest.Offsets(t, true, func(t *testing.T) store.Offsets {
		return journal.NewOverlay(opened(t, own), opened(t, worker), quiet)
	})
}

func text(s string) schema.Value {
	return schema.MapValue([]schema.Entry{{Key: schema.StringValue("x"), Value: schema.StringValue(s)}})
}

// failing fails to write from the nth call on.
type failing struct {
	store.Offsets

	calls int
}

var errBroken = errors.New("broken")

func (f *failing) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	if f.calls--; f.calls < 0 {
		return errBroken
	}
	return f.Offsets.Write(ctx, connector, offsets)
}

// read returns what the stores have under a, b and c; "" for null.
func read(t *testing.T, s store.Offsets) string {
	t.Helper()
	got, err := s.Read(t.Context(), "k", []schema.Value{text("a"), text("b"), text("c")})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, v := range got {
		x, _ := v.Lookup("x")
		out.WriteString("[" + x.Text() + "]")
	}
	return out.String()
}

func offsets(pairs ...string) []store.Offset {
	var out []store.Offset
	for pair := range slices.Chunk(pairs, 2) {
		o := store.Offset{Partition: text(pair[0]), Offset: schema.Null()}
		if pair[1] != "" {
			o.Offset = text(pair[1])
		}
		out = append(out, o)
	}
	return out
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	ownTopic, workerTopic := memory.NewTopic(), memory.NewTopic()
	own, worker := &failing{opened(t, ownTopic), 100}, &failing{opened(t, workerTopic), 100}
	o := journal.NewOverlay(own, worker, quiet)
	ctx := t.Context()
	want := func(step, both, above, below string) {
		t.Helper()
		if b, a, w := read(t, o), read(t, own), read(t, worker); b != both || a != above || w != below {
			t.Errorf("%s: %s of %s over %s; want %s of %s over %s", step, b, a, w, both, above, below)
		}
	}
	if err := worker.Write(ctx, "k", offsets("a", "1", "b", "1")); err != nil {
		t.Fatal(err)
	}
	want("before the connector had its topic", "[1][1][]", "[][][]", "[1][1][]")
	if err := o.Write(ctx, "k", offsets("b", "2", "c", "2")); err != nil {
		t.Fatal(err)
	}
	want("written to both", "[1][2][2]", "[][2][2]", "[1][2][2]")
	if listed, err := o.List(ctx, "k"); err != nil || len(listed) != 3 {
		t.Errorf("listed %v, %v", listed, err)
	}

	worker.calls = 0
	if err := o.Write(ctx, "k", offsets("b", "3")); err != nil {
		t.Errorf("the copy counts: %v", err)
	}
	want("not copied", "[1][3][2]", "[][3][2]", "[1][2][2]")
	if err := o.Write(ctx, "k", offsets("b", "")); !errors.Is(err, errBroken) {
		t.Errorf("a removal that fails below: %v", err)
	}
	want("not removed", "[1][3][2]", "[][3][2]", "[1][2][2]")

	worker.calls, own.calls = 100, 0
	if err := o.Write(ctx, "k", offsets("a", "", "b", "", "c", "4")); !errors.Is(err, errBroken) {
		t.Errorf("a write that fails above: %v", err)
	}
	want("removed below only", "[][3][2]", "[][3][2]", "[][][2]")
	own.calls = 100
	if err := o.Write(ctx, "k", offsets("a", "", "b", "", "c", "4")); err != nil {
		t.Fatal(err)
	}
	want("removed", "[][][4]", "[][][4]", "[][][4]")
}
