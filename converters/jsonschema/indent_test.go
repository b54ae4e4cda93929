package jsonschema_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// TestIndentedOutput has the form of Jackson's default printer.
func TestIndentedOutput(t *testing.T) {
	t.Parallel()
	inner := schema.StructOf("", schema.Field{Name: "x", Schema: schema.Of(schema.String)})
	none := schema.StructOf("")
	s := schema.StructOf("",
		schema.Field{Name: "a", Schema: schema.ArrayOf(inner)},
		schema.Field{Name: "b", Schema: schema.ArrayOf(schema.Of(schema.Int32))},
		schema.Field{Name: "c", Schema: none},
		schema.Field{Name: "d", Schema: schema.ArrayOf(schema.Of(schema.Int32))},
	)
	text := func(v string) schema.Value {
		st := schema.NewStruct(inner)
		st.Values[0] = schema.StringValue(v)
		return schema.StructValue(st)
	}
	st := schema.NewStruct(s)
	st.Values[0] = schema.ListValue([]schema.Value{text(`{"[,:`), text(`\`)})
	st.Values[1] = schema.ListValue([]schema.Value{schema.Int32Value(1), schema.Int32Value(-2)})
	st.Values[2] = schema.StructValue(schema.NewStruct(none))
	st.Values[3] = schema.ListValue(nil)
	c, _ := open(t, config.Map{"json.indent.output": "true"})
	got, err := c.AppendEncode([]byte{}, "orders", nil, connect.Data{Schema: s, Value: schema.StructValue(st)})
	if err != nil {
		t.Fatal(err)
	}
	const want = "\x00\x00\x00\x00\x01" + `{
  "a" : [ {
    "x" : "{\"[,:"
  }, {
    "x" : "\\"
  } ],
  "b" : [ 1, -2 ],
  "c" : { },
  "d" : [ ]
}`
	if string(got) != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
	c, _ = open(t, config.Map{"json.indent.output": "true"})
	if got, err := c.AppendEncode([]byte{}, "orders", nil, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("a,b")}); err != nil || string(got[5:]) != `"a,b"` {
		t.Errorf("wrote %q (%v)", got, err)
	}
}
