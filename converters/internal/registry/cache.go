package registry

import "sluice/connect/schema"

// WriteKey is what the target of a record depends on.
type WriteKey struct {
	Topic  string
	Schema *schema.Schema
}

// ReadKey is what the reading of a record depends on; ID or GUID is that of the
// writer's schema.
type ReadKey struct {
	Topic string
	ID    int
	GUID  string
}

// Cache keeps what a converter has made for schemas, the one used last at hand.
// One that overflows is emptied, since it holds schemas that do not come back. It
// is for one goroutine.
type Cache[K comparable, V any] struct {
	limit   int
	entries map[K]V
	last    K
	lastOne V
	used    bool
}

// NewCache returns an empty cache of so many entries, of one at least.
func NewCache[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: max(1, limit), entries: map[K]V{}}
}

// Get returns the entry of k, which make makes where there is none, and which is
// kept where keep says so. An error keeps nothing.
func (c *Cache[K, V]) Get(k K, keep bool, make func() (V, error)) (V, error) {
	if c.used && c.last == k {
		return c.lastOne, nil
	}
	v, ok := c.entries[k]
	if !ok {
		var err error
		if v, err = make(); err != nil || !keep {
			return v, err
		}
		if len(c.entries) >= c.limit {
			clear(c.entries)
		}
		c.entries[k] = v
	}
	c.last, c.lastOne, c.used = k, v, true
	return v, nil
}

// Last returns the entry that was used last.
func (c *Cache[K, V]) Last() (k K, v V, ok bool) { return c.last, c.lastOne, c.used }
