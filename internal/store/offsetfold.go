package store

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"sluice/connect/schema"
	"sluice/converters/json"
)

// OffsetSnapshot is the state of an offset topic at one moment, and never changes.
type OffsetSnapshot struct {
	connectors tree[string, tree[string, offsetEntry]] // name, then the bytes of the key
}

type offsetEntry struct {
	partition schema.Value
	value     []byte
}

// NewOffsetSnapshot returns the state before the first record.
func NewOffsetSnapshot() *OffsetSnapshot { return &OffsetSnapshot{} }

// OffsetKey returns the bytes under which the offset of a source partition is
// stored: ["connector",{partition}]. They are what it is found by, so the order of
// the partition's entries counts.
func OffsetKey(connector string, partition schema.Value) ([]byte, error) {
	b, err := json.AppendSchemaless(nil, schema.ListValue([]schema.Value{schema.StringValue(connector), partition}))
	if err != nil {
		return nil, fmt.Errorf("write partition of connector %s: %w", connector, err)
	}
	return b, nil
}

// OffsetRecord stores an offset; a null Offset is the tombstone. The error is about
// values that have no JSON form.
func OffsetRecord(connector string, o Offset) (Record, error) {
	key, err := OffsetKey(connector, o.Partition)
	if err != nil {
		return Record{}, err
	}
	if o.Offset.IsNull() {
		return Record{Key: key}, nil
	}
	value, err := json.AppendSchemaless(nil, o.Offset)
	if err != nil {
		return Record{}, fmt.Errorf("write offset of %s: %w", key, err)
	}
	return Record{Key: key, Value: value}, nil
}

// ParseOffset reads the value of an offset record; nil is null.
func ParseOffset(value []byte) (schema.Value, error) {
	v, err := json.ParseSchemaless(value, nil)
	if err != nil {
		return schema.Null(), err
	}
	if v.Kind() != schema.KindMap && !v.IsNull() {
		return schema.Null(), fmt.Errorf("the offset is %s, not an object", v.Kind())
	}
	return v.Clone(), nil
}

// FoldOffset returns the state after a record of an offset topic, and why the
// record was passed over ("" if it was not). It knows no clock and does no I/O.
func FoldOffset(s *OffsetSnapshot, r Record) (next *OffsetSnapshot, problem string) {
	v, err := json.ParseSchemaless(r.Key, nil)
	if err != nil {
		return s, "the key is no JSON"
	}
	parts := v.List()
	if len(parts) != 2 || parts[0].Kind() != schema.KindString {
		return s, "the key is no list of a connector's name and a partition"
	}
	if k := parts[1].Kind(); k != schema.KindMap && k != schema.KindNull {
		return s, "the partition of the key is " + k.String() + ", not an object"
	}
	name := strings.Clone(parts[0].Text())
	entries, _ := s.connectors.get(name)
	if r.Value == nil {
		entries = entries.remove(string(r.Key))
	} else {
		entries = entries.put(string(r.Key), offsetEntry{parts[1].Clone(), append([]byte{}, r.Value...)})
	}
	if entries.len() == 0 {
		return &OffsetSnapshot{s.connectors.remove(name)}, ""
	}
	return &OffsetSnapshot{s.connectors.put(name, entries)}, ""
}

// Connectors yields the names of which there are offsets, sorted.
func (s *OffsetSnapshot) Connectors() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range s.connectors.all() {
			if !yield(name) {
				return
			}
		}
	}
}

// Lookup returns the offset under the bytes of a key; null where there is none.
func (s *OffsetSnapshot) Lookup(connector string, key []byte) (schema.Value, error) {
	entries, _ := s.connectors.get(connector)
	e, ok := entries.get(string(key))
	if !ok {
		return schema.Null(), nil
	}
	v, err := ParseOffset(e.value)
	if err != nil {
		return v, fmt.Errorf("read offset of %s: %w", key, err)
	}
	return v, nil
}

// List returns the offsets of the connector in the order of their keys, as far as
// their partition is an object. The error names the keys whose value cannot be
// read; the others are returned all the same.
func (s *OffsetSnapshot) List(connector string) ([]Offset, error) {
	entries, _ := s.connectors.get(connector)
	var out []Offset
	var errs []error
	for key, e := range entries.all() {
		if e.partition.IsNull() {
			continue
		}
		v, err := ParseOffset(e.value)
		if err != nil {
			errs = append(errs, fmt.Errorf("read offset of %s: %w", key, err))
			continue
		}
		if !v.IsNull() {
			out = append(out, Offset{e.partition, v})
		}
	}
	return out, errors.Join(errs...)
}

// Unreachable returns the keys of the connector, sorted, that no connector of ours
// would look up: their bytes are not those that are written for their partition.
func (s *OffsetSnapshot) Unreachable(connector string) []string {
	entries, _ := s.connectors.get(connector)
	var out []string
	for key, e := range entries.all() {
		if again, err := OffsetKey(connector, e.partition); err != nil || string(again) != key {
			out = append(out, key)
		}
	}
	return out
}
