package json

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage/format/formattest"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("S", schema.Field{Name: "a", Schema: schema.OptionalOf(schema.Int32)}, schema.Field{Name: "d", Schema: schema.DecimalOf(1)})
	st := schema.NewStruct(s)
	st.Values[0], st.Values[1] = schema.Int32Value(1), schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(123), Scale: 1})
	str := schema.StringValue
	lines := []struct {
		schema *schema.Schema
		value  schema.Value
		want   string
	}{
		{s, schema.StructValue(st), `{"a":1,"d":"ew=="}`},
		{nil, schema.MapValue([]schema.Entry{{Key: str("k\n"), Value: schema.Float64Value(1e7)}, {Key: str("l"), Value: schema.ListValue([]schema.Value{schema.Null(), schema.BooleanValue(true)})}}), `{"k\n":1.0E7,"l":[null,true]}`},
		{schema.MapOf(schema.Of(schema.Int32), s), schema.MapValue([]schema.Entry{{Key: schema.Int32Value(5), Value: schema.StructValue(st)}}), `{"5":{"a":1,"d":"ew=="}}`},
		{schema.DecimalOf(1), st.Values[1], "12.3"},
		{schema.Date(), schema.InstantValue(86400000), "86400000"},
		{schema.Of(schema.Bytes), schema.BytesValue([]byte{0, 1}), `"AAE="`},
		{nil, schema.Float64Value(math.NaN()), `"NaN"`},
		{nil, str(`"x`), `"\"x"`},
		{nil, schema.Null(), "null"},
	}
	f, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := f.Create(&file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want string
	for _, l := range lines {
		if err := w.Write(connect.Data{Schema: l.schema, Value: l.value}); err != nil {
			t.Errorf("%s: %v", l.want, err)
		}
		want += l.want + "\n"
	}
	bad := connect.Data{Value: schema.MapValue([]schema.Entry{{Key: str("k")}, {Key: schema.Null()}})}
	if err := w.Write(bad); connect.ClassOf(err) != connect.DataException {
		t.Errorf("a null key: %v", err)
	}
	if w.Buffered() != int64(len(want)) || file.Len() > 0 {
		t.Errorf("%d bytes wait and %d are written, want %d and none", w.Buffered(), file.Len(), len(want))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Error(diff)
	}
	if s, err := f.Schema(bytes.NewReader(file.Bytes()), int64(file.Len())); s != nil || err != nil {
		t.Errorf("schema %v, %v", s, err)
	}
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	f, err := New("NUMERIC")
	if err != nil {
		t.Fatal(err)
	}
	s := schema.StructOf("S", schema.Field{Name: "d", Schema: schema.DecimalOf(1)})
	st := schema.NewStruct(s)
	st.Values[0] = schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(123), Scale: 1})
	var file bytes.Buffer
	w, err := f.Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(connect.Data{Schema: s, Value: schema.StructValue(st)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || file.String() != "{\"d\":12.3}\n" {
		t.Errorf("%q, %v", file.String(), err)
	}
	if _, err := New("HEX"); err == nil {
		t.Error("HEX is taken as a form of decimals")
	}
}

func TestAllocations(t *testing.T) {
	f, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	s, v := formattest.Ten()
	var file bytes.Buffer
	w, err := f.Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	step := func() {
		file.Reset()
		for range 2000 {
			if err := w.Write(connect.Data{Schema: s, Value: v}); err != nil {
				t.Fatal(err)
			}
		}
	}
	step()
	if n := testing.AllocsPerRun(5, step); n > 2 {
		t.Errorf("%v allocations for 2000 records", n)
	}
}
