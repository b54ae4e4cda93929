package json_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/converters/json"
)

// TestPayload reads payloads by a schema in the configuration.
func TestPayload(t *testing.T) {
	t.Parallel()
	ab := `{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"string","optional":true}]}`
	for _, c := range []struct{ schema, in, want string }{
		{`{"type":"int32"}`, `1E2`, "100"},
		{`{"type":"int32"}`, `-5.9`, "-5"},
		{`{"type":"int64"}`, `0.00001e5`, "1"},
		{`{"type":"int64"}`, `1e80`, "0"},
		{`{"type":"int64"}`, `007`, "7"},
		{`{"type":"double"}`, `1E400`, "Infinity"},
		{`{"type":"double"}`, `-0.0e5`, "0.0"},
		{`{"type":"boolean"}`, `"true"`, "false"},
		{`{"type":"string"}`, ``, "null"},
		{`{"type":"int8"}`, " \n", "0"},
		{`{"type":"int8"}`, `[{"x":[]}]`, "0"},
		{`{"type":"array","items":{"type":"int8"}}`, `{"a":1,"b":2}`, "[1, 2]"},
		{`{"type":"array","items":{"type":"int8"}}`, `5`, "[]"},
		{`{"type":"bytes"}`, `" AQ==AQI= "`, "[B@3"},
		{ab, `{"b":"x","a":1}`, "Struct{a=1,b=x}"},
		{ab, `{"a":null,"a":1,"z":{"a":[]}}`, "Struct{a=1}"},
		{ab, `{"\u0061":2,"b":"\ud83d\ude00\ud83d"}`, "Struct{a=2,b=\U0001F600\uFFFD}"},
		{ab, `{"a":1,"b":5}`, "Struct{a=1}"},
		{ab, "\xef\xbb\xbf{\"a\":1}", "Struct{a=1}"},
		{`{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}`, `[[1,2],[1,3]]`, "{1=3}"},
		{`{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}`, `{"k":null,"k":3}`, "{k=3}"},
	} {
		t.Run(c.in, func(t *testing.T) {
			t.Parallel()
			conv := converter(t, config.Map{"schema.content": c.schema})
			got, err := conv.Decode("", nil, []byte(c.in), &schema.Arena{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Value.String() != c.want {
				t.Errorf("got %s, want %s", got.Value, c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	data, builder := connect.DataException, connect.SchemaBuilderFailure
	for _, c := range []struct{ schema, payload, class string }{
		{`{"type":"struct","fields":[{"field":"b","type":"string"}]}`, `{"b":5}`, data},
		{`{"type":"struct","fields":[{"field":"b","type":"string"}]}`, `{"b":"x","b":null}`, data},
		{`{"type":"struct","fields":[{"field":"b","type":"string"},{"field":"b","type":"string"}]}`, `{}`, builder},
		{`{"type":"struct","fields":[],"default":{}}`, `{}`, builder},
		{`{"type":"string","default":5}`, `"x"`, builder},
		{`{"type":"map","keys":null,"values":{"type":"int8"}}`, `{}`, builder},
		{`{"type":"int32","name":"org.apache.kafka.connect.data.Time"}`, `86400001`, data},
		{`{"type":"int32","name":"org.apache.kafka.connect.data.Date"}`, `2147483648`, data},
		{`{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp"}`, `1.0`, data},
		{`{"type":"bytes"}`, `"AQ"`, data},
		{`{"type":"int8"}`, `1E99999999999`, data},
		{`{"type":"int8"}`, `1.`, data},
		{`{"type":"int8"}`, `nulls`, data},
		{`{"type":"int8"}`, strings.Repeat("9", 1001), data},
		{`{"type":"array","items":{"type":"int8"}}`, strings.Repeat("[", 1001) + strings.Repeat("]", 1001), data},
		{`{"type":"string"}`, "\"\x01\"", data},
		{`{"type":"string"}`, "\"\xff\"", data},
		{`5`, `5`, data},
	} {
		t.Run(fmt.Sprintf("%.60s %.30s", c.schema, c.payload), func(t *testing.T) {
			t.Parallel()
			conv := converter(t, nil)
			_, err := conv.Decode("", nil, []byte(`{"schema":`+c.schema+`,"payload":`+c.payload+`}`), nil)
			if err == nil || connect.ClassOf(err) != c.class {
				t.Errorf("got the error %v, want a %s", err, c.class)
			}
		})
	}
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	for _, cfg := range []config.Map{
		{"schemas.enable": "yes"},
		{"schemas.cache.size": "x"},
		{"decimal.format": "HEX"},
		{"schema.content": "{"},
		{"schema.content": `{"type":"none"}`},
	} {
		if err := new(json.Converter).Configure(cfg, false); err == nil {
			t.Errorf("%v was accepted", cfg)
		}
	}
	if err := new(json.Converter).Configure(config.Map{"decimal.format": "numeric", "schema.content": " "}, true); err != nil {
		t.Error(err)
	}
}

// TestManySchemas goes through more schemas than the cache holds.
func TestManySchemas(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"0", "1", "2"} {
		conv := converter(t, config.Map{"schemas.cache.size": size})
		for i := range 10 {
			want := connect.Data{
				Schema: schema.StructOf("s", schema.Field{Name: fmt.Sprint("f", i%3), Schema: schema.Of(schema.Int32)}),
			}
			st := schema.NewStruct(want.Schema)
			st.Values[0] = schema.Int32Value(int32(i))
			want.Value = schema.StructValue(st)
			b, err := conv.AppendEncode([]byte("before"), "", nil, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := conv.Decode("", nil, b[len("before"):], nil)
			if err != nil {
				t.Fatal(err)
			}
			convertertest.CheckData(t, got, want)
		}
	}
}

func TestSchemaless(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`null`, `{"a":[1,-2.5,true,"\n"],"b":{}}`, `"\uD83D\uDE00"`, `[]`} {
		v, err := json.ParseSchemaless([]byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.AppendSchemaless([]byte{}, v)
		if err != nil {
			t.Fatal(err)
		}
		convertertest.CheckBytes(t, b, []byte(text))
	}
	if _, err := json.AppendSchemaless(nil, schema.InstantValue(1)); connect.ClassOf(err) != connect.DataException || err == nil {
		t.Errorf("an instant gives %v", err)
	}
	var big strings.Builder
	for i := range 200 {
		fmt.Fprintf(&big, `,"k%d":%d`, i%100, i)
	}
	v, err := json.ParseSchemaless([]byte("{"+big.String()[1:]+"}"), nil)
	if last, _ := v.Lookup("k99"); err != nil || len(v.Map()) != 100 || last.Int() != 199 {
		t.Errorf("got %d entries, k99=%s, error %v; want 100 and the later of two", len(v.Map()), last, err)
	}
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	set := json.Plugins()
	if len(set.Converters) != 1 || len(set.HeaderConverters) != 1 || set.Converters[0].Class != json.Class {
		t.Fatalf("got %+v", set)
	}
	if set.Converters[0].New() == set.Converters[0].New() {
		t.Error("New returns the same converter twice")
	}
	if err := set.HeaderConverters[0].New().Configure(nil); err != nil {
		t.Error(err)
	}
}
