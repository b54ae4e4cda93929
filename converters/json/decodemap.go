package json

import (
	"sluice/connect"
	"sluice/connect/schema"
)

// keyed reads a map: an object where keys are texts, else an array of pairs.
func (d *decoder) keyed(s *schema.Schema, k kind) (schema.Value, error) {
	switch {
	case s.Key.Type == schema.String && k != jsonObject:
		return schema.Value{}, connect.DataErrorf("Maps with string fields should be encoded as JSON objects, but found %s", k)
	case s.Key.Type == schema.String:
		return d.object(s.Elem)
	case k != jsonArray:
		return schema.Value{}, connect.DataErrorf("Maps with non-string fields should be encoded as JSON array of tuples, but found %s", k)
	}
	set := entrySet{d: d, base: len(d.entries)}
	more, err := d.open(']')
	for more && err == nil {
		var e schema.Entry
		if e, err = d.pair(s); err != nil {
			break
		}
		set.put(e)
		more, err = d.next(']')
	}
	if err != nil {
		return schema.Value{}, err
	}
	return set.take(), nil
}

// pair reads [key, value].
func (d *decoder) pair(s *schema.Schema) (schema.Entry, error) {
	k, err := d.peek()
	if err != nil {
		return schema.Entry{}, err
	}
	if k != jsonArray {
		return schema.Entry{}, connect.DataErrorf("Found invalid map entry instead of array tuple: %s", k)
	}
	var both [2]schema.Value
	n := 0
	more, err := d.open(']')
	for more && err == nil {
		switch n {
		case 0:
			both[0], err = d.value(s.Key)
		case 1:
			both[1], err = d.value(s.Elem)
		default:
			err = d.skip()
		}
		n++
		if err == nil {
			more, err = d.next(']')
		}
	}
	if err == nil && n != 2 {
		err = connect.DataErrorf("Found invalid map entry, expected length 2 but found :%d", n)
	}
	return schema.Entry{Key: both[0], Value: both[1]}, err
}

// object reads an object as a map with text keys.
func (d *decoder) object(elem *schema.Schema) (schema.Value, error) {
	set := entrySet{d: d, base: len(d.entries)}
	var bad map[string]error
	more, err := d.open('}')
	for more && err == nil {
		var name []byte
		if name, err = d.name(); err != nil {
			return schema.Value{}, err
		}
		v, failed, wrong := d.member(elem)
		if wrong != nil {
			return schema.Value{}, wrong
		}
		if failed != nil {
			if bad == nil {
				bad = map[string]error{}
			}
			bad[string(name)] = failed
		} else if bad != nil {
			delete(bad, string(name))
		}
		set.put(schema.Entry{Key: schema.TextValue(name), Value: v})
		more, err = d.next('}')
	}
	if err != nil {
		return schema.Value{}, err
	}
	for _, err := range bad {
		return schema.Value{}, err
	}
	return set.take(), nil
}

// entrySet collects the entries of one map at the end of the decoder's entries.
// Of two with the same key the later counts, in the place of the first.
type entrySet struct {
	d    *decoder
	base int
	// index holds the places of keys by their text; it is made for large maps.
	index map[string][]int
}

// linearEntries is the number of entries up to which a scan beats an index.
const linearEntries = 16

func (s *entrySet) put(e schema.Entry) {
	if i := s.find(e.Key); i >= 0 {
		s.d.entries[i].Value = e.Value
		return
	}
	at := len(s.d.entries)
	s.d.entries = append(s.d.entries, e)
	if s.index != nil {
		text := e.Key.String()
		s.index[text] = append(s.index[text], at)
	}
}

// find returns the place of the key, or -1. Bytes are never the same key: in
// Java they are objects of their own.
func (s *entrySet) find(key schema.Value) int {
	if key.Kind() == schema.KindBytes {
		return -1
	}
	all := s.d.entries
	if len(all)-s.base < linearEntries {
		for i := s.base; i < len(all); i++ {
			if all[i].Key.Equal(key) {
				return i
			}
		}
		return -1
	}
	if s.index == nil {
		s.index = make(map[string][]int, 2*linearEntries)
		for i := s.base; i < len(all); i++ {
			text := all[i].Key.String()
			s.index[text] = append(s.index[text], i)
		}
	}
	for _, i := range s.index[key.String()] {
		if all[i].Key.Equal(key) {
			return i
		}
	}
	return -1
}

// take returns the map and removes its entries from the decoder.
func (s *entrySet) take() schema.Value {
	all := s.d.entries[s.base:]
	out := s.d.arena.Entries(len(all))
	copy(out, all)
	schema.JavaOrder(out) // Java's converter makes a HashMap, and what shows a map shows its order
	s.d.entries = s.d.entries[:s.base]
	return schema.MapValue(out)
}
