package schema_test

import (
	"math"
	"math/big"
	"testing"

	"sluice/connect/schema"
)

func TestText(t *testing.T) {
	t.Parallel()
	point := schema.StructOf("p", schema.Field{Name: "a", Schema: schema.Of(schema.Int32)}, schema.Field{Name: "b", Schema: schema.OptionalOf(schema.String)})
	st := schema.NewStruct(point)
	st.Values[0] = schema.Int32Value(1)
	st.Values[1] = schema.StringValue("x")
	decimal := func(n int64, scale int32) schema.Value {
		return schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(n), Scale: scale})
	}
	for want, v := range map[string]schema.Value{
		"null":            schema.Null(),
		"-5":              schema.Int8Value(-5),
		"1.0E7":           schema.Float64Value(1e7),
		"0.001":           schema.Float64Value(0.001),
		"1.0E-4":          schema.Float64Value(0.0001),
		"9999999.0":       schema.Float64Value(9999999),
		"4.9E-324":        schema.Float64Value(math.SmallestNonzeroFloat64),
		"1.4E-45":         schema.Float32Value(math.SmallestNonzeroFloat32),
		"1.0E10":          schema.Float64Value(1e10),
		"-0.0":            schema.Float64Value(math.Copysign(0, -1)),
		"0.1":             schema.Float32Value(0.1),
		"NaN":             schema.Float32Value(float32(math.NaN())),
		"[1, null]":       schema.ListValue([]schema.Value{schema.Int64Value(1), {}}),
		"{k=v}":           schema.MapValue([]schema.Entry{{Key: schema.StringValue("k"), Value: schema.StringValue("v")}}),
		"Struct{a=1,b=x}": schema.StructValue(st),
		"1.23":            decimal(123, 2),
		"0.000123":        decimal(123, 6),
		"1.23E-7":         decimal(123, 9),
		"7E+2":            decimal(7, -2),
		"-12":             decimal(-12, 0),
	} {
		if got := v.String(); got != want {
			t.Errorf("text of %s: got %q, want %q", v.Kind(), got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("", schema.Field{Name: "n", Schema: schema.Of(schema.Int32)})
	bad := schema.NewStruct(s)
	tests := []struct {
		schema *schema.Schema
		value  schema.Value
		want   string
	}{
		{schema.Of(schema.Int32), schema.Int32Value(1), ""},
		{schema.Of(schema.Int32), schema.StringValue("1"), "Invalid Java object for schema with type INT32: class java.lang.String for value"},
		{schema.Of(schema.Int32), schema.Null(), "Invalid value: null used for required value, schema type: INT32"},
		{s, schema.StructValue(bad), `Invalid value: null used for required field: "n", schema type: INT32`},
		{schema.Timestamp(), schema.InstantValue(5), ""},
		{schema.ArrayOf(schema.Of(schema.String)), schema.ListValue([]schema.Value{schema.Int8Value(1)}), "Invalid Java object for schema with type STRING: class java.lang.Byte for element of array value"},
	}
	for _, tt := range tests {
		got := ""
		if err := schema.Check(tt.schema, tt.value); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestArenaGivesZeroedMemoryAgain(t *testing.T) { // not parallel: it counts allocations
	var a schema.Arena
	s := schema.StructOf("", schema.Field{Name: "n", Schema: schema.Of(schema.Int32)})
	fill := func() {
		for range 3000 {
			st := a.Struct(s)
			if !st.Values[0].IsNull() {
				t.Fatal("a struct of a reset arena is not empty")
			}
			st.Values[0] = a.CopyText([]byte("text"))
		}
		a.Reset()
	}
	fill()
	if n := testing.AllocsPerRun(3, fill); n != 0 {
		t.Errorf("a full arena allocates %v times after a reset", n)
	}
}

func TestCloneOwnsItsMemory(t *testing.T) {
	t.Parallel()
	b := []byte("abc")
	v := schema.ListValue([]schema.Value{schema.TextValue(b)})
	c := v.Clone()
	if !v.Equal(c) {
		t.Fatal("a clone differs")
	}
	b[0] = 'x'
	if c.List()[0].Text() != "abc" {
		t.Error("a clone shares memory with its origin")
	}
}

// TestEqualEndsForADefaultOfItsOwnSchema holds that a struct schema whose default
// refers to it can be compared.
func TestEqualEndsForADefaultOfItsOwnSchema(t *testing.T) {
	t.Parallel()
	made := func(n int32) *schema.Schema {
		s := schema.StructOf("s", schema.Field{Name: "n", Schema: schema.Of(schema.Int32)})
		st := schema.NewStruct(s)
		st.Values[0] = schema.Int32Value(n)
		v := schema.StructValue(st)
		s.Default = &v
		return s
	}
	if !made(1).Equal(made(1)) || made(1).Equal(made(2)) || made(1).Equal(schema.StructOf("s", made(1).Fields...)) {
		t.Error("defaults are not compared by their values")
	}
}
