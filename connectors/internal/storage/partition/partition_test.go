package partition

import (
	"maps"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	connecttest.CheckConfig[Settings](t, Keys())
}

func parsed(t *testing.T, cfg config.Map) Settings {
	t.Helper()
	s, err := config.Decode[Settings](Keys(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func event(values ...schema.Value) schema.Value {
	st := schema.NewStruct(eventSchema())
	copy(st.Values, values)
	return schema.StructValue(st)
}

func eventSchema() *schema.Schema {
	return schema.StructOf("Event",
		schema.Field{Name: "id", Schema: schema.OptionalOf(schema.Int64)},
		schema.Field{Name: "city", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "ok", Schema: schema.OptionalOf(schema.Boolean)},
		schema.Field{Name: "price", Schema: schema.OptionalOf(schema.Float64)},
		schema.Field{Name: "at", Schema: schema.Timestamp().AsOptional()},
		schema.Field{Name: "in", Schema: schema.StructOf("In",
			schema.Field{Name: "ts", Schema: schema.OptionalOf(schema.String)}).AsOptional()})
}

func inner(ts string) schema.Value {
	st := schema.NewStruct(eventSchema().Fields[5].Schema)
	st.Values[0] = schema.StringValue(ts)
	return schema.StructValue(st)
}

const now = 1764056123456 // 2025-11-25T07:35:23.456Z

func TestEncode(t *testing.T) {
	t.Parallel()
	full := event(schema.Int64Value(-7), schema.StringValue("Köln/a"), schema.BooleanValue(true), schema.Float64Value(1),
		schema.InstantValue(now), inner("2026-03-29T03:30:00+02:00"))
	daily := config.Map{"partitioner.class": modern + dailyPartitioner, "locale": "en", "timezone": "Europe/Berlin"}
	with := func(base config.Map, pairs ...string) config.Map {
		m := maps.Clone(base)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	byFields := func(fields string) config.Map {
		return config.Map{"partitioner.class": modern + fieldPartitioner, "partition.field.name": fields}
	}
	anyMap := schema.MapValue([]schema.Entry{
		{Key: schema.StringValue("n"), Value: schema.Float64Value(12.9)},
		{Key: schema.StringValue("s"), Value: schema.StringValue("1764056123456")},
	})
	for _, tt := range []struct {
		name  string
		cfg   config.Map
		value schema.Value
		ts    int64
		want  string // or the start of an error with "error "
	}{
		{"default", nil, full, 0, "partition=3"},
		{"the name of old", config.Map{"partitioner.class": hdfs + defaultPartitioner}, full, 0, "partition=3"},
		{"fields", byFields("id,city,ok"), full, 0, "id=-7/city=Köln/a/ok=true"},
		{"a field in a struct", byFields("in.ts"), full, 0, "in.ts=2026-03-29T03:30:00+02:00"},
		{"null fields", byFields("id,in.ts"), event(), 0, "id=null/in.ts=null"},
		{"a field that is not there", byFields("x"), full, 0, "error Field 'x' is not present in the schema."},
		{"a field of another type", byFields("price"), full, 0, "error Error encoding partition."},
		{"a time as a field", byFields("at"), full, 0, "error Error encoding partition."},
		{"a way up", byFields("city"), event(schema.Null(), schema.StringValue("../../etc")), 0, "error Error encoding partition."},
		{"dots", byFields("city"), event(schema.Null(), schema.StringValue("..")), 0, "city=.."},
		{"fields of no struct", byFields("id"), schema.StringValue("x"), 0, "error Error encoding partition."},
		{"clock", daily, full, 0, "year=2025/month=11/day=25"},
		{"record time", with(daily, "timestamp.extractor", "Record"), full, 1767222000000, "year=2026/month=01/day=01"},
		{"no record time", with(daily, "timestamp.extractor", "Record"), full, connect.NoTimestamp, "error Unable to determine timestamp using timestamp.extractor io.confluent.connect.storage.partitioner.TimeBasedPartitioner$RecordTimestampExtractor for record: "},
		{"hours", with(daily, "partitioner.class", hdfs+hourlyPartitioner), full, 0, "year=2025/month=11/day=25/hour=08"},
		{"another delimiter", with(daily, "directory.delim", "_"), full, 0, "year=2025_month=11_day=25"},
		{"a field of time", with(daily, "partitioner.class", modern+hourlyPartitioner, "timestamp.extractor", "RecordField", "timestamp.field", "in.ts"), full, 0, "year=2026/month=03/day=29/hour=03"},
		{"a Timestamp", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "at"), full, 0, "year=2025/month=11/day=25"},
		{"a long", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "id"), full, 0, "year=1970/month=01/day=01"},
		{"a text that is no time", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "city"), full, 0, `error Invalid format: "Köln/a"`},
		{"a null", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "id"), event(), 0, "error The field 'id' does not exist."},
		{"a type without a time", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "ok"), full, 0, "error Error extracting timestamp from record field: ok"},
		{"a map", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "s"), anyMap, 0, "year=2025/month=11/day=25"},
		{"a number of a map", with(daily, "timestamp.extractor", "RecordField", "timestamp.field", "n"), anyMap, 0, "year=1970/month=01/day=01"},
		{"time of no struct", with(daily, "timestamp.extractor", "RecordField"), schema.StringValue("x"), 0, "error Error encoding partition."},
		{
			"ten minutes", with(daily, "partitioner.class", modern+timePartitioner, "path.format", "yyyy/MM/dd/HHmm/", "partition.duration.ms", "600000", "timezone", "Asia/Kolkata"),
			full, 0, "2025/11/25/1300",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			delim := "/"
			if d, ok := tt.cfg["directory.delim"]; ok {
				delim = d
			}
			p, err := New(parsed(t, tt.cfg), delim)
			if err != nil {
				t.Fatal(err)
			}
			r := &connect.Record{Topic: "t", Timestamp: tt.ts, Value: connect.Data{Value: tt.value}, Origin: connect.Origin{Topic: "t", Partition: 3, Offset: 9}}
			if st := tt.value.Struct(); st != nil {
				r.Value.Schema = st.Schema
			}
			for range 2 { // the second time from what is remembered
				got, err := p.Encode(r, now)
				if err != nil {
					got = "error " + err.Error()
				}
				if got != tt.want && (err == nil || len(got) < len(tt.want) || got[:len(tt.want)] != tt.want) {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			}
			if got, want := p.Path("t", "e"), "t"+delim+"e"; got != want {
				t.Errorf("path %s, want %s", got, want)
			}
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	timed := Settings{Class: modern + timePartitioner, Duration: time.Hour, PathFormat: "yyyy", Locale: "en", Timezone: "UTC", Extractor: "Wallclock"}
	for _, tt := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(s *Settings) { s.Duration = -time.Millisecond }, "Invalid value -1 for configuration partition.duration.ms: Partition duration needs to be a positive."},
		{func(s *Settings) { s.PathFormat = "" }, "Invalid value  for configuration path.format: Path format cannot be empty."},
		{func(s *Settings) { s.PathFormat = "/" }, "Invalid value / for configuration path.format: Path format cannot be empty."},
		{func(s *Settings) { s.PathFormat = "'a'/q" }, "Invalid value 'a'/q for configuration path.format: Illegal pattern component: q"},
		{func(s *Settings) { s.Locale = "" }, "Invalid value  for configuration locale: Locale cannot be empty."},
		{func(s *Settings) { s.Timezone = "" }, "Invalid value  for configuration timezone: Timezone cannot be empty."},
		{func(s *Settings) { s.Extractor = "Field" }, "Invalid timestamp extractor: Field"},
		{func(s *Settings) { s.Class = modern + fieldPartitioner }, "Invalid value [] for configuration partition.field.name: Partition field name cannot be null or empty when using FieldPartitioner."},
		{func(s *Settings) { s.Class = "com.example.Mine" }, "Invalid value com.example.Mine for configuration partitioner.class: Sluice has no such partitioner; there are io.confluent.connect.storage.partitioner.DefaultPartitioner, io.confluent.connect.storage.partitioner.HourlyPartitioner, io.confluent.connect.storage.partitioner.DailyPartitioner, io.confluent.connect.storage.partitioner.TimeBasedPartitioner, io.confluent.connect.storage.partitioner.FieldPartitioner"},
	} {
		s := timed
		tt.change(&s)
		_, err := New(s, "/")
		if err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	raw := config.Map{"partitioner.class": modern + fieldPartitioner, "timezone": "Mars/Olympus", "partition.field.name": " "}.Raw()
	values := Keys().Validate(raw)
	CheckFields(raw, &values)
	for name, want := range map[string]string{
		"timezone":             "Invalid value Mars/Olympus for configuration timezone: The datetime zone id 'Mars/Olympus' is not recognised",
		"partition.field.name": "Partition field name cannot be null or empty when using FieldPartitioner.",
	} {
		if got := values.Find(name).Errors; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if values.Find("path.format").Visible || !values.Find("partition.field.name").Visible {
		t.Error("FieldPartitioner shows its fields and no path format")
	}
}
