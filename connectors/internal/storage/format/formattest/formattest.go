// Package formattest has the values that tests of file formats write: one schema
// with every type that Connect has, and rows of a usual size. Only tests import it.
package formattest

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
)

func field(name string, s *schema.Schema) schema.Field { return schema.Field{Name: name, Schema: s} }

func named(s *schema.Schema, name string, parameters ...schema.Parameter) *schema.Schema {
	c := s.Clone()
	c.Name, c.Parameters = name, parameters
	return c
}

// Write returns a file of the format with the values.
func Write(t testing.TB, f storage.Format, s *schema.Schema, values []schema.Value) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := f.Create(&file, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := w.Write(connect.Data{Schema: s, Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// Wide returns a schema of every type and rows of it: one with values, one of
// extremes, and one of nulls where they may be.
func Wide() (*schema.Schema, []schema.Value) {
	inner := schema.StructOf("n.Inner", field("a", schema.Of(schema.Int32)), field("b", schema.OptionalOf(schema.String)))
	five := schema.Int32Value(5)
	withDefault := schema.Of(schema.Int32).Clone()
	withDefault.Default = &five
	text, number := schema.Of(schema.String), schema.Of(schema.Int64)
	version := int32(3)
	s := schema.StructOf("n.s.Wide",
		field("i8", schema.Of(schema.Int8)), field("i16", schema.Of(schema.Int16)), field("i32", schema.Of(schema.Int32)), field("i64", number),
		field("f32", schema.Of(schema.Float32)), field("f64", schema.Of(schema.Float64)), field("bool", schema.Of(schema.Boolean)),
		field("text", text), field("bytes", schema.Of(schema.Bytes)), field("withDefault", withDefault),
		field("date", schema.Date()), field("time", schema.Time()), field("at", schema.Timestamp()), field("price", schema.DecimalOf(2)),
		field("o32", schema.OptionalOf(schema.Int32)), field("otext", schema.OptionalOf(schema.String)), field("oat", schema.Timestamp().AsOptional()),
		field("oprice", schema.DecimalOf(2).AsOptional()), field("inner", inner), field("oinner", inner.AsOptional()),
		field("list", schema.ArrayOf(text)), field("olist", schema.ArrayOf(number).AsOptional()), field("structs", schema.ArrayOf(inner)),
		field("lists", schema.ArrayOf(schema.ArrayOf(number))),
		field("map", schema.MapOf(text, number)), field("omap", schema.MapOf(text, schema.OptionalOf(schema.Float64)).AsOptional()),
		field("pairs", schema.MapOf(schema.Of(schema.Int32), text)),
		field("color", named(text, "", schema.Parameter{Name: "io.confluent.connect.avro.Enum", Value: "n.Color"},
			schema.Parameter{Name: "io.confluent.connect.avro.Enum.RED", Value: "RED"}, schema.Parameter{Name: "io.confluent.connect.avro.Enum.BLUE", Value: "BLUE"})),
		field("hash", named(schema.Of(schema.Bytes), "n.Hash", schema.Parameter{Name: "connect.fixed.size", Value: "4"})),
	)
	s.Version = &version
	row := func(values ...schema.Value) schema.Value {
		st := schema.NewStruct(s)
		copy(st.Values, values)
		return schema.StructValue(st)
	}
	maybe := s.Fields[19].Schema
	of := func(s *schema.Schema, a int32, b schema.Value) schema.Value {
		st := schema.NewStruct(s)
		st.Values[0], st.Values[1] = schema.Int32Value(a), b
		return schema.StructValue(st)
	}
	in := func(a int32, b schema.Value) schema.Value { return of(inner, a, b) }
	list := func(values ...schema.Value) schema.Value { return schema.ListValue(values) }
	entries := func(pairs ...schema.Value) schema.Value {
		m := make([]schema.Entry, len(pairs)/2)
		for i := range m {
			m[i] = schema.Entry{Key: pairs[2*i], Value: pairs[2*i+1]}
		}
		return schema.MapValue(m)
	}
	i64, str, null := schema.Int64Value, schema.StringValue, schema.Null()
	decimal := func(unscaled int64) schema.Value {
		return schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(unscaled), Scale: 2})
	}
	return s, []schema.Value{
		row(schema.Int8Value(1), schema.Int16Value(2), schema.Int32Value(3), i64(4), schema.Float32Value(1.5), schema.Float64Value(2.5), schema.BooleanValue(true),
			str("Grüße 😀"), schema.BytesValue([]byte{0, 255}), schema.Int32Value(6),
			schema.InstantValue(20000*schema.MillisPerDay), schema.InstantValue(3723004), schema.InstantValue(1764056123456), decimal(12345),
			schema.Int32Value(7), str("x"), schema.InstantValue(-1), decimal(-1), in(1, str("b")), of(maybe, 2, null),
			list(str("a"), str("b")), list(i64(1), i64(2), i64(3)), list(in(3, str("c")), in(4, null)), list(list(i64(1)), list(), list(i64(2), i64(3))),
			entries(str("k"), i64(1), str("l"), i64(2)), entries(str("p"), schema.Float64Value(0.5), str("q"), null), entries(schema.Int32Value(1), str("one")),
			str("BLUE"), schema.BytesValue([]byte("abcd"))),
		row(schema.Int8Value(math.MinInt8), schema.Int16Value(math.MinInt16), schema.Int32Value(math.MinInt32), i64(math.MinInt64),
			schema.Float32Value(float32(math.Inf(1))), schema.Float64Value(math.MaxFloat64), schema.BooleanValue(false), str(""), schema.BytesValue(nil), null,
			schema.InstantValue(-schema.MillisPerDay), schema.InstantValue(0), schema.InstantValue(math.MaxInt32), decimal(math.MaxInt64),
			schema.Int32Value(0), str(""), schema.InstantValue(0), decimal(0), in(-1, str("")), of(maybe, -2, str("z")),
			list(), list(), list(), list(), entries(), entries(), entries(), str("RED"), schema.BytesValue([]byte{0, 1, 2, 3})),
		row(schema.Int8Value(0), schema.Int16Value(0), schema.Int32Value(0), i64(0), schema.Float32Value(0), schema.Float64Value(0), schema.BooleanValue(false),
			str("n"), schema.BytesValue([]byte("n")), null, schema.InstantValue(0), schema.InstantValue(1), schema.InstantValue(1), decimal(1),
			null, null, null, null, in(0, null), null, list(str("only")), null, list(in(9, null)), list(list()),
			entries(str("z"), i64(0)), null, entries(schema.Int32Value(-1), str("minus"), schema.Int32Value(2), str("two")), str("RED"), schema.BytesValue([]byte("wxyz"))),
	}
}

// Ten returns a schema of ten fields and a row of some hundred bytes, as
// connectors make them.
func Ten() (*schema.Schema, schema.Value) {
	s := schema.StructOf("n.Ten",
		field("id", schema.Of(schema.Int64)), field("name", schema.Of(schema.String)), field("mail", schema.OptionalOf(schema.String)),
		field("age", schema.Of(schema.Int32)), field("score", schema.Of(schema.Float64)), field("active", schema.Of(schema.Boolean)),
		field("at", schema.Timestamp()), field("note", schema.OptionalOf(schema.String)), field("count", schema.Of(schema.Int32)), field("city", schema.Of(schema.String)))
	st := schema.NewStruct(s)
	copy(st.Values, []schema.Value{
		schema.Int64Value(1234567), schema.StringValue("Ada Lovelace"), schema.StringValue("ada@example.org"), schema.Int32Value(36),
		schema.Float64Value(99.5), schema.BooleanValue(true), schema.InstantValue(1700000000000), schema.Null(), schema.Int32Value(-3), schema.StringValue("London"),
	})
	return s, schema.StructValue(st)
}
