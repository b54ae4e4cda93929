// Package avro is io.confluent.connect.avro.AvroConverter 8.3.1: records as Avro,
// with their schemas in a Schema Registry.
//
// A Connect schema becomes an Avro schema (fromconnect.go) whose text is the one
// that the Java converter registers; both together become a program that appends
// a value's bytes (compile.go, encode.go). An Avro schema of the registry becomes
// a Connect schema and a program that reads values into the batch's arena
// (toconnect.go, decode.go). Programs are made once for each schema. The schemas
// are our own trees, since what Connect needs of them is the properties that Avro
// libraries drop. Start at [Plugins].
package avro

import (
	"errors"
	"fmt"

	twmb "github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/converters/internal/registry"
)

// Class is the Java class that this package stands for.
const Class = "io.confluent.connect.avro.AvroConverter"

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
	toggle := func(name string, on bool, importance config.Importance, doc string) config.Key {
		return config.Key{Name: name, Type: config.Boolean, Default: on, Importance: importance, Doc: doc}
	}
	return registry.Def(config.Def{
		toggle("enhanced.avro.schema.support", false, config.Medium, "Whether enums stay enums and unions keep the namespaces of their types."),
		toggle("generalized.sum.type.support", false, config.Medium, "Whether enums and unions have a form that the Protobuf and JSON Schema converters share."),
		toggle("ignore.default.for.nullables", false, config.Medium, "Whether a null that may be one stays null although its field has a default."),
		toggle("scrub.invalid.names", false, config.Medium, "Whether names that Avro does not allow are changed into ones that it does."),
		toggle("connect.meta.data", true, config.Low, "Whether schemas keep what only Connect knows, in properties of their own."),
		toggle("discard.type.doc.default", false, config.Low, "Whether only the documentation and defaults of fields are kept, as before version 5.1."),
		toggle("allow.optional.map.keys", false, config.Low, "Whether maps with optional text keys become Avro maps."),
		toggle("flatten.singleton.unions", true, config.Low, "Whether a union of one type is taken as that type."),
		toggle("avro.fail.on.trailing.data", false, config.Low, "Whether records are refused that have more bytes than their schema says."),
	})
}

// words are the texts of AvroConverter.
func words() *registry.Words {
	return &registry.Words{
		Format: "Avro", Network: "Avro",
		Write: "Failed to serialize Avro data from topic %s:", WriteLater: "Failed to serialize Avro data from topic %s :",
		Read: "Failed to deserialize data for topic %s to Avro:", ReadLater: "Failed to deserialize data for topic %s to Avro: ",
	}
}

// Converter converts keys and values. It waits for Configure.
type Converter struct {
	pool *registry.Pool
	*registry.Session
	mapping mapping
	enc     encoder
	dec     decoder

	programs *registry.Cache[registry.WriteKey, *program]
	sources  *registry.Cache[registry.ReadKey, *source]
}

// program writes the records of one topic and Connect schema.
type program struct {
	target registry.Target
	root   *writer
}

// source reads the records of one topic and writer's schema.
type source struct {
	schema *schema.Schema
	root   *node
	bytes  bool // the payload is the value
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
		pool: c.pool, Session: session, mapping: m, enc: encoder{ignoreDefaults: m.IgnoreDefaults},
		programs: registry.NewCache[registry.WriteKey, *program](set.CacheSize),
		sources:  registry.NewCache[registry.ReadKey, *source](set.CacheSize),
	}
	return nil
}

// AppendEncode implements connect.Converter. It allocates nothing where the schema
// is known and dst has room. It blocks for the registry where it is not; an error
// that may go away is retriable.
func (c *Converter) AppendEncode(dst []byte, topic string, headers *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	if d.Value.IsNull() {
		if d.Schema != nil && !d.Schema.Optional {
			return nil, connect.DataErrorf("Found null value for non-optional schema")
		}
		return nil, nil
	}
	p, err := c.program(topic, d.Schema)
	if err != nil {
		return nil, err
	}
	if dst, err = p.target.Begin(dst, headers); err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	out, err := c.enc.value(dst, p.root, d.Value)
	if err != nil {
		c.enc.order = c.enc.order[:0]
		return nil, c.wrong(topic, err)
	}
	return out, nil
}

// wrong gives an error of a value the class and text that Java has: what does not
// fit the Connect schema is a DataException, what Avro refuses is wrapped.
func (c *Converter) wrong(topic string, err error) error {
	e, ok := errors.AsType[*connect.Error](err)
	if !ok || e.Class != connect.DataException {
		return c.Words.WriteError(topic, registry.Serialization(err, "Error serializing Avro message: %v", err))
	}
	if at, ok := errors.AsType[*fieldError](err); ok {
		return &connect.Error{Class: e.Class, Message: fmt.Sprintf("%s (field %s of the record for topic %s)", e.Message, at.path, topic), Cause: e.Cause}
	}
	return e
}

func (c *Converter) program(topic string, s *schema.Schema) (*program, error) {
	return c.programs.Get(registry.WriteKey{Topic: topic, Schema: s}, c.KeepsTargets(), func() (*program, error) { return c.newProgram(topic, s) })
}

func (c *Converter) newProgram(topic string, s *schema.Schema) (*program, error) {
	own, err := c.mapping.fromConnect(s)
	if err != nil {
		return nil, err
	}
	text, err := own.text()
	if err != nil {
		return nil, err
	}
	target, err := c.Target(topic, recordName(own), registry.Schema{Type: sr.TypeAvro, Text: text}, canRead)
	if err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	used := own
	if target.Schema.Text != text {
		if used, err = parseSchema(&target.Schema); err != nil {
			return nil, c.Words.WriteError(topic, registry.Serialization(err, "the Avro schema with id %d: %v", target.Schema.ID, err))
		}
	}
	root, err := c.mapping.compile(s, used)
	if err != nil {
		return nil, c.Words.WriteError(topic, registry.Serialization(err, "Error serializing Avro message with the schema of id %d: %v", target.Schema.ID, err))
	}
	return &program{target: target, root: root}, nil
}

// recordName is the name that strategies by record use; "" for other types.
func recordName(t *avroType) string {
	if t.kind != record {
		return ""
	}
	return t.fullName()
}

// canRead reports why data of the writer's schema cannot be read with the reader's.
func canRead(reader, writer registry.Schema) error {
	r, err := parsed(reader)
	if err != nil {
		return err
	}
	w, err := parsed(writer)
	if err != nil {
		return err
	}
	return twmb.CheckCompatibility(w, r)
}

func parsed(s registry.Schema) (*twmb.Schema, error) {
	var cache twmb.SchemaCache
	err := s.Walk(func(r *registry.Reference) error {
		_, err := cache.Parse(r.Schema.Text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return cache.Parse(s.Text)
}

// Decode implements connect.Converter. Texts and bytes share memory with raw. It
// blocks for the registry where the schema is not known; an error that may go
// away is retriable.
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
	d := &c.dec
	d.raw, d.arena, d.depth = w.Payload, arena, 0
	v, err := d.root(s)
	if err == nil && !s.bytes && len(d.raw) > 0 && c.mapping.FailTrailing {
		err = fmt.Errorf("Trailing data found after deserializing Avro message: %d bytes", len(d.raw)) //nolint:staticcheck // Java's text.
	}
	d.raw, d.arena = nil, nil
	if err != nil {
		d.items, d.entries = d.items[:0], d.entries[:0]
		return connect.Data{}, c.Words.ReadError(topic, registry.Serialization(err, "Error deserializing Avro message for %s: %v", w, err))
	}
	return connect.Data{Schema: s.schema, Value: v}, nil
}

func (d *decoder) root(s *source) (schema.Value, error) {
	if !s.bytes {
		return d.value(s.root)
	}
	if s.root.op != opDecimal {
		return schema.BytesValue(d.raw), nil
	}
	return decimalValue(s.schema, d.raw)
}

func (c *Converter) source(topic string, w registry.Written) (*source, error) {
	return c.sources.Get(registry.ReadKey{Topic: topic, ID: w.ID, GUID: w.GUID}, true, func() (*source, error) { return c.newSource(topic, w) })
}

func (c *Converter) newSource(topic string, w registry.Written) (*source, error) {
	found, err := c.WriterSchema(topic, w)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	if found.Type != sr.TypeAvro {
		return nil, c.Words.ReadError(topic, registry.Serialization(nil, "the schema with %s is of the type %s, not AVRO; use the converter for it", w, found.Type))
	}
	t, err := parseSchema(&found)
	if err != nil {
		return nil, c.Words.ReadError(topic, registry.Serialization(err, "the Avro schema with %s: %v", w, err))
	}
	v, err := c.Version(topic, recordName(t), w, found)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	s, root, err := c.mapping.toConnect(t, int32(v))
	if err != nil {
		return nil, err
	}
	return &source{schema: s, root: root, bytes: t.kind == bytesKind}, nil
}
