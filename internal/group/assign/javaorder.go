package assign

import (
	"cmp"
	"slices"
	"unicode/utf16"
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
		return cmp.Compare(spread(a.ID)&(size-1), spread(b.ID)&(size-1))
	})
	return out
}

// spread is HashMap.hash of String.hashCode.
func spread(s string) uint32 {
	var h uint32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(u)
	}
	return h ^ h>>16
}
