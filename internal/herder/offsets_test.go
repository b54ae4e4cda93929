package herder_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// memoryOffsets is a store of source offsets.
type memoryOffsets struct {
	mu   sync.Mutex // guards the following
	kept map[string][]store.Offset
	fail error
}

func (m *memoryOffsets) Read(context.Context, string, []schema.Value) ([]schema.Value, error) {
	return nil, errors.New("the herder reads no single offset")
}

func (m *memoryOffsets) Write(_ context.Context, connector string, offsets []store.Offset) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.kept == nil {
		m.kept = map[string][]store.Offset{}
	}
	for _, o := range offsets {
		m.kept[connector] = slices.DeleteFunc(m.kept[connector], func(k store.Offset) bool { return k.Partition.String() == o.Partition.String() })
		if !o.Offset.IsNull() {
			m.kept[connector] = append(m.kept[connector], o)
		}
	}
	return nil
}

func (m *memoryOffsets) List(_ context.Context, connector string) ([]store.Offset, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept[connector]), m.fail
}

func (m *memoryOffsets) Close() error { return nil }

// groups is the offsets of consumer groups.
type groups struct {
	mu   sync.Mutex // guards the following
	kept map[string]map[connect.TopicPartition]int64
	fail error
	// unread is the error of ConsumedOffsets.
	unread error
}

func (g *groups) ConsumedOffsets(_ context.Context, name string, _ config.Map) (map[connect.TopicPartition]int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept[name], g.unread
}

func (g *groups) AlterConsumedOffsets(_ context.Context, name string, _ config.Map, offsets map[connect.TopicPartition]*int64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail != nil {
		return g.fail
	}
	if g.kept[name] == nil {
		g.kept[name] = map[connect.TopicPartition]int64{}
	}
	for p, o := range offsets {
		if delete(g.kept[name], p); o != nil {
			g.kept[name][p] = *o
		}
	}
	return nil
}

func (g *groups) ResetConsumedOffsets(_ context.Context, name string, _ config.Map) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.kept, name)
	return g.fail
}

func (g *groups) set(fail error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail = fail
}

func object(pairs ...any) schema.Value {
	var entries []schema.Entry
	for i := 0; i < len(pairs); i += 2 {
		e := schema.Entry{Key: schema.StringValue(pairs[i].(string))}
		switch v := pairs[i+1].(type) {
		case string:
			e.Value = schema.StringValue(v)
		case int:
			e.Value = schema.Int64Value(int64(v))
		case float64:
			e.Value = schema.Float64Value(v)
		case schema.Value:
			e.Value = v
		}
		entries = append(entries, e)
	}
	return schema.MapValue(entries)
}

func texts(offsets []store.Offset) []string {
	out := []string{}
	for _, o := range offsets {
		out = append(out, o.Partition.String()+" "+o.Offset.String())
	}
	return out
}

// putStopped creates a stopped connector.
func putStopped(t *testing.T, h *herder.Standalone, cfg config.Map) {
	t.Helper()
	stopped := store.TargetStopped
	if _, _, err := h.Put(t.Context(), cfg["name"], cfg.Raw(), &stopped, false); err != nil {
		t.Fatal(err)
	}
}

func TestSourceOffsets(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	putStopped(t, h, config.Map{"name": "s", "connector.class": sourceClass, "topic": "t"})
	ctx := t.Context()

	// A partition that is committed keeps the order of its entries, since it is
	// looked up by bytes; a new one gets Java's.
	committed := object("b", 1, "a", 2)
	if err := w.offsets.Write(ctx, "s", []store.Offset{{Partition: committed, Offset: object("position", 1)}}); err != nil {
		t.Fatal(err)
	}
	message, err := h.AlterOffsets(ctx, "s", []store.Offset{
		{Partition: object("a", 2, "b", 1), Offset: object("position", 5)},
		{Partition: object("b", 9, "a", 9), Offset: object("position", 6)},
		{Partition: object("a", 9, "b", 9), Offset: object("position", 7)},
	})
	const framework = "The Connect framework-managed offsets for this connector have been altered successfully. However, if this connector manages " +
		"offsets externally, they will need to be manually altered in the system that the connector uses."
	if err != nil || message != framework {
		t.Errorf("%q, %v", message, err)
	}
	got, err := h.Offsets(ctx, "s")
	want := []string{"{b=1, a=2} {position=5}", "{a=9, b=9} {position=7}"}
	if diff := cmp.Diff(want, texts(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	message, err = h.ResetOffsets(ctx, "s")
	if err != nil || !strings.Contains(message, "have been reset successfully. However") {
		t.Errorf("%q, %v", message, err)
	}
	if got, err = h.Offsets(ctx, "s"); len(got) != 0 || err != nil {
		t.Error(got, err)
	}
}

func TestSinkOffsets(t *testing.T) {
	t.Parallel()
	h, w := start(t)
	putStopped(t, h, config.Map{"name": "k", "connector.class": sinkClass, "topics": "t"})
	ctx := t.Context()
	partition := func(topic string, n int) schema.Value { return object("kafka_topic", topic, "kafka_partition", n) }
	if _, err := h.AlterOffsets(ctx, "k", []store.Offset{
		{Partition: partition("u", 0), Offset: object("kafka_offset", 3)},
		{Partition: partition("t", 1), Offset: object("kafka_offset", "2")},
		{Partition: object("kafka_topic", "t", "kafka_partition", "0"), Offset: object("kafka_offset", 1)},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AlterOffsets(ctx, "k", []store.Offset{{Partition: partition("u", 0)}}); err != nil {
		t.Fatal(err)
	}
	got, err := h.Offsets(ctx, "k")
	want := []string{"{kafka_partition=0, kafka_topic=t} {kafka_offset=1}", "{kafka_partition=1, kafka_topic=t} {kafka_offset=2}"}
	if diff := cmp.Diff(want, texts(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}

	const busy = " either because its tasks haven't stopped completely yet or the connector was resumed before the request to "
	w.groups.set(store.ErrGroupInUse)
	_, alter := h.AlterOffsets(ctx, "k", []store.Offset{{Partition: partition("t", 0)}})
	_, reset := h.ResetOffsets(ctx, "k")
	for err, want := range map[error]string{
		alter: "Failed to alter consumer group offsets for connector k" + busy + "alter its offsets",
		reset: "Failed to reset consumer group offsets for connector k" + busy + "reset its offsets",
	} {
		if code, text := status(t, err); code != 500 || !strings.HasPrefix(text, want) {
			t.Errorf("%d %q, want %q", code, text, want)
		}
	}
	w.groups.set(errors.New("no broker"))
	_, alter = h.AlterOffsets(ctx, "k", []store.Offset{{Partition: partition("t", 0)}})
	_, reset = h.ResetOffsets(ctx, "k")
	w.groups.mu.Lock()
	w.groups.unread = errors.New("no broker")
	w.groups.mu.Unlock()
	_, read := h.Offsets(ctx, "k")
	for err, want := range map[error]string{
		read:  "Failed to retrieve consumer group offsets for sink connector k: no broker",
		alter: "Failed to alter consumer group offsets for connector k",
		reset: "Failed to reset consumer group offsets for sink connector k",
	} {
		if code, text := status(t, err); code != 500 || text != want {
			t.Errorf("%d %q, want %q", code, text, want)
		}
	}
}

func TestOffsetsThatAreRefused(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	putStopped(t, h, config.Map{"name": "s", "connector.class": sourceClass, "topic": "t"})
	putStopped(t, h, config.Map{"name": "k", "connector.class": sinkClass, "topics": "t"})
	put(t, h, "r", nil)
	at := object("kafka_topic", "t", "kafka_partition", 0)
	one := object("kafka_offset", 1)
	for _, c := range []struct {
		name string
		o    store.Offset
		code int
		text string
	}{
		{"n", store.Offset{Partition: at, Offset: one}, 404, "Connector n not found"},
		{"r", store.Offset{Partition: at, Offset: one}, 400, "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/r/stop' endpoint"},
		{"s", store.Offset{Partition: object("a", object()), Offset: one}, 500, "Offsets may only contain primitive types as values, but field a contains MAP"},
		{"s", store.Offset{Partition: at, Offset: object("a", schema.ListValue(nil))}, 500, "Offsets may only contain primitive types as values, but field a contains ARRAY"},
		{"k", store.Offset{Offset: one}, 400, "The partition for a sink connector offset cannot be null or missing"},
		{"k", store.Offset{Partition: object("kafka_topic", "t"), Offset: one}, 400, "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'"},
		{"k", store.Offset{Partition: object("kafka_topic", schema.Null(), "kafka_partition", 0), Offset: one}, 400, "Kafka topic names must be valid strings and may not be null"},
		{"k", store.Offset{Partition: object("kafka_topic", "t", "kafka_partition", schema.Null()), Offset: one}, 400, "Kafka partitions must be valid numbers and may not be null"},
		{"k", store.Offset{Partition: object("kafka_topic", "t", "kafka_partition", 1.0), Offset: one}, 400, "Failed to parse the following Kafka partition value in the provided offsets: '1.0'. Partition values for sink connectors need to be integers."},
		{"k", store.Offset{Partition: at, Offset: object("offset", 1)}, 400, "The offset for a sink connector should either be null or contain the key 'kafka_offset'"},
		{"k", store.Offset{Partition: at, Offset: object("kafka_offset", schema.Null())}, 400, "Failed to parse the following Kafka offset value in the provided offsets: 'null'. Offset values for sink connectors need to be integers."},
		{"k", store.Offset{Partition: at, Offset: object("kafka_offset", object("a", 1))}, 400, "Failed to parse the following Kafka offset value in the provided offsets: '{a=1}'. Offset values for sink connectors need to be integers."},
		{"k", store.Offset{Partition: at, Offset: object("kafka_offset", -5)}, 500, "Failed to modify offsets for sink connector k"},
	} {
		_, err := h.AlterOffsets(t.Context(), c.name, []store.Offset{c.o})
		if code, text := status(t, err); code != c.code || text != c.text {
			t.Errorf("%s %v: %d %q, want %d %q", c.name, c.o, code, text, c.code, c.text)
		}
	}
	if _, err := h.Offsets(t.Context(), "n"); err == nil {
		t.Error("an unknown connector has offsets")
	}
	if _, err := h.ResetOffsets(t.Context(), "r"); err == nil {
		t.Error("the offsets of a running connector were reset")
	}
}
