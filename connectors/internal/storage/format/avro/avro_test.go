package avro

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/avro/ocf"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage/format/formattest"
	"sluice/converters/avro"
)

func format(t testing.TB, codec string) *Format {
	t.Helper()
	f, err := New(avro.NewData(avro.DataSettings{Enhanced: true, MetaData: true}), codec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// read reads a file with the library of twmb, which shares no code with ours.
func read(t testing.TB, file []byte) []any {
	t.Helper()
	r, err := ocf.NewReader(bytes.NewReader(file), ocf.WithCodec(bzip2Codec{}))
	if err != nil {
		t.Fatal(err)
	}
	var rows []any
	for {
		var row any
		switch err := r.Decode(&row); {
		case errors.Is(err, io.EOF):
			return rows
		case err != nil:
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// bzip2Codec lets the reader read what Go's library, which only reads, knows.
type bzip2Codec struct{}

func (bzip2Codec) Name() string                    { return "bzip2" }
func (bzip2Codec) Compress([]byte) ([]byte, error) { return nil, errors.ErrUnsupported }
func (bzip2Codec) Close() error                    { return nil }

func (bzip2Codec) Decompress(b []byte) ([]byte, error) {
	return io.ReadAll(bzip2.NewReader(bytes.NewReader(b)))
}

func TestCodecs(t *testing.T) {
	t.Parallel()
	s, ten := formattest.Ten()
	many := make([]schema.Value, 5000) // several blocks
	for i := range many {
		many[i] = ten
	}
	plain := formattest.Write(t, format(t, "null"), s, many)
	want := read(t, plain)
	if len(want) != len(many) {
		t.Fatalf("%d rows, want %d", len(want), len(many))
	}
	for _, codec := range []string{"deflate", "snappy", "bzip2"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			file := formattest.Write(t, format(t, codec), s, many)
			if diff := cmp.Diff(want, read(t, file)); diff != "" {
				t.Error(diff)
			}
			if len(file) > len(plain)/4 {
				t.Errorf("%d bytes, and %d without a codec", len(file), len(plain))
			}
		})
	}
	if _, err := New(avro.NewData(avro.DataSettings{}), "zstandard"); err == nil || err.Error() != "Invalid value zstandard for configuration avro.codec: String must be one of: null, deflate, snappy, bzip2" {
		t.Error(err)
	}
}

func TestEveryType(t *testing.T) {
	t.Parallel()
	s, rows := formattest.Wide()
	file := formattest.Write(t, format(t, "null"), s, rows)
	got := read(t, file)
	if len(got) != len(rows) {
		t.Fatalf("%d rows, want %d", len(got), len(rows))
	}
	first := got[0].(map[string]any)
	for name, want := range map[string]any{
		"i64": int64(4), "text": "Grüße 😀", "list": []any{"a", "b"}, "color": "BLUE", "oinner": map[string]any{"a": int32(2), "b": nil},
		"map": map[string]any{"k": int64(1), "l": int64(2)}, "lists": []any{[]any{int64(1)}, []any{}, []any{int64(2), int64(3)}},
	} {
		if diff := cmp.Diff(want, first[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if v := got[2].(map[string]any)["withDefault"]; v != int32(5) {
		t.Errorf("a null with a default is %v", v)
	}
	back, err := format(t, "null").Schema(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if back.Name != "n.s.Wide" || back.Version == nil || *back.Version != 3 || len(back.Fields) != len(s.Fields) || back.Fields[13].Schema.Name != schema.DecimalName {
		t.Errorf("the schema of the file is %+v", back)
	}
}

func TestOtherSchemas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		schema *schema.Schema
		value  schema.Value
		want   any
	}{
		{"text", schema.Of(schema.String), schema.StringValue("x"), "x"},
		{"bytes", schema.Of(schema.Bytes), schema.BytesValue([]byte("ab")), []byte("ab")},
		{"optional", schema.OptionalOf(schema.Int64), schema.Null(), nil},
		{"no schema", nil, schema.StringValue("x"), map[string]any{
			"boolean": nil, "bytes": nil, "double": nil, "float": nil, "int": nil, "long": nil, "string": "x", "array": nil, "map": nil,
		}},
		{"no schema and null", nil, schema.Null(), map[string]any{
			"boolean": nil, "bytes": nil, "double": nil, "float": nil, "int": nil, "long": nil, "string": nil, "array": nil, "map": nil,
		}},
	} {
		file := formattest.Write(t, format(t, "snappy"), tt.schema, []schema.Value{tt.value})
		if diff := cmp.Diff([]any{tt.want}, read(t, file)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		back, err := format(t, "null").Schema(bytes.NewReader(file), int64(len(file)))
		if err != nil || (back == nil) != (tt.schema == nil) || back != nil && !back.Equal(tt.schema) {
			t.Errorf("%s: the schema of the file is %v, %v", tt.name, back, err)
		}
	}
}

// TestBadValuesLeaveTheFileWhole: a value that does not fit can be reported, and
// the others are written.
func TestBadValuesLeaveTheFileWhole(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("S", schema.Field{Name: "a", Schema: schema.Of(schema.String)}, schema.Field{Name: "b", Schema: schema.Of(schema.Int32)})
	row := func(b schema.Value) connect.Data {
		st := schema.NewStruct(s)
		st.Values[0], st.Values[1] = schema.StringValue(strings.Repeat("x", 1000)), b
		return connect.Data{Schema: s, Value: schema.StructValue(st)}
	}
	var file bytes.Buffer
	w, err := format(t, "null").Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(200) {
		if err := w.Write(row(schema.Int32Value(i))); err != nil {
			t.Fatal(err)
		}
		err := w.Write(row(schema.Null()))
		if err == nil || err.Error() != "Found null value for non-optional schema (field b)" || connect.ClassOf(err) != connect.DataException {
			t.Fatalf("error %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, file.Bytes())); n != 200 {
		t.Errorf("%d rows, want 200", n)
	}
}

type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	s, v := formattest.Ten()
	if _, err := format(t, "null").Create(&full{}, s); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("header: %v", err)
	}
	w, err := format(t, "null").Create(&full{left: 2000}, s)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = w.Write(connect.Data{Schema: s, Value: v})
	}
	if !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("block: %v", err)
	}
}

func TestSchemaOfNoFile(t *testing.T) {
	t.Parallel()
	s, v := formattest.Ten()
	file := formattest.Write(t, format(t, "null"), s, []schema.Value{v})
	for name, b := range map[string][]byte{"empty": nil, "cut": file[:40], "no Avro": []byte("PAR1xxxxxxxxxxxxxxxx")} {
		if s, err := format(t, "null").Schema(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: %v", name, s)
		}
	}
}

func FuzzSchema(f *testing.F) {
	s, v := formattest.Ten()
	f.Add(formattest.Write(f, format(f, "null"), s, []schema.Value{v}))
	f.Add([]byte("Obj\x01\x01\x02\x04\x06a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := format(t, "null").Schema(bytes.NewReader(b), int64(len(b)))
		if err != nil || s == nil {
			return
		}
		if _, err := avro.NewData(avro.DataSettings{Enhanced: true}).Writer(s); err != nil && connect.ClassOf(err) == "" {
			t.Error(err)
		}
	})
}

// TestAllocations holds the budget: nothing per record.
func TestAllocations(t *testing.T) {
	s, v := formattest.Ten()
	for _, codec := range []string{"null", "snappy"} {
		w, err := format(t, codec).Create(io.Discard, s)
		if err != nil {
			t.Fatal(err)
		}
		d := connect.Data{Schema: s, Value: v}
		step := func() {
			for range 2000 {
				if err := w.Write(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		step()
		if n := testing.AllocsPerRun(5, step); n > 2 {
			t.Errorf("%s: %v allocations for 2000 records", codec, n)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	s, v := formattest.Ten()
	for _, codec := range []string{"null", "snappy", "deflate", "bzip2"} {
		b.Run(codec, func(b *testing.B) {
			w, err := format(b, codec).Create(io.Discard, s)
			if err != nil {
				b.Fatal(err)
			}
			d := connect.Data{Schema: s, Value: v}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAsJava holds that files of Avro 1.11.4 for Java have the same schema and rows
// as ours; testdata/README.md says how they were written.
func TestAsJava(t *testing.T) {
	t.Parallel()
	s, rows := formattest.Wide()
	for _, codec := range []string{"null", "deflate", "snappy", "bzip2"} {
		java, err := os.ReadFile("testdata/java-" + codec + ".avro")
		if err != nil {
			t.Fatal(err)
		}
		ours := formattest.Write(t, format(t, codec), s, rows)
		if diff := cmp.Diff(read(t, java), read(t, ours), cmp.Comparer(func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Errorf("%s: %s", codec, diff)
		}
		var texts [2]string
		for i, file := range [][]byte{java, ours} {
			if texts[i], err = readHeader(bytes.NewReader(file), int64(len(file))); err != nil {
				t.Fatal(err)
			}
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: Java writes the schema\n%s\nwe\n%s", codec, texts[0], texts[1])
		}
	}
}
