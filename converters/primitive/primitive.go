// Package primitive has the converters of single values: text, bytes, booleans
// and numbers of fixed width. Each is a converter of keys and values and one of
// headers.
//
// The formats are those of org.apache.kafka.connect.storage.StringConverter and
// of org.apache.kafka.connect.converters of Kafka 4.3.1. Start at [Plugins].
// Nothing here blocks.
package primitive

import (
	"maps"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const (
	version    = "4.3.1"
	converters = "org.apache.kafka.connect.converters."
	stringName = "org.apache.kafka.connect.storage.StringConverter"

	typeKey     = "converter.type"
	encodingKey = "converter.encoding"
)

// typeDef is the key that tells a converter its use.
func typeDef() config.Def {
	return config.Def{{
		Name: typeKey, Type: config.String, Required: true, Importance: config.Low,
		Validator: config.OneOf{"key", "value", "header"},
		Doc:       "What the converter is used for.",
	}}
}

func stringDef() config.Def {
	return append(typeDef(), config.Key{
		Name: encodingKey, Type: config.String, Default: "UTF-8", Importance: config.High,
		Width: config.WidthMedium, DisplayName: "Encoding",
		Doc: "The Java name of the character set of the text: UTF-8, ISO-8859-1, US-ASCII, UTF-16, UTF-16BE or UTF-16LE.",
	})
}

// Plugins returns the converters of this package.
func Plugins() plugin.Set {
	var set plugin.Set
	add := func(class string, def config.Def, newCodec func() codec) {
		info := plugin.Info{Class: class, Version: version, Config: def}
		set.Converters = append(set.Converters, plugin.Converter{
			Info: info, New: func() connect.Converter { return &converter{def, newCodec()} },
		})
		set.HeaderConverters = append(set.HeaderConverters, plugin.HeaderConverter{
			Info: info, New: func() connect.HeaderConverter { return &headerConverter{def, newCodec()} },
		})
	}
	add(stringName, stringDef(), func() codec { return &text{} })
	add(converters+"ByteArrayConverter", typeDef(), func() codec { return bytesCodec{} })
	add(converters+"BooleanConverter", typeDef(), func() codec { return boolean{} })
	for _, n := range numbers {
		add(converters+n.class, typeDef(), func() codec { return n })
	}
	return set
}

// codec is what the converters of values and headers have in common.
type codec interface {
	configure(cfg config.Map) error
	// encode appends the bytes; nil is null.
	encode(dst []byte, d connect.Data) ([]byte, error)
	decode(raw []byte, arena *schema.Arena) (connect.Data, error)
}

type converter struct {
	def   config.Def
	codec codec
}

func (c *converter) Configure(cfg config.Map, isKey bool) error {
	use := "value"
	if isKey {
		use = "key"
	}
	return configure(c.def, c.codec, cfg, use)
}

func (c *converter) AppendEncode(dst []byte, _ string, _ *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	return c.codec.encode(dst, d)
}

func (c *converter) Decode(_ string, _ []connect.RawHeader, raw []byte, arena *schema.Arena) (connect.Data, error) {
	return c.codec.decode(raw, arena)
}

type headerConverter struct {
	def   config.Def
	codec codec
}

func (c *headerConverter) Configure(cfg config.Map) error {
	return configure(c.def, c.codec, cfg, "header")
}

func (c *headerConverter) AppendEncode(dst []byte, _, _ string, d connect.Data) ([]byte, error) {
	return c.codec.encode(dst, d)
}

func (c *headerConverter) Decode(_, _ string, raw []byte, arena *schema.Arena) (connect.Data, error) {
	return c.codec.decode(raw, arena)
}

func configure(def config.Def, c codec, cfg config.Map, use string) error {
	all := maps.Clone(cfg)
	if all == nil {
		all = config.Map{}
	}
	all[typeKey] = use
	if _, err := def.Parse(all); err != nil {
		return err
	}
	return c.configure(all)
}

// dataError is a DataException whose message does not repeat its cause.
func dataError(message string, cause error) error {
	return &connect.Error{Class: connect.DataException, Message: message, Cause: cause}
}

func serializationError(format string, args ...any) error {
	return connect.ClassErrorf(connect.SerializationFailure, format, args...)
}
