package json_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/converters/json"
)

// FuzzDecode reads any bytes; what is read must be written, and then read as
// the same again.
func FuzzDecode(f *testing.F) {
	for _, c := range convertertest.Load(f, "json-to") {
		f.Add(c.Input.Bytes(f), c.Config["schemas.enable"] == "true")
	}
	f.Fuzz(func(t *testing.T, raw []byte, schemas bool) {
		cfg := config.Map{"schemas.enable": "false", "decimal.format": "NUMERIC"}
		if schemas {
			cfg["schemas.enable"] = "true"
		}
		conv := converter(t, cfg)
		first, err := conv.Decode("", nil, raw, nil)
		// From the schema's bytes, and with an arena, it must be the same.
		again, errAgain := conv.Decode("", nil, raw, &schema.Arena{})
		if (err == nil) != (errAgain == nil) {
			t.Fatalf("error %v, then %v", err, errAgain)
		}
		if err != nil {
			return
		}
		convertertest.CheckData(t, again, first)
		if schemas && schema.Check(first.Schema, first.Value) != nil {
			return // read leniently: it cannot be written
		}
		roundTrip(t, conv, first, schemas)
	})
}

func roundTrip(t *testing.T, conv *json.Converter, d connect.Data, schemas bool) {
	t.Helper()
	b, err := conv.AppendEncode([]byte{}, "", nil, d)
	if err != nil {
		t.Fatalf("write %s: %v", d.Value, err)
	}
	if b == nil {
		return // null without a schema
	}
	got, err := conv.Decode("", nil, b, nil)
	if err != nil {
		t.Fatalf("read %s: %v", b, err)
	}
	if !schemas && got.Value.Equal(d.Value) {
		return
	}
	// Infinities come back as texts or zeros: compare what is written then.
	once, err := conv.AppendEncode([]byte{}, "", nil, got)
	if err != nil {
		t.Fatalf("write %s again: %v", b, err)
	}
	if string(once) == string(b) {
		return
	}
	twice, err := conv.Decode("", nil, once, nil)
	if err != nil {
		t.Fatalf("read %s: %v", once, err)
	}
	convertertest.CheckData(t, twice, got)
}

// FuzzRoundTrip writes values of every kind in a struct and reads them back.
func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(5), 1.5, "text \" \u2028 \U0001F600", []byte{0, 255}, true)
	f.Add(int64(-1), -0.1, "", []byte{}, false)
	s := schema.StructOf("s",
		schema.Field{Name: "i", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "f", Schema: schema.Of(schema.Float64)},
		schema.Field{Name: "t", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "b", Schema: schema.Of(schema.Bytes)},
		schema.Field{Name: "d", Schema: schema.DecimalOf(2)},
		schema.Field{Name: "l", Schema: schema.ArrayOf(schema.Of(schema.Boolean))},
	)
	f.Fuzz(func(t *testing.T, i int64, x float64, text string, b []byte, yes bool) {
		if x-x != 0 || x == 0 {
			x = 1 // infinities and negative zero are not read back
		}
		st := schema.NewStruct(s)
		text = string([]rune(text)) // bytes that are no UTF-8 become U+FFFD
		st.Values = []schema.Value{
			schema.Int64Value(i), schema.Float64Value(x), schema.StringValue(text), schema.BytesValue(b),
			schema.DecimalValue(number(i, b)), schema.ListValue([]schema.Value{schema.BooleanValue(yes)}),
		}
		want := connect.Data{Schema: s, Value: schema.StructValue(st)}
		for _, format := range []string{"BASE64", "NUMERIC"} {
			conv := converter(t, config.Map{"decimal.format": format})
			out, err := conv.AppendEncode([]byte{}, "", nil, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := conv.Decode("", nil, out, &schema.Arena{})
			if err != nil {
				t.Fatalf("read %s: %v", out, err)
			}
			convertertest.CheckData(t, got, want)
		}
	})
}
