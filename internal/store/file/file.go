// Package file keeps the offsets of source connectors in a file, as a standalone
// worker of Kafka Connect does (offset.storage.file.filename). The file has
// Java's own format, so that either worker can take over from the other: a
// HashMap from byte[] to byte[], written by Java's object serialization. Keys are
// the JSON texts ["connector",{partition}], values those of the offsets.
//
// It knows nothing but that file. Start with [Open].
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"sluice/connect/schema"
	"sluice/converters/json"
	"sluice/internal/store"
)

// Offsets is the file. It implements store.Offsets.
type Offsets struct {
	path string
	// entries is never changed, only replaced by who holds the token.
	entries atomic.Pointer[map[string][]byte]
	writing chan struct{} // holds the token of the one writer
}

var _ store.Offsets = (*Offsets)(nil)

// Open reads the file. One that is missing or empty has no offsets; one that is
// not of the format is an error, and is left alone. A folder that is missing is an
// error: nothing could be written there.
func Open(path string) (*Offsets, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a new file must not take the place of a link
	}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read offsets: %w", err)
	}
	if dir := filepath.Dir(path); err != nil {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("offset.storage.file.filename is %s, and %s is no folder: create it, or name a file in one that is there", path, dir)
		}
	}
	entries := map[string][]byte{}
	if len(raw) > 0 {
		if entries, err = decode(raw); err != nil {
			return nil, fmt.Errorf("read offsets file %s: %w", path, err)
		}
	}
	o := &Offsets{path: path, writing: make(chan struct{}, 1)}
	o.entries.Store(&entries)
	return o, nil
}

// Read implements store.Offsets. It does not wait.
func (o *Offsets) Read(_ context.Context, connector string, partitions []schema.Value) ([]schema.Value, error) {
	entries := *o.entries.Load()
	out := make([]schema.Value, len(partitions))
	for i, p := range partitions {
		k, err := store.OffsetKey(connector, p)
		if err != nil {
			return nil, err
		}
		if out[i], err = parse(entries[string(k)]); err != nil {
			return nil, fmt.Errorf("read offset of %s: %w", k, err)
		}
	}
	return out, nil
}

func parse(raw []byte) (schema.Value, error) {
	if raw == nil {
		return schema.Null(), nil
	}
	return json.ParseSchemaless(slices.Clone(raw), nil)
}

// Write implements store.Offsets. It waits for other writers until ctx ends, and
// for the disk.
func (o *Offsets) Write(ctx context.Context, connector string, offsets []store.Offset) error {
	changes := make([]change, len(offsets))
	for i, offset := range offsets {
		var err error
		if changes[i], err = newChange(connector, offset); err != nil {
			return err
		}
	}
	return o.apply(ctx, connector, changes)
}

// change is an entry to be; one without a value is removed.
type change struct {
	key   string
	value []byte
}

func newChange(connector string, offset store.Offset) (c change, err error) {
	k, err := store.OffsetKey(connector, offset.Partition)
	if err != nil {
		return c, err
	}
	c.key = string(k)
	if offset.Offset.IsNull() {
		return c, nil
	}
	if c.value, err = json.AppendSchemaless(nil, offset.Offset); err != nil {
		return c, fmt.Errorf("write offset of %s: %w", k, err)
	}
	return c, nil
}

// apply replaces the file by one with the changes.
func (o *Offsets) apply(ctx context.Context, connector string, changes []change) error {
	select {
	case o.writing <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait to write offsets of connector %s: %w", connector, ctx.Err())
	}
	defer func() { <-o.writing }()
	next := maps.Clone(*o.entries.Load())
	for _, c := range changes {
		if c.value == nil {
			delete(next, c.key)
			continue
		}
		next[c.key] = c.value
	}
	if err := replace(o.path, encode(next)); err != nil {
		return fmt.Errorf("write offsets of connector %s: %w", connector, err)
	}
	o.entries.Store(&next)
	return nil
}

// List implements store.Offsets. Entries that are not of Connect's form are
// passed over; they stay in the file.
func (o *Offsets) List(_ context.Context, connector string) ([]store.Offset, error) {
	entries := *o.entries.Load()
	var out []store.Offset
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		name, err := json.ParseSchemaless([]byte(k), nil)
		parts := name.List()
		if err != nil || len(parts) != 2 || parts[0].Kind() != schema.KindString || parts[0].Text() != connector || entries[k] == nil {
			continue
		}
		offset, err := parse(entries[k])
		if err != nil {
			return nil, fmt.Errorf("read offset of %s: %w", k, err)
		}
		out = append(out, store.Offset{Partition: parts[1], Offset: offset})
	}
	return out, nil
}

// Close waits for a write under way.
func (o *Offsets) Close() error {
	o.writing <- struct{}{}
	<-o.writing
	return nil
}

// replace puts the content in the place of the file: whatever happens, the file
// holds the old content or the new one.
func replace(path string, content []byte) error {
	mode := fs.FileMode(0o600)
	if info, statErr := os.Stat(path); statErr == nil {
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(dir)
}

// syncDir makes the renaming durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // The folder may not be readable; then the next sync does it.
	}
	return errors.Join(d.Sync(), d.Close())
}
