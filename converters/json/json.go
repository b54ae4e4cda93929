// Package json is org.apache.kafka.connect.json.JsonConverter of Kafka Connect
// 4.3.1: records as JSON, with their schema beside them or without.
//
// The bytes are those that Java writes, and what Java reads leniently is read
// so here. Writing (encode.go) appends straight to the record's buffer, with
// the text of each schema made once; reading (decode.go) is one pass over the
// bytes without a tree, whose values lie in the record itself or in the batch's
// arena. The package keeps nothing between converters. Start at [Plugins].
package json

import (
	"maps"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Class is the Java class that this package stands for.
const Class = "org.apache.kafka.connect.json.JsonConverter"

const version = "4.3.1"

// Plugins returns the converter and the header converter.
func Plugins() plugin.Set {
	info := plugin.Info{Class: Class, Version: version, Config: configDef()}
	return plugin.Set{
		Converters:       []plugin.Converter{{Info: info, New: func() connect.Converter { return &Converter{} }}},
		HeaderConverters: []plugin.HeaderConverter{{Info: info, New: func() connect.HeaderConverter { return &HeaderConverter{} }}},
	}
}

const typeKey = "converter.type"

func configDef() config.Def {
	return config.Def{
		{
			Name: typeKey, Type: config.String, Required: true, Validator: config.OneOf{"key", "value", "header"},
			Importance: config.Low, Doc: "What the converter is used for: key, value or header.",
		},
		{
			Name: "schemas.enable", Type: config.Boolean, Default: true, Importance: config.High,
			Doc:   "Whether every key and value carries its schema.",
			Group: "Schemas", Width: config.WidthMedium, DisplayName: "Enable Schemas",
		},
		{
			Name: "schemas.cache.size", Type: config.Int, Default: int32(1000), Importance: config.High,
			Doc:   "How many schemas the converter keeps ready at most.",
			Group: "Schemas", Order: 1, Width: config.WidthMedium, DisplayName: "Schema Cache Size",
		},
		{
			Name: "schema.content", Type: config.String, Importance: config.High,
			Doc: "A schema in the form of this converter, by which all messages are read; they then hold the payload alone. " +
				"It counts only with schemas.enable, and only for sink connectors.",
			Group: "Schemas", Order: 2, Width: config.WidthMedium, DisplayName: "Schema Content",
		},
		{
			Name: "decimal.format", Type: config.String, Default: "BASE64", Validator: config.OneOfFold{"NUMERIC", "BASE64"},
			Importance: config.Low, Doc: "How decimals are written, in upper or lower case: BASE64 or NUMERIC.",
			Group: "Serialization", Width: config.WidthMedium, DisplayName: "Decimal Format",
		},
		{
			Name: "replace.null.with.default", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc:   "Whether the default value of a field stands in for its null; otherwise null stays.",
			Group: "Serialization", Order: 1, Width: config.WidthMedium, DisplayName: "Replace null with default",
		},
	}
}

type settings struct {
	Schemas   bool   `config:"schemas.enable"`
	CacheSize int    `config:"schemas.cache.size"`
	Content   string `config:"schema.content"`
	Decimal   string `config:"decimal.format"`
	Replace   bool   `config:"replace.null.with.default"`
}

// Converter converts keys and values. The zero Converter waits for Configure.
type Converter struct{ codec }

// Configure implements connect.Converter. The error is a *config.Error for a bad
// value and a DataException for a schema.content that is no schema.
func (c *Converter) Configure(cfg config.Map, isKey bool) error {
	use := "value"
	if isKey {
		use = "key"
	}
	return c.configure(cfg, use)
}

// AppendEncode implements connect.Converter. It allocates nothing where the
// schema is known and dst has room.
func (c *Converter) AppendEncode(dst []byte, _ string, _ *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	return c.encode(dst, d)
}

// Decode implements connect.Converter. Texts without escapes share memory with raw.
func (c *Converter) Decode(_ string, _ []connect.RawHeader, raw []byte, arena *schema.Arena) (connect.Data, error) {
	return c.decode(raw, arena)
}

// HeaderConverter converts headers, as Converter does keys and values.
type HeaderConverter struct{ codec }

// Configure implements connect.HeaderConverter; see [Converter.Configure].
func (c *HeaderConverter) Configure(cfg config.Map) error { return c.configure(cfg, "header") }

// AppendEncode implements connect.HeaderConverter.
func (c *HeaderConverter) AppendEncode(dst []byte, _, _ string, d connect.Data) ([]byte, error) {
	return c.encode(dst, d)
}

// Decode implements connect.HeaderConverter.
func (c *HeaderConverter) Decode(_, _ string, raw []byte, arena *schema.Arena) (connect.Data, error) {
	return c.decode(raw, arena)
}

// AppendSchemaless appends a value without a schema, as a JsonConverter with
// schemas.enable=false writes it; null is the text null. The error is a
// DataException for decimals and instants, which need a schema, and for structs.
func AppendSchemaless(dst []byte, v schema.Value) ([]byte, error) {
	e := encoder{replace: true}
	return e.value(dst, nil, v)
}

// ParseSchemaless reads what AppendSchemaless writes, and any other JSON text:
// integers are int64, other numbers float64. No text at all is null, and what
// follows the first value is not looked at. Texts may share memory with raw. The
// error is a DataException for what is no JSON.
func ParseSchemaless(raw []byte, arena *schema.Arena) (schema.Value, error) {
	c := codec{dec: decoder{replace: true}}
	d, err := c.decode(raw, arena)
	return d.Value, err
}

// codec is what both converters share.
type codec struct {
	enc encoder
	dec decoder

	schemas   bool
	cacheSize int
	content   *schema.Schema

	// prefixes holds the text before the payload for each schema that was written.
	prefixes   map[*schema.Schema][]byte
	lastSchema *schema.Schema
	lastPrefix []byte

	// parsed holds the schemas that were read, by their text.
	parsed map[string]*schema.Schema
	// seen is the last envelope's text before its payload, and seenSchema what it says.
	seen       []byte
	seenSchema *schema.Schema
}

func (c *codec) configure(cfg config.Map, use string) error {
	all := make(config.Map, len(cfg)+1)
	maps.Copy(all, cfg)
	all[typeKey] = use
	set, err := config.Decode[settings](configDef(), all)
	if err != nil {
		return err
	}
	*c = codec{
		enc:     encoder{numeric: strings.EqualFold(set.Decimal, "NUMERIC"), replace: set.Replace},
		dec:     decoder{replace: set.Replace},
		schemas: set.Schemas, cacheSize: set.CacheSize,
		prefixes: map[*schema.Schema][]byte{}, parsed: map[string]*schema.Schema{},
	}
	if set.Content == "" {
		return nil
	}
	c.content, err = c.parseContent([]byte(set.Content))
	return err
}

func (c *codec) encode(dst []byte, d connect.Data) ([]byte, error) {
	if d.Schema == nil && d.Value.IsNull() {
		return nil, nil
	}
	if !c.schemas {
		return c.enc.value(dst, d.Schema, d.Value)
	}
	if d.Schema != c.lastSchema || c.lastPrefix == nil {
		prefix, err := c.prefix(d.Schema)
		if err != nil {
			return nil, err
		}
		c.lastSchema, c.lastPrefix = d.Schema, prefix
	}
	out, err := c.enc.value(append(dst, c.lastPrefix...), d.Schema, d.Value)
	if err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// prefix returns the text of an envelope up to its payload.
func (c *codec) prefix(s *schema.Schema) ([]byte, error) {
	if p, ok := c.prefixes[s]; ok {
		return p, nil
	}
	p, err := c.enc.appendSchema([]byte(`{"schema":`), s, "")
	if err != nil {
		return nil, err
	}
	p = append(p, `,"payload":`...)
	if len(c.prefixes) >= c.cacheSize {
		// All at once: a cache that overflows holds schemas that do not come back.
		clear(c.prefixes)
	}
	if c.cacheSize > 0 {
		c.prefixes[s] = p
	}
	return p, nil
}
