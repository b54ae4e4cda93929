package jdbc

import (
	"testing"
	"time"

	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

func TestReadValues(t *testing.T) {
	t.Parallel()
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	utc := reader{loc: time.UTC, granularity: "connect_logical", postgres: true}
	newYork, modern, micros, zero := utc, utc, utc, utc
	newYork.loc, modern.proleptic, micros.granularity, zero.zeroAsNull = york, true, "micros_iso_datetime_string", true
	bad := schema.StringValue("error")
	for _, tt := range []struct {
		name   string
		r      reader
		column column
		text   string
		want   schema.Value
	}{
		{"byte", utc, column{kind: dialect.KindInt8}, "-128", schema.Int8Value(-128)},
		{"byte too large", utc, column{kind: dialect.KindInt8}, "128", bad},
		{"fraction is cut", utc, column{kind: dialect.KindInt32}, "12.9", schema.Int32Value(12)},
		{"long", utc, column{kind: dialect.KindInt64}, "-9223372036854775808", schema.Int64Value(-1 << 63)},
		{"no number", utc, column{kind: dialect.KindInt64}, "1x", bad},
		{"unsigned too large", utc, column{kind: dialect.KindInt64, unsigned: true}, "18446744073709551615", bad},
		{"boolean", utc, column{kind: dialect.KindBoolean}, "t", schema.BooleanValue(true)},
		{"no boolean", utc, column{kind: dialect.KindBoolean}, "x", bad},
		{"money", utc, column{kind: dialect.KindMoney}, "$1,234.56", bad},
		{"double", utc, column{kind: dialect.KindFloat64}, "1e300", schema.Float64Value(1e300)},
		{"bytes", utc, column{kind: dialect.KindBytes}, `\xdead`, schema.BytesValue([]byte{0xde, 0xad})},
		{"bytes that are none", utc, column{kind: dialect.KindBytes}, `\xdexd`, bad},
		{"date", utc, column{kind: dialect.KindDate}, "2024-02-29", schema.InstantValue(19782 * 86400000)},
		{"date in another zone", newYork, column{kind: dialect.KindDate}, "2024-02-29", schema.InstantValue(19782 * 86400000)},
		{"Julian date", utc, column{kind: dialect.KindDate}, "1582-10-04", schema.InstantValue(-141428 * 86400000)},
		{"first Gregorian date", utc, column{kind: dialect.KindDate}, "1582-10-15", schema.InstantValue(-141427 * 86400000)},
		{"proleptic date", modern, column{kind: dialect.KindDate}, "1582-10-04", schema.InstantValue(-141438 * 86400000)},
		{"date before Christ", modern, column{kind: dialect.KindDate}, "0001-12-31 BC", schema.InstantValue(-719163 * 86400000)},
		{"zero date", utc, column{kind: dialect.KindDate}, "0000-00-00", bad},
		{"zero date as null", zero, column{kind: dialect.KindDate}, "0000-00-00", schema.Null()},
		{"zero timestamp as null", zero, column{kind: dialect.KindTimestamp}, "0000-00-00 00:00:00", schema.Null()},
		{"time", utc, column{kind: dialect.KindTime}, "13:14:15.123456", schema.InstantValue(47655123)},
		{"time in another zone", newYork, column{kind: dialect.KindTime}, "13:14:15.123456", schema.InstantValue(47655123 + 5*3600000)},
		{"time past midnight", newYork, column{kind: dialect.KindTime}, "20:00:00", schema.InstantValue(3600000)},
		{"time with a zone", utc, column{kind: dialect.KindTimeZone}, "01:00:00+02", schema.InstantValue(23 * 3600000)},
		{"no time", utc, column{kind: dialect.KindTime}, "838:59:59", bad},
		{"timestamp", utc, column{kind: dialect.KindTimestamp}, "2024-02-29 13:14:15.123456", schema.InstantValue(1709212455123)},
		{"timestamp before 1970", utc, column{kind: dialect.KindTimestamp}, "1969-12-31 23:59:59.9995", schema.InstantValue(-1)},
		{"timestamp in another zone", newYork, column{kind: dialect.KindTimestamp}, "2024-02-29 13:14:15.123456", schema.InstantValue(1709230455123)},
		{"instant in another zone", newYork, column{kind: dialect.KindInstant}, "2024-02-29 13:14:15.123456+00", schema.InstantValue(1709212455123)},
		{"text in the zone", micros, column{kind: dialect.KindInstant}, "2024-02-29 13:14:15.123456+01:30", schema.StringValue("2024-02-29T11:44:15.123456")},
		{"infinity", utc, column{kind: dialect.KindTimestamp}, "infinity", bad},
		{"not a number", utc, column{kind: dialect.KindDecimal, precision: 5}, "NaN", bad},
		{"bit of MySQL", utc, column{kind: dialect.KindBitFlag}, "\x01", schema.Int8Value(1)},
	} {
		_, read := tt.r.field(tt.column)
		var a schema.Arena
		got, err := read(cell{text: []byte(tt.text)}, &a)
		if err != nil {
			got = bad
		}
		if !got.Equal(tt.want) {
			t.Errorf("%s: %s is %s %s (%v), want %s", tt.name, tt.text, got.Kind(), got, err, tt.want)
		}
	}
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		scale int
		want  string
	}{
		{"12.34", 2, "12.34"},
		{"-0.01", 4, "-0.0100"},
		{"1E+3", 0, "1000"},
		{"12300", 0, "12300"},
		{"1.50", 1, "1.5"},
		{"123456789012345678901234567890.5", 1, "123456789012345678901234567890.5"},
		{"1.55", 1, "error"},
		{"", 0, "error"},
		{"1_0", 0, "error"},
		{"1e99999", 0, "error"},
	} {
		d, ok := parseDecimal(tt.in)
		got := "error"
		if ok && rescale(&d, int32(tt.scale)) {
			got = d.String()
		}
		if got != tt.want {
			t.Errorf("%q to scale %d is %s, want %s", tt.in, tt.scale, got, tt.want)
		}
	}
}

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2024-02-29 13:14:15.123456+02", "0001-12-31 BC", "13:14", "0000-00-00", "1582-10-10", "24:00:00", "infinity"} {
		f.Add(s)
	}
	r := reader{loc: time.UTC, granularity: "connect_logical"}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return
		}
		var a schema.Arena
		for _, read := range []readFunc{r.readDate, r.readTime} {
			v, err := read(cell{text: []byte(s)}, &a)
			if err == nil && v.Kind() != schema.KindInstant {
				t.Fatalf("%q gives a %s", s, v.Kind())
			}
		}
		at, ok, err := r.time(cell{text: []byte(s)})
		if err != nil || !ok || at.Year() < 1583 || at.Year() > 9999 {
			return
		}
		again, _, err := r.time(cell{text: []byte(at.Format("2006-01-02 15:04:05.999999999Z07:00"))})
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q is %v, and written and read again %v, %v", s, at, again, err)
		}
	})
}

func FuzzDecimals(f *testing.F) {
	for _, s := range []string{"1.5", "-1e5", ".", "-", "1.-5", "99999999999999999999.9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := parseDecimal(s)
		if !ok {
			return
		}
		again, ok := parseDecimal(d.String())
		if !ok || again.Unscaled.Cmp(d.Unscaled) != 0 && (again.Scale == d.Scale) {
			t.Fatalf("%q is %s, and read again %s, %v", s, d.String(), again.String(), ok)
		}
	})
}

func TestZones(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"UTC": "12:00", "Z": "12:00", "+02:00": "14:00", "UTC+2": "14:00", "GMT-05:30": "06:30", "America/New_York": "08:00", "EST": "07:00", "CST": "07:00", "Asia/Kolkata": "17:30",
	} {
		loc, err := dialect.Zone(name)
		if err != nil || at.In(loc).Format("15:04") != want {
			t.Errorf("%s: %v, %v", name, loc, err)
		}
	}
	for _, bad := range []string{"", "Local", "Nowhere/X", "+99:99"} {
		if loc, err := dialect.Zone(bad); err == nil {
			t.Errorf("%q is %v, want an error", bad, loc)
		}
	}
}
