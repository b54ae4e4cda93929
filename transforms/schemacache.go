package transforms

import "sluice/connect/schema"

// cachedSchemas is how many schemas a transformation remembers, as in Java.
const cachedSchemas = 16

// schemaCache keeps what a transformation worked out for the last schemas. A
// schema is found by its address; one that is equal to a known one takes its
// place, so that what comes after sees the same schema again and again.
type schemaCache[T any] struct {
	entries []schemaEntry[T]
	last    int // the entry found last
	oldest  int // the entry to replace next
}

type schemaEntry[T any] struct {
	schema *schema.Schema
	made   T
}

func (c *schemaCache[T]) get(s *schema.Schema) (made T, ok bool) {
	if c.last < len(c.entries) && c.entries[c.last].schema == s {
		return c.entries[c.last].made, true
	}
	for i := range c.entries {
		if c.entries[i].schema == s {
			c.last = i
			return c.entries[i].made, true
		}
	}
	for i := range c.entries {
		if c.entries[i].schema.Equal(s) {
			c.entries[i].schema, c.last = s, i
			return c.entries[i].made, true
		}
	}
	return made, false
}

func (c *schemaCache[T]) put(s *schema.Schema, made T) {
	if len(c.entries) < cachedSchemas {
		c.last = len(c.entries)
		c.entries = append(c.entries, schemaEntry[T]{s, made})
		return
	}
	c.entries[c.oldest] = schemaEntry[T]{s, made}
	c.last = c.oldest
	c.oldest = (c.oldest + 1) % cachedSchemas
}
