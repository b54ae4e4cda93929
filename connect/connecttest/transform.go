package connecttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Transform runs the contract suite of transforms with each configuration, over
// the given records and some of every kind: the same result each time and with
// any arena, an origin that stays, values that are replaced and not written into
// (records may share them), nothing kept of a batch, and no panic over records
// that do not fit. The transform must refuse an empty configuration where a key
// is required, and may be closed in any state.
func Transform(t *testing.T, p plugin.Transform, configs []config.Map, records ...connect.Record) {
	t.Helper()
	CheckDef(t, p.Config)
	made := func(t *testing.T, cfg config.Map) connect.Transform {
		t.Helper()
		x, given := p.New(), maps.Clone(cfg)
		must(t, "Configure", func() error { return x.Configure(given) })
		if !maps.Equal(given, cfg) {
			t.Error("Configure changes the configuration that it is given")
		}
		return x
	}
	r := &runs{}
	r.sub(t, "refused", nil, func(t *testing.T) {
		x := p.New()
		err := call(t, "Configure with nothing", func() error { return x.Configure(config.Map{}) })
		if _, wrong := p.Config.Parse(config.Map{}); wrong != nil && err == nil {
			t.Errorf("Configure takes an empty configuration, which is wrong: %v", wrong)
		}
		_ = call(t, "Close after Configure", x.Close)
		_ = call(t, "Close before Configure", p.New().Close)
	})
	for i, cfg := range configs {
		r.sub(t, fmt.Sprintf("config %d", i), nil, func(t *testing.T) {
			one := made(t, cfg)
			for n, rec := range slices.Concat(records, zooRecords()) {
				checkApply(t, n, one, made(t, cfg), rec)
			}
			must(t, "Close", one.Close)
		})
	}
}

// checkApply applies both instances to copies of the record and compares.
func checkApply(t *testing.T, n int, one, fresh connect.Transform, rec connect.Record) {
	t.Helper()
	apply := func(x connect.Transform, arena *schema.Arena) (r connect.Record, keep bool, err error) {
		r = rec.Clone()
		original := r // shares the values
		err = call(t, fmt.Sprintf("Apply to record %d", n), func() (err error) {
			keep, err = x.Apply(&r, arena)
			return err
		})
		if !sameRecord(original, rec) {
			t.Errorf("record %d: Apply writes into values that other records may share: %s became %s", n, show(rec), show(original))
		}
		if !sameOrigin(r.Origin, rec.Origin) {
			t.Errorf("record %d: Apply changes the origin", n)
		}
		return r, keep, err
	}
	want, keep, err := apply(fresh, nil)
	if cerr := call(t, "Close", fresh.Close); cerr != nil {
		t.Errorf("Close: %v", cerr)
	}
	for range 2 {
		var arena schema.Arena
		got, keeps, again := apply(one, &arena)
		switch {
		case (err == nil) != (again == nil):
			t.Errorf("record %d: Apply returns the error %v at one time and %v at another", n, err, again)
		case err == nil && keep != keeps:
			t.Errorf("record %d: Apply keeps it at one time only", n)
		case err == nil && keep && !sameRecord(want, got):
			t.Errorf("record %d: Apply makes %s at one time and %s at another (with other memory)", n, show(want), show(got))
		}
		arena.Poison() // what is kept of this batch shows at the second time
	}
	if err != nil || !keep {
		return
	}
	for name, d := range map[string]connect.Data{"key": want.Key, "value": want.Value} {
		before := map[string]connect.Data{"key": rec.Key, "value": rec.Value}[name]
		if schema.Check(before.Schema, before.Value) != nil {
			continue
		}
		if err := schema.Check(d.Schema, d.Value); err != nil {
			t.Errorf("record %d: Apply makes a %s that does not fit its schema: %v", n, name, err)
		}
	}
}

// Predicate runs the contract suite of predicates with each configuration, over
// the given records and some of every kind: the same answer each time, records
// that stay as they are, and no panic.
func Predicate(t *testing.T, p plugin.Predicate, configs []config.Map, records ...connect.Record) {
	t.Helper()
	CheckDef(t, p.Config)
	r := &runs{}
	r.sub(t, "refused", nil, func(t *testing.T) {
		x := p.New()
		err := call(t, "Configure with nothing", func() error { return x.Configure(config.Map{}) })
		if _, wrong := p.Config.Parse(config.Map{}); wrong != nil && err == nil {
			t.Errorf("Configure takes an empty configuration, which is wrong: %v", wrong)
		}
		_ = call(t, "Close after Configure", x.Close)
		_ = call(t, "Close before Configure", p.New().Close)
	})
	for i, cfg := range configs {
		r.sub(t, fmt.Sprintf("config %d", i), nil, func(t *testing.T) {
			one, other := p.New(), p.New()
			for _, x := range []connect.Predicate{one, other} {
				must(t, "Configure", func() error { return x.Configure(maps.Clone(cfg)) })
			}
			for n, rec := range slices.Concat(records, zooRecords()) {
				given := rec.Clone()
				test := func(x connect.Predicate) (is bool) {
					must(t, fmt.Sprintf("Test of record %d", n), func() error { is = x.Test(&given); return nil })
					return is
				}
				if a, b, c := test(one), test(one), test(other); a != b || a != c {
					t.Errorf("record %d: Test says %v, %v and %v", n, a, b, c)
				}
				if !sameRecord(given, rec) || !sameOrigin(given.Origin, rec.Origin) {
					t.Errorf("record %d: Test changes it from %s to %s", n, show(rec), show(given))
				}
			}
			must(t, "Close", one.Close)
			must(t, "Close", other.Close)
		})
	}
}

// zooRecords are records of both directions with data of every kind.
func zooRecords() []connect.Record {
	data := zoo()
	out := make([]connect.Record, 0, 2*len(data))
	for i, d := range data {
		r := connect.Record{Topic: "zoo", Partition: connect.NoPartition, Timestamp: connect.NoTimestamp, Key: data[(i+7)%len(data)], Value: d}
		if i%2 == 0 {
			r.Headers = []connect.Header{{Key: "h", Data: connect.Data{Value: schema.StringValue("x")}}, {Key: "h", Data: d}}
		}
		if i%3 == 0 {
			offset := []schema.Entry{{Key: schema.StringValue("n"), Value: schema.Int64Value(int64(i))}}
			r.Origin = connect.Origin{SourcePartition: &connect.SourcePartition{Fields: schema.MapValue(offset)}, SourceOffset: schema.MapValue(offset)}
		} else {
			r.Partition, r.Timestamp = int32(i), 1_700_000_000_000+int64(i)
			r.Origin = connect.Origin{Topic: "zoo", Partition: int32(i), Offset: int64(i), TimestampType: connect.LogAppendTime}
		}
		out = append(out, r)
	}
	return out
}

func sameRecord(a, b connect.Record) bool {
	return a.Topic == b.Topic && a.Partition == b.Partition && a.Timestamp == b.Timestamp && sameData(a.Key, b.Key) && sameData(a.Value, b.Value) &&
		slices.EqualFunc(a.Headers, b.Headers, func(x, y connect.Header) bool { return x.Key == y.Key && sameData(x.Data, y.Data) })
}

func sameOrigin(a, b connect.Origin) bool {
	return a.SourcePartition == b.SourcePartition && a.SourceOffset.Equal(b.SourceOffset) &&
		a.Topic == b.Topic && a.Partition == b.Partition && a.Offset == b.Offset && a.TimestampType == b.TimestampType
}

func show(r connect.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{topic %s, partition %d, timestamp %d, key %s, value %s", r.Topic, r.Partition, r.Timestamp, describe(r.Key), describe(r.Value))
	for _, h := range r.Headers {
		b.WriteString(", header " + h.Key + " " + describe(h.Data))
	}
	return b.String() + "}"
}
