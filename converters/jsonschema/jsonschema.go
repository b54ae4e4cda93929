// Package jsonschema is io.confluent.connect.json.JsonSchemaConverter 8.3.1:
// records as JSON, with their JSON Schemas in a Schema Registry.
//
// A Connect schema becomes a JSON Schema (fromconnect.go) whose text is the one
// that the Java converter registers, down to the order of a HashMap; the other
// way is toconnect.go. Values are written straight to the record's buffer
// (encode.go) and read by way of a tree (decode.go). Start at [Plugins].
package jsonschema

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/converters/internal/jsontree"
	"sluice/converters/internal/registry"
)

// Class is the Java class that this package stands for.
const Class = "io.confluent.connect.json.JsonSchemaConverter"

const version = "8.3.1"

// Plugins returns the converter. Those made from one set share what they learn
// from a registry.
func Plugins() plugin.Set {
	pool := registry.NewPool()
	return plugin.Set{Converters: []plugin.Converter{{
		Info: plugin.Info{Class: Class, Version: version, Config: configDef()},
		New:  func() connect.Converter { return &Converter{pool: pool} },
	}}}
}

func configDef() config.Def {
	toggle := func(name string, on bool, doc string) config.Key {
		return config.Key{Name: name, Type: config.Boolean, Default: on, Importance: config.Medium, Doc: doc}
	}
	off := func(name, doc string) config.Key {
		k := toggle(name, false, doc+" Sluice cannot do this yet.")
		k.Validator = registry.Unsupported{}
		return k
	}
	return registry.Def(config.Def{
		{
			Name: "decimal.format", Type: config.String, Default: "BASE64", Validator: config.OneOfFold{"BASE64", "NUMERIC"}, Importance: config.Low,
			Doc: "How decimals are written, in upper or lower case: BASE64 or NUMERIC.",
		},
		toggle("object.additional.properties", true, "Whether objects may have members that their schema does not name."),
		toggle("use.optional.for.nonrequired", false, "Whether properties that are not required become optional fields."),
		toggle("generalized.sum.type.support", false, "Whether enums and unions have a form that the Avro and Protobuf converters share."),
		toggle("ignore.default.for.nullables", false, "Whether a null that may be one stays null although its field has a default."),
		toggle("flatten.singleton.unions", true, "Whether a union of one schema is taken as that schema."),
		toggle("ignore.modern.dialects", false, "Whether schemas of dialects after draft 7 are read as draft 7. Sluice reads all of them so."),
		toggle("json.indent.output", false, "Whether JSON is written with line ends and blanks between its parts."),
		off("preserve.additional.properties", "Whether members that the schema does not name become a map in a field of their own."),
		toggle("json.fail.invalid.schema", false, "Whether records are refused that their schema in the registry does not allow, on writing and on reading."),
	})
}

// words are the texts of JsonSchemaConverter.
func words() *registry.Words {
	const (
		write = "Converting Kafka Connect data to byte[] failed due to serialization error of topic %s: "
		read  = "Converting byte[] to Kafka Connect data failed due to serialization error of topic %s: "
	)
	return &registry.Words{Format: "JSON", Network: "Json", Write: write, WriteLater: write, Read: read, ReadLater: read}
}

// Converter converts keys and values. It waits for Configure.
type Converter struct {
	pool *registry.Pool
	*registry.Session
	mapping mapping
	enc     encoder

	targets *registry.Cache[registry.WriteKey, *target]
	sources *registry.Cache[registry.ReadKey, *source]
	compact []byte // a record before it is indented
}

// target is a schema to write with; rules are nil where nothing is checked.
type target struct {
	registry.Target
	rules *rules
}

// source is a schema to read with.
type source struct {
	schema *schema.Schema
	rules  *rules
}

// Configure implements connect.Converter. It asks nothing of the registry. The
// error is a *config.Error.
func (c *Converter) Configure(cfg config.Map, isKey bool) error {
	m, set, err := registry.Parse[mapping](configDef(), cfg)
	if err != nil {
		return err
	}
	session, err := c.pool.Open(set, words(), isKey)
	if err != nil {
		return err
	}
	*c = Converter{
		pool: c.pool, Session: session, mapping: m,
		targets: registry.NewCache[registry.WriteKey, *target](set.CacheSize),
		sources: registry.NewCache[registry.ReadKey, *source](set.CacheSize),
	}
	c.enc.mapping = &c.mapping
	return nil
}

// AppendEncode implements connect.Converter. It blocks for the registry where the
// schema is not known; an error that may go away is retriable.
func (c *Converter) AppendEncode(dst []byte, topic string, headers *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	if d.Schema == nil {
		if d.Value.IsNull() {
			return nil, nil
		}
		return nil, c.Words.WriteError(topic, registry.Serialization(nil, "Error serializing JSON message: the value has no schema, which the registry needs"))
	}
	if d.Value.IsNull() && !d.Schema.Optional && (d.Schema.Default == nil || c.mapping.IgnoreDefaults) {
		return nil, nil
	}
	t, err := c.target(topic, d.Schema)
	if err != nil {
		return nil, err
	}
	if dst, err = t.Begin(dst, headers); err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	start := len(dst)
	if dst, err = c.enc.value(dst, d.Schema, d.Value); err != nil {
		return dst, err
	}
	if t.rules != nil {
		if err := t.rules.check(dst[start:]); err != nil {
			return nil, c.Words.WriteError(topic, err)
		}
	}
	if c.mapping.Indent {
		c.compact = append(c.compact[:0], dst[start:]...)
		dst = appendIndented(dst[:start], c.compact)
	}
	return dst, nil
}

func (c *Converter) target(topic string, s *schema.Schema) (*target, error) {
	return c.targets.Get(registry.WriteKey{Topic: topic, Schema: s}, c.KeepsTargets(), func() (*target, error) { return c.newTarget(topic, s) })
}

func (c *Converter) newTarget(topic string, s *schema.Schema) (*target, error) {
	n, err := c.mapping.fromConnect(s, -1, false, nil)
	if err != nil {
		return nil, err
	}
	title, _ := n.GetText("title")
	t := &target{}
	if t.Target, err = c.Target(topic, title, registry.Schema{Type: sr.TypeJSON, Text: n.String()}, nil); err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	if t.rules, err = c.rules(&t.Schema, fmt.Sprintf("id %d", t.Schema.ID)); err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	return t, nil
}

// Decode implements connect.Converter. It blocks for the registry where the schema
// is not known; an error that may go away is retriable.
func (c *Converter) Decode(topic string, headers []connect.RawHeader, raw []byte, arena *schema.Arena) (connect.Data, error) {
	if raw == nil {
		return connect.Data{}, nil
	}
	w, err := c.Read(raw, headers)
	if err != nil {
		return connect.Data{}, c.Words.ReadError(topic, err)
	}
	s, err := c.source(topic, w)
	if err != nil {
		return connect.Data{}, err
	}
	if s.rules != nil {
		if err := s.rules.check(w.Payload); err != nil {
			return connect.Data{}, c.Words.ReadError(topic, err)
		}
	}
	n, err := jsontree.Parse(w.Payload)
	if err != nil {
		return connect.Data{}, c.Words.ReadError(topic, registry.Serialization(err, "Error deserializing JSON message for %s: %v", w, err))
	}
	d := decoder{mapping: &c.mapping, arena: arena}
	v, err := d.value(s.schema, n)
	if err != nil {
		return connect.Data{}, err
	}
	return connect.Data{Schema: s.schema, Value: v}, nil
}

// rules are those of the schema where the settings want them.
func (c *Converter) rules(s *registry.Schema, name string) (*rules, error) {
	if !c.mapping.FailInvalid {
		return nil, nil //nolint:nilnil // Nothing is checked.
	}
	r, err := newRules(s, name)
	if err != nil {
		return nil, registry.Serialization(err, "the JSON Schema with %s cannot be used to check records: %v", name, err)
	}
	return r, nil
}

func (c *Converter) source(topic string, w registry.Written) (*source, error) {
	return c.sources.Get(registry.ReadKey{Topic: topic, ID: w.ID, GUID: w.GUID}, true, func() (*source, error) { return c.newSource(topic, w) })
}

func (c *Converter) newSource(topic string, w registry.Written) (*source, error) {
	found, err := c.WriterSchema(topic, w)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	if found.Type != sr.TypeJSON {
		return nil, c.Words.ReadError(topic, registry.Serialization(nil, "the schema with %s is of the type %s, not JSON; use the converter for it", w, found.Type))
	}
	r := reader{mapping: &c.mapping, others: map[string]*jsontree.Node{}, built: map[*jsontree.Node]bool{}, again: map[*jsontree.Node][]*schema.Schema{}}
	err = found.Walk(func(ref *registry.Reference) (err error) {
		r.others[ref.Name], err = jsontree.Parse([]byte(ref.Schema.Text))
		return err
	})
	if err == nil {
		r.root, err = jsontree.Parse([]byte(found.Text))
	}
	if err != nil {
		return nil, c.Words.ReadError(topic, registry.Serialization(err, "the JSON Schema with %s: %v", w, err))
	}
	title, _ := r.root.GetText("title")
	v, err := c.Version(topic, title, w, found)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	out := &source{}
	if out.rules, err = c.rules(&found, w.String()); err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	out.schema, err = r.build(r.root, place{version: new(int32(v))})
	return out, err
}
