package rest_test

import (
	"context"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"sluice/connect/schema"
	"sluice/internal/store"
)

// offsetHerder keeps the offsets that it is given.
type offsetHerder struct {
	fakeHerder
	offsets []store.Offset
}

func (o *offsetHerder) Offsets(context.Context, string) ([]store.Offset, error) {
	return o.offsets, nil
}

func (o *offsetHerder) AlterOffsets(_ context.Context, _ string, offsets []store.Offset) (string, error) {
	o.offsets = offsets
	return "done", nil
}

func TestOffsetsKeepOrderAndNumbers(t *testing.T) {
	t.Parallel()
	o := &offsetHerder{}
	h := serve(t, o, nil)
	const sent = `{"offsets":[{"partition":{"z":1,"a":"é"},"offset":{"n":9007199254740993,"big":12345678901234567890,"f":1e2,"l":[true,null],"m":{}}},{"partition":{"q":1},"offset":{"p":1}},{"offset":{"p":2},"partition":{"q":1}},{}]}`
	if w := call(t, h, "PATCH", "/connectors/c/offsets", sent); w.Code != 200 || w.Body.String() != `{"message":"done"}` {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(o.offsets) != 3 {
		t.Fatalf("%d offsets, want 3: of two for a partition the last counts", len(o.offsets))
	}
	first := o.offsets[0]
	if keys := first.Partition.Map(); keys[0].Key.Text() != "z" || keys[1].Value.Text() != "é" {
		t.Errorf("partition is %v", keys)
	}
	if n, _ := first.Offset.Lookup("n"); n.Int() != 9007199254740993 {
		t.Errorf("n is %d", n.Int())
	}
	want, _ := new(big.Int).SetString("12345678901234567890", 10)
	if b, _ := first.Offset.Lookup("big"); b.Decimal() == nil || b.Decimal().Unscaled.Cmp(want) != 0 {
		t.Errorf("big is %v", b.Kind())
	}
	if f, _ := first.Offset.Lookup("f"); f.Kind() != schema.KindFloat64 || f.Float() != 100 {
		t.Errorf("f is %v", f.Kind())
	}
	if p, _ := o.offsets[1].Offset.Lookup("p"); p.Int() != 2 {
		t.Errorf("p is %d", p.Int())
	}
	if last := o.offsets[2]; !last.Partition.IsNull() || !last.Offset.IsNull() {
		t.Errorf("an empty entry is %v, %v", last.Partition.Kind(), last.Offset.Kind())
	}
	o.offsets = []store.Offset{{
		Partition: schema.MapValue([]schema.Entry{{Key: schema.StringValue("f"), Value: schema.StringValue("<x>")}}),
		Offset:    schema.MapValue([]schema.Entry{{Key: schema.StringValue("p"), Value: schema.Int64Value(1 << 60)}}),
	}}
	if got := call(t, h, "GET", "/connectors/c/offsets", "").Body.String(); got != `{"offsets":[{"partition":{"f":"<x>"},"offset":{"p":1152921504606846976}}]}` {
		t.Errorf("offsets are %s", got)
	}
}

func TestOffsetsAreReadStrictly(t *testing.T) {
	t.Parallel()
	h := serve(t, &offsetHerder{}, nil)
	for body, want := range map[string]string{
		``:                                  "the request has no body",
		`{}`:                                "Partitions / offsets need to be provided for an alter offsets request",
		`{"offsets":null}`:                  "Partitions / offsets need to be provided for an alter offsets request",
		`{"offsets":[]}`:                    "Partitions / offsets need to be provided for an alter offsets request",
		`{"offsets":{}}`:                    "offsets is a JSON object: a JSON array of objects with partition and offset is expected",
		`{"offset":[]}`:                     `unknown field \"offset\"`,
		`{"offsets":[null]}`:                "offsets[0] is null: a JSON object with partition and offset is expected",
		`{"offsets":[{},"x"]}`:              "offsets[1] is a JSON string",
		`{"offsets":[{"extra":1}]}`:         `unknown field \"extra\" in offsets[0]`,
		`{"offsets":[{"partition":"x"}]}`:   "offsets[0].partition is a JSON string: a JSON object or null is expected",
		`{"offsets":[{"offset":5}]}`:        "offsets[0].offset is a JSON number",
		`{"offsets":[{"offset":{}}]} x`:     "line 1, column 29: unexpected 'x', nothing more is expected after the end",
		`[]`:                                "the request body is a JSON array: a JSON object with offsets is expected",
		`{"offsets":[{"offset":{"a":+1}}]}`: "line 1, column 28, in offsets[0].offset.a: unexpected '+', a value is expected",
	} {
		w := call(t, h, "PATCH", "/connectors/c/offsets", body, "Content-Type", "application/json")
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
}
