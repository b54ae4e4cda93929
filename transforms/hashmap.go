package transforms

import (
	"math/bits"
	"slices"

	"sluice/connect/schema"
)

// hashMap builds map values whose entries stand in the order in which a
// java.util.HashMap with the same history gives them out. Of one bucket that is
// the order of insertion.
type hashMap struct {
	entries []schema.Entry
	table   int      // buckets, a power of two
	order   []uint64 // bucket and place of each entry
}

// reset starts a map made by new HashMap(capacity).
func (m *hashMap) reset(capacity int) {
	m.entries = m.entries[:0]
	m.table = tableSize(capacity)
}

// copyOf starts a map made by new HashMap(map).
func (m *hashMap) copyOf(entries []schema.Entry) {
	m.reset(len(entries)*4/3 + 1)
	if len(entries) == 0 {
		m.table = emptyTable
	}
	m.entries = append(m.entries, entries...)
}

// emptyTable is the table of a map that was made empty.
const emptyTable = 16

func tableSize(capacity int) int {
	if capacity <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(capacity-1))
}

func (m *hashMap) find(key string) int { return findEntry(m.entries, key) }

func (m *hashMap) put(key string, v schema.Value) {
	if i := m.find(key); i >= 0 {
		m.entries[i].Value = v
		return
	}
	m.entries = append(m.entries, schema.Entry{Key: schema.StringValue(key), Value: v})
}

func (m *hashMap) remove(key string) {
	if i := m.find(key); i >= 0 {
		m.entries = slices.Delete(m.entries, i, i+1)
	}
}

// value returns the map in the memory of the arena.
func (m *hashMap) value(arena *schema.Arena) schema.Value {
	for len(m.entries)*4 > m.table*3 {
		m.table *= 2
	}
	m.order = m.order[:0]
	for i := range m.entries {
		m.order = append(m.order, uint64(schema.JavaHash(m.entries[i].Key)&uint32(m.table-1))<<32|uint64(i))
	}
	slices.Sort(m.order)
	out := arena.Entries(len(m.order))
	for i, o := range m.order {
		out[i] = m.entries[uint32(o)]
	}
	clear(m.entries)
	return schema.MapValue(out)
}

// findEntry returns the place of a text key, or -1.
func findEntry(entries []schema.Entry, key string) int {
	for i := range entries {
		if k := &entries[i].Key; k.Kind() == schema.KindString && k.Text() == key {
			return i
		}
	}
	return -1
}

// lookup returns the value of a text key, or null.
func lookup(entries []schema.Entry, key string) schema.Value {
	if i := findEntry(entries, key); i >= 0 {
		return entries[i].Value
	}
	return schema.Null()
}

// hashSet returns the texts without repetitions in the order of a
// java.util.HashSet made of the list.
func hashSet(texts []string) []string {
	var m hashMap
	m.reset(max(len(texts)*4/3+1, 16))
	for _, s := range texts {
		m.put(s, schema.Null())
	}
	out := make([]string, 0, len(texts))
	for _, e := range m.value(nil).Map() {
		out = append(out, e.Key.Text())
	}
	return out
}
