// Package convertertest loads the recorded cases of converters: what Kafka
// Connect 4.3.1 makes of an input, with values in a tagged form that keeps
// their Java types. Only tests import it.
//
// The cases lie in converters/testdata/fixtures/converters, or under the
// directory named by the environment variable FIXTURES, which has the same
// folders with other cases. Start reading at [Load].
package convertertest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// Case is one recorded conversion.
type Case struct {
	ID string `json:"id"`
	// Converter is the simple class name, such as "StringConverter".
	Converter string     `json:"converter"`
	Config    config.Map `json:"config"`
	// Fn and Scale are set in the cases of values-convert.
	Fn    string `json:"fn"`
	Scale *int32 `json:"scale"`
	Input Datum  `json:"input"`
	// Output is what Java returned; it means nothing where Error is set.
	Output Datum    `json:"output"`
	Error  *Failure `json:"error"`
}

// Failure is the exception that Java raised.
type Failure struct {
	Class   string   `json:"class"`
	Message string   `json:"message"`
	Cause   *Failure `json:"cause"`
}

// Datum is an input or an output in its recorded form; the case tells which of
// the methods fits.
type Datum struct{ raw json.RawMessage }

// UnmarshalJSON keeps the recorded form.
func (d *Datum) UnmarshalJSON(b []byte) error {
	d.raw = append(d.raw[:0], b...)
	return nil
}

// IsNull reports whether the recorded form is null or absent.
func (d Datum) IsNull() bool { return len(d.raw) == 0 || string(d.raw) == "null" }

// Data returns the schema and the value. A null form is a null without schema.
func (d Datum) Data(t testing.TB) connect.Data {
	t.Helper()
	if d.IsNull() {
		return connect.Data{}
	}
	var parts struct {
		Schema *taggedSchema
		Value  json.RawMessage
	}
	decode(t, d.raw, &parts)
	s := parts.Schema.build(t)
	return connect.Data{Schema: s, Value: buildValue(t, s, parts.Value)}
}

// Tagged returns the data of a schema and a value that are recorded apart.
func Tagged(t testing.TB, s, v json.RawMessage) connect.Data {
	t.Helper()
	var form *taggedSchema
	if len(s) > 0 {
		decode(t, s, &form)
	}
	built := form.build(t)
	return connect.Data{Schema: built, Value: buildValue(t, built, v)}
}

// Value returns the value of a form that has no schema beside it.
func (d Datum) Value(t testing.TB) schema.Value {
	t.Helper()
	return buildValue(t, nil, d.raw)
}

// Bytes returns the bytes; nil for null.
func (d Datum) Bytes(t testing.TB) []byte {
	t.Helper()
	if d.IsNull() {
		return nil
	}
	var form struct{ Hex string }
	decode(t, d.raw, &form)
	b, err := hex.DecodeString(form.Hex)
	if err != nil {
		t.Fatalf("bytes of a case: %v", err)
	}
	if b == nil {
		b = []byte{}
	}
	return b
}

// Text returns a text; ok is false for null.
func (d Datum) Text(t testing.TB) (text string, ok bool) {
	t.Helper()
	if d.IsNull() {
		return "", false
	}
	decode(t, d.raw, &text)
	return text, true
}

// Load returns the cases of a file, named without folder and extension
// ("json-from"). A file that is not there or holds no case fails the test.
func Load(t testing.TB, name string) []Case {
	t.Helper()
	path := filepath.Join(root(t), "converters", name+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the cases: %v", err)
	}
	var cases []Case
	decode(t, text, &cases)
	if len(cases) == 0 {
		t.Fatalf("no cases in %s", path)
	}
	return cases
}

// root is the directory that holds the folders of cases.
func root(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("FIXTURES"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "converters", "testdata", "fixtures")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory: set FIXTURES to the directory of the cases")
		}
		dir = up
	}
}

// CheckError fails the test unless err and the recorded failure agree: both or
// none, and of one class by its simple name. It reports whether there was an
// error, so that the caller compares outputs only where there was none.
func CheckError(t testing.TB, c Case, err error) bool {
	t.Helper()
	switch {
	case c.Error == nil && err != nil:
		t.Errorf("got the error %v, want none", err)
	case c.Error != nil && err == nil:
		t.Errorf("got no error, want %s: %s", c.Error.Class, c.Error.Message)
	case err != nil:
		if got, want := simple(connect.ClassOf(err)), simple(c.Error.Class); got != want {
			t.Errorf("got %s (%v), want %s: %s", got, err, want, c.Error.Message)
		}
	}
	return err != nil || c.Error != nil
}

func simple(class string) string {
	return class[strings.LastIndexAny(class, ".$")+1:]
}

// CheckData fails the test unless schema and value are the same.
func CheckData(t testing.TB, got, want connect.Data) {
	t.Helper()
	if !got.Schema.Equal(want.Schema) {
		t.Errorf("got the schema %s, want %s", Describe(got.Schema), Describe(want.Schema))
	}
	CheckValue(t, got.Value, want.Value)
}

// CheckValue fails the test unless the values are the same.
func CheckValue(t testing.TB, got, want schema.Value) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("got the %s %s, want the %s %s", got.Kind(), got, want.Kind(), want)
	}
}

// CheckBytes fails the test unless the bytes are the same; nil is null.
func CheckBytes(t testing.TB, got, want []byte) {
	t.Helper()
	if (got == nil) != (want == nil) || string(got) != string(want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
}

func show(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b) + " (hex " + hex.EncodeToString(b) + ")"
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("decode %.200s: %v", text, err)
	}
}
