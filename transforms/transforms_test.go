package transforms_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
	"sluice/transforms/all"
)

// suiteConfigs are what the contract suite runs each class with.
func suiteConfigs(class string) []config.Map {
	name, _, _ := strings.Cut(class[strings.LastIndexByte(class, '.')+1:], "$")
	return map[string][]config.Map{
		"Cast":               {{"spec": "id:string,amount:int32"}, {"spec": "string"}, {"spec": "int64"}, {"spec": "name:string", "replace.null.with.default": "false"}},
		"DropHeaders":        {{"headers": "a,h"}},
		"ExtractField":       {{"field": "id"}, {"field": "inner.x", "field.syntax.version": "V2"}},
		"Filter":             {{}},
		"Flatten":            {{}, {"delimiter": "_"}},
		"HeaderFrom":         {{"fields": "id", "headers": "h", "operation": "move"}, {"fields": "id,name", "headers": "h,h", "operation": "copy"}},
		"HoistField":         {{"field": "f"}},
		"InsertField":        {{"topic.field": "t!", "partition.field": "p", "timestamp.field": "ts?", "static.field": "s", "static.value": "v"}, {"offset.field": "o"}},
		"InsertHeader":       {{"header": "h", "value.literal": "[1,2]"}},
		"MaskField":          {{"fields": "id,name"}, {"fields": "name", "replacement": "5"}},
		"RegexRouter":        {{"regex": "(.*)-(?<n>.*)", "replacement": "${n}-$1"}, {"regex": "(?!x).*", "replacement": "y"}},
		"ReplaceField":       {{"exclude": "id"}, {"include": "id,name", "renames": "id:key"}},
		"SetSchemaMetadata":  {{"schema.name": "n", "schema.version": "2"}},
		"TimestampConverter": {{"target.type": "string", "format": "yyyy-MM-dd"}, {"target.type": "unix", "field": "ts"}, {"target.type": "Date", "field": "id"}},
		"TimestampRouter":    {{}, {"timestamp.format": "b"}},
		"ValueToKey":         {{"fields": "id"}, {"fields": "id,name"}},
		"HasHeaderKey":       {{"name": "h"}},
		"RecordIsTombstone":  {{}},
		"TopicNameMatches":   {{"pattern": "top.*"}, {"pattern": "(?<!a)topic"}},
	}[name]
}

func suiteRecords() []connect.Record {
	st := schema.NewStruct(orderSchema())
	st.Values[0] = schema.Int64Value(7)
	st.Values[1] = schema.StringValue("bob")
	st.Values[2] = schema.Float64Value(1.5)
	st.Values[3] = schema.InstantValue(1700000000123)
	inner := schema.NewStruct(st.Schema.Fields[4].Schema)
	inner.Values[0] = schema.Int32Value(9)
	st.Values[4] = schema.StructValue(inner)
	entry := func(k string, v schema.Value) schema.Entry { return schema.Entry{Key: schema.StringValue(k), Value: v} }
	m := schema.MapValue([]schema.Entry{
		entry("id", schema.Int64Value(7)), entry("name", schema.StringValue("5")), entry("ts", schema.Int64Value(5)),
		entry("inner", schema.MapValue([]schema.Entry{entry("x", schema.BooleanValue(true))})),
	})
	withSchema := connect.Data{Schema: st.Schema, Value: schema.StructValue(st)}
	headers := []connect.Header{{Key: "h", Data: connect.Data{Value: schema.StringValue("v")}}, {Key: "b"}}
	return []connect.Record{
		{Topic: "topic-a", Partition: 3, Timestamp: 1700000000123, Key: withSchema, Value: withSchema, Headers: headers},
		{
			Topic: "topic-a", Partition: connect.NoPartition, Timestamp: connect.NoTimestamp,
			Key: connect.Data{Value: m}, Value: connect.Data{Value: m}, Origin: connect.Origin{Topic: "topic-a", Offset: 12},
		},
	}
}

func orderSchema() *schema.Schema {
	return schema.StructOf(
		"order",
		schema.Field{Name: "id", Schema: schema.Of(schema.Int64)},
		schema.Field{Name: "name", Schema: schema.OptionalOf(schema.String)},
		schema.Field{Name: "amount", Schema: schema.OptionalOf(schema.Float64)},
		schema.Field{Name: "ts", Schema: schema.Timestamp()},
		schema.Field{Name: "inner", Schema: schema.StructOf("", schema.Field{Name: "x", Schema: schema.Of(schema.Int32)})},
	)
}

func TestContract(t *testing.T) {
	t.Parallel()
	set := all.Plugins()
	for _, p := range set.Transforms {
		t.Run(p.Class, func(t *testing.T) {
			t.Parallel()
			connecttest.Transform(t, p, suiteConfigs(p.Class), suiteRecords()...)
		})
	}
	for _, p := range set.Predicates {
		t.Run(p.Class, func(t *testing.T) {
			t.Parallel()
			connecttest.Predicate(t, p, suiteConfigs(p.Class), suiteRecords()...)
		})
	}
}

// TestFailureLeavesTheRecord holds that a record is as it was after an error.
func TestFailureLeavesTheRecord(t *testing.T) {
	t.Parallel()
	for class, cfg := range map[string]config.Map{
		"HeaderFrom$Value":         {"fields": "id,nope", "headers": "a,b", "operation": "move"},
		"Cast$Value":               {"spec": "id:string,name:int32"},
		"MaskField$Value":          {"fields": "id,inner"},
		"TimestampConverter$Value": {"target.type": "unix", "field": "name", "format": "yyyy"},
	} {
		smt := newTransform(t, "org.apache.kafka.connect.transforms."+class)
		if err := smt.Configure(cfg); err != nil {
			t.Fatal(err)
		}
		r := suiteRecords()[0]
		before := fmt.Sprint(r)
		if _, err := smt.Apply(&r, nil); err == nil {
			t.Errorf("%s takes a record that does not fit", class)
		}
		if after := fmt.Sprint(r); after != before {
			t.Errorf("%s: a failure changes\n%s\nto\n%s", class, before, after)
		}
	}
}

// TestManySchemas holds that a schema that was forgotten is worked out again.
func TestManySchemas(t *testing.T) {
	t.Parallel()
	smt := newTransform(t, "org.apache.kafka.connect.transforms.ReplaceField$Value")
	if err := smt.Configure(config.Map{"exclude": "x"}); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for i := range 40 {
			name := fmt.Sprintf("f%d", i)
			st := schema.NewStruct(schema.StructOf("", schema.Field{Name: "x", Schema: schema.Of(schema.Int8)}, schema.Field{Name: name, Schema: schema.Of(schema.Int32)}))
			st.Values[1] = schema.Int32Value(int32(i))
			r := connect.Record{Value: connect.Data{Schema: st.Schema, Value: schema.StructValue(st)}}
			st.Values[0] = schema.Int8Value(1)
			if _, err := smt.Apply(&r, nil); err != nil {
				t.Fatal(err)
			}
			if got, want := r.Value.Value.String(), fmt.Sprintf("Struct{%s=%d}", name, i); got != want {
				t.Errorf("round %d: got %s, want %s", round, got, want)
			}
		}
	}
}

// TestEqualSchemasGiveOneSchema: a source that makes a schema for each record
// costs nothing behind the first transformation.
func TestEqualSchemasGiveOneSchema(t *testing.T) {
	t.Parallel()
	smt := newTransform(t, "org.apache.kafka.connect.transforms.Cast$Value")
	if err := smt.Configure(config.Map{"spec": "id:string"}); err != nil {
		t.Fatal(err)
	}
	var first *schema.Schema
	for range 3 {
		r := suiteRecords()[0]
		if _, err := smt.Apply(&r, nil); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = r.Value.Schema
		}
		if r.Value.Schema != first {
			t.Error("an equal schema gives another one")
		}
	}
}

// TestMapOrder compares the order of entries with that of java.util.HashMap,
// which this text was printed from: new HashMap<>(Map.of(...)) and some puts.
func TestMapOrder(t *testing.T) {
	t.Parallel()
	smt := newTransform(t, "org.apache.kafka.connect.transforms.InsertField$Value")
	if err := smt.Configure(config.Map{"topic.field": "topic", "static.field": "größe", "static.value": "v", "timestamp.field": "\U0001F600"}); err != nil {
		t.Fatal(err)
	}
	var entries []schema.Entry
	for i := range 20 {
		entries = append(entries, schema.Entry{Key: schema.StringValue(fmt.Sprintf("key%d", i)), Value: schema.Int32Value(int32(i))})
	}
	r := connect.Record{Topic: "t", Timestamp: 1, Value: connect.Data{Value: schema.MapValue(entries)}}
	if _, err := smt.Apply(&r, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.Value.Value.String(); got != javaOrder {
		t.Errorf("got\n%s, want\n%s", got, javaOrder)
	}
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("", schema.Field{Name: "d", Schema: schema.DecimalOf(2)})
	for to, want := range map[string]string{
		"string": "Struct{d=-123456789012.34}", "int64": "Struct{d=-123456789012}", "int32": "Struct{d=1097262572}", "int8": "Struct{d=-20}",
		"float64": "Struct{d=-1.2345678901234E11}", "float32": "Struct{d=-1.2345679E11}", "boolean": "Struct{d=true}",
	} {
		smt := newTransform(t, "org.apache.kafka.connect.transforms.Cast$Value")
		if err := smt.Configure(config.Map{"spec": "d:" + to}); err != nil {
			t.Fatal(err)
		}
		st := schema.NewStruct(s)
		st.Values[0] = schema.DecimalValue(&schema.Decimal{Unscaled: big.NewInt(-12345678901234), Scale: 2})
		r := connect.Record{Value: connect.Data{Schema: s, Value: schema.StructValue(st)}}
		if _, err := smt.Apply(&r, nil); err != nil {
			t.Fatal(err)
		}
		if got := r.Value.Value.String(); got != want {
			t.Errorf("%s: got %s, want %s", to, got, want)
		}
	}
}

const javaOrder = "{key1=1, key2=2, key0=0, key5=5, key6=6, key3=3, key4=4, key9=9, key7=7, key8=8, key11=11, key10=10, key15=15, key14=14, key13=13, key12=12, größe=v, key19=19, key18=18, key17=17, key16=16, 😀=1, topic=t}"
