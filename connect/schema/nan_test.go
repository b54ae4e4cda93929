package schema_test

import (
	"math"
	"strconv"
	"testing"

	"sluice/connect/schema"
)

// TestNaNIsThatOfJava compares bits, which Avro and Protobuf show.
func TestNaNIsThatOfJava(t *testing.T) {
	t.Parallel()
	parsed, err := strconv.ParseFloat("NaN", 64)
	if err != nil {
		t.Fatal(err)
	}
	const java, other = 0x7FF8000000000000, 0x7FF8000000000002
	for name, f := range map[string]float64{"constant": math.NaN(), "parsed": parsed, "widened": schema.Float32Value(float32(math.NaN())).Float()} {
		if got := math.Float64bits(schema.Float64Value(f).Float()); got != java {
			t.Errorf("%s: got the bits %x, want %x", name, got, uint64(java))
		}
	}
	if got := math.Float64bits(schema.Float64Value(math.Float64frombits(other)).Float()); got != other {
		t.Errorf("another NaN became %x", got)
	}
}
