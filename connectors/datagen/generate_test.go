package datagen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/schema"
)

// field returns the generator of a record with one field f of the type.
func field(t *testing.T, avroType string, count int64) (*generator, error) {
	t.Helper()
	s, err := parseAvro([]byte(`{"type":"record","name":"r","fields":[{"name":"f","type":` + avroType + `}]}`))
	if err != nil {
		return nil, err
	}
	return newGenerator(s, "", count)
}

func draw(t *testing.T, avroType string, count int64, n int) []any {
	t.Helper()
	g, err := field(t, avroType, count)
	if err != nil {
		t.Fatal(err)
	}
	r := newRandom(7)
	var out []any
	for range n {
		v := g.next(r, nil)
		if err := schema.Check(g.schema, v); err != nil {
			t.Fatal(err)
		}
		out = append(out, plain(g.schema, v).(map[string]any)["f"])
	}
	return out
}

func TestIterations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, schema string
		count        int64
		want         []any
	}{
		{"up", `{"type":"int","arg.properties":{"iteration":{"start":3}}}`, 0, []any{3., 4., 5.}},
		{"wraps at the restart", `{"type":"long","arg.properties":{"iteration":{"start":0,"restart":5,"step":2}}}`, 0, []any{0., 2., 4., 1., 3., 0.}},
		{"down by default", `{"type":"int","arg.properties":{"iteration":{"start":2,"restart":0}}}`, 0, []any{2., 1., 2., 1.}},
		{"resumes", `{"type":"long","arg.properties":{"iteration":{"start":0,"restart":5,"step":2}}}`, 3, []any{1., 3., 0.}},
		{"initial", `{"type":"int","arg.properties":{"iteration":{"start":0,"restart":10,"initial":8}}}`, 0, []any{8., 9., 0.}},
		{"all 64 bits", `{"type":"long","arg.properties":{"iteration":{"start":-9223372036854775808,"step":9223372036854775807}}}`, 0, []any{-9223372036854775808., -1., 9223372036854775806., -2.}},
		{"double", `{"type":"double","arg.properties":{"iteration":{"start":0.1,"step":0.1,"restart":0.4}}}`, 0, []any{0.1, 0.2, 0.3, 0.1}},
		{"double resumes", `{"type":"double","arg.properties":{"iteration":{"start":0,"step":0.5}}}`, 7, []any{3.5, 4.}},
		{"boolean", `{"type":"boolean","arg.properties":{"iteration":{"start":true}}}`, 1, []any{false, true}},
		{"string", `{"type":"string","arg.properties":{"iteration":{"start":9},"prefix":"a","suffix":"z"}}`, 0, []any{"a9z", "a10z"}},
		{"timestamp", `{"type":"long","logicalType":"timestamp-millis","arg.properties":{"iteration":{"start":5,"step":10}}}`, 0, []any{5., 15.}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, draw(t, tt.schema, tt.count, len(tt.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadPropertiesAreNamed(t *testing.T) {
	t.Parallel()
	for props, want := range map[string]string{
		`"int","arg.properties":{"range":{"min":5,"max":5}}`:                       "strictly less",
		`"int","arg.properties":{"range":{"min":4294967296}}`:                      "must be a valid int",
		`"int","arg.properties":{"range":{"min":1.5}}`:                             "integral number, was java.lang.Double instead",
		`"int","arg.properties":{"iteration":{"step":1}}`:                          "must contain start field",
		`"int","arg.properties":{"iteration":{"start":1,"step":0}}`:                "cannot be zero",
		`"int","arg.properties":{"iteration":{"start":1,"restart":1}}`:             "cannot be equal",
		`"int","arg.properties":{"iteration":{"start":9,"restart":1,"step":1}}`:    "must be negative",
		`"int","arg.properties":{"options":[]}`:                                    "options property cannot be empty",
		`"int","arg.properties":{"options":["a"]}`:                                 "Invalid option for int schema: type java.lang.String, value 'a'",
		`"int","arg.properties":{"options":[1],"range":{"min":1}}`:                 "Cannot specify range prop when options prop is given",
		`"int","arg.properties":{"options":{"file":"/no/such","encoding":"json"}}`: "Unable to locate options file '/no/such'",
		`"string","arg.properties":{"length":-1}`:                                  "cannot be negative",
		`"string","arg.properties":{"length":{"min":4,"max":4}}`:                   "strictly greater",
		`"string","arg.properties":{"regex":"("}`:                                  "regex property",
		`"string","arg.properties":{"regex":"a{1000}{1000}"}`:                      "regex property",
		`"boolean","arg.properties":{"odds":1.5}`:                                  "[0.0, 1.0]",
		`"int","arg.properties":3`:                                                 "must be given as object",
	} {
		_, err := field(t, `{"type":`+props+`}`, 0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not contain %q", props, err, want)
		}
	}
}

// TestEveryKindOfSchema draws values of all kinds and checks that they fit their
// Connect schemas, as converters do.
func TestEveryKindOfSchema(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`"boolean"`, `"int"`, `"long"`, `"float"`, `"double"`, `"string"`, `"bytes"`,
		`{"type":"fixed","name":"x","size":5}`, `{"type":"enum","name":"e","symbols":["A","B"]}`,
		`{"type":"array","items":["null","int"],"arg.properties":{"length":3}}`,
		`{"type":"map","values":"long","arg.properties":{"keys":{"options":["a","b"]}}}`,
		`{"type":"map","values":"string"}`,
		`["null",{"type":"record","name":"inner","doc":"d","fields":[{"name":"a","type":"int","doc":"x","default":3}]}]`,
		`["null","int","string"]`, `["int",{"type":"record","name":"b","fields":[]}]`,
		`{"type":"bytes","logicalType":"decimal","precision":20,"scale":3}`,
		`{"type":"int","logicalType":"date","arg.properties":{"options":[1,2]}}`,
		`{"type":"float","arg.properties":{"range":{"min":1,"max":2}}}`,
		`{"type":"int","arg.properties":{"range":{"min":-2147483648}}}`,
		`{"type":"boolean","arg.properties":{"odds":0.25}}`,
	} {
		draw(t, s, 0, 50)
	}
}

func TestRegexTextsMatch(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`[a-zA-Z]{5,8}`, `(ab|cd*)+`, `\d{3}-\w+`, `x?y.{9,}`, `(aa)*`, `[^a]{8}`, `(?i)Abc{10}`, `[a-zA-Z0-9]{20}`} {
		re := regexp.MustCompile(`^(?s:` + pattern + `)$`)
		quoted, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range draw(t, `{"type":"string","arg.properties":{"regex":`+string(quoted)+`}}`, 0, 40) {
			// A surrogate alone, which Java gives too, has no UTF-8.
			if s := v.(string); !re.MatchString(s) && !strings.ContainsRune(s, '\uFFFD') {
				t.Errorf("%s does not match %q", pattern, s)
			}
		}
	}
}

func TestOptionsFiles(t *testing.T) {
	t.Parallel()
	for _, f := range []struct{ encoding, text string }{
		{"json", "\"a\"\n\"b\""},
		{"binary", "\x02a\x02b"},
	} {
		name := filepath.Join(t.TempDir(), "options")
		if err := os.WriteFile(name, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
		seen := map[any]bool{}
		for _, v := range draw(t, `{"type":"string","arg.properties":{"options":{"file":"`+name+`","encoding":"`+f.encoding+`"}}}`, 0, 40) {
			seen[v] = true
		}
		if diff := cmp.Diff(map[any]bool{"a": true, "b": true}, seen); diff != "" {
			t.Errorf("%s: %s", f.encoding, diff)
		}
	}
}

func FuzzSchema(f *testing.F) {
	for _, q := range []string{"clickstream", "orders", "users_", "purchases"} {
		text, err := templates.ReadFile("templates/" + q + ".avsc")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"type":"record","name":"r","fields":[{"name":"f","type":["null","r"]}]} // end`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseAvro([]byte(text))
		if err != nil || strings.Contains(text, "length") || strings.Contains(text, "size") {
			return // A length may ask for more memory than there is.
		}
		g, err := newGenerator(s, "", 0)
		if err != nil {
			return
		}
		if v := g.next(newRandom(1), nil); v.Kind() != schema.KindStruct {
			t.Errorf("a record is a %s", v.Kind())
		}
	})
}

func FuzzBinary(f *testing.F) {
	s, err := parseAvro([]byte(`{"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":["null","int","string"]}},
		{"name":"m","type":{"type":"map","values":{"type":"bytes","logicalType":"decimal","precision":4}}},{"name":"d","type":"double"}]}`))
	if err != nil {
		f.Fatal(err)
	}
	cs, err := newConverter().convert(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\x02\x02\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := decodeAll(s, cs, raw)
		for _, v := range all {
			if e := schema.Check(cs, v); err == nil && e != nil {
				t.Error(e)
			}
		}
	})
}
