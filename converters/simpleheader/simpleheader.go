// Package simpleheader is org.apache.kafka.connect.storage.SimpleHeaderConverter
// of Kafka 4.3.1: headers are text, and reading finds the type of the text. The
// rules are those of package values. Nothing here blocks.
package simpleheader

import (
	"unsafe"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
	"sluice/converters/internal/charset"
)

// Plugins returns the converter.
func Plugins() plugin.Set {
	return plugin.Set{HeaderConverters: []plugin.HeaderConverter{{
		Info: plugin.Info{Class: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Version: "4.3.1"},
		New:  func() connect.HeaderConverter { return converter{} },
	}}}
}

type converter struct{}

func (converter) Configure(config.Map) error { return nil }

func (converter) AppendEncode(dst []byte, _, _ string, d connect.Data) ([]byte, error) {
	if d.Value.IsNull() {
		return nil, nil
	}
	return values.AppendText(dst, d.Value), nil
}

func (converter) Decode(_, _ string, raw []byte, arena *schema.Arena) (connect.Data, error) {
	if raw == nil {
		return connect.Data{}, nil
	}
	text := unsafe.String(unsafe.SliceData(raw), len(raw))
	if !charset.UTF8.Valid(raw) {
		text = arena.CopyText(charset.UTF8.AppendDecoded(nil, raw)).Text()
	}
	s, v := values.Parse(text)
	return connect.Data{Schema: s, Value: v}, nil
}
