package datagen

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/schema"
)

// plain returns the value as encoding/json gives it, with numbers as json.Number
// texts of Avro's encoding: instants in their unit, decimals as characters.
func plain(s *schema.Schema, v schema.Value) any {
	switch v.Kind() {
	case schema.KindNull:
		return nil
	case schema.KindBoolean:
		return v.Boolean()
	case schema.KindFloat32, schema.KindFloat64:
		return v.Float()
	case schema.KindString:
		return v.Text()
	case schema.KindInstant:
		if s.Is(schema.DateName) {
			return float64(v.Int() / millisPerDay)
		}
		return float64(v.Int())
	case schema.KindDecimal:
		return latin1(twosComplement(v.Decimal().Unscaled))
	case schema.KindList:
		out := []any{}
		for _, item := range v.List() {
			out = append(out, plain(s.Elem, item))
		}
		return out
	case schema.KindMap:
		out := map[string]any{}
		for _, e := range v.Map() {
			out[e.Key.Text()] = plain(s.Elem, e.Value)
		}
		return out
	case schema.KindStruct:
		out := map[string]any{}
		for i, f := range s.Fields {
			out[f.Name] = plain(f.Schema, v.Struct().Values[i])
		}
		return out
	}
	return float64(v.Int())
}

func latin1(b []byte) string {
	var runes []rune
	for _, c := range b {
		runes = append(runes, rune(c))
	}
	return string(runes)
}

func twosComplement(n *big.Int) []byte {
	size := 1
	for limit := big.NewInt(128); n.Cmp(limit) >= 0 || n.Cmp(new(big.Int).Neg(limit)) < 0; limit.Lsh(limit, 8) {
		size++
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return n.FillBytes(make([]byte, size))
}

// goldenNames lists the files whose names are not those of the quickstarts.
var goldenNames = map[string]string{
	"purchases": "purchase", "users_": "users_array_map_schema", "clickstream_codes": "clickstream_codes_schema",
	"clickstream": "clickstream_schema", "clickstream_users": "clickstream_users_schema", "orders": "orders_schema",
	"stock_trades": "stock_trades_schema", "users": "users_schema",
}

func goldenFile(quickstart string) string {
	name, ok := goldenNames[quickstart]
	if !ok {
		name = quickstart
	}
	return filepath.Join("testdata", name+".seed42.jsonl")
}

// TestStreamsAreThoseOfJava compares every value of the streams that the Java
// generator gives with the seed 42, regular expressions included.
func TestStreamsAreThoseOfJava(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, q := range quickstarts() {
		text, err := os.ReadFile(goldenFile(q.name))
		if err != nil {
			continue
		}
		compared++
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			s, err := q.schema()
			if err != nil {
				t.Fatal(err)
			}
			g, err := newGenerator(s, q.key, 0)
			if err != nil {
				t.Fatal(err)
			}
			r := newRandom(42)
			for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
				var want any
				if err := json.Unmarshal(line, &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, plain(g.schema, g.next(r, nil))); diff != "" {
					t.Fatalf("record %d (-Java +ours):\n%s", i, diff)
				}
				r.setSeed(r.nextLong()) // As a task does for its offsets.
			}
		})
	}
	files, err := filepath.Glob("testdata/*.seed42.jsonl")
	if err != nil || len(files) != compared {
		t.Errorf("compared %d of %d files, error %v", compared, len(files), err)
	}
}
