package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/format/formattest"
	"sluice/converters/avro"
)

func newFormat(t testing.TB, codec string) *Format {
	t.Helper()
	f, err := New(avro.NewData(avro.DataSettings{Enhanced: true, MetaData: true}), codec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t testing.TB, b []byte) *parquet.File {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// read returns the rows of a file, each a list of its values with their levels.
func read(t testing.TB, b []byte) []string {
	t.Helper()
	r := parquet.NewReader(bytes.NewReader(b))
	defer r.Close()
	var rows []string
	buf := make([]parquet.Row, 10)
	for {
		n, err := r.ReadRows(buf)
		for _, row := range buf[:n] {
			var text strings.Builder
			for _, v := range row {
				text.WriteString(v.GoString())
				text.WriteByte('\n')
			}
			rows = append(rows, text.String())
		}
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAsJava holds that AvroParquetWriter of Java makes the same schema, footer and
// rows of the same Avro rows; testdata/README.md says how its files were written.
func TestAsJava(t *testing.T) {
	t.Parallel()
	s, rows := formattest.Wide()
	for codec, java := range map[string]string{"none": "uncompressed", "snappy": "snappy", "gzip": "gzip"} {
		theirs, err := os.ReadFile("testdata/java-" + java + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		ours := formattest.Write(t, newFormat(t, codec), s, rows)
		a, b := open(t, theirs), open(t, ours)
		if diff := cmp.Diff(a.Schema().String(), b.Schema().String()); diff != "" {
			t.Errorf("%s: schema %s", codec, diff)
		}
		// The text leaves out what old readers go by.
		if diff := cmp.Diff(a.Metadata().Schema, b.Metadata().Schema); diff != "" {
			t.Errorf("%s: schema %s", codec, diff)
		}
		if diff := cmp.Diff(a.Metadata().KeyValueMetadata, b.Metadata().KeyValueMetadata); diff != "" {
			t.Errorf("%s: footer %s", codec, diff)
		}
		if diff := cmp.Diff(read(t, theirs), read(t, ours)); diff != "" {
			t.Errorf("%s: rows %s", codec, diff)
		}
		for i, chunk := range b.Metadata().RowGroups[0].Columns {
			if got, want := chunk.MetaData.Codec, a.Metadata().RowGroups[0].Columns[i].MetaData.Codec; got != want {
				t.Errorf("%s: codec %v, want %v", codec, got, want)
			}
		}
		for _, file := range [][]byte{theirs, ours} {
			back, err := newFormat(t, "none").Schema(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			if back.Name != "n.s.Wide" || back.Version == nil || *back.Version != 3 || len(back.Fields) != len(s.Fields) {
				t.Errorf("%s: the schema of the file is %+v", codec, back)
			}
		}
	}
}

func TestCodecs(t *testing.T) {
	t.Parallel()
	s, ten := formattest.Ten()
	many := slices.Repeat([]schema.Value{ten}, 5000)
	want := read(t, formattest.Write(t, newFormat(t, "uncompressed"), s, many))
	if len(want) != len(many) {
		t.Fatalf("%d rows, want %d", len(want), len(many))
	}
	for _, codec := range []string{"gzip", "lz4", "snappy", "zstd"} {
		file := formattest.Write(t, newFormat(t, codec), s, many)
		if diff := cmp.Diff(want, read(t, file)); diff != "" {
			t.Errorf("%s: %s", codec, diff)
		}
	}
	if _, err := New(avro.NewData(avro.DataSettings{}), "lzo"); err == nil || err.Error() != "Invalid value lzo for configuration parquet.codec: String must be one of: none, uncompressed, gzip, lz4, snappy, zstd" {
		t.Error(err)
	}
}

func named(name string, s *schema.Schema) schema.Field { return schema.Field{Name: name, Schema: s} }

func row(s *schema.Schema, values ...schema.Value) schema.Value {
	st := schema.NewStruct(s)
	copy(st.Values, values)
	return schema.StructValue(st)
}

// TestUnions: a union that is not just nullable becomes a group with a field for
// each branch.
func TestUnions(t *testing.T) {
	t.Parallel()
	u := schema.StructOf("io.confluent.connect.avro.Union", named("string", schema.OptionalOf(schema.String)), named("long", schema.OptionalOf(schema.Int64)))
	s := schema.StructOf("S", named("u", u), named("o", u.AsOptional()), named("l", schema.ArrayOf(u)))
	str := func(of *schema.Schema, v string) schema.Value { return row(of, schema.StringValue(v)) }
	num := func(of *schema.Schema, v int64) schema.Value { return row(of, schema.Null(), schema.Int64Value(v)) }
	o := s.Fields[1].Schema
	file := formattest.Write(t, newFormat(t, "none"), s, []schema.Value{
		row(s, str(u, "a"), num(o, 1), schema.ListValue([]schema.Value{num(u, 2), str(u, "b")})),
		row(s, num(u, 3), schema.Null(), schema.ListValue(nil)),
	})
	want := `message S {
	required group u {
		optional binary member0 (STRING);
		optional int64 member1 (INT(64,true));
	}
	optional group o {
		optional binary member0 (STRING);
		optional int64 member1 (INT(64,true));
	}
	required group l (LIST) {
		repeated group array {
			optional binary member0 (STRING);
			optional int64 member1 (INT(64,true));
		}
	}
}`
	if diff := cmp.Diff(want, open(t, file).Schema().String()); diff != "" {
		t.Error(diff)
	}
	type union struct {
		Member0 *string `parquet:"member0"`
		Member1 *int64  `parquet:"member1"`
	}
	type list struct {
		Array []union `parquet:"array"`
	}
	type record struct {
		U union  `parquet:"u"`
		O *union `parquet:"o"`
		L list   `parquet:"l"`
	}
	got, err := parquet.Read[record](bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	one, two, three := int64(1), int64(2), int64(3)
	a, b := "a", "b"
	if diff := cmp.Diff([]record{
		{union{Member0: &a}, &union{Member1: &one}, list{[]union{{Member1: &two}, {Member0: &b}}}},
		{U: union{Member1: &three}, L: list{[]union{}}},
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSchemasThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		schema *schema.Schema
		want   string
	}{
		{nil, "Avro schema must be a record."},
		{schema.Of(schema.String), "Avro schema must be a record."},
		{schema.StructOf("E"), "the schema E as Parquet: Cannot write a schema with an empty group: E has no fields"},
		{schema.StructOf("S", named("e", schema.StructOf("E"))), "the schema S as Parquet: field e: Cannot write a schema with an empty group: E has no fields"},
		{schema.StructOf("S", named("any", schema.ArrayOf(nil))), "the schema S as Parquet: field any: field array: Recursive Avro schemas are not supported by parquet-avro: io.confluent.connect.avro.Anything"},
	} {
		_, err := newFormat(t, "none").Create(io.Discard, tt.schema)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || connect.ClassOf(err) != connect.DataException {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// TestBadValuesLeaveTheFileWhole: a value that does not fit can be reported, and
// the others are written.
func TestBadValuesLeaveTheFileWhole(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("S", named("a", schema.Of(schema.String)), named("l", schema.ArrayOf(schema.OptionalOf(schema.Int32))), named("b", schema.Of(schema.Int32))).AsOptional()
	f := newFormat(t, "snappy")
	var file bytes.Buffer
	w, err := f.Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	one := schema.Int32Value(1)
	for i := range int32(1000) {
		good := row(s, schema.StringValue("x"), schema.ListValue([]schema.Value{one, one}), schema.Int32Value(i))
		if err := w.Write(connect.Data{Schema: s, Value: good}); err != nil {
			t.Fatal(err)
		}
		for want, bad := range map[string]schema.Value{
			"Array contains a null element.":                        row(s, schema.StringValue("x"), schema.ListValue([]schema.Value{one, schema.Null()}), one),
			"Found null value for non-optional schema (field b)":    row(s, schema.StringValue("x"), schema.ListValue(nil)),
			"Parquet files cannot hold a null in place of a struct": schema.Null(),
		} {
			if err := w.Write(connect.Data{Schema: s, Value: bad}); err == nil || !strings.HasPrefix(err.Error(), want) || connect.ClassOf(err) != connect.DataException {
				t.Fatalf("%v, want %s", err, want)
			}
		}
	}
	if w.Buffered() == 0 {
		t.Error("nothing is buffered")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	type list struct {
		Array []int32 `parquet:"array"`
	}
	type record struct {
		A string `parquet:"a"`
		L list   `parquet:"l"`
		B int32  `parquet:"b"`
	}
	got, err := parquet.Read[record](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil || len(got) != 1000 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range got {
		if diff := cmp.Diff(record{"x", list{[]int32{1, 1}}, int32(i)}, r); diff != "" {
			t.Fatalf("row %d: %s", i, diff)
		}
	}
}

// TestDecimals: Avro passes over a decimal that makes no sense.
func TestDecimals(t *testing.T) {
	t.Parallel()
	precise := schema.DecimalOf(2)
	precise.Parameters = append(precise.Parameters, schema.Parameter{Name: "connect.decimal.precision", Value: "9"})
	odd := schema.DecimalOf(3)
	odd.Parameters = append(odd.Parameters, schema.Parameter{Name: "connect.decimal.precision", Value: "2"})
	s := schema.StructOf("S", named("p", precise), named("n", schema.DecimalOf(-1)), named("o", odd))
	d := func(scale int32) schema.Value {
		return schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(-77), Scale: scale})
	}
	file := formattest.Write(t, newFormat(t, "none"), s, []schema.Value{row(s, d(2), d(-1), d(3))})
	want := "message S {\n\trequired binary p (DECIMAL(9,2));\n\trequired binary n;\n\trequired binary o;\n}"
	if diff := cmp.Diff(want, open(t, file).Schema().String()); diff != "" {
		t.Error(diff)
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
	w, err := newFormat(t, "none").Create(&full{left: 100}, s)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		err = errors.Join(err, w.Write(connect.Data{Schema: s, Value: v}))
	}
	if err = errors.Join(err, w.Close()); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func TestRowGroups(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("S", named("b", schema.Of(schema.Bytes)))
	var file bytes.Buffer
	w, err := newFormat(t, "none").Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	const size, rows = 1 << 20, 70
	for i := range rows {
		if err := w.Write(connect.Data{Schema: s, Value: row(s, schema.BytesValue(bytes.Repeat([]byte{byte(i)}, size)))}); err != nil {
			t.Fatal(err)
		}
		if w.Buffered() > rowGroupSize+4*size {
			t.Fatalf("%d bytes are buffered", w.Buffered())
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if f := open(t, file.Bytes()); len(f.RowGroups()) != 2 || f.NumRows() != rows {
		t.Errorf("%d row groups with %d rows", len(f.RowGroups()), f.NumRows())
	}
}

// TestManyValues: a column whose values hardly repeat outgrows its dictionary.
func TestManyValues(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("S", named("text", schema.OptionalOf(schema.String)), named("n", schema.ArrayOf(schema.Of(schema.Int64))))
	const rows = 60_000
	values := make([]schema.Value, rows)
	for i := range values {
		n := schema.Int64Value(int64(i) * 7919)
		values[i] = row(s, schema.StringValue(fmt.Sprintf("%032d", i)), schema.ListValue([]schema.Value{n, n, n}[:i%4]))
		if i%5 == 0 {
			values[i].Struct().Values[0] = schema.Null()
		}
	}
	file := formattest.Write(t, newFormat(t, "snappy"), s, values)
	type list struct {
		Array []int64 `parquet:"array"`
	}
	type record struct {
		Text *string `parquet:"text"`
		N    list    `parquet:"n"`
	}
	got, err := parquet.Read[record](bytes.NewReader(file), int64(len(file)))
	if err != nil || len(got) != rows {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range got {
		text := "nil"
		if r.Text != nil {
			text = *r.Text
		}
		want := fmt.Sprintf("%032d", i)
		if i%5 == 0 {
			want = "nil"
		}
		if text != want || len(r.N.Array) != i%4 || i%4 > 0 && r.N.Array[0] != int64(i)*7919 {
			t.Fatalf("row %d is %s, %v", i, text, r.N.Array)
		}
	}
	encodings := open(t, file).Metadata().RowGroups[0].Columns[0].MetaData.EncodingStats
	if len(encodings) != 3 {
		t.Errorf("the column has pages of %v, want a dictionary, pages of it, and plain ones", encodings)
	}
}

func TestSchemaOfNoFile(t *testing.T) {
	t.Parallel()
	s, v := formattest.Ten()
	file := formattest.Write(t, newFormat(t, "none"), s, []schema.Value{v})
	var foreign bytes.Buffer
	if err := parquet.Write(&foreign, []struct{ A int }{{1}}); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"empty": nil, "cut": file[:len(file)-9], "no Parquet": []byte("Obj\x01xxxxxxxxxxxxxxxx"), "foreign": foreign.Bytes()} {
		if s, err := newFormat(t, "none").Schema(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: %v", name, s)
		}
	}
}

// FuzzShred: bytes that are no row of the schema are an error, not a panic, and the
// columns stay whole.
func FuzzShred(f *testing.F) {
	s, rows := formattest.Wide()
	enc, err := avro.NewData(avro.DataSettings{Enhanced: true}).Writer(s)
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range rows {
		b, err := enc.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	p, err := compile(enc.Type())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<12 {
			return
		}
		columns := make([]column, p.columns)
		s := shredder{columns: columns, in: b}
		if s.node(p.root, 0, 0) != nil {
			return
		}
		for i, c := range columns {
			if len(c.values) == 0 || c.values[0].RepetitionLevel() != 0 {
				t.Errorf("column %d begins with %v", i, c.values)
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	s, v := formattest.Ten()
	for _, codec := range []string{"none", "snappy", "gzip", "zstd"} {
		b.Run(codec, func(b *testing.B) {
			var w storage.RecordWriter
			d := connect.Data{Schema: s, Value: v}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if n%100_000 == 0 { // files of a usual size
					if w != nil {
						if err := w.Close(); err != nil {
							b.Fatal(err)
						}
					}
					var err error
					if w, err = newFormat(b, codec).Create(io.Discard, s); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Write(d); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}
