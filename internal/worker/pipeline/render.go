package pipeline

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/json"
)

// render makes the dead letter of a source's record that has no bytes: what
// the converters make of it as it was polled, and JSON for the rest.
func (p *Pipeline) render(r *connect.Record) letter {
	var l letter
	var raw []connect.RawHeader
	var rendered []string
	part := func(name string, c connect.Converter, d connect.Data) []byte {
		var b []byte
		err := Guard(func() (err error) {
			b, err = c.AppendEncode([]byte{}, r.Topic, &raw, d)
			return err
		})
		if err == nil {
			return b
		}
		rendered = append(rendered, name)
		return renderValue(d.Value)
	}
	l.key = part("key", p.key.Converter, r.Key)
	l.value = part("value", p.value.Converter, r.Value)
	for _, h := range raw {
		l.headers = append(l.headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	for _, h := range r.Headers {
		var b []byte
		err := Guard(func() (err error) {
			b, err = p.header.AppendEncode([]byte{}, r.Topic, h.Key, h.Data)
			return err
		})
		if err != nil {
			b = renderValue(h.Value)
		}
		l.headers = append(l.headers, kgo.RecordHeader{Key: h.Key, Value: b})
	}
	l.rendered = strings.Join(rendered, ",")
	return l
}

// renderValue is the value as JSON without schemas; what JSON cannot hold
// comes as its text.
func renderValue(v schema.Value) []byte {
	c := &json.Converter{}
	var none []connect.RawHeader
	if err := c.Configure(map[string]string{"schemas.enable": "false"}, false); err == nil {
		if b, err := c.AppendEncode([]byte{}, "", &none, connect.Data{Value: v}); err == nil {
			return b
		}
	}
	return []byte(v.String())
}
