package plugins_test

import (
	"testing"

	"sluice/connect"
	"sluice/internal/plugins"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ wanted, want string }{
		{"", ""},
		{"latest", ""},
		{"4.3.1", ""},
		{"[4.0,5.0)", ""},
		{"4.3.2", "Plugin a.B not found that matches the version range [4.3.2,4.3.2], available versions: [4.3.1] (transforms.x.plugin.version=4.3.2)"},
		{"(,4.3.1)", "Plugin a.B not found that matches the version range (,4.3.1), available versions: [4.3.1] (transforms.x.plugin.version=(,4.3.1))"},
		{"[5,4]", "Range defies version ordering: [5,4] (transforms.x.plugin.version=[5,4])"},
	} {
		err := plugins.Require("a.B", "4.3.1", "transforms.x.plugin.version", tt.wanted)
		if got := errorText(err); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.wanted, got, tt.want)
		}
		if err != nil && connect.ClassOf(err) != "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException" {
			t.Errorf("%q: class %s", tt.wanted, connect.ClassOf(err))
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
