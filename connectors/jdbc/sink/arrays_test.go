//go:build integration

package sink

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/test/services"
)

// TestFormsMeanWhatTextsMean writes rows into columns of every type that has a form,
// as arrays and as texts, and compares. The first rows fit the forms, the last ones
// bring a value that does not.
func TestFormsMeanWhatTextsMean(t *testing.T) {
	t.Parallel()
	url := services.Postgres(t)
	value := schema.StructOf(
		"", schema.Field{Name: "id", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "tiny", Schema: schema.OptionalOf(schema.Int64)}, schema.Field{Name: "small", Schema: schema.OptionalOf(schema.Int32)},
		schema.Field{Name: "single", Schema: schema.OptionalOf(schema.Float32)}, schema.Field{Name: "wide", Schema: schema.OptionalOf(schema.Float32)},
		schema.Field{Name: "double", Schema: schema.OptionalOf(schema.Float64)}, schema.Field{Name: "flag", Schema: schema.OptionalOf(schema.Boolean)},
		schema.Field{Name: "text", Schema: schema.OptionalOf(schema.String)}, schema.Field{Name: "short", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "raw", Schema: schema.OptionalOf(schema.Bytes)}, schema.Field{Name: "day", Schema: schema.Date().AsOptional()},
		schema.Field{Name: "at", Schema: schema.Timestamp().AsOptional()}, schema.Field{Name: "instant", Schema: schema.Timestamp().AsOptional()},
	)
	records := func(modern bool) []connect.Record {
		var out []connect.Record
		add := func(items ...schema.Value) {
			st := schema.NewStruct(value)
			copy(st.Values, items)
			out = append(out, connect.Record{Topic: "forms", Value: connect.Data{Schema: value, Value: schema.StructValue(st)}, Origin: connect.Origin{Topic: "forms", Offset: int64(len(out))}})
		}
		// Midnight in winter and summer, before 1970, on a leap day, and at the bounds.
		millis := []int64{0, 1_720_000_000_123, -1, 951_782_400_000, -12_212_000_000_000 + 1, 253_402_000_000_999}
		if !modern {
			millis = append(millis, -12_300_000_000_000, -70_000_000_000_000)
		}
		for i, ms := range millis {
			n := int64(i - 2)
			day := ms - ((ms%schema.MillisPerDay)+schema.MillisPerDay)%schema.MillisPerDay
			add(schema.Int64Value(math.MaxInt64-int64(i)), schema.Int64Value(n*6500), schema.Int32Value(int32(n)<<28), schema.Float32Value(1.1*float32(n)), schema.Float32Value(0.1),
				schema.Float64Value(1e300/float64(i+1)), schema.BooleanValue(i%2 == 0), schema.StringValue(`{"a":NULL,\`+strings.Repeat("ü", i)), schema.StringValue("abc"[:i%4]),
				schema.BytesValue([]byte{0, '\\', 255, byte(i)}), schema.InstantValue(day), schema.InstantValue(ms), schema.InstantValue(ms))
		}
		add(schema.Int64Value(-1), schema.Null(), schema.Null(), schema.Float32Value(float32(math.Inf(-1))), schema.Null(), schema.Float64Value(math.NaN()))
		return out
	}
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata"} {
		for _, modern := range []bool{true, false} {
			var first []string
			for _, mode := range []string{"texts", "forms"} {
				table := strings.ToLower(fmt.Sprintf("forms_%s_%t_%s", strings.ReplaceAll(zone, "/", "_"), modern, mode))
				cfg := config.Map{
					"connection.url": url, "connection.user": "postgres", "pk.mode": "record_value", "pk.fields": "id",
					"table.name.format": table, "insert.mode": modeUpsert, "db.timezone": zone,
				}
				db := open(t, cfg)
				execute(t, db, "CREATE TABLE "+table+" (id int8 PRIMARY KEY, tiny int2, small int4, single float4, wide float8, double float8, flag bool, text text, short varchar(3), raw bytea, day date, at timestamp, instant timestamptz)")
				sinkTask := startedOn(t, &fakeHost{}, cfg, false).(*task) //nolint:forcetypeassert // Our own.
				sinkTask.plainly = mode == "texts"
				put(t, sinkTask, records(modern)...)
				put(t, sinkTask, records(modern)...)
				for _, c := range sinkTask.byTopic["forms"][0].arrays {
					time := slices.Contains([]string{"day", "at", "instant"}, c.name)
					if want := c.name != "wide" && (modern || mode == "texts" || !time); (c.form != nil) != want {
						t.Errorf("%s: column %s has a form: %t, want %t", table, c.name, c.form != nil, want)
					}
				}
				rows := rowsOf(t, db, "SELECT row_to_json(x)::text FROM "+table+" x ORDER BY id")
				if first == nil {
					first = rows
				}
				if diff := cmp.Diff(first, rows); diff != "" || len(rows) != len(records(modern)) {
					t.Errorf("%s: %d rows\n%s", table, len(rows), diff)
				}
			}
		}
	}
}

// TestBeyondTheForm has the server refuse what fits no column, with the record.
func TestBeyondTheForm(t *testing.T) {
	t.Parallel()
	cfg := config.Map{
		"connection.url": services.Postgres(t), "connection.user": "postgres", "pk.mode": "record_value", "pk.fields": "id",
		"insert.mode": modeUpsert, "table.name.format": "beyond", "max.retries": "0",
	}
	db := open(t, cfg)
	execute(t, db, "CREATE TABLE beyond (id int2 PRIMARY KEY)")
	value := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int64)})
	record := func(n, offset int64) connect.Record {
		st := schema.NewStruct(value)
		st.Values[0] = schema.Int64Value(n)
		return connect.Record{Topic: "beyond", Value: connect.Data{Schema: value, Value: schema.StructValue(st)}, Origin: connect.Origin{Topic: "beyond", Offset: offset}}
	}
	sinkTask := startedOn(t, &fakeHost{}, cfg, false)
	err := sinkTask.Put(t.Context(), []connect.Record{record(1, 0), record(40_000, 1), record(2, 2)})
	for _, want := range []string{`value "40000" is out of range for type smallint`, "beyond-0@1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	put(t, sinkTask, record(3, 3), record(4, 4), record(3, 5))
	if diff := cmp.Diff([]string{"3", "4"}, rowsOf(t, db, "SELECT id FROM beyond ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}

// TestManyStatements upserts by more sets of columns than a connection keeps
// statements of.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	cfg := config.Map{
		"connection.url": services.Postgres(t), "connection.user": "postgres", "pk.mode": "record_value", "pk.fields": "id",
		"insert.mode": modeUpsert, "table.name.format": "variants", "auto.create": "true", "auto.evolve": "true",
	}
	sinkTask := startedOn(t, &fakeHost{}, cfg, false).(*task) //nolint:forcetypeassert // Our own.
	const variants = maxPrepared + 10
	for round := range 2 {
		for i := range variants {
			value := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)}, schema.Field{Name: fmt.Sprintf("c%d", i), Schema: schema.OptionalOf(schema.Int32)})
			st := schema.NewStruct(value)
			st.Values[0], st.Values[1] = schema.Int32Value(int32(i)), schema.Int32Value(int32(round))
			put(t, sinkTask, connect.Record{Topic: "variants", Value: connect.Data{Schema: value, Value: schema.StructValue(st)}, Origin: connect.Origin{Topic: "variants"}})
		}
	}
	if n := len(sinkTask.kept.texts); n != maxPrepared {
		t.Errorf("%d statements are kept, want %d", n, maxPrepared)
	}
	want := []string{fmt.Sprintf("%d|%d", variants, 1)}
	if diff := cmp.Diff(want, rowsOf(t, open(t, cfg), fmt.Sprintf("SELECT count(*), max(c%d) FROM variants", variants-1))); diff != "" {
		t.Error(diff)
	}
}
