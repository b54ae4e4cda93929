package schema

import (
	"math"
	"slices"
	"unicode/utf8"
)

// JavaHash is the hash by which a java.util.HashMap files a key. Objects that
// Java hashes by their address, such as bytes, have none that could be known: 0.
func JavaHash(key Value) uint32 {
	var h uint32
	switch key.Kind() {
	case KindString:
		return JavaTextHash(key.Text())
	case KindBoolean:
		h = 1237
		if key.Boolean() {
			h = 1231
		}
	case KindInt64, KindInstant:
		n := uint64(key.Int())
		h = uint32(n ^ n>>32)
	case KindFloat32:
		h = math.Float32bits(float32(key.Float()))
	case KindFloat64:
		n := math.Float64bits(key.Float())
		h = uint32(n ^ n>>32)
	case KindInt8, KindInt16, KindInt32:
		h = uint32(key.Int())
	default:
	}
	return h ^ h>>16
}

// JavaTextHash is JavaHash of a text: String.hashCode goes over UTF-16 units.
func JavaTextHash(s string) uint32 {
	var h uint32
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			h = 31*h + uint32(s[i])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r > 0xFFFF {
			r -= 0x10000
			h = 31*h + uint32(0xD800+r>>10)
			r = 0xDC00 + r&0x3FF
		}
		h = 31*h + uint32(r)
	}
	return h ^ h>>16
}

// hashTable is the number of buckets of a new java.util.HashMap.
const hashTable = 16

// JavaOrder puts the entries, which have been put into a new java.util.HashMap
// one after the other, into the order in which it gives them out.
func JavaOrder(entries []Entry) {
	if len(entries) < 2 {
		return
	}
	table := hashTable
	for len(entries)*4 > table*3 {
		table *= 2
	}
	var few [hashTable]uint64 // bucket, and place before
	order := few[:0]
	for i := range entries {
		order = append(order, uint64(JavaHash(entries[i].Key)&uint32(table-1))<<32|uint64(i))
	}
	if slices.IsSorted(order) {
		return
	}
	slices.Sort(order)
	// Walk the cycles of the permutation, so that nothing is allocated.
	for at := range order {
		if order[at] == moved {
			continue
		}
		first, to := entries[at], at
		for {
			from := int(uint32(order[to]))
			order[to] = moved
			if from == at {
				entries[to] = first
				break
			}
			entries[to] = entries[from]
			to = from
		}
	}
}

// moved marks a place that has its entry.
const moved = math.MaxUint64
