package herder

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/connect/schema"
)

// javaMap returns what Map.toString of a HashMap of Java that was copied from
// another map prints: "{a=1, b=null}" in the order of its buckets. Clients see it
// in messages. Entries that share a bucket stand in the order of their names;
// Java's depends on what was put first.
func javaMap(m config.Raw) string {
	size := uint32(1) << bits.Len32(uint32(len(m)*4/3)) // a copy is made as large as it must be
	names := inBuckets(slices.Sorted(maps.Keys(m)), size, func(name string) string { return name })
	parts := make([]string, len(names))
	for i, name := range names {
		value := "null"
		if v := m[name]; v != nil {
			value = *v
		}
		parts[i] = name + "=" + value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// hashOrder returns the items in the order of a HashMap of Java into which they
// were put one after the other, by their names.
func hashOrder[T any](items []T, name func(T) string) []T {
	size := uint32(16)
	if n := len(items); n*4 > 16*3 {
		size = 1 << bits.Len32(uint32((n*4-1)/3))
	}
	return inBuckets(items, size, name)
}

func inBuckets[T any](items []T, size uint32, name func(T) string) []T {
	out := slices.Clone(items)
	slices.SortStableFunc(out, func(a, b T) int {
		return cmp.Compare(schema.JavaTextHash(name(a))&(size-1), schema.JavaTextHash(name(b))&(size-1))
	})
	return out
}
