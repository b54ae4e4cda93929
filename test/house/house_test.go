// Package house holds the structure of the repository: who may import whom, how
// long a file may be, and what every package must have.
package house_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	root     = "../.."
	module   = "sluice/"
	maxLines = 800
)

// rule forbids imports to the packages below a folder. allowed wins.
type rule struct {
	folder    string
	forbidden []string
	allowed   []string
	why       string
}

var rules = []rule{
	{"connect", []string{"sluice/", "github.com/", "golang.org/", "go.uber.org/"}, []string{"sluice/connect"}, "the contract stands on the standard library alone"},
	{"connectors", []string{"sluice/internal", "sluice/converters", "github.com/twmb"}, nil, "native connectors use what an outside author gets"},
	{"converters", []string{"sluice/internal", "sluice/connectors", "github.com/twmb/franz-go/pkg/kgo"}, nil, "converters use what an outside author gets"},
	{"internal/herder", []string{"sluice/internal/worker", "sluice/internal/rest", "sluice/internal/app", "github.com/twmb"}, nil, "the herder declares what it needs, and app joins the parts"},
	{"internal/worker", []string{"sluice/internal/herder", "sluice/internal/rest", "sluice/internal/app"}, nil, "the worker reports to a listener and knows no herder"},
	{"internal/rest", []string{"sluice/internal/worker", "sluice/internal/kafka", "sluice/internal/app", "github.com/twmb"}, nil, "rest knows the herder's interface alone"},
	{"internal/store", []string{"sluice/internal/herder", "sluice/internal/worker", "sluice/internal/rest", "sluice/internal/app"}, nil, "stores are below the parts that use them"},
	{"internal/plugins", []string{"sluice/internal/", "github.com/twmb"}, []string{"sluice/internal/properties", "sluice/internal/plugins"}, "the registry knows the contract alone"},
	{"internal/properties", []string{"sluice/", "github.com/twmb"}, []string{"sluice/connect"}, "properties files are read by themselves"},
	{"internal/app", []string{"github.com/twmb/franz-go"}, nil, "franz-go is seen by kafka, store, group and worker only"},
	{"cmd", []string{"sluice/"}, []string{"sluice/internal/app", "sluice/internal/cli"}, "commands only start app and cli"},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(path string, _ []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			for _, r := range rules {
				if within(path, r.folder) &&
					hasPrefix(imported, r.forbidden) && !hasPrefix(imported, r.allowed) && !within(strings.TrimPrefix(imported, module), r.folder) {
					t.Errorf("%s imports %s: %s", path, imported, r.why)
				}
			}
		}
	})
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(path string, src []byte) {
		if n := bytes.Count(src, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, more than %d: it has two subjects", path, n, maxLines)
		}
	})
}

func TestPackagesAreDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	eachGoFile(t, func(path string, src []byte) {
		dir := filepath.Dir(path)
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		documented[dir] = documented[dir] || f.Doc.Text() != ""
	})
	for dir, has := range documented {
		if !has {
			t.Errorf("package %s has no doc comment: it says what the package owns and where to start reading", dir)
		}
	}
}

func TestModuleReplacesNothing(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(mod, []byte("\nreplace")) {
		t.Error("go.mod has a replace: the module must build as it is anywhere")
	}
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func eachGoFile(t *testing.T, visit func(path string, src []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name == "bin" || name == "data" || strings.HasPrefix(name, ".") && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		n++
		visit(rel, src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 10 {
		t.Fatalf("only %d Go files were found", n)
	}
}
