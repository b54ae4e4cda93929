// Package javahash has the order in which a java.util.HashMap holds texts, where
// bytes of the Java converters depend on it.
package javahash

import (
	"slices"

	"sluice/connect/schema"
)

// Slot is a key with its bucket.
type Slot struct {
	// At is the key's number in the order in which keys were put in.
	At     int
	bucket uint32
}

// Append appends the n keys in the order of a HashMap that began with 16 buckets
// and grew as keys were put in. Keys must not repeat.
func Append(dst []Slot, n int, key func(i int) string) []Slot {
	size := uint32(16)
	for uint32(n) > size/4*3 {
		size *= 2
	}
	return appendSized(dst, n, size, key)
}

// Copied returns the keys in the order of a HashMap that was made for just as many
// entries and filled from another one.
func Copied(keys []string) []string {
	keys = Order(keys)
	size := uint32(1)
	for size < uint32(len(keys)) {
		size *= 2
	}
	if uint32(len(keys))*4 > size*3 {
		size *= 2
	}
	out := make([]string, len(keys))
	for i, s := range appendSized(nil, len(keys), size, func(i int) string { return keys[i] }) {
		out[i] = keys[s.At]
	}
	return out
}

// Order returns the keys in the order of a HashMap.
func Order(keys []string) []string {
	out := make([]string, len(keys))
	for i, s := range Append(nil, len(keys), func(i int) string { return keys[i] }) {
		out[i] = keys[s.At]
	}
	return out
}

func appendSized(dst []Slot, n int, size uint32, key func(i int) string) []Slot {
	base := len(dst)
	for i := range n {
		dst = append(dst, Slot{i, schema.JavaTextHash(key(i)) & (size - 1)})
	}
	slices.SortStableFunc(dst[base:], func(a, b Slot) int { return int(a.bucket) - int(b.bucket) })
	return dst
}
