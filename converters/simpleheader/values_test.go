package simpleheader_test

import (
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connect/schema/values"
	"sluice/converters/convertertest"
)

// The tests of package values are here: those of the contract import no converters.

func TestParseAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "values-parse") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			text, ok := c.Input.Text(t)
			if !ok {
				t.Skip("a null text is up to the caller")
			}
			s, v := values.Parse(text)
			convertertest.CheckData(t, connect.Data{Schema: s, Value: v}, c.Output.Data(t))
		})
	}
}

func TestConvertAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "values-convert") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := convert(t, c)
			if convertertest.CheckError(t, c, err) {
				if err != nil && c.Error != nil {
					checkMessages(t, err, c.Error)
				}
				return
			}
			convertertest.CheckValue(t, got, c.Output.Value(t))
		})
	}
}

// checkMessages compares the messages but for the classes of Java collections.
func checkMessages(t *testing.T, err error, want *convertertest.Failure) {
	t.Helper()
	if strings.Contains(want.Message, "ImmutableCollections") || strings.Contains(want.Message, "java.nio.") || strings.Contains(want.Message, "[B@") {
		return
	}
	if err.Error() != want.Message {
		t.Errorf("got the message %q, want %q", err, want.Message)
	}
}

func convert(t *testing.T, c convertertest.Case) (schema.Value, error) {
	t.Helper()
	in := c.Input.Data(t)
	switch c.Fn {
	case "convertToString":
		return values.ToText(in.Value), nil
	case "convertToList":
		return values.ToList(in.Value)
	case "convertToMap":
		return values.ToMap(in.Value)
	case "convertToStruct":
		return values.ToStruct(in.Value)
	case "convertToDecimal":
		return values.ToDecimal(in.Value, *c.Scale)
	}
	fn, ok := map[string]func(*schema.Schema, schema.Value) (schema.Value, error){
		"convertToBoolean": values.ToBoolean, "convertToByte": values.ToInt8, "convertToShort": values.ToInt16,
		"convertToInteger": values.ToInt32, "convertToLong": values.ToInt64, "convertToFloat": values.ToFloat32,
		"convertToDouble": values.ToFloat64, "convertToDate": values.ToDate, "convertToTime": values.ToTime,
		"convertToTimestamp": values.ToTimestamp,
	}[c.Fn]
	if !ok {
		t.Fatalf("unknown function %q", c.Fn)
	}
	return fn(in.Schema, in.Value)
}

func TestParseCorners(t *testing.T) {
	t.Parallel()
	if name, _ := time.Unix(0, 0).Zone(); name != "UTC" {
		t.Skip("the instants below are those of UTC")
	}
	deep := strings.Repeat("[", 100000) + strings.Repeat("]", 100000)
	for text, want := range map[string]string{
		deep:                              "string " + deep,
		` "abc`:                           `string  "abc`,
		" [1]":                            "list [1]",
		"5-8E0-9 65":                      "instant Sun Aug 07 00:00:00 UTC 0005",
		`{"1969-12-30":1,"1969-12-31":2}`: "map {Tue Dec 30 00:00:00 UTC 1969=1, Wed Dec 31 00:00:00 UTC 1969=2}",
		"1582-10-04":                      "instant Thu Oct 14 00:00:00 UTC 1582",
		"0001-01-01":                      "instant Sat Dec 30 00:00:00 UTC 0000",
		"2024-1-2xx":                      "instant Tue Jan 02 00:00:00 UTC 2024",
		"2024-02-30":                      "instant Fri Mar 01 00:00:00 UTC 2024",
		"1e2147483648":                    "string 1e2147483648",
		"1e-2147483648":                   "string 1e-2147483648",
		"1e2147483647":                    "decimal 1E+2147483647",
		"0e2147483647":                    "int8 0",
		"1e-2147483647":                   "float32 0.0",
		"٣":                               "int8 3",
		"10000000000000000000":            "decimal 10000000000000000000",
		"1e19":                            "float32 1.0E19",
		"-0.0":                            "int8 0",
		"1.5e1":                           "int8 15",
		`[2024-01-02, 70000]`:             "string [2024-01-02, 70000]",
		`{"a":1,"a":2}`:                   "map {a=2}",
		`{"t":"10:11:12.123Z"}`:           "map {t=Thu Jan 01 10:11:12 UTC 1970}",
		`[1, 2.5]`:                        "list [1.0, 2.5]",
		`{1:2 300:4}`:                     "string {1:2 300:4}",
		`{"a":1 "b":2}`:                   "map {a=1, b=2}",
		`["10\:11\:12.123Z"]`:             "list [Thu Jan 01 10:11:12 UTC 1970]",
	} {
		_, v := values.Parse(text)
		if got := v.Kind().String() + " " + v.String(); got != want {
			t.Errorf("%.60q: got %.80q, want %.80q", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range convertertest.Load(f, "values-parse") {
		if text, ok := c.Input.Text(f); ok {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, v := values.Parse(text)
		if s == nil {
			if !v.IsNull() {
				t.Fatalf("%q: a %s without schema", text, v.Kind())
			}
			return
		}
		if v.Kind() != schema.KindOf(s) {
			t.Fatalf("%q: a %s of the schema %s", text, v.Kind(), s.Type)
		}
		again, same := values.Parse(text)
		if !again.Equal(s) || !same.Equal(v) {
			t.Fatalf("%q: two answers", text)
		}
	})
}
