// Package protobuf is io.confluent.connect.protobuf.ProtobufConverter 8.3.1:
// records as Protobuf, with their schemas in a Schema Registry.
//
// A Connect schema becomes the text of a .proto file (fromconnect.go), the one
// that the Java converter registers. Texts, ours and those of others, are compiled
// to descriptors (parse.go), and these with a Connect schema to programs that
// write (encode.go) and read (toconnect.go, decode.go) the bytes without dynamic
// messages. Start at [Plugins].
package protobuf

import (
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/converters/internal/registry"
)

// Class is the Java class that this package stands for.
const Class = "io.confluent.connect.protobuf.ProtobufConverter"

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
	return registry.Def(config.Def{
		toggle("enhanced.protobuf.schema.support", false, "Whether names keep their packages."),
		toggle("generalized.sum.type.support", false, "Whether enums and unions have a form that the Avro and JSON Schema converters share."),
		toggle("ignore.default.for.nullables", false, "Whether a null that may be one stays null although its field has a default."),
		toggle("scrub.invalid.names", false, "Whether names that Protobuf does not allow are changed into ones that it does."),
		toggle("int.for.enums", false, "Whether enums are read as numbers and not as texts."),
		toggle("optional.for.nullables", false, "Whether fields that may be null have the word optional."),
		toggle("optional.for.proto2", true, "Whether optional fields of proto2 that are not there are null."),
		toggle("wrapper.for.nullables", false, "Whether fields that may be null are messages of one value."),
		toggle("wrapper.for.raw.primitives", true, "Whether a record that is a message of one value is read as that value."),
		toggle("generate.struct.for.nulls", false, "Whether a message that is not there is read as one without values."),
		toggle("generate.index.for.unions", true, "Whether the names of unions end with their number."),
		toggle("flatten.unions", false, "Whether the fields of a union stand in the struct around it."),
		{
			Name: "skip.known.types", Type: config.Boolean, Default: true, Importance: config.Low, Validator: registry.OnlyTrue{},
			Doc: "Whether the types that every Protobuf library has are left out of the references of a schema.",
		},
		{
			Name: "schema.format", Type: config.String, Importance: config.Low, Validator: registry.Unsupported{},
			Doc: "The form in which schemas are registered. Sluice registers texts only.",
		},
	})
}

// words are the texts of ProtobufConverter.
func words() *registry.Words {
	return &registry.Words{
		Format: "Protobuf", Network: "Protobuf",
		Write: "Failed to serialize Protobuf data from topic %s:", WriteLater: "Failed to serialize Protobuf data from topic %s :",
		Read: "Failed to deserialize data for topic %s to Protobuf:", ReadLater: "Failed to deserialize data for topic %s to Protobuf: ",
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
	sources  *registry.Cache[sourceKey, *source]
}

// program writes the records of one topic and Connect schema.
type program struct {
	// target's prefix ends with the message indexes.
	target registry.Target
	fields []writer
	// whole writes data that is one value.
	whole *writer
}

// sourceKey is what the reading of a record depends on; path are the message
// indexes as they lie in it.
type sourceKey struct {
	registry.ReadKey
	path string
}

// source reads the records of one topic, writer's schema and message.
type source struct {
	schema *schema.Schema
	root   *node
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
		programs: registry.NewCache[registry.WriteKey, *program](set.CacheSize),
		sources:  registry.NewCache[sourceKey, *source](set.CacheSize),
	}
	c.enc.mapping = &c.mapping
	return nil
}

// AppendEncode implements connect.Converter. It blocks for the registry where the
// schema is not known; an error that may go away is retriable.
func (c *Converter) AppendEncode(dst []byte, topic string, headers *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	if d.Value.IsNull() {
		return nil, nil
	}
	if d.Schema == nil {
		return nil, connect.ClassErrorf("java.lang.NullPointerException", "the value has no schema, which Protobuf needs")
	}
	p, err := c.program(topic, d.Schema)
	if err != nil {
		return nil, err
	}
	if dst, err = p.target.Begin(dst, headers); err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	if p.whole != nil {
		return p.whole.scalar(dst, 1, d.Value, false)
	}
	if d.Value.Kind() != schema.KindStruct {
		return nil, invalidType(d.Schema, d.Value)
	}
	return c.enc.message(dst, d.Schema, p.fields, d.Value.Struct())
}

func (c *Converter) program(topic string, s *schema.Schema) (*program, error) {
	return c.programs.Get(registry.WriteKey{Topic: topic, Schema: s}, c.KeepsTargets(), func() (*program, error) { return c.newProgram(topic, s) })
}

func (c *Converter) newProgram(topic string, s *schema.Schema) (*program, error) {
	text, full, err := c.mapping.fromConnect(s)
	if err != nil {
		return nil, err
	}
	own := registry.Schema{Type: sr.TypeProtobuf, Text: text}
	if _, err := parseSchema(&own); err != nil {
		return nil, illegal("Invalid protobuf schema definition: %v", err)
	}
	t, err := c.Target(topic, full, own, nil)
	if err != nil {
		return nil, c.Words.WriteError(topic, err)
	}
	file, err := parseSchema(&t.Schema)
	if err != nil {
		return nil, c.Words.WriteError(topic, registry.Serialization(err, "the Protobuf schema with id %d: %v", t.Schema.ID, err))
	}
	md := find(file.Messages(), protoreflect.FullName(full))
	if md == nil {
		return nil, c.Words.WriteError(topic, registry.Serialization(nil, "the Protobuf schema with id %d has no message %s", t.Schema.ID, full))
	}
	t.Prefix = appendIndexes(t.Prefix, md)
	p := &program{target: t}
	if s.Type == schema.StructType {
		p.fields, err = c.mapping.compile(s, md)
		return p, err
	}
	whole, err := c.mapping.writer(s, "value", md)
	p.whole = &whole
	return p, err
}

func find(messages protoreflect.MessageDescriptors, full protoreflect.FullName) protoreflect.MessageDescriptor {
	for i := range messages.Len() {
		md := messages.Get(i)
		if md.FullName() == full {
			return md
		}
		if inner := find(md.Messages(), full); inner != nil {
			return inner
		}
	}
	return nil
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
	s, payload, err := c.source(topic, w)
	if err != nil {
		return connect.Data{}, err
	}
	c.dec.arena, c.dec.depth = arena, 0
	v, err := c.dec.whole(s, payload)
	c.dec.arena = nil
	if err != nil {
		c.dec.items = c.dec.items[:0]
		return connect.Data{}, c.Words.ReadError(topic, registry.Serialization(err, "Error deserializing Protobuf message for %s: %v", w, err))
	}
	return connect.Data{Schema: s.schema, Value: v}, nil
}

func (d *decoder) whole(s *source, raw []byte) (schema.Value, error) {
	if s.schema.Type != schema.StructType {
		return unwrap(s.root.order[0], raw)
	}
	st, err := d.message(s.root, raw)
	return schema.StructValue(st), err
}

// source returns what reads the record, and its bytes behind the message indexes.
func (c *Converter) source(topic string, w registry.Written) (*source, []byte, error) {
	indexes, payload := w.Payload, w.Payload
	if w.Header != nil {
		indexes = w.Header
	}
	// Most records are of the message of the one before. No list of indexes begins
	// another one.
	read := registry.ReadKey{Topic: topic, ID: w.ID, GUID: w.GUID}
	if k, s, ok := c.sources.Last(); ok && k.ReadKey == read && len(indexes) >= len(k.path) && string(indexes[:len(k.path)]) == k.path {
		if w.Header == nil {
			payload = payload[len(k.path):]
		}
		return s, payload, nil
	}
	path, rest, err := takeIndexes(indexes)
	if err != nil {
		return nil, nil, c.Words.ReadError(topic, registry.Serialization(err, "Error deserializing Protobuf message for %s: %v", w, err))
	}
	if w.Header == nil {
		payload = rest
	}
	k := sourceKey{read, string(indexes[:len(indexes)-len(rest)])}
	s, err := c.sources.Get(k, true, func() (*source, error) { return c.newSource(topic, w, path) })
	return s, payload, err
}

func (c *Converter) newSource(topic string, w registry.Written, path []int) (*source, error) {
	found, err := c.WriterSchema(topic, w)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	if found.Type != sr.TypeProtobuf {
		return nil, c.Words.ReadError(topic, registry.Serialization(nil, "the schema with %s is of the type %s, not PROTOBUF; use the converter for it", w, found.Type))
	}
	file, err := parseSchema(&found)
	if err != nil {
		return nil, c.Words.ReadError(topic, registry.Serialization(err, "the Protobuf schema with %s: %v", w, err))
	}
	md := messageAt(file, path)
	if md == nil {
		return nil, c.Words.ReadError(topic, registry.Serialization(nil, "Invalid message indexes: %v in the Protobuf schema with %s", path, w))
	}
	v, err := c.Version(topic, string(md.FullName()), w, found)
	if err != nil {
		return nil, c.Words.ReadError(topic, err)
	}
	s, root, err := c.mapping.toConnect(md, int32(v))
	return &source{schema: s, root: root}, err
}
