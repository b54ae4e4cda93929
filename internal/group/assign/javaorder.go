package assign

import (
	"cmp"
	"slices"

	"sluice/connect/schema"
)

// javaOrder returns the members in the order in which a HashMap of Java that
// they are put into one by one is walked. A Java leader goes through them in
// that order where it decides who keeps one more.
func javaOrder(members []Member) []Member {
	size := uint32(16)
	for uint64(len(members))*4 > uint64(size)*3 {
		size *= 2
	}
	out := slices.Clone(members)
	slices.SortStableFunc(out, func(a, b Member) int {
		return cmp.Compare(schema.JavaTextHash(a.ID)&(size-1), schema.JavaTextHash(b.ID)&(size-1))
	})
	return out
}
