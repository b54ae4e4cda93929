package plugins

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/plugin"
)

func registry() *Registry {
	info := func(class string) plugin.Info { return plugin.Info{Class: class, Version: "1"} }
	return New(plugin.Set{
		Sources:          []plugin.Source{{Info: info("org.b.FileStreamSourceConnector")}, {Info: info("org.a.Connector")}},
		Sinks:            []plugin.Sink{{Info: info("org.b.FileStreamSinkConnector")}, {Info: info("org.b.TwinConnector")}, {Info: info("org.a.TwinConnector")}},
		Converters:       []plugin.Converter{{Info: info("org.s.StringConverter")}},
		HeaderConverters: []plugin.HeaderConverter{{Info: info("org.s.StringConverter")}, {Info: info("org.s.SimpleHeaderConverter")}},
		Transforms:       []plugin.Transform{{Info: info("org.t.Cast$Value")}, {Info: info("org.t.Mask$Value")}, {Info: info("org.t.RegexRouter")}},
		Predicates:       []plugin.Predicate{{Info: info("org.p.RecordIsTombstone")}},
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	r := registry()
	source := func(n string) (string, bool) { p, ok := r.Source(n); return p.Class, ok }
	sink := func(n string) (string, bool) { p, ok := r.Sink(n); return p.Class, ok }
	converter := func(n string) (string, bool) { p, ok := r.Converter(n); return p.Class, ok }
	header := func(n string) (string, bool) { p, ok := r.HeaderConverter(n); return p.Class, ok }
	transform := func(n string) (string, bool) { p, ok := r.Transform(n); return p.Class, ok }
	predicate := func(n string) (string, bool) { p, ok := r.Predicate(n); return p.Class, ok }
	for _, tc := range []struct {
		find       func(string) (string, bool)
		name, want string // "" is not found
	}{
		{source, "org.b.FileStreamSourceConnector", "org.b.FileStreamSourceConnector"},
		{source, "FileStreamSourceConnector", "org.b.FileStreamSourceConnector"},
		{source, "FileStreamSource", "org.b.FileStreamSourceConnector"},
		{source, "filestreamsource", ""},
		{source, "FileStreamSink", ""},
		{source, "Connector", "org.a.Connector"},
		{source, "", ""},
		{sink, "FileStreamSink", "org.b.FileStreamSinkConnector"},
		{sink, "Twin", ""},
		{sink, "TwinConnector", ""},
		{sink, "org.a.TwinConnector", "org.a.TwinConnector"},
		{converter, "String", "org.s.StringConverter"},
		{header, "StringConverter", "org.s.StringConverter"},
		{header, "Simple", "org.s.SimpleHeaderConverter"},
		{transform, "Cast$Value", ""}, // Java's simple name is Value
		{transform, "org.t.Cast$Value", "org.t.Cast$Value"},
		{transform, "Value", ""},
		{transform, "RegexRouter", "org.t.RegexRouter"},
		{predicate, "RecordIsTombstone", "org.p.RecordIsTombstone"},
	} {
		if got, ok := tc.find(tc.name); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%q is found as %q, %v; want %q", tc.name, got, ok, tc.want)
		}
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	want := []Desc{
		{"org.a.TwinConnector", "sink", "1"},
		{"org.b.FileStreamSinkConnector", "sink", "1"},
		{"org.b.TwinConnector", "sink", "1"},
		{"org.a.Connector", "source", "1"},
		{"org.b.FileStreamSourceConnector", "source", "1"},
		{"org.t.Cast$Value", "transformation", "1"},
		{"org.t.Mask$Value", "transformation", "1"},
		{"org.t.RegexRouter", "transformation", "1"},
		{"org.p.RecordIsTombstone", "predicate", "1"},
		{"org.s.StringConverter", "converter", "1"},
		{"org.s.SimpleHeaderConverter", "header_converter", "1"},
		{"org.s.StringConverter", "header_converter", "1"},
	}
	if diff := cmp.Diff(want, registry().All()); diff != "" {
		t.Error(diff)
	}
}
