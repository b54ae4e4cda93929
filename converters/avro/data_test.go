package avro_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/avro"
)

// TestDataIsThatOfTheConverter: files hold the bytes that topics hold, without the
// id of a registry.
func TestDataIsThatOfTheConverter(t *testing.T) {
	t.Parallel()
	d := avro.NewData(avro.DataSettings{Enhanced: true, MetaData: true})
	ten, row := tenFields(t)
	for _, tt := range []struct {
		schema *schema.Schema
		value  schema.Value
	}{
		{ten, row},
		{schema.OptionalOf(schema.Int64), schema.Int64Value(5)},
		{nil, schema.ListValue([]schema.Value{schema.StringValue("x"), schema.Null()})},
	} {
		w, err := d.Writer(tt.schema)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Append([]byte("before"), tt.value)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := open(t, map[string]string{"enhanced.avro.schema.support": "true"})
		want := encode(t, c, tt.schema, tt.value)
		if !bytes.Equal(got[len("before"):], want[5:]) {
			t.Errorf("%x, want %x", got[len("before"):], want[5:])
		}
		back, err := d.ConnectSchema(w.Schema())
		if err != nil || (back == nil) != (tt.schema == nil) || back != nil && !back.Equal(tt.schema) {
			t.Errorf("the schema of %s is %+v, %v", w.Schema(), back, err)
		}
	}
	text, err := d.Writer(schema.Of(schema.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := text.Append(nil, schema.BytesValue([]byte("ab"))); err != nil || string(got) != "\x04ab" {
		t.Errorf("bytes of a file have their length: %q, %v", got, err)
	}
}

func TestDataRefuses(t *testing.T) {
	t.Parallel()
	d := avro.NewData(avro.DataSettings{})
	ten, row := tenFields(t)
	w, err := d.Writer(ten)
	if err != nil {
		t.Fatal(err)
	}
	bad := schema.NewStruct(ten)
	copy(bad.Values, row.Struct().Values)
	bad.Values[3] = schema.Null()
	got, err := w.Append([]byte("kept"), schema.StructValue(bad))
	if err == nil || err.Error() != "Found null value for non-optional schema (field age)" || connect.ClassOf(err) != connect.DataException || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := d.ConnectSchema("{"); err == nil {
		t.Error("a text that is no JSON is a schema")
	}
}

func TestType(t *testing.T) {
	t.Parallel()
	d := avro.NewData(avro.DataSettings{MetaData: true})
	s := schema.StructOf("n.S",
		schema.Field{Name: "d", Schema: schema.DecimalOf(2).AsOptional()},
		schema.Field{Name: "m", Schema: schema.MapOf(schema.Of(schema.String), schema.Timestamp())})
	w, err := d.Writer(s)
	if err != nil {
		t.Fatal(err)
	}
	want := &avro.Type{Kind: "record", Name: "n.S", Fields: []avro.TypeField{
		{Name: "d", Type: &avro.Type{Kind: "union", Branches: []*avro.Type{{Kind: "null"}, {Kind: "bytes", Logical: "decimal", Precision: 64, Scale: 2}}}},
		{Name: "m", Type: &avro.Type{Kind: "map", Items: &avro.Type{Kind: "long", Logical: "timestamp-millis"}}},
	}}
	if diff := cmp.Diff(want, w.Type()); diff != "" {
		t.Error(diff)
	}
	anything, err := d.Writer(nil)
	if err != nil {
		t.Fatal(err)
	}
	top := anything.Type()
	if list := top.Fields[7].Type.Branches[1]; list.Kind != "array" || list.Items != top {
		t.Errorf("the type of data without a schema does not hold itself: %+v", list)
	}
}
