package pipeline

import (
	"strings"
	"testing"
)

// TestMismatch: what a converter cannot read is recognised, and nothing is said of
// a payload in its own format.
func TestMismatch(t *testing.T) {
	t.Parallel()
	const (
		jsonClass    = "org.apache.kafka.connect.json.JsonConverter"
		stringClass  = "org.apache.kafka.connect.storage.StringConverter"
		bytesClass   = "org.apache.kafka.connect.converters.ByteArrayConverter"
		longClass    = "org.apache.kafka.connect.converters.LongConverter"
		booleanClass = "org.apache.kafka.connect.converters.BooleanConverter"
		shortClass   = "org.apache.kafka.connect.converters.ShortConverter"
		intClass     = "org.apache.kafka.connect.converters.IntegerConverter"
		floatClass   = "org.apache.kafka.connect.converters.FloatConverter"
		doubleClass  = "org.apache.kafka.connect.converters.DoubleConverter"
		avroClass    = "io.confluent.connect.avro.AvroConverter"
		protoClass   = "io.confluent.connect.protobuf.ProtobufConverter"
		schemaClass  = "io.confluent.connect.json.JsonSchemaConverter"

		framed   = "\x00\x00\x00\x00\x2a\x02\x04"
		proto    = "\x00\x00\x00\x00\x2a\x00\x08\x01"
		jsonText = "\x00\x00\x00\x00\x2a{\"a\":1}"
		bare     = `{"a":1}`
		envelope = `{"schema":{"type":"string"},"payload":"x"}`
		text     = "hello"
		number   = "\x00\x00\x00\x00\x00\x00\x00\x07"
	)
	registries := []string{avroClass, protoClass, schemaClass}
	for _, tt := range []struct {
		payload string
		classes []string
		want    string // "" is no hint
	}{
		{framed, []string{jsonClass, stringClass, bytesClass, longClass}, "magic byte 0 and schema id 42"},
		{proto, []string{jsonClass, stringClass}, "magic byte 0 and schema id 42"},
		{jsonText, []string{jsonClass, stringClass}, "magic byte 0 and schema id 42"},
		{framed, registries, ""},
		{proto, registries, ""},
		{jsonText, registries, ""},
		{bare, []string{jsonClass}, "set value.converter.schemas.enable to false"},
		{bare, registries, "JSON text without magic byte"},
		{envelope, registries, "JSON text without magic byte"},
		{bare, []string{longClass}, "set value.converter to org.apache.kafka.connect.json.JsonConverter"},
		{bare, []string{stringClass, bytesClass}, ""},
		{envelope, []string{jsonClass, stringClass, bytesClass}, ""},
		{text, []string{jsonClass, longClass, avroClass, protoClass, schemaClass}, "plain text"},
		{text, []string{stringClass, bytesClass}, ""},
		{number, []string{longClass, stringClass, bytesClass, jsonClass}, ""},
		{number, registries, "does not begin with magic byte 0 and a schema id"},
		{"Obj\x01\x04\x14", []string{jsonClass, avroClass}, "an Avro data file"},
		{"PAR1\x00", []string{jsonClass}, "a Parquet file"},
		{"\x1f\x8b\x08", []string{jsonClass, stringClass}, "gzip"},
		{"\xac\xed\x00\x05sr", []string{jsonClass}, "a serialized Java object"},
		{"<?xml version='1.0'?>", []string{jsonClass}, "XML"},
		{`{"a":`, []string{jsonClass}, "not complete or has a mistake"},
		{` ["a",]`, []string{jsonClass}, "not complete or has a mistake"},
		{`{"a":`, []string{longClass}, "plain text"},
		{`{"a":`, []string{stringClass, bytesClass}, ""},
		{"42", []string{jsonClass}, "set value.converter.schemas.enable to false"},
		{`"text"`, []string{jsonClass}, "set value.converter.schemas.enable to false"},
		{"42", []string{longClass, avroClass}, "plain text"},
		// Numbers that look like an id of a registry, JSON or a file.
		{"\x00\x00\x00\x00\x01\x00\x00\x00", []string{longClass, doubleClass}, ""},
		{"\x00\x00\x00\x00\x01\x00\x00\x00\x00", []string{longClass}, "magic byte 0 and schema id 1"},
		{"[1]\n", []string{intClass, floatClass}, ""},
		{"{}", []string{shortClass}, ""},
		{"PAR1", []string{intClass}, ""},
		{"a", []string{booleanClass}, ""},
		{"true", []string{booleanClass}, "plain text"},
		{"PK\x03\x04", []string{longClass, schemaClass}, "a zip file"},
		{"\x28\xb5\x2f\xfd\x00", []string{jsonClass}, "zstd"},
		{"\x00\x00\x00\x00", []string{jsonClass}, ""},
		{"", []string{jsonClass, stringClass, longClass}, ""},
	} {
		for _, class := range tt.classes {
			got := mismatch([]byte(tt.payload), "the value", "value.converter", class)
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%q read by %s: %q, want %q", tt.payload, class, got, tt.want)
			}
			if strings.Contains(got, "hello") {
				t.Errorf("the hint shows contents: %s", got)
			}
		}
	}
	if got := mismatch(nil, "the value", "value.converter", jsonClass); got != "" {
		t.Errorf("a tombstone gives %q", got)
	}
}
