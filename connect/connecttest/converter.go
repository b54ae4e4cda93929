package connecttest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Conversion is a converter's configuration with data that fits it.
type Conversion struct {
	Config config.Map
	// RoundTrip is data that comes back from its bytes as it was.
	RoundTrip []connect.Data
	// Bytes can be decoded; what cannot is tried as well.
	Bytes [][]byte
}

// Converter runs the contract suite of converters: bytes that are appended and
// not more, data that comes back as it was, the same bytes each time, input that
// stays as it is, errors that leave nothing behind, and nulls.
func Converter(t *testing.T, p plugin.Converter, conversions ...Conversion) {
	t.Helper()
	CheckDef(t, p.Config)
	for i, c := range conversions {
		for _, isKey := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d/key=%v", i, isKey), func(t *testing.T) {
				checkCodec(t, c, func(t *testing.T) codec {
					t.Helper()
					made, cfg := p.New(), maps.Clone(c.Config)
					must(t, "Configure", func() error { return made.Configure(cfg, isKey) })
					if !maps.Equal(cfg, c.Config) {
						t.Error("Configure changes the configuration that it is given")
					}
					var headers []connect.RawHeader
					return codec{
						checked: true,
						encode: func(dst []byte, d connect.Data) ([]byte, error) {
							headers = headers[:0]
							return made.AppendEncode(dst, "topic", &headers, d)
						},
						decode: func(raw []byte, arena *schema.Arena) (connect.Data, error) {
							return made.Decode("topic", headers, raw, arena)
						},
					}
				})
			})
		}
	}
}

// HeaderConverter runs the suite of [Converter] for a converter of headers.
func HeaderConverter(t *testing.T, p plugin.HeaderConverter, conversions ...Conversion) {
	t.Helper()
	CheckDef(t, p.Config)
	for i, c := range conversions {
		t.Run(fmt.Sprintf("%d/header", i), func(t *testing.T) {
			checkCodec(t, c, func(t *testing.T) codec {
				t.Helper()
				made, cfg := p.New(), maps.Clone(c.Config)
				if cfg == nil {
					cfg = make(config.Map, 1)
				}
				cfg["converter.type"] = "header"
				must(t, "Configure", func() error { return made.Configure(cfg) })
				return codec{
					encode: func(dst []byte, d connect.Data) ([]byte, error) { return made.AppendEncode(dst, "topic", "header", d) },
					decode: func(raw []byte, arena *schema.Arena) (connect.Data, error) {
						return made.Decode("topic", "header", raw, arena)
					},
				}
			})
		})
	}
}

// codec is what converters and header converters have in common.
type codec struct {
	// checked says that decoded data fits its schema. Headers need not: what
	// Connect derives from their text has schemas without parts.
	checked bool
	encode  func(dst []byte, d connect.Data) ([]byte, error)
	decode  func(raw []byte, arena *schema.Arena) (connect.Data, error)
}

func checkCodec(t *testing.T, c Conversion, make func(t *testing.T) codec) {
	t.Helper()
	for _, d := range c.RoundTrip {
		raw := encode(t, make(t), d)
		back, err := decode(t, make(t), raw, &schema.Arena{})
		if err != nil {
			t.Errorf("the bytes %q of %s cannot be decoded: %v", raw, describe(d), err)
			continue
		}
		if !sameData(d, back) {
			t.Errorf("%s comes back from %q as %s", describe(d), raw, describe(back))
		}
	}
	one := make(t)
	for _, d := range slices.Concat(c.RoundTrip, zoo()) {
		checkAppend(t, one, make(t), d)
	}
	for _, raw := range slices.Concat(c.Bytes, junk()) {
		checkDecode(t, one, make(t), raw)
	}
	for _, raw := range c.Bytes {
		if _, err := decode(t, one, raw, &schema.Arena{}); err != nil {
			t.Errorf("the bytes %q cannot be decoded: %v", raw, err)
		}
	}
	// What went wrong before must not have left anything behind.
	for _, d := range c.RoundTrip {
		if a, b := encode(t, one, d), encode(t, make(t), d); !bytes.Equal(a, b) {
			t.Errorf("after errors %s becomes %q, before them %q", describe(d), a, b)
		}
	}
}

func encode(t *testing.T, c codec, d connect.Data) (raw []byte) {
	t.Helper()
	must(t, "AppendEncode of "+describe(d), func() (err error) {
		raw, err = c.encode([]byte{}, d)
		return err
	})
	return raw
}

func decode(t *testing.T, c codec, raw []byte, arena *schema.Arena) (d connect.Data, err error) {
	t.Helper()
	err = call(t, fmt.Sprintf("Decode of %q", raw), func() (err error) {
		d, err = c.decode(raw, arena)
		return err
	})
	return d, err
}

// checkAppend encodes behind other bytes, with and without room for more.
func checkAppend(t *testing.T, one, fresh codec, d connect.Data) {
	t.Helper()
	before := connect.Data{Schema: d.Schema, Value: d.Value.Clone()}
	var alone []byte
	err := call(t, "AppendEncode of "+describe(d), func() (err error) {
		alone, err = fresh.encode([]byte{}, d)
		return err
	})
	for _, room := range []int{0, 1, 4096} {
		dst := append(make([]byte, 0, 3+room), "abc"...)
		var got []byte
		again := call(t, "AppendEncode of "+describe(d), func() (err error) {
			got, err = one.encode(dst, d)
			return err
		})
		switch {
		case (err == nil) != (again == nil):
			t.Errorf("AppendEncode of %s: %v at first and then %v", describe(d), err, again)
		case string(dst) != "abc":
			t.Errorf("AppendEncode of %s changes the bytes that were there: %q", describe(d), dst)
		case err == nil && (alone == nil) != (got == nil):
			t.Errorf("AppendEncode of %s is null at one time only", describe(d))
		case err == nil && got != nil && string(got) != "abc"+string(alone):
			t.Errorf("AppendEncode of %s is %q behind abc, and %q alone", describe(d), got, alone)
		}
	}
	if !sameData(before, d) {
		t.Errorf("AppendEncode changes its data from %s to %s", describe(before), describe(d))
	}
}

// checkDecode decodes twice; the bytes must stay as they are, and data must not
// lie in memory that another call uses again.
func checkDecode(t *testing.T, one, fresh codec, raw []byte) {
	t.Helper()
	kept := bytes.Clone(raw)
	want, err := decode(t, fresh, raw, &schema.Arena{})
	var arena schema.Arena
	got, again := decode(t, one, raw, &arena)
	if (err == nil) != (again == nil) {
		t.Errorf("Decode of %q: %v at first and then %v", raw, err, again)
	}
	if err == nil && again == nil && !sameData(want, got) {
		t.Errorf("Decode of %q is %s and then %s", raw, describe(want), describe(got))
	}
	if err == nil {
		if err := schema.Check(want.Schema, want.Value); err != nil && fresh.checked {
			t.Errorf("Decode of %q gives a value that does not fit its schema: %v", raw, err)
		}
		for _, other := range junk() { // in the same batch
			_, _ = decode(t, fresh, other, &schema.Arena{})
		}
		if !sameData(want, got) {
			t.Errorf("the data of %q changes when more is decoded", raw)
		}
		arena.Poison()
		if got, err := decode(t, one, raw, &schema.Arena{}); err != nil || !sameData(want, got) {
			t.Errorf("Decode of %q keeps memory of a batch: then it is %s, error %v", raw, describe(got), err)
		}
	}
	if !bytes.Equal(kept, raw) {
		t.Errorf("Decode changes its bytes from %q to %q", kept, raw)
	}
}

// junk are bytes that few converters can read.
func junk() [][]byte {
	return [][]byte{
		nil,
		{},
		{0},
		{1},
		{0xff},
		[]byte("{"), []byte("null"), []byte("true"), []byte("12"), []byte("\"x"), []byte(`{"schema":null}`),
		[]byte(`{"schema":{"type":"struct","fields":[{"field":"a"}]},"payload":{"a":1}}`), []byte("\xed\xa0\x80"), []byte("[[[[[[["),
		{0, 0, 0, 1},
		{0, 0, 0, 0, 0, 0, 0, 2},
		bytes.Repeat([]byte("["), 5000),
		{0, 0, 0, 0, 1, 2, 3},
	}
}

// zoo is data of every kind, of which a converter may refuse most.
func zoo() []connect.Data {
	of := func(t schema.Type) *schema.Schema { return &schema.Schema{Type: t} }
	person := &schema.Schema{Type: schema.StructType, Name: "person", Fields: []schema.Field{
		{Name: "name", Schema: of(schema.String)}, {Name: "age", Schema: of(schema.Int32).AsOptional()},
	}}
	ann := schema.NewStruct(person)
	ann.Values[0], ann.Values[1] = schema.StringValue("Ann"), schema.Int32Value(42)
	entries := []schema.Entry{{Key: schema.StringValue("a"), Value: schema.Int64Value(1)}, {Key: schema.StringValue("b"), Value: schema.Null()}}
	return []connect.Data{
		{},
		{Schema: of(schema.String).AsOptional()},
		{Schema: of(schema.String)}, // null where it must not be
		{Schema: of(schema.Boolean), Value: schema.BooleanValue(true)},
		{Schema: of(schema.Int8), Value: schema.Int8Value(-8)},
		{Schema: of(schema.Int16), Value: schema.Int16Value(-16)},
		{Schema: of(schema.Int32), Value: schema.Int32Value(-32)},
		{Schema: of(schema.Int64), Value: schema.Int64Value(-64)},
		{Schema: of(schema.Float32), Value: schema.Float32Value(1.5)},
		{Schema: of(schema.Float64), Value: schema.Float64Value(-2.5)},
		{Schema: of(schema.String), Value: schema.StringValue("text with \x00, \" and é€😀")},
		{Schema: of(schema.Bytes), Value: schema.BytesValue([]byte{0, 1, 0xff})},
		{Schema: person, Value: schema.StructValue(ann)},
		{Schema: &schema.Schema{Type: schema.Array, Elem: of(schema.Int64)}, Value: schema.ListValue([]schema.Value{schema.Int64Value(1), schema.Int64Value(2)})},
		{Schema: &schema.Schema{Type: schema.Map, Key: of(schema.String), Elem: of(schema.Int64).AsOptional()}, Value: schema.MapValue(entries)},
		{Schema: of(schema.Int64), Value: schema.StringValue("not a number")},
		{Value: schema.StringValue("no schema")},
		{Value: schema.Int64Value(7)},
		{Value: schema.MapValue(entries)},
		{Value: schema.ListValue([]schema.Value{schema.Null(), schema.BooleanValue(false)})},
	}
}
