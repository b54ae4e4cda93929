package transforms

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// javaAnswers are what the Java classes made of field paths of syntax V2, and
// of casts of values without schema.
type javaAnswers struct {
	Paths []struct {
		Path  string
		Steps []string
		Error string
	}
	Casts []struct {
		Kind, Value, To, Class, Text, Error string
	}
}

func loadJava(t *testing.T) javaAnswers {
	t.Helper()
	b, err := os.ReadFile("testdata/java.json")
	if err != nil {
		t.Fatal(err)
	}
	var a javaAnswers
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Paths) == 0 || len(a.Casts) == 0 {
		t.Fatal("the recording is not complete")
	}
	return a
}

func TestFieldPathsAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range loadJava(t).Paths {
		got, err := newFieldPath(c.Path, "v2")
		if c.Error != "" {
			if err == nil || err.Error() != c.Error {
				t.Errorf("%q: got %q, %v, want %s", c.Path, got, err, c.Error)
			}
			continue
		}
		if diff := cmp.Diff(fieldPath(c.Steps), got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got)\n%s", c.Path, err, diff)
		}
	}
}

func TestCastsAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range loadJava(t).Casts {
		smt := &cast{}
		if err := smt.Configure(config.Map{"spec": c.To}); err != nil {
			t.Fatal(err)
		}
		r := connect.Record{Value: connect.Data{Value: javaValue(t, c.Kind, c.Value)}}
		_, err := smt.Apply(&r, nil)
		if c.Error != "" {
			if err == nil || err.Error() != c.Error {
				t.Errorf("%s %q to %s: got %v, want %s", c.Kind, c.Value, c.To, err, c.Error)
			}
			continue
		}
		got := r.Value.Value
		if err != nil || got.Kind().JavaClass() != c.Class || got.String() != c.Text && !sameFloat(got, c.Text) {
			t.Errorf("%s %q to %s: got the %s %s, %v, want the %s %s", c.Kind, c.Value, c.To, got.Kind(), got, err, c.Class, c.Text)
		}
	}
}

// sameFloat holds for a float that Java before 19 writes with more digits than
// needed.
func sameFloat(v schema.Value, text string) bool {
	bits := map[schema.Kind]int{schema.KindFloat32: 32, schema.KindFloat64: 64}[v.Kind()]
	f, err := strconv.ParseFloat(text, max(bits, 32))
	return err == nil && bits > 0 && f == v.Float()
}

func javaValue(t *testing.T, kind, text string) schema.Value {
	t.Helper()
	n, _ := strconv.ParseInt(text, 10, 64)
	f, _ := strconv.ParseFloat(text, 64)
	switch kind {
	case "String":
		return schema.StringValue(text)
	case "Boolean":
		return schema.BooleanValue(text == "true")
	case "Byte":
		return schema.Int8Value(int8(n))
	case "Short":
		return schema.Int16Value(int16(n))
	case "Integer":
		return schema.Int32Value(int32(n))
	case "Long":
		return schema.Int64Value(n)
	case "Float":
		return schema.Float32Value(float32(f))
	case "Double":
		return schema.Float64Value(f)
	}
	t.Fatalf("no value for a %s", strings.ToLower(kind))
	return schema.Null()
}
