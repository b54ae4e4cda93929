package javaregex_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/transforms/javaregex"
)

// recorded are answers of java.util.regex of Java 17.
type recorded struct {
	Compile []struct {
		Pattern string
		Error   *string
	}
	Match []struct {
		Pattern, Text string
		Matches       bool
		Groups        []*string
	}
	Replace []struct {
		Pattern, Text, Replacement string
		Output, Error              *string
	}
}

func load(t testing.TB) recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/java.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Compile) == 0 || len(r.Match) == 0 || len(r.Replace) == 0 {
		t.Fatal("the recording is not complete")
	}
	return r
}

func TestCompileSaysWhatJavaSays(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Compile {
		_, err := javaregex.Compile(c.Pattern)
		if c.Pattern == `\X` {
			if err == nil {
				t.Error("grapheme clusters are accepted, which nothing here matches")
			}
			continue
		}
		switch {
		case c.Error == nil && err != nil:
			t.Errorf("%q: got %v", c.Pattern, err)
		case c.Error != nil && (err == nil || err.Error() != *c.Error):
			t.Errorf("%q: got %q, want %q", c.Pattern, err, *c.Error)
		}
	}
}

func TestMatchesAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Match {
		p, err := javaregex.Compile(c.Pattern)
		if err != nil {
			t.Errorf("%q: %v", c.Pattern, err)
			continue
		}
		if got := p.Matches(c.Text); got != c.Matches {
			t.Errorf("%q of %q: got %v", c.Pattern, c.Text, got)
		}
		groups, ok := p.Groups(c.Text)
		if ok != c.Matches {
			t.Errorf("%q of %q by backtracking: got %v", c.Pattern, c.Text, ok)
		}
		if diff := cmp.Diff(c.Groups, groups); ok && diff != "" {
			t.Errorf("groups of %q in %q (-want +got):\n%s", c.Pattern, c.Text, diff)
		}
	}
}

func TestReplaceFirstAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Replace {
		p, err := javaregex.Compile(c.Pattern)
		if err != nil {
			t.Errorf("%q: %v", c.Pattern, err)
			continue
		}
		got, err := p.ReplaceFirst(c.Text, c.Replacement)
		if c.Error != nil {
			var wrong *javaregex.ReplaceError
			if !errors.As(err, &wrong) || wrong.Class+": "+wrong.Message != *c.Error {
				t.Errorf("%q by %q in %q: got %q, %v, want %s", c.Pattern, c.Replacement, c.Text, got, err, *c.Error)
			}
			continue
		}
		if err != nil || got != *c.Output {
			t.Errorf("%q by %q in %q: got %q, %v, want %q", c.Pattern, c.Replacement, c.Text, got, err, *c.Output)
		}
	}
}

// FuzzCompile holds that no pattern is a panic, and that both engines agree.
func FuzzCompile(f *testing.F) {
	for _, p := range []string{"a(b|c)*d", `(?<x>\d+)-\k<x>`, `[a-z&&[^b]]++`, `(?i)\p{Lu}$`, `\Q[\E]`} {
		f.Add(p, "abc-12")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 40 || len(text) > 20 {
			return
		}
		p, err := javaregex.Compile(pattern)
		if err != nil {
			return
		}
		whole := p.Matches(text)
		if _, ok := p.Groups(text); ok != whole {
			t.Errorf("%q of %q: %v by Matches, %v by Groups", pattern, text, whole, ok)
		}
	})
}
