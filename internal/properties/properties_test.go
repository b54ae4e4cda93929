package properties_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/properties"
)

func TestParse(t *testing.T) {
	t.Parallel()
	type values = map[string]string
	tests := map[string]struct {
		in       string
		want     values
		warnings int
	}{
		"empty":                        {"", values{}, 0},
		"separators":                   {"a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf\f6", values{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"}, 0},
		"second separator is value":    {"a==1\nb = : 2\nc := 3", values{"a": "=1", "b": ": 2", "c": "= 3"}, 0},
		"empty value":                  {"a=\nb =  \nc:", values{"a": "", "b": "", "c": ""}, 0},
		"key alone":                    {"a\n  b  \n=x\n", values{"a": "", "b": "", "": "x"}, 2},
		"comments":                     {"# x=1\n  ! y=2\n\n \t\na=1#no\n", values{"a": "1#no"}, 0},
		"comment does not continue":    {"# x \\\na=1", values{"a": "1"}, 0},
		"line ends":                    {"a=1\rb=2\r\nc=3", values{"a": "1", "b": "2", "c": "3"}, 0},
		"last wins":                    {"a=1\na=2", values{"a": "2"}, 0},
		"trailing blanks stay":         {"a= 1 \t", values{"a": "1 \t"}, 0},
		"continuation":                 {"a=1,\\\n   2,\\\r\n\t3\nb=4", values{"a": "1,2,3", "b": "4"}, 0},
		"continued comment mark":       {"a=1\\\n#2", values{"a": "1#2"}, 0},
		"continued key":                {"ab\\\n  cd=1", values{"abcd": "1"}, 0},
		"continued blank line":         {"\\\n\\\n  a=1", values{"a": "1"}, 0},
		"continuation at end":          {"a=1\\", values{"a": "1"}, 0},
		"two backslashes end the line": {"a=1\\\\\nb=2", values{"a": "1\\", "b": "2"}, 0},
		"escapes":                      {`a\ b\=c\:d=\t\n\r\f\q\"\ x`, values{"a b=c:d": "\t\n\r\fq\" x"}, 0},
		"escaped comment mark":         {`\#a=1`, values{"#a": "1"}, 0},
		"unicode":                      {`\u00e9=\u20AC\ud83d\ude00x\ud83d`, values{"é": "€😀x\ufffd"}, 0},
		"latin 1":                      {"a=\xe9\xff", values{"a": "éÿ"}, 0},
		"zero byte":                    {"a=\x00", values{"a": "\x00"}, 0},
		"blank after continued value":  {"a=1\\\n   \nb=2", values{"a": "1", "b": "2"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, warnings, err := properties.Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if len(warnings) != tt.warnings {
				t.Errorf("warnings %q, want %d", warnings, tt.warnings)
			}
		})
	}
}

func TestMalformedEscapes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a=1\nb=\\u12G4":        "line 2",
		"a=1\\\n 2\r\nb=\\u12":  "line 3",
		`\user=1`:               "line 1",
		"x=C:\\users\ny=\\u123": "line 1",
	} {
		_, _, err := properties.Parse([]byte(in))
		if err == nil || !strings.HasPrefix(err.Error(), want+":") {
			t.Errorf("Parse(%q) = %v, want an error of %s", in, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.properties")
	if err := os.WriteFile(path, []byte("a=1\n\nlonely\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, warnings, err := properties.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "lonely": ""}, got); diff != "" {
		t.Error(diff)
	}
	if want := []string{path + `: line 3: key "lonely" has no value; write lonely=value`}; !cmp.Equal(want, warnings) {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
	if _, _, err := properties.Load(path + ".absent"); err == nil || !strings.Contains(err.Error(), path+".absent") {
		t.Errorf("absent file: %v", err)
	}
}

// FuzzParse writes what was read as a file of escapes only, which must read the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a=1", "a\\\n b : c\\", "\\u00e9=\xe9", "# c\r\n!d\r=\n", "\\\\=\\:\\", "k\\ud83d\\ude00 v"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		values, _, err := properties.Parse(data)
		if err != nil {
			return
		}
		var b strings.Builder
		for k, v := range values {
			b.WriteString(escape(k) + "=" + escape(v) + "\n")
		}
		again, warnings, err := properties.Parse([]byte(b.String()))
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%q: %v %q", b.String(), err, warnings)
		}
		if diff := cmp.Diff(values, again); diff != "" {
			t.Error(diff)
		}
	})
}

func escape(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, `\u%04x`, u)
	}
	return b.String()
}
