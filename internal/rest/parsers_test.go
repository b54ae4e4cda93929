package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzJAAS(f *testing.F) {
	f.Add("KafkaConnect { a.B required file=\"x\\\"y\" o='p' n=1; };")
	f.Add("/* c */ A { B optional; C required x=y; }; // end\n# end\nD { };")
	f.Fuzz(func(t *testing.T, text string) {
		sections, err := parseJAAS(text)
		if err != nil {
			return
		}
		for name, modules := range sections {
			for _, m := range modules {
				if m.class == "" || m.options == nil {
					t.Errorf("section %q of %q has a module without a class or options", name, text)
				}
			}
		}
	})
}

func FuzzHeaderRules(f *testing.F) {
	f.Add(`set X-Frame-Options: DENY, "add X-Suite: one, two", setDate Expires: 1000, addDate D: -5`)
	f.Add(`"set a:\"b\""`)
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := readHeaderRules(text)
		if err != nil {
			return
		}
		h := http.Header{}
		for _, r := range rules {
			if r.name == "" {
				t.Errorf("a rule of %q has no name", text)
			}
			r.apply(h, time.Unix(0, 0))
		}
	})
}

// A path is either refused, or its segments come back from their names.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/connectors/a%20b;v=1/status/", "//", "/%2e", "/a/;b/c", "/é", "/connectors/a+b&c=d%3Fe"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, fine := split(path)
		for i, s := range segments {
			if !fine || strings.ContainsAny(s, "/;") || s == "" && len(segments) > 1 {
				t.Errorf("segment %d of %q is %q", i, path, s)
			}
		}
	})
}

// What is read as media types comes back from what they are written as.
func FuzzMediaTypes(f *testing.F) {
	for _, text := range []string{"application/json;charset=UTF-8;q=.5, */*;a=\"b\\\"c\"", "a/b;;c=d;c=e;", "*", "a/b x", "a/b;c=\""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		types, _ := accepted([]string{text})
		for _, m := range types {
			again, err := parseMediaType(m.String())
			if err != nil || again.String() != m.String() || !again.takes(m.name) {
				t.Errorf("%q of %q is read as %q, %v", m, text, again, err)
			}
		}
	})
}

// What is no JSON is refused in words of our own.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,{"b":}]}`, `{"a":1}}`, `{"é":"\x"}`, "[1 2", `{"a":tru}`, `{"a":1e}`, "\"\n\"", `{"a":"\u12x"}`, `"`, `{,}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw json.RawMessage
		err := part{"", "anything"}.parse([]byte(text), '{', &raw)
		if err == nil {
			return
		}
		for _, of := range []string{"invalid character", "json:", "unexpected EOF", "looking for"} {
			if strings.Contains(err.Error(), of) && !strings.Contains(text, of) {
				t.Errorf("the error of %q is the parser's: %v", text, err)
			}
		}
		if !utf8.ValidString(err.Error()) || !strings.Contains(err.Error(), "the request ") && !strings.Contains(err.Error(), "expected") {
			t.Errorf("the error of %q is %v", text, err)
		}
	})
}

func FuzzLocation(f *testing.F) {
	for _, name := range []string{"a b", "{x}", "a{", "}", "{a/b}", "{ x : y }", "%zz%41", "é", "{}"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		path, err := location("/connectors/", name)
		if err != nil {
			return
		}
		if strings.ContainsAny(path, " {}|^\"<>\\\r\n") || !strings.HasPrefix(path, "/connectors/") {
			t.Errorf("the location of %q is %q", name, path)
		}
	})
}
