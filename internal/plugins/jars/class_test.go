package jars

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// demo is a class file that javac wrote; its source is beside it.
func demo(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "Demo.class"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseClass(t *testing.T) {
	t.Parallel()
	got, err := parseClass(demo(t))
	if err != nil {
		t.Fatal(err)
	}
	want := class{access: 0x21, name: "Demo", super: "java/util/ArrayList", interfaces: []string{"java/lang/Runnable", "java/io/Closeable"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(class{})); diff != "" {
		t.Error(diff)
	}
}

func TestParseClassErrors(t *testing.T) {
	t.Parallel()
	good := classBytes(accessPublic, "a/B", "a/C", "a/D")
	for n := range len(good) {
		if _, err := parseClass(good[:n]); err == nil {
			t.Errorf("no error for the first %d bytes", n)
		}
	}
	if _, err := parseClass(good); err != nil {
		t.Fatal(err)
	}
	change := func(at int, b byte) []byte {
		bad := append([]byte(nil), good...)
		bad[at] = b
		return bad
	}
	for name, bad := range map[string][]byte{
		"magic":              change(0, 0),
		"tag":                change(10, 2),
		"tag out of range":   change(10, 99),
		"class of no class":  change(len(good)-7, 3),
		"class out of range": change(len(good)-7, 200),
	} {
		if _, err := parseClass(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzParseClass(f *testing.F) {
	f.Add(demo(f))
	f.Add(classBytes(accessPublic, "a/B", "a/C", "a/D"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseClass(b)
		if err != nil && cmp.Diff(class{}, c, cmp.AllowUnexported(class{})) != "" {
			t.Errorf("a class beside the error: %v", c)
		}
		if len(c.interfaces)*2 > len(b) {
			t.Errorf("%d interfaces from %d bytes", len(c.interfaces), len(b))
		}
	})
}
