package partition

import (
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
)

// byField is the FieldPartitioner: a directory for each value of some fields.
type byField struct {
	delim string
	names []string
	paths [][]string
	// text and last are those of the last record: its directory is not made twice.
	text []byte
	last string
}

func newByField(names []string, delim string) (*byField, error) {
	if len(names) == 0 {
		return nil, config.InvalidValue(fieldKey, names, "Partition field name cannot be null or empty when using FieldPartitioner.")
	}
	if err := checkFields(fieldKey, names); err != nil {
		return nil, err
	}
	p := &byField{delim: delim, names: names}
	for _, name := range names {
		p.paths = append(p.paths, strings.Split(name, "."))
	}
	return p, nil
}

func (p *byField) Path(topic, encoded string) string { return topic + p.delim + encoded }

func (*byField) Extractor() storage.Extractor { return wallclock{} }

func (p *byField) Encode(r *connect.Record, _ int64) (string, error) {
	st := r.Value.Value.Struct()
	if st == nil {
		return "", refused(r, "Error encoding partition.", "the value is no struct")
	}
	p.text = p.text[:0]
	for i, name := range p.names {
		if i > 0 {
			p.text = append(p.text, p.delim...)
		}
		p.text = append(append(p.text, name...), '=')
		s := schemaAt(st.Schema, p.paths[i])
		if s == nil {
			return "", connect.DataErrorf("Field '%s' is not present in the schema.", name)
		}
		v, ok := member(r.Value.Value, p.paths[i])
		if !ok {
			p.text = append(p.text, "null"...)
			continue
		}
		switch s.Type {
		case schema.Int8, schema.Int16, schema.Int32, schema.Int64:
			if v.Kind() == schema.KindInstant {
				return "", refused(r, "Error encoding partition.", "the field "+name+" is of the type "+s.Name)
			}
			p.text = strconv.AppendInt(p.text, v.Int(), 10)
		case schema.String:
			if climbs(v.Text()) {
				return "", refused(r, "Error encoding partition.", "the value of the field "+name+" leads out of its directory")
			}
			p.text = append(p.text, v.Bytes()...)
		case schema.Boolean:
			p.text = strconv.AppendBool(p.text, v.Boolean())
		default:
			return "", refused(r, "Error encoding partition.", "the field "+name+" is of the type "+s.Type.String())
		}
	}
	if string(p.text) != p.last {
		p.last = string(p.text)
	}
	return p.last, nil
}

// climbs reports whether a path has a step up behind its first part, which stands
// behind the name of the field.
func climbs(text string) bool {
	return strings.Contains(text, "/..") && slices.Contains(strings.Split(text, "/")[1:], "..")
}

// refused is a PartitionException with the words of the original, and which
// record it was and why.
func refused(r *connect.Record, text, why string) error {
	return connect.ClassErrorf(storage.PartitionException, "%s (topic %s, partition %d, offset %d: %s)",
		text, r.Origin.Topic, r.Origin.Partition, r.Origin.Offset, why)
}

// schemaAt returns the schema of a field below s, or nil.
func schemaAt(s *schema.Schema, path []string) *schema.Schema {
	for _, name := range path {
		if s == nil || s.Type != schema.StructType {
			return nil
		}
		at := s.FieldIndex(name)
		if at < 0 {
			return nil
		}
		s = s.Fields[at].Schema
	}
	return s
}

// member returns a value below structs and maps; ok is false where one on the way
// is null or not there.
func member(v schema.Value, path []string) (schema.Value, bool) {
	for _, name := range path {
		switch v.Kind() {
		case schema.KindStruct:
			v, _ = v.Struct().Get(name)
		case schema.KindMap:
			v, _ = v.Lookup(name)
		default:
			return schema.Value{}, false
		}
		if v.IsNull() {
			return v, false
		}
	}
	return v, true
}
