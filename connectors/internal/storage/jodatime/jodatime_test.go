package jodatime

import (
	_ "embed"
	"strconv"
	"strings"
	"testing"
	"time"
)

// recorded is what Joda-Time 2.12.7 on Java 17 answers; testdata/README.md says how.
//
//go:embed testdata/joda.txt
var recorded string

func cases(t *testing.T, kind string) [][]string {
	t.Helper()
	var all [][]string
	for line := range strings.Lines(recorded) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if fields[0] == kind {
			all = append(all, fields[1:])
		}
	}
	if len(all) == 0 {
		t.Fatalf("no cases of %s", kind)
	}
	return all
}

func integer(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestFormatsAsJoda(t *testing.T) {
	t.Parallel()
	for _, c := range cases(t, "format") {
		f, err := New(c[0], c[1])
		if err != nil {
			t.Errorf("%q: %v", c[0], err)
			continue
		}
		got := string(f.Append(nil, time.UnixMilli(integer(t, c[3])).In(mustZone(t, c[2]))))
		if got != c[4] {
			t.Errorf("%q in %s, %s, of %s: %q, want %q", c[0], c[1], c[2], c[3], got, c[4])
		}
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range append(cases(t, "pattern"), []string{"zzzz", "the full name of a time zone (zzzz) is not supported; z, Z and ZZZ are"}) {
		got := "ok"
		if _, err := New(c[0], "en"); err != nil {
			got = err.Error()
		}
		if got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

func TestBucketsAsJoda(t *testing.T) {
	t.Parallel()
	for _, c := range cases(t, "bucket") {
		if got := Bucket(integer(t, c[1]), integer(t, c[2]), mustZone(t, c[0])); got != integer(t, c[3]) {
			t.Errorf("%s ms of %s in %s: %d, want %s", c[1], c[2], c[0], got, c[3])
		}
	}
}

func TestZonesAsJoda(t *testing.T) {
	t.Parallel()
	for _, c := range cases(t, "zone") {
		var got string
		if zone, err := Zone(c[0]); err != nil {
			got = "error " + err.Error()
		} else {
			got = "ok " + strconv.FormatInt(offsetAt(1764056123456, zone), 10)
		}
		if got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

func TestParsesAsJoda(t *testing.T) {
	t.Parallel()
	zone := mustZone(t, "Europe/Berlin")
	for _, c := range cases(t, "parse") {
		var got string
		if ms, err := Parse(c[0], zone); err != nil {
			got = "error " + err.Error()
		} else {
			got = "ok " + strconv.FormatInt(ms, 10)
		}
		if got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}
