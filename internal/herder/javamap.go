package herder

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"

	"sluice/connect/config"
)

// javaMap returns what Map.toString of a HashMap of Java prints: "{a=1, b=null}"
// in the order of its buckets. Clients see it in messages. Entries that share a
// bucket stand in the order of their names; Java's depends on what was put first.
func javaMap(m config.Raw) string {
	size := uint32(16)
	if n := len(m); n*4 > 16*3 {
		size = 1 << bits.Len32(uint32(n*4/3))
	}
	type entry struct {
		bucket uint32
		name   string
	}
	entries := make([]entry, 0, len(m))
	for name := range m {
		entries = append(entries, entry{spread(name) & (size - 1), name})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), strings.Compare(a.name, b.name))
	})
	parts := make([]string, len(entries))
	for i, e := range entries {
		value := "null"
		if v := m[e.name]; v != nil {
			value = *v
		}
		parts[i] = e.name + "=" + value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// spread is HashMap.hash of String.hashCode.
func spread(s string) uint32 {
	var h uint32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(u)
	}
	return h ^ h>>16
}
