package schema

// Arena gives memory for values that live as long as a batch. Reset takes all of
// it back at once, so that a full batch costs no allocation. The zero Arena is
// ready for use; a nil *Arena allocates from the heap. It is not safe for
// concurrent use.
type Arena struct {
	values  slab[Value]
	entries slab[Entry]
	structs slab[Struct]
	bytes   slab[byte]
}

// Values returns n null values.
func (a *Arena) Values(n int) []Value {
	if a == nil {
		return make([]Value, n)
	}
	return a.values.take(n)
}

// Entries returns n empty map entries.
func (a *Arena) Entries(n int) []Entry {
	if a == nil {
		return make([]Entry, n)
	}
	return a.entries.take(n)
}

// Bytes returns n zero bytes.
func (a *Arena) Bytes(n int) []byte {
	if a == nil {
		return make([]byte, n)
	}
	return a.bytes.take(n)
}

// CopyText returns the bytes as a text value in the arena's memory.
func (a *Arena) CopyText(b []byte) Value {
	c := a.Bytes(len(b))
	copy(c, b)
	return TextValue(c)
}

// CopyBytes returns the bytes as a value in the arena's memory.
func (a *Arena) CopyBytes(b []byte) Value {
	c := a.Bytes(len(b))
	copy(c, b)
	return BytesValue(c)
}

// Struct returns a struct of the schema with all members null.
func (a *Arena) Struct(s *Schema) *Struct {
	if a == nil {
		return NewStruct(s)
	}
	st := &a.structs.take(1)[0]
	st.Schema, st.Values = s, a.values.take(len(s.Fields))
	return st
}

// Reset takes back all memory given out: every value made from the arena is
// gone. Memory beyond a bound is returned to the runtime.
func (a *Arena) Reset() {
	a.values.reset()
	a.entries.reset()
	a.structs.reset()
	a.bytes.reset()
}

// Poison overwrites all memory given out and gives it up, so that a test sees
// who kept some of it beyond the batch.
func (a *Arena) Poison() {
	bad := StringValue("poisoned")
	a.values.poison(bad)
	a.entries.poison(Entry{Key: bad, Value: bad})
	a.structs.poison(Struct{Schema: &Schema{Type: StructType, Name: "poisoned"}})
	a.bytes.poison(0xDB)
}

const (
	chunkItems = 1024
	keptChunks = 64
)

// slab hands out slices cut from chunks that it keeps over a reset.
type slab[T any] struct {
	chunks [][]T
	at     int // the chunk in use
	used   int // items given out of it
}

func (s *slab[T]) take(n int) []T {
	for {
		if s.at == len(s.chunks) {
			s.chunks = append(s.chunks, make([]T, max(chunkItems, n)))
		}
		if c := s.chunks[s.at]; len(c)-s.used >= n {
			out := c[s.used : s.used+n : s.used+n]
			s.used += n
			return out
		}
		s.at++
		s.used = 0
	}
}

func (s *slab[T]) reset() {
	for i := range s.chunks {
		if i <= s.at {
			clear(s.chunks[i])
		}
	}
	if len(s.chunks) > keptChunks {
		clear(s.chunks[keptChunks:])
		s.chunks = s.chunks[:keptChunks]
	}
	s.at, s.used = 0, 0
}

func (s *slab[T]) poison(with T) {
	for _, c := range s.chunks {
		for i := range c {
			c[i] = with
		}
	}
	*s = slab[T]{}
}
