package house_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	testDeclared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(`)
	testNamed    = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)(?:/[^`]*)?`")
)

// TestDocumentsNameTests: each test that a document names is there.
func TestDocumentsNameTests(t *testing.T) {
	t.Parallel()
	there, named := map[string]bool{}, map[string]string{}
	for _, f := range files(t) {
		switch {
		case f.isTest():
			for _, found := range testDeclared.FindAllSubmatch(f.text, -1) {
				there[string(found[1])] = true
			}
		case strings.HasSuffix(f.path, ".md"):
			for _, found := range testNamed.FindAllSubmatch(f.text, -1) {
				named[string(found[1])] = f.path
			}
		}
	}
	for name, path := range named {
		if !there[name] {
			t.Errorf("%s names the test %s, which is not there", path, name)
		}
	}
	if len(named) < 50 {
		t.Errorf("%d tests are named in documents: the pattern misses them", len(named))
	}
}
