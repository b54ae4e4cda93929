package sink

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

// builderFor is that of a dialect under the settings.
func builderFor(t *testing.T, name string, cfg config.Map) (builder, settings, values) {
	t.Helper()
	return builderOf(t, name, cfg, false)
}

func builderOf(t *testing.T, name string, cfg config.Map, aiven bool) (builder, settings, values) {
	t.Helper()
	d, ok := dialect.Named(name)
	if !ok {
		t.Fatalf("no dialect %s", name)
	}
	cfg["connection.url"] = "x"
	s, err := parseSettings(cfg, aiven)
	if err != nil {
		t.Fatal(err)
	}
	return newBuilder(d, &s), s, newValues(name, &s)
}

// threeFields is the value of the recorded statements.
func threeFields(more ...schema.Field) *schema.Schema {
	return schema.StructOf("", append([]schema.Field{
		{Name: "id", Schema: schema.Of(schema.Int32)},
		{Name: "s", Schema: schema.OptionalOf(schema.String)},
		{Name: "dec", Schema: schema.DecimalOf(2).AsOptional()},
	}, more...)...)
}

func TestStatementsAreAsRecorded(t *testing.T) {
	t.Parallel()
	for _, maker := range []string{"confluent", "aiven"} {
		for _, name := range []string{"insert", "upsert", "update", "evolve", "delete"} {
			table := dialect.TableID{Name: "wa_" + name}
			if maker == "confluent" {
				table = dialect.TableID{Catalog: "conn", Schema: "public", Name: "wc_" + name}
			}
			made := madeStatements(t, maker == "aiven", name, table)
			text, err := os.ReadFile(filepath.Join("testdata", "sql", "sink-"+maker+"-"+name+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			recorded := 0
			for line := range strings.SplitSeq(string(text), "\n") {
				line = strings.TrimPrefix(line, "BEGIN")
				verb, _, _ := strings.Cut(line, " ")
				if !slices.Contains([]string{"CREATE", "INSERT", "UPDATE", "DELETE", "ALTER"}, verb) {
					continue
				}
				recorded++
				same := func(s string) bool { return s == line }
				if maker == "aiven" { // It puts spaces elsewhere, and no quotes into updates.
					bare := strings.NewReplacer(" ", "", `"`, "")
					same = func(s string) bool { return bare.Replace(s) == bare.Replace(line) }
				}
				if !slices.ContainsFunc(made, same) {
					t.Errorf("%s, %s: recorded is\n%s\nand made is\n%s", maker, name, line, strings.Join(made, "\n"))
				}
			}
			if recorded < 4 {
				t.Errorf("%s, %s: %d statements are recorded", maker, name, recorded)
			}
		}
	}
}

// madeStatements are those for the records of a recorded case.
func madeStatements(t *testing.T, aiven bool, name string, table dialect.TableID) []string {
	t.Helper()
	cfg := config.Map{"insert.mode": modeUpsert, "pk.mode": pkRecordKey}
	switch name {
	case "insert":
		cfg = config.Map{}
	case "update":
		cfg["insert.mode"] = modeUpdate
	}
	b, s, v := builderOf(t, dialectPostgres, cfg, aiven)
	key := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)})
	made := statementsOf(t, b, &s, v, table, key, threeFields())
	if name != "evolve" {
		return made
	}
	wide := threeFields(schema.Field{Name: "added", Schema: schema.OptionalOf(schema.Int64)})
	made = append(made, statementsOf(t, b, &s, v, table, key, wide)...)
	l, err := s.layoutOf(table.Name, key, wide)
	if err != nil {
		t.Fatal(err)
	}
	alter, err := b.alter(table, l.others[2:], v)
	if err != nil {
		t.Fatal(err)
	}
	return append(made, alter...)
}

// statementsOf are all that a layout can need, on one line each.
func statementsOf(t *testing.T, b builder, s *settings, v values, table dialect.TableID, key, value *schema.Schema) []string {
	t.Helper()
	l, err := s.layoutOf(table.Name, key, value)
	if err != nil {
		t.Fatal(err)
	}
	create, err := b.create(table, l.table(value), v)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{strings.ReplaceAll(create, "\n", " "), b.insert(table, l, 1)}
	if len(l.keys) > 0 {
		all = append(all, b.upsert(table, l, 1), b.update(table, l), b.remove(table, l))
	}
	return all
}

// TestStatementsOfEachDialect holds the statements by their text: SQL Server and
// Oracle cannot be had for tests.
func TestStatementsOfEachDialect(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, name := range []string{dialectPostgres, dialectMySQL, dialectSQLite, dialectSQLServer, dialectOracle} {
		out.WriteString("== " + name + "\n")
		b, s, v := builderFor(t, name, config.Map{"pk.mode": pkRecordKey, "timestamp.fields.list": "seen"})
		key := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int32)}, schema.Field{Name: "part", Schema: schema.Of(schema.String)})
		value := schema.StructOf(
			"", schema.Field{Name: "s", Schema: &schema.Schema{Type: schema.String, Default: new(schema.StringValue("it's"))}},
			schema.Field{Name: "b", Schema: &schema.Schema{Type: schema.Boolean, Default: new(schema.BooleanValue(true))}},
			schema.Field{Name: "raw", Schema: &schema.Schema{Type: schema.Bytes, Default: new(schema.BytesValue([]byte{1, 255}))}},
			schema.Field{Name: "at", Schema: withDefault(schema.Timestamp(), schema.InstantValue(1709212455123))},
			schema.Field{Name: "seen", Schema: schema.OptionalOf(schema.Int64)},
		)
		table := dialect.TableID{Schema: "sales", Name: "o`r\"d]er"}
		for _, statement := range statementsOf(t, b, &s, v, table, key, value) {
			out.WriteString(statement + "\n")
		}
		onlyKeys, err := s.layoutOf("t", key, schema.StructOf(""))
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(b.upsert(dialect.TableID{Name: "t"}, onlyKeys, 2) + "\n")
		l, err := s.layoutOf("t", key, value)
		if err != nil {
			t.Fatal(err)
		}
		alter, err := b.alter(table, l.others[3:], v)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(strings.ReplaceAll(strings.Join(alter, ";"), "\n", " ") + "\n")
	}
	want, err := os.ReadFile("testdata/statements.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s\nall of it:\n%s", diff, out.String())
	}
}

func withDefault(s *schema.Schema, d schema.Value) *schema.Schema {
	c := s.Clone()
	c.Default = &d
	return c
}

func TestUnmappedTypes(t *testing.T) {
	t.Parallel()
	b, s, v := builderFor(t, dialectSQLite, config.Map{})
	value := schema.StructOf("", schema.Field{Name: "m", Schema: schema.MapOf(schema.Of(schema.String), schema.Of(schema.String))})
	l, err := s.layoutOf("t", nil, value)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.create(dialect.TableID{Name: "t"}, l.table(value), v)
	if err == nil || err.Error() != "column m: null (MAP) type doesn't have a mapping to the SQL database column type" {
		t.Errorf("error %v", err)
	}
}

func TestTemporalValues(t *testing.T) {
	t.Parallel()
	day := func(text string) schema.Value {
		at, err := time.Parse("2006-01-02", text)
		if err != nil {
			t.Fatal(err)
		}
		return schema.InstantValue(at.UnixMilli())
	}
	const at = 1709212455123 // 29 February 2024, 13:14:15.123
	for _, tt := range []struct {
		name string
		cfg  config.Map
		s    *schema.Schema
		v    schema.Value
		want any
	}{
		{"date", config.Map{}, schema.Date(), day("2024-02-29"), "2024-02-29"},
		{"date in New York", config.Map{"db.timezone": "America/New_York"}, schema.Date(), day("2024-02-29"), "2024-02-28"},
		{"date as it is", config.Map{"db.timezone": "America/New_York", "date.timezone": "UTC"}, schema.Date(), day("2024-02-29"), "2024-02-29"},
		{"first Gregorian day", config.Map{}, schema.Date(), day("1582-10-15"), "1582-10-15"},
		{"last Julian day", config.Map{}, schema.Date(), day("1582-10-14"), "1582-10-04"},
		{"Julian leap day", config.Map{}, schema.Date(), day("1500-03-10"), "1500-02-29"},
		{"proleptic", config.Map{"date.calendar.system": "PROLEPTIC_GREGORIAN"}, schema.Date(), day("1582-10-14"), "1582-10-14"},
		{"before Christ", config.Map{"date.calendar.system": "PROLEPTIC_GREGORIAN"}, schema.Date(), day("0000-05-06"), "0001-05-06 BC"},
		{"time", config.Map{}, schema.Time(), schema.InstantValue(47655123), "13:14:15.123"},
		{"timestamp", config.Map{}, schema.Timestamp(), schema.InstantValue(at), "2024-02-29 13:14:15.123+00:00:00"},
		{"timestamp in New York", config.Map{"db.timezone": "America/New_York"}, schema.Timestamp(), schema.InstantValue(at), "2024-02-29 08:14:15.123-05:00:00"},
		{"microseconds", config.Map{"timestamp.fields.list": "f"}, schema.Of(schema.Int64), schema.Int64Value(-1), "1969-12-31 23:59:59.999999000+00:00:00"},
		{"nanoseconds as text", config.Map{"timestamp.fields.list": "f", "timestamp.precision.mode": "NANOSECONDS"}, schema.Of(schema.String), schema.StringValue("1709212455123456789"), "2024-02-29 13:14:15.123456789+00:00:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, s, v := builderFor(t, dialectPostgres, tt.cfg)
			got, err := v.argument(s.field(schema.Field{Name: "f", Schema: tt.s}, fromValueField, 0, false), tt.v)
			if err != nil || got != tt.want {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// FuzzAppendCopy checks that what COPY escapes can be read back.
func FuzzAppendCopy(f *testing.F) {
	f.Add("a\tb\\c\nd\re")
	f.Add(`\N`)
	f.Add(`\.`)
	f.Fuzz(func(t *testing.T, text string) {
		escaped := string(escape([]byte("x"+text), 1))
		if strings.ContainsAny(escaped, "\t\n\r") {
			t.Fatalf("%q stands for %q", escaped, text)
		}
		back := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(escaped)
		if back != "x"+text {
			t.Fatalf("%q becomes %q", text, back)
		}
	})
}

// FuzzAppendItem checks that what an array quotes can be read back.
func FuzzAppendItem(f *testing.F) {
	f.Add("a,b}")
	f.Add(`"\`)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		written, _, err := values{dialect: dialectPostgres}.appendItem(nil, nil, field{schema: schema.Of(schema.String)}, schema.StringValue(text))
		if err != nil {
			t.Fatal(err)
		}
		back := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(string(written[1 : len(written)-1]))
		if back != text || written[0] != '"' || strings.HasSuffix(strings.ReplaceAll(string(written), `\\`, ""), `\"`) {
			t.Fatalf("%q becomes %s", text, written)
		}
	})
}
