package json_test

import (
	"math/big"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// number makes a decimal of scale 2 of any size.
func number(i int64, b []byte) *schema.Decimal {
	n := new(big.Int).SetBytes(b[:min(len(b), 60)])
	if i < 0 {
		n.Neg(n)
	}
	return &schema.Decimal{Unscaled: n.Add(n, big.NewInt(i)), Scale: 2}
}

func sample() connect.Data {
	s := schema.StructOf("sample.Row",
		schema.Field{Name: "id", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "name", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "price", Schema: schema.Of(schema.Float64)},
		schema.Field{Name: "open", Schema: schema.Of(schema.Boolean)},
		schema.Field{Name: "at", Schema: schema.Timestamp()},
		schema.Field{Name: "amount", Schema: schema.DecimalOf(2)},
		schema.Field{Name: "tags", Schema: schema.ArrayOf(schema.Of(schema.String))},
	)
	st := schema.NewStruct(s)
	st.Values = []schema.Value{
		schema.Int64Value(1234567), schema.StringValue("a name of some length, é included"), schema.Float64Value(12.75),
		schema.BooleanValue(true), schema.InstantValue(1_700_000_000_123), schema.DecimalValue(number(-98765, nil)),
		schema.ListValue([]schema.Value{schema.StringValue("x"), schema.StringValue("y")}),
	}
	return connect.Data{Schema: s, Value: schema.StructValue(st)}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	for _, schemas := range []string{"true", "false"} {
		conv, in := converter(t, config.Map{"schemas.enable": schemas}), sample()
		buf := make([]byte, 0, 4096)
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := conv.AppendEncode(buf, "", nil, in); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("schemas.enable=%s: %v allocations for each record, want none", schemas, allocs)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, schemas := range []string{"true", "false"} {
		b.Run("schemas="+schemas, func(b *testing.B) {
			conv, in := converter(b, config.Map{"schemas.enable": schemas}), sample()
			buf := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conv.AppendEncode(buf, "", nil, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, schemas := range []string{"true", "false"} {
		b.Run("schemas="+schemas, func(b *testing.B) {
			conv := converter(b, config.Map{"schemas.enable": schemas})
			raw, err := conv.AppendEncode([]byte{}, "", nil, sample())
			if err != nil {
				b.Fatal(err)
			}
			arena := &schema.Arena{}
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%20 == 0 {
					arena.Reset()
				}
				if _, err := conv.Decode("", nil, raw, arena); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
