package avro_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/registrytest"
)

// FuzzDecode reads any bytes by schemas of all kinds: nothing panics, and what was
// read is written and read again as the same.
func FuzzDecode(f *testing.F) {
	r := registrytest.New(f, nil)
	texts := []string{
		writerText, `"bytes"`, `{"type":"array","items":{"type":"map","values":["null","int","string"]}}`, `["null","double"]`,
		`{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"bytes"}]}}`,
		`{"type":"bytes","logicalType":"decimal","precision":5,"scale":1}`, `{"type":"array","items":{"type":"record","name":"E","fields":[]}}`,
	}
	for i, text := range texts {
		r.SeedSchema(topic+"-value", i+1, i+1, sr.Schema{Schema: text})
	}
	c := at(f, r, nil, false)
	anything, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Value: schema.MapValue([]schema.Entry{{Key: schema.Int32Value(1), Value: schema.ListValue(nil)}})})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(1), []byte("\x02\x02\xbe\xef\xff\xff\xfe\x0c\x06\x00\x00\x00\x00\x00\x00\xf8\x3f\x02\x02k\x02\x06\x00\x14"))
	f.Add(byte(3), []byte("\x03\x10\x02\x02a\x02\x06\x00\x00"))
	f.Add(byte(5), []byte("\x04\x02\x02x\x04\x00\x00"))
	f.Add(byte(7), []byte("\xff\xff\xff\x0f\x00"))
	f.Add(byte(8), anything[5:])
	f.Fuzz(func(t *testing.T, id byte, payload []byte) {
		raw := append([]byte{0, 0, 0, 0, id%byte(len(texts)+1) + 1}, payload...)
		d, err := c.Decode(topic, nil, raw, nil)
		if err != nil || d.Value.IsNull() {
			return
		}
		again, err := c.AppendEncode([]byte{}, topic, nil, d)
		if err != nil && d.Schema == nil {
			return // bytes without a schema can be read, but Java does not write them
		}
		if err != nil {
			t.Fatalf("%s was read and cannot be written: %s", d.Value, registrytest.Chain(err))
		}
		e, err := c.Decode(topic, nil, again, nil)
		if err != nil {
			t.Fatalf("%x was written and cannot be read: %s", again, registrytest.Chain(err))
		}
		if len(e.Value.String()) != len(d.Value.String()) {
			t.Fatalf("%s became %s", d.Value, e.Value)
		}
	})
}
