package house_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// layer is a folder and what of this module it may import beside itself.
type layer struct {
	folder string
	may    []string
	why    string
}

// layers go from the top down; the first whose folder holds a file counts.
// Tests may import what they like, and so may the programs below test.
var layers = []layer{
	{"cmd", []string{"command"}, "a program is a main that calls command"},
	{"command", []string{"internal/app", "internal/cli", "connect"}, "commands read flags and start app or cli"},
	{"internal/app", []string{"internal", "connect", "connectors", "converters", "transforms"}, "app joins the parts"},
	{"internal/cli", []string{"client"}, "the command line uses the REST client and nothing past it"},
	{"client", nil, "the REST client stands on the standard library"},
	{"internal/ui", nil, "the UI is static files"},
	{"internal/rest", []string{"internal/herder", "internal/store", "internal/setting", "internal/telemetry", "internal/properties", "tlsconfig", "connect", "converters/json"}, "rest knows the herder's interface and the store's words"},
	{"internal/herder", []string{"internal/store", "internal/plugins", "internal/worker/pipeline", "internal/group/assign", "internal/kafka", "internal/telemetry", "internal/properties", "internal/setting", "connect", "transforms/javaregex"}, "herder, worker and group do not know one another; the herder declares interfaces and app joins"},
	{"internal/worker", []string{"internal/store", "internal/plugins", "internal/kafka", "internal/telemetry", "internal/properties", "internal/setting", "connect", "converters/json", "transforms/javaregex"}, "herder, worker and group do not know one another; the worker reports to a listener"},
	{"internal/group", []string{"internal/store", "internal/kafka", "internal/telemetry", "internal/properties", "internal/setting", "connect"}, "herder, worker and group do not know one another; the group sends events"},
	{"internal/store", []string{"internal/kafka", "internal/telemetry", "internal/properties", "internal/setting", "connect", "converters/json"}, "stores are below the parts that use them"},
	{"internal/plugins", []string{"internal/kafka", "internal/telemetry", "internal/properties", "internal/setting", "connect"}, "the registry knows the contract, not the plugins"},
	{"internal/kafka", []string{"tlsconfig", "login", "internal/telemetry", "internal/properties", "internal/setting", "connect", "transforms/javaregex"}, "clients are at the bottom"},
	{"internal/telemetry", []string{"internal/setting", "connect"}, "telemetry is at the bottom"},
	{"internal/properties", []string{"connect"}, "properties files are at the bottom"},
	{"internal/setting", []string{"connect"}, "the table of a worker's properties is at the bottom"},
	{"internal/testkit", []string{"internal", "connect", "connectors", "converters", "transforms"}, "testkit is for tests"},
	{"connectors", []string{"connect", "tlsconfig", "transforms/javaregex", "converters/avro", "converters/json"}, "connectors use what an outside author gets, the expressions of Java, and for files the data of converters"},
	{"converters", []string{"connect", "tlsconfig", "login"}, "converters use what an outside author gets"},
	{"transforms", []string{"connect"}, "transforms use what an outside author gets"},
	{"login", nil, "getting tokens is at the bottom, and public: plugins use what an outside author gets"},
	{"tlsconfig", []string{"connect"}, "reading key stores is at the bottom, and public: plugins use what an outside author gets"},
	{"connect", nil, "the contract stands on the standard library alone"},
	{"examples", []string{"command", "connect"}, "an example uses what an outside author gets"},
	{"test", []string{""}, "black-box tests and their programs"},
}

// client is a library that only some folders may see.
type client struct {
	path    string
	folders []string
	why     string
}

// clients are looked through from the top; the first that fits counts.
var clients = []client{
	{"github.com/twmb/franz-go/pkg/kfake", []string{"internal/kafka", "internal/testkit"}, "kfake is the embedded broker and a test's; nobody else runs it"},
	{"github.com/twmb/franz-go/pkg/sr", []string{"converters", "internal/kafka"}, "the schema registry is for converters"},
	{"github.com/twmb/franz-go", []string{"internal/kafka", "internal/store", "internal/group", "internal/worker", "internal/testkit", "test"}, "the Kafka client is seen by kafka, store, group and worker only"},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		l, ok := layerOf(f.dir())
		if !ok {
			t.Errorf("%s is in no layer: say in test/house what its folder may import", f.path)
			continue
		}
		for _, imported := range imports(t, f) {
			if why := forbidden(f.dir(), l, imported); why != "" {
				t.Errorf("%s imports %s: %s", f.path, imported, why)
			}
		}
	}
}

// forbidden returns why a package of the layer must not import a path, or "".
func forbidden(dir string, l layer, imported string) string {
	if own, ours := strings.CutPrefix(imported, module); ours {
		switch {
		case within(own, l.folder):
			return ""
		case within(own, "internal/testkit"):
			return "testkit is for tests"
		case len(l.may) == 1 && l.may[0] == "", withinAny(own, l.may):
			return ""
		}
		return l.why
	}
	for _, c := range clients {
		if within(imported, c.path) {
			if withinAny(dir, c.folders) {
				return ""
			}
			return c.why
		}
	}
	outside := strings.Contains(strings.Split(imported, "/")[0], ".")
	if outside && (l.folder == "connect" || l.folder == "client") {
		return l.why
	}
	return ""
}

// TestForbidden proves the rules on imports that nobody should write.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dir, imported string
		wrong         bool
	}{
		{"connect/schema", "sluice/connect", false},
		{"connect", "github.com/google/go-cmp/cmp", true},
		{"connect", "sluice/internal/store", true},
		{"connectors/jdbc", "github.com/jackc/pgx/v5", false},
		{"connectors/file", "sluice/converters/protobuf", true},
		{"connectors/all", "sluice/connectors/file", false},
		{"converters/avro", "github.com/twmb/franz-go/pkg/sr", false},
		{"converters/avro", "github.com/twmb/franz-go/pkg/kgo", true},
		{"converters/internal/registry", "sluice/tlsconfig", false},
		{"converters/internal/registry", "sluice/login", false},
		{"tlsconfig", "sluice/internal/kafka", true},
		{"login", "sluice/connect", true},
		{"internal/herder", "sluice/internal/worker", true},
		{"internal/herder", "sluice/internal/worker/pipeline", false},
		{"internal/worker", "sluice/internal/herder", true},
		{"internal/worker", "github.com/twmb/franz-go/pkg/kgo", false},
		{"internal/worker", "github.com/twmb/franz-go/pkg/kfake", true},
		{"internal/group", "sluice/internal/worker", true},
		{"internal/rest", "sluice/internal/app", true},
		{"internal/app", "github.com/twmb/franz-go/pkg/kgo", true},
		{"internal/app", "sluice/internal/testkit", true},
		{"internal/store/file", "sluice/converters/json", false},
		{"internal/store/file", "sluice/converters/primitive", true},
		{"cmd/sluice", "sluice/internal/herder", true},
		{"command", "sluice/internal/herder", true},
		{"command", "sluice/internal/app", false},
		{"examples/csv", "sluice/connectors/file", true},
		{"client", "github.com/spf13/cobra", true},
	} {
		l, ok := layerOf(tt.dir)
		if !ok {
			t.Fatalf("%s is in no layer", tt.dir)
		}
		if got := forbidden(tt.dir, l, tt.imported); (got != "") != tt.wrong {
			t.Errorf("%s imports %s: forbidden with %q, want %v", tt.dir, tt.imported, got, tt.wrong)
		}
	}
}

func layerOf(dir string) (layer, bool) {
	for _, l := range layers {
		if within(dir, l.folder) {
			return l, true
		}
	}
	return layer{}, false
}

func imports(t *testing.T, f file) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), f.path, f.text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	paths := make([]string, len(parsed.Imports))
	for i, spec := range parsed.Imports {
		paths[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return paths
}
