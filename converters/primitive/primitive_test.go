package primitive_test

import (
	"math"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/converters/primitive"
)

func converters(t testing.TB, class string, cfg config.Map) (connect.Converter, connect.HeaderConverter) {
	t.Helper()
	set := primitive.Plugins()
	for i, p := range set.Converters {
		if strings.HasSuffix(p.Class, "."+class) {
			c, h := p.New(), set.HeaderConverters[i].New()
			if err := c.Configure(cfg, false); err != nil {
				t.Fatal(err)
			}
			if err := h.Configure(cfg); err != nil {
				t.Fatal(err)
			}
			return c, h
		}
	}
	t.Fatalf("no converter %s", class)
	return nil, nil
}

func TestEncodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "primitive-from") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			in := c.Input.Data(t)
			if c.Converter == "StringConverter" && in.Value.Kind() == schema.KindBytes {
				t.Skip("the text has the hash or the class of a Java object")
			}
			conv, header := converters(t, c.Converter, c.Config)
			got, err := conv.AppendEncode([]byte{}, "topic", nil, in)
			asHeader, headerErr := header.AppendEncode([]byte{}, "topic", "key", in)
			convertertest.CheckError(t, c, headerErr)
			if convertertest.CheckError(t, c, err) {
				return
			}
			want := c.Output.Bytes(t)
			convertertest.CheckBytes(t, got, want)
			convertertest.CheckBytes(t, asHeader, want)
		})
	}
}

func TestDecodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "primitive-to") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			conv, header := converters(t, c.Converter, c.Config)
			got, err := conv.Decode("topic", nil, c.Input.Bytes(t), nil)
			asHeader, headerErr := header.Decode("topic", "key", c.Input.Bytes(t), nil)
			convertertest.CheckError(t, c, headerErr)
			if convertertest.CheckError(t, c, err) {
				if err != nil && c.Error != nil && err.Error() != c.Error.Message {
					t.Errorf("got the message %q, want %q", err, c.Error.Message)
				}
				return
			}
			want := c.Output.Data(t)
			if f := want.Value.Float(); math.IsNaN(f) && math.IsNaN(got.Value.Float()) {
				want.Value = got.Value // the record of a NaN has lost its bits
			}
			convertertest.CheckData(t, got, want)
			convertertest.CheckData(t, asHeader, want)
		})
	}
}

func TestUnsupportedEncoding(t *testing.T) {
	t.Parallel()
	err := primitive.Plugins().Converters[0].New().Configure(config.Map{"converter.encoding": "EBCDIC"}, true)
	if err == nil || err.Error() != "Unsupported encoding EBCDIC" || connect.ClassOf(err) != connect.SerializationFailure {
		t.Errorf("got %v", err)
	}
}

func TestTextAndBytesDoNotAllocate(t *testing.T) { // not parallel: it counts allocations
	dst, arena := make([]byte, 0, 64), &schema.Arena{}
	for class, v := range map[string]schema.Value{
		"StringConverter":    schema.StringValue("text"),
		"ByteArrayConverter": schema.BytesValue([]byte("bytes")),
		"LongConverter":      schema.Int64Value(5),
	} {
		c, _ := converters(t, class, nil)
		n := testing.AllocsPerRun(100, func() {
			b, err := c.AppendEncode(dst, "topic", nil, connect.Data{Value: v})
			if err != nil {
				t.Fatal(err)
			}
			back, err := c.Decode("topic", nil, b, arena)
			if err != nil || !back.Value.Equal(v) {
				t.Fatalf("got %v, %v", back.Value, err)
			}
		})
		if n != 0 {
			t.Errorf("%s allocates %v times", class, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range convertertest.Load(f, "primitive-to") {
		f.Add(c.Input.Bytes(f))
	}
	sets := []string{"UTF-8", "ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16BE", "UTF-16LE"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, set := range sets {
			c, _ := converters(t, "StringConverter", config.Map{"converter.encoding": set})
			d, err := c.Decode("topic", nil, raw, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := c.AppendEncode([]byte{}, "topic", nil, d)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.Decode("topic", nil, b, nil)
			if err != nil || set != "US-ASCII" && !again.Value.Equal(d.Value) {
				t.Fatalf("%s: %q became %q (%v)", set, d.Value, again.Value, err)
			}
		}
	})
}
