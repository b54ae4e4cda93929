package house_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, more than %d: it has two subjects", f.path, n, maxLines)
		}
	}
}

func TestTheRootHoldsNoCode(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.dir() == "." {
			t.Errorf("%s is in the root: the names of the folders are the architecture", f.path)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.path, f.text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		documented[f.dir()] = documented[f.dir()] || strings.TrimSpace(parsed.Doc.Text()) != ""
	}
	for dir, has := range documented {
		if !has {
			t.Errorf("package %s has no doc comment: it says what the package owns and where to start reading", dir)
		}
	}
}

// TestGoroutinesAreListed compares the places that start goroutines with the
// table in docs/architecture.md: whoever adds one says there who ends it.
func TestGoroutinesAreListed(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	for _, f := range goFiles(t) {
		if f.isTest() || within(f.dir(), "test") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.path, f.text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				found[f.dir()]++
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
					found[f.dir()]++
				}
			}
			return true
		})
	}
	listed := listedGoroutines(t)
	for dir, n := range found {
		if listed[dir] != n {
			t.Errorf("%s starts goroutines at %d places and docs/architecture.md lists %d: say there who ends each", dir, n, listed[dir])
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(listed)) {
		if found[dir] == 0 {
			t.Errorf("docs/architecture.md lists goroutines of %s, which starts none", dir)
		}
	}
}

// listedGoroutines reads the rows "| `folder` | places | …" below the heading.
func listedGoroutines(t *testing.T) map[string]int {
	t.Helper()
	_, section, ok := bytes.Cut(read(t, "docs/architecture.md"), []byte("\n## Goroutines\n"))
	if !ok {
		t.Fatal("docs/architecture.md has no section Goroutines")
	}
	section, _, _ = bytes.Cut(section, []byte("\n## "))
	listed := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\d+) \\|").FindAllSubmatch(section, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		listed[string(m[1])] = n
	}
	return listed
}

func TestModuleReplacesNothing(t *testing.T) {
	t.Parallel()
	for _, mod := range []string{"go.mod", "tools/go.mod"} {
		if regexp.MustCompile(`(?m)^\s*replace\b`).Match(read(t, mod)) {
			t.Errorf("%s has a replace: it would build only beside that folder or fork", mod)
		}
	}
}

// TestDependenciesAreArgued wants a word in docs/adr on each direct dependency.
func TestDependenciesAreArgued(t *testing.T) {
	t.Parallel()
	var adrs []byte
	for _, f := range files(t) {
		if within(f.path, "docs/adr") {
			adrs = append(adrs, f.text...)
		}
	}
	required := regexp.MustCompile(`(?m)^(?:require)?\s+([a-z0-9.]+\.[a-z]+/\S+) v\S+$`)
	for _, m := range required.FindAllSubmatch(read(t, "go.mod"), -1) {
		path := string(m[1])
		// An ADR may leave out the host, or name a nested module by its last folders.
		short := path[strings.Index(path, "/")+1:]
		if i := strings.Index(path, "/pkg/"); i >= 0 {
			short = path[i+1:]
		}
		if !bytes.Contains(adrs, []byte(short)) {
			t.Errorf("go.mod requires %s, and no file in docs/adr says why", path)
		}
	}
}

// TestNoMachinePaths looks for paths that exist on one machine only.
func TestNoMachinePaths(t *testing.T) {
	t.Parallel()
	private := regexp.MustCompile(fmt.Sprintf(`(^|[^A-Za-z0-9_.$}-])/(%s|%s)/`, "work", "farm"))
	for _, f := range files(t) {
		if filepath.Ext(f.path) == ".sum" || !utf8.Valid(f.text) {
			continue
		}
		if m := private.FindIndex(f.text); m != nil {
			line := 1 + bytes.Count(f.text[:m[1]], []byte("\n"))
			t.Errorf("%s:%d names a folder of one machine: a clone has to work anywhere", f.path, line)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
