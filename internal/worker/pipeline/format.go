package pipeline

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"sluice/internal/plugins"
)

// mismatch says which format the payload looks like, or "" where that is the
// converter's own or nothing is recognised. It shows no contents.
func mismatch(payload []byte, what, key, class string) string {
	name := plugins.SimpleName(class)
	registry := strings.Contains(class, ".confluent.")
	switch {
	case payload == nil, len(payload) == width(name):
		return ""
	case framed(payload):
		if registry {
			return ""
		}
		return fmt.Sprintf("%s begins with magic byte 0 and schema id %d: a record of a schema registry (Avro, Protobuf or JSON Schema), but %s is %s; "+
			"set %s to io.confluent.connect.avro.AvroConverter, protobuf.ProtobufConverter or json.JsonSchemaConverter, and %s.schema.registry.url",
			what, binary.BigEndian.Uint32(payload[1:5]), key, name, key, key)
	case looksLikeJSON(payload), name == "JsonConverter" && json.Valid(payload):
		return jsonHint(payload, what, key, name, registry)
	}
	for _, m := range magics() {
		if bytes.HasPrefix(payload, []byte(m.prefix)) {
			return fmt.Sprintf("%s begins as %s does, but %s is %s; set %s to org.apache.kafka.connect.converters.ByteArrayConverter to pass it as it is", what, m.name, key, name, key)
		}
	}
	switch {
	case name == "StringConverter" || name == "ByteArrayConverter":
		return ""
	case name == "JsonConverter" && isText(payload) && begins(payload, "{[\""):
		return what + " begins as JSON does, but it is not complete or has a mistake: see what its producer writes"
	case len(payload) > 0 && isText(payload):
		return fmt.Sprintf("%s is plain text, but %s is %s; set %s to org.apache.kafka.connect.storage.StringConverter", what, key, name, key)
	case registry:
		return fmt.Sprintf("%s does not begin with magic byte 0 and a schema id, which %s needs: it was not written with a schema registry", what, name)
	}
	return ""
}

func jsonHint(payload []byte, what, key, name string, registry bool) string {
	switch {
	case registry:
		return fmt.Sprintf("%s is JSON text without magic byte and schema id, but %s is %s; set %s to org.apache.kafka.connect.json.JsonConverter", what, key, name, key)
	case name == "JsonConverter" && !enveloped(payload):
		return fmt.Sprintf("%s is JSON without a schema beside it; set %s.schemas.enable to false", what, key)
	case name == "JsonConverter", name == "StringConverter", name == "ByteArrayConverter":
		return ""
	}
	return fmt.Sprintf("%s is JSON text, but %s is %s; set %s to org.apache.kafka.connect.json.JsonConverter", what, key, name, key)
}

// framed reports the form of schema registries: magic byte 0, an id, a payload.
func framed(b []byte) bool {
	return len(b) > 5 && b[0] == 0 && binary.BigEndian.Uint32(b[1:5]) < 1<<24 && binary.BigEndian.Uint32(b[1:5]) > 0
}

// width is the length of what the converters of numbers read, else -1.
func width(name string) int {
	switch name {
	case "BooleanConverter":
		return 1
	case "ShortConverter":
		return 2
	case "IntegerConverter", "FloatConverter":
		return 4
	case "LongConverter", "DoubleConverter":
		return 8
	}
	return -1
}

// begins reports whether the first byte that is no space is one of these.
func begins(b []byte, first string) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && strings.IndexByte(first, b[0]) >= 0
}

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 1 && (b[0] == '{' || b[0] == '[') && json.Valid(b)
}

func enveloped(b []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) != nil {
		return false
	}
	_, schema := members["schema"]
	_, payload := members["payload"]
	return schema && payload
}

// magic is the beginning of a format.
type magic struct{ prefix, name string }

func magics() []magic {
	return []magic{
		{"Obj\x01", "an Avro data file"},
		{"PAR1", "a Parquet file"},
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"PK\x03\x04", "a zip file"},
		{"\xac\xed\x00\x05", "a serialized Java object"},
		{"<?xml", "XML"},
	}
}

func isText(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }) < 0
}
