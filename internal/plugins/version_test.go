package plugins_test

import (
	"testing"

	"sluice/internal/plugins"
)

// TestCompareVersions holds the answers of Maven's ComparableVersion 3.9.15.
func TestCompareVersions(t *testing.T) {
	t.Parallel()
	rising := []string{
		"1-alpha", "1-beta", "1-milestone", "1-rc", "1-SNAPSHOT", "1", "1-sp", "1-abc", "1-1", "1.1", "1.2", "1.10", "2.0-rc1", "2.0-rc2", "2.0", "2.0.1", "4.3.0", "4.3.1", "10",
		"99999999999999999999",
	}
	for i, low := range rising {
		for j, high := range rising {
			want := min(1, max(-1, i-j))
			if got := plugins.CompareVersions(low, high); got != want {
				t.Errorf("%s and %s: %d, want %d", low, high, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1", "1.0"}, {"1.0.0", "1"}, {"1-ga", "1"}, {"1.0-FINAL", "1"}, {"1.0a1", "1-alpha-1"}, {"1-cr", "1-rc"}, {"01", "1"}} {
		if got := plugins.CompareVersions(same[0], same[1]); got != 0 {
			t.Errorf("%s and %s: %d, want 0", same[0], same[1], got)
		}
	}
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec, text, err string
		in, out         []string
	}{
		{spec: "latest", in: []string{"0", "9"}},
		{spec: "4.3.1", text: "[4.3.1,4.3.1]", in: []string{"4.3.1"}, out: []string{"4.3", "4.3.2"}},
		{spec: " 4.3 ", text: "[4.3,4.3]", in: []string{"4.3.0"}, out: []string{"4.3.1"}},
		{spec: "[4,5)", text: "[4,5)", in: []string{"4", "4.3.1"}, out: []string{"5", "3.9"}},
		{spec: "(4,5]", text: "(4,5]", in: []string{"4.1", "5"}, out: []string{"4.0"}},
		{spec: "[4,)", text: "[4,)", in: []string{"4", "99"}, out: []string{"3"}},
		{spec: "(,1.0],[1.2,)", text: "(,1.0],[1.2,)", in: []string{"0.1", "1.0", "1.2"}, out: []string{"1.1"}},
		{spec: "", text: "[,]", out: []string{"4.3.1"}},
		{spec: "[bad", err: "Unbounded range: [bad"},
		{spec: "[[", err: "Unbounded range: [["},
		{spec: "(1.0)", err: "Single version must be surrounded by []: (1.0)"},
		{spec: "[2,1]", err: "Range defies version ordering: [2,1]"},
		{spec: "[1,1)", err: "Range defies version ordering: [1,1)"},
		{spec: "[1,3],[2,4]", err: "Ranges overlap: [1,3],[2,4]"},
		{spec: "[1,2],3", err: "Only fully-qualified sets allowed in multiple set scenario: [1,2],3"},
	} {
		r, err := plugins.ParseRange(c.spec)
		if err != nil || c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: error %v, want %q", c.spec, err, c.err)
			}
			continue
		}
		if r.String() != c.text {
			t.Errorf("%q: prints %q, want %q", c.spec, r, c.text)
		}
		for _, v := range c.in {
			if !r.Contains(v) {
				t.Errorf("%q lacks %s", c.spec, v)
			}
		}
		for _, v := range c.out {
			if r.Contains(v) {
				t.Errorf("%q has %s", c.spec, v)
			}
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"1.0", "[1,2)", "(,1],[2,)", "[", "[]", "latest", "[1-rc.2,1_0]"} {
		f.Add(s, "4.3.1")
	}
	f.Fuzz(func(t *testing.T, spec, version string) {
		r, err := plugins.ParseRange(spec)
		if err != nil {
			return
		}
		if again, err := plugins.ParseRange(r.String()); r.String() != "" && (err != nil || again.String() != r.String()) {
			t.Errorf("%q prints %q, which reads as %q, %v", spec, r, again, err)
		}
		r.Contains(version)
		if plugins.CompareVersions(version, spec) != -plugins.CompareVersions(spec, version) {
			t.Errorf("%q and %q compare unevenly", version, spec)
		}
	})
}
