package schema_test

import (
	"strconv"
	"strings"
	"testing"

	"sluice/connect/schema"
)

// TestJavaOrder holds what Java 17 printed of HashMaps filled in the order given.
func TestJavaOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ put, want string }{
		{"b a", "a b"},
		{"zeta alpha beta", "zeta alpha beta"},
		{"id name price ts user_id address", "address user_id price name id ts"},
		{"ü 🜁 key Aa BB", "Aa BB ü key 🜁"},
	} {
		var entries []schema.Entry
		for k := range strings.FieldsSeq(tt.put) {
			entries = append(entries, schema.Entry{Key: schema.StringValue(k)})
		}
		schema.JavaOrder(entries)
		if got := keys(entries); got != tt.want {
			t.Errorf("put %s: got %s, want %s", tt.put, got, tt.want)
		}
	}
	var entries []schema.Entry
	for i := range 40 {
		entries = append(entries, schema.Entry{Key: schema.StringValue("k" + strconv.Itoa(i))})
	}
	schema.JavaOrder(entries)
	if got, want := keys(entries), "k31 k30 k11 k33 k10 k32 k13 k35 k12 k34 k15 k37 k14 k36 k17 k39 k16 k38 k19 k18 k0 k1 k2 k3 k20 k4 k5 k22 k6 k21 k7 k24 k8 k23 k9 k26 k25 k28 k27 k29"; got != want {
		t.Errorf("40 entries: got %s, want %s", got, want)
	}
}

func keys(entries []schema.Entry) string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Key.Text()
	}
	return strings.Join(names, " ")
}

func TestJavaHash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key  schema.Value
		want uint32
	}{
		{schema.BooleanValue(true), 1231},
		{schema.Int32Value(-1), 0xFFFF0000},
		{schema.Int64Value(1 << 33), 2},
		{schema.StringValue(""), 0},
	} {
		if got := schema.JavaHash(tt.key); got != tt.want {
			t.Errorf("hash of %s is %x, want %x", tt.key, got, tt.want)
		}
	}
}
