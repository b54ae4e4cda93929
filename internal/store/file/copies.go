package file

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"sluice/connect/schema"
	"sluice/converters/json"
	"sluice/internal/store"
)

// Copies is the file as a copy of offsets that are kept elsewhere. It remembers
// beside each copy what it was, under a key that is of no connector. So it knows
// what a worker that keeps its offsets in the file has changed since: that one,
// Java's too, leaves such keys as they are.
type Copies struct{ *Offsets }

var _ store.Offsets = Copies{}

// Copies returns the file in this role.
func (o *Offsets) Copies() Copies { return Copies{o} }

// Write implements store.Offsets: all of it is in the file, or nothing.
func (c Copies) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	changes := make([]change, 0, 2*len(offsets))
	for _, o := range offsets {
		one, err := newChange(connector, o)
		if err != nil {
			return err
		}
		changes = append(changes, one, change{shadow(one.key), one.value})
	}
	return c.apply(ctx, connector, changes)
}

// Changed returns the offsets of a connector that are in the file and are no
// copies, and null for copies that were removed. It does not wait.
func (c Copies) Changed(connector string) ([]store.Offset, error) {
	entries := *c.entries.Load()
	var out []store.Offset
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		name, partition, copied := keyOf(k)
		if name != connector || !copied && string(entries[shadow(k)]) == string(entries[k]) {
			continue
		}
		if copied {
			if k = k[:len(k)-len(shadowEnd)] + "]"; entries[k] != nil {
				continue // told by the entry itself
			}
		}
		offset, err := parse(entries[k])
		if err != nil {
			return nil, fmt.Errorf("read offset of %s: %w", k, err)
		}
		out = append(out, store.Offset{Partition: partition, Offset: offset})
	}
	return out, nil
}

const shadowEnd = `,"copy"]`

// shadow is the key of what the copy under a key was: a third element follows the
// connector and the partition.
func shadow(key string) string { return key[:len(key)-1] + shadowEnd }

// keyOf returns the parts of a key, and whether it is that of a shadow; a name of
// "" is none.
func keyOf(key string) (connector string, partition schema.Value, copied bool) {
	v, err := json.ParseSchemaless([]byte(key), nil)
	parts := v.List()
	if err != nil || len(parts) < 2 || parts[0].Kind() != schema.KindString {
		return "", schema.Null(), false
	}
	if len(parts) == 3 && parts[2].Kind() == schema.KindString && parts[2].Text() == "copy" {
		return parts[0].Text(), parts[1], true
	}
	if len(parts) != 2 {
		return "", schema.Null(), false
	}
	return parts[0].Text(), parts[1], false
}
