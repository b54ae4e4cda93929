package transforms

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const insertPurpose = "field insertion"

// InsertField adds fields with coordinates of the record or a fixed value.
func InsertField() []plugin.Transform {
	return keyAndValue("InsertField", insertFieldDef(), func(s side) connect.Transform { return &insertField{side: s} })
}

func insertFieldDef() config.Def {
	const suffixes = " The suffix ! makes the field required, ? (and none) optional."
	text := func(name, doc string) config.Key {
		return config.Key{Name: name, Type: config.String, Importance: config.Medium, Doc: doc}
	}
	return config.Def{
		text("topic.field", "The field for the name of the topic."+suffixes),
		text("partition.field", "The field for the number of the partition."+suffixes),
		text("offset.field", "The field for the offset; only for sink connectors."+suffixes),
		text("timestamp.field", "The field for the timestamp of the record."+suffixes),
		text("static.field", "The field for the value of static.value."+suffixes),
		text("static.value", "The value of the field that static.field names."),
		replaceNullKey(),
	}
}

// inserted are the things that can be inserted, in Java's order.
type inserted int

const (
	insertTopic inserted = iota
	insertPartition
	insertOffset
	insertTimestamp
	insertStatic
	insertions
)

// insertion is a field to insert; an empty spec is none.
type insertion struct {
	set    bool
	name   string
	schema *schema.Schema
}

type insertField struct {
	closer
	side   side
	fields [insertions]insertion
	static string
	nulls  replaceNull
	keys   hashMap
	known  schemaCache[*schema.Schema]
}

func (t *insertField) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Topic     *string `config:"topic.field"`
		Partition *string `config:"partition.field"`
		Offset    *string `config:"offset.field"`
		Timestamp *string `config:"timestamp.field"`
		Static    *string `config:"static.field"`
		Value     *string `config:"static.value"`
		Replace   bool    `config:"replace.null.with.default"`
	}](insertFieldDef(), cfg)
	if err != nil {
		return err
	}
	t.nulls = replaceNull(s.Replace)
	t.fields = [insertions]insertion{
		insertTopic:     newInsertion(s.Topic, schema.Of(schema.String)),
		insertPartition: newInsertion(s.Partition, schema.Of(schema.Int32)),
		insertOffset:    newInsertion(s.Offset, schema.Of(schema.Int64)),
		insertTimestamp: newInsertion(s.Timestamp, schema.Timestamp()),
		insertStatic:    newInsertion(s.Static, schema.Of(schema.String)),
	}
	any := false
	for _, f := range t.fields {
		any = any || f.set
	}
	switch {
	case !any:
		return config.Errorf("No field insertion configured")
	case s.Static != nil && s.Value == nil:
		return config.InvalidValue("static.value", nil, "No value specified for static field: "+t.fields[insertStatic].name)
	case s.Value != nil:
		t.static = *s.Value
	}
	return nil
}

func newInsertion(spec *string, s *schema.Schema) insertion {
	if spec == nil {
		return insertion{}
	}
	if name, ok := strings.CutSuffix(*spec, "!"); ok {
		return insertion{true, name, s}
	}
	return insertion{true, strings.TrimSuffix(*spec, "?"), s.AsOptional()}
}

func (t *insertField) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	switch {
	case d.Value.IsNull():
		return true, nil
	case d.Schema == nil:
		return true, t.applyMap(r, d, arena)
	}
	return true, t.applyStruct(r, d, arena)
}

// value returns what is inserted; ok is false where the record has no such thing.
func (t *insertField) value(r *connect.Record, what inserted) (v schema.Value, ok bool, err error) {
	switch what {
	case insertTopic:
		return schema.StringValue(r.Topic), true, nil
	case insertPartition:
		return schema.Int32Value(r.Partition), r.Partition != connect.NoPartition, nil
	case insertOffset:
		if !fromSink(r) {
			return v, false, connect.DataErrorf("Only SinkRecord supported for [%s], found: %s", insertPurpose, sourceRecordClass)
		}
		return schema.Int64Value(r.Origin.Offset), true, nil
	case insertTimestamp:
		return schema.InstantValue(r.Timestamp), r.Timestamp != connect.NoTimestamp, nil
	default:
		return schema.StringValue(t.static), true, nil
	}
}

func (t *insertField) applyMap(r *connect.Record, d *connect.Data, arena *schema.Arena) error {
	entries, err := requireMap(d.Value, insertPurpose)
	if err != nil {
		return err
	}
	t.keys.copyOf(entries)
	for what := range insertions {
		if f := &t.fields[what]; f.set {
			v, ok, err := t.value(r, what)
			if err != nil {
				return err
			}
			if v.Kind() == schema.KindInstant {
				v = schema.Int64Value(v.Int())
			}
			if ok {
				t.keys.put(f.name, v)
			}
		}
	}
	d.Value = t.keys.value(arena)
	return nil
}

func (t *insertField) applyStruct(r *connect.Record, d *connect.Data, arena *schema.Arena) error {
	from, err := requireStruct(d.Value, insertPurpose)
	if err != nil {
		return err
	}
	to, ok := t.known.get(from.Schema)
	if !ok {
		if to, err = t.extend(from.Schema); err != nil {
			return err
		}
		t.known.put(from.Schema, to)
	}
	st := arena.Struct(to)
	for i := range from.Values {
		if err := put(st, i, t.nulls.at(from, i)); err != nil {
			return err
		}
	}
	at := len(from.Values)
	for what := range insertions {
		if !t.fields[what].set {
			continue
		}
		v, ok, err := t.value(r, what)
		if err != nil {
			return err
		}
		if ok {
			st.Values[at] = v
		}
		at++
	}
	d.Schema, d.Value = to, schema.StructValue(st)
	return nil
}

func (t *insertField) extend(s *schema.Schema) (*schema.Schema, error) {
	b := copyBasics(s, schema.StructType)
	for _, f := range s.Fields {
		if err := b.field(f.Name, f.Schema); err != nil {
			return nil, err
		}
	}
	for _, f := range t.fields {
		if !f.set {
			continue
		}
		if err := b.field(f.name, f.schema); err != nil {
			return nil, err
		}
	}
	return b.schema, nil
}
