package values

import "sluice/connect/schema"

// merger finds the schema that fits a number of values; nil where none does.
type merger struct {
	schema *schema.Schema
	apart  bool // two schemas had nothing in common
}

func (m *merger) add(s *schema.Schema) {
	switch {
	case s == nil || m.apart:
	case m.schema == nil:
		m.schema = s
	default:
		m.schema = merged(m.schema, s)
		m.apart = m.schema == nil
	}
}

// merged returns the wider of two number types. Of two schemas of one type it is
// the later one, whatever they hold.
func merged(a, b *schema.Schema) *schema.Schema {
	switch {
	case a.Type == b.Type:
		return b
	case a.Type > schema.Float64 || b.Type > schema.Float64:
		return nil
	case a.Type > b.Type: // numbers stand in the order of their widths
		return a
	}
	return b
}

func alignAll(s *schema.Schema, items []schema.Value) error {
	if s == nil {
		return nil
	}
	for i, item := range items {
		v, err := Convert(s, nil, item)
		if err != nil {
			return err
		}
		items[i] = v
	}
	return nil
}

func alignEntry(keys, items *schema.Schema, e schema.Entry) (k, v schema.Value, err error) {
	if keys == nil {
		return e.Key, e.Value, nil
	}
	if k, err = Convert(keys, nil, e.Key); err != nil || items == nil {
		return k, e.Value, err
	}
	v, err = Convert(items, nil, e.Value)
	return k, v, err
}

// entrySet keeps entries in the order in which their keys first came.
type entrySet struct {
	list []schema.Entry
	at   map[string]int
}

func (s *entrySet) put(key, value schema.Value) {
	// Two forms of text: one tells quoted texts apart, the other the days of instants.
	id := string(key.AppendText(appendText([]byte{byte(key.Kind())}, key, true)))
	if i, ok := s.at[id]; ok {
		s.list[i].Value = value
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	s.at[id] = len(s.list)
	s.list = append(s.list, schema.Entry{Key: key, Value: value})
}
