package plugins

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
)

func TestLacking(t *testing.T) {
	t.Parallel()
	n := NamesOf(registry().Classes())
	for _, tt := range []struct {
		cfg  config.Map
		want []string
	}{
		{config.Map{"connector.class": "org.b.FileStreamSourceConnector"}, nil},
		{config.Map{"connector.class": " FileStreamSource\t"}, nil},
		{config.Map{"connector.class": "Twin"}, []string{"Twin"}}, // two classes have it
		{config.Map{"connector.class": "io.debezium.Postgres"}, []string{"io.debezium.Postgres"}},
		{config.Map{"connector.class": "${env:CLASS}"}, nil},
		{config.Map{"name": "no class"}, nil},
		{config.Map{"key.converter": "String", "value.converter": "org.x.Proto", "header.converter": "Simple"}, []string{"org.x.Proto"}},
		{config.Map{
			"transforms": "a, b,c,none", "transforms.a.type": "org.t.Cast$Value", "transforms.b.type": "RegexRouter", "transforms.c.type": "org.x.T",
			"predicates": "p,q", "predicates.p.type": "RecordIsTombstone", "predicates.q.type": "org.x.T",
			"transforms.unused.type": "org.x.Unused", "predicate.q.type": "org.x.Other",
		}, []string{"org.x.T"}},
	} {
		if diff := cmp.Diff(tt.want, n.Lacking(tt.cfg.Raw())); diff != "" {
			t.Errorf("%v lacks (-want +got):\n%s", tt.cfg, diff)
		}
	}
	null := config.Raw{"connector.class": nil, "transforms": nil}
	if got := n.Lacking(null); got != nil {
		t.Errorf("nulls lack %v", got)
	}
}

// TestLackingAgrees finds every plugin by all its names, as the registry does.
func TestLackingAgrees(t *testing.T) {
	t.Parallel()
	r := registry()
	n := NamesOf(r.Classes())
	for _, name := range []string{"org.a.Connector", "Connector", "FileStreamSinkConnector", "FileStreamSink", "TwinConnector", "FileStream", "nothing"} {
		_, source := r.Source(name)
		_, sink := r.Sink(name)
		lacks := len(n.Lacking(config.Map{"connector.class": name}.Raw())) > 0
		if lacks == (source || sink) {
			t.Errorf("%s: lacking is %v, the registry has it: %v", name, lacks, source || sink)
		}
	}
}
