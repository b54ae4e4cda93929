//go:build integration

package differential

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// oneField is a JSON record of a struct whose field x has the schema.
func oneField(schema, payload string) string {
	return `{"schema":{"type":"struct","optional":false,"fields":[{"field":"x",` + schema + `}]},"payload":` + payload + `}`
}

func moreSinks() []scenario {
	failing := func(s scenario) scenario { s.fails = true; return s }
	json := m{"value.converter": jsonC, "value.converter.schemas.enable": "false"}
	schemas := m{"value.converter": jsonC, "value.converter.schemas.enable": "true"}
	const decimal = `"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"optional":true`
	tombstone := kgo.Record{Key: []byte("k")}
	buried := []kgo.Record{message("k", `{"a":1}`), tombstone, message("k", `{"a":2}`)}
	dates := messages(
		oneField(`"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1,"optional":false`, `{"x":19782}`),
		oneField(`"type":"int32","name":"org.apache.kafka.connect.data.Time","version":1,"optional":false`, `{"x":45296789}`),
		oneField(`"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"optional":true`, `{"x":null}`),
	)
	defaults := messages(oneField(`"type":"int32","optional":true,"default":7`, `{"x":null}`), oneField(`"type":"int32","optional":true,"default":7`, `{}`),
		oneField(`"type":"string","optional":true,"default":"d"`, `{"x":null}`))
	dead := m{
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "${name}.dead", "errors.deadletterqueue.topic.replication.factor": "1",
		"errors.deadletterqueue.context.headers.enable": "true",
	}
	nested := messages(`{"a":1,"c":{"d":{"e":"x"},"t":1700000000123}}`, `{"a":2,"c":{"d":{"e":null},"t":0}}`)
	less := func(s scenario, want int) scenario { s.want = want; return s }
	plain := func(name string, in []kgo.Record, steps ...[]string) scenario {
		return sink(name, in, json, chain(steps...))
	}
	all := []scenario{
		sink("sink-tombstone", buried, json),
		sink("sink-tombstone-schemas", []kgo.Record{tombstone, message("k", enveloped)}, schemas),
		sink("sink-tombstone-text", buried),
		less(sink("sink-tombstone-filter", buried, json, chain([]string{"drop", "Filter", "predicate", "dead"}), onlyIf("dead", "RecordIsTombstone")), 2),
		failing(plain("sink-tombstone-mask", buried, []string{"mask", "MaskField$Value", "fields", "a"})),
		plain("sink-tombstone-steps", buried, []string{"in", "InsertField$Value", "static.field", "s", "static.value", "v"}, []string{"cast", "Cast$Value", "spec", "a:string"},
			[]string{"flat", "Flatten$Value"}, []string{"less", "ReplaceField$Value", "exclude", "b"}, []string{"set", "SetSchemaMetadata$Value", "schema.name", "n", "predicate", "never"}),
		plain("sink-tombstone-hoist", buried, []string{"h", "HoistField$Value", "field", "v"}),
		plain("sink-tombstone-extract", buried, []string{"e", "ExtractField$Value", "field", "a"}),
		failing(plain("sink-tombstone-key", []kgo.Record{tombstone}, []string{"key", "ValueToKey", "fields", "a"})),
		sink("sink-decimal", messages(oneField(decimal, `{"x":"MDk="}`), oneField(decimal, `{"x":"/w=="}`), oneField(decimal, `{"x":null}`), oneField(decimal, `{"x":12.34}`)), schemas),
		sink("sink-decimal-numeric", messages(oneField(decimal, `{"x":12.34}`), oneField(decimal, `{"x":"MDk="}`)), schemas, m{"value.converter.decimal.format": "NUMERIC"}),
		failing(sink("sink-decimal-scale", messages(oneField(decimal, `{"x":12.345}`), oneField(decimal, `{"x":true}`)), schemas)),
		sink("sink-texts-for-numbers", messages(oneField(`"type":"int8","optional":false`, `{"x":"text"}`), oneField(`"type":"boolean","optional":false`, `{"x":"true"}`)), schemas),
		sink("sink-dates", dates, schemas),
		sink("sink-default", defaults, schemas),
		sink("sink-default-kept", defaults, schemas, m{"value.converter.replace.null.with.default": "false"}),
		sink("sink-default-insert", defaults, schemas, chain([]string{"in", "InsertField$Value", "static.field", "s", "static.value", "v", "replace.null.with.default", "false"}), m{"value.converter.replace.null.with.default": "false"}),
		sink("sink-default-extract", defaults, schemas, chain([]string{"e", "ExtractField$Value", "field", "x", "replace.null.with.default", "false"}), m{"value.converter.replace.null.with.default": "false"}),
		sink("sink-default-extracted", defaults, schemas, chain([]string{"e", "ExtractField$Value", "field", "x"}), m{"value.converter.replace.null.with.default": "false"}),
		sink("sink-default-cast", defaults[:2], schemas, chain([]string{"c", "Cast$Value", "spec", "x:string"}), m{"value.converter.replace.null.with.default": "false"}),
		sink("sink-map-keys", messages(`{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"string","optional":true},"optional":false},"payload":[[1,"a"],[2,null]]}`), schemas),
		sink("sink-numbers", messages(`9223372036854775807`, `-0.0`, `1.0E10`, `0.1`, `1e-7`, `100000000.0`, `12345678901234567890.5`), json),
		sink("sink-boolean", messages("\x01", "\x00"), m{"value.converter": numbersC + "BooleanConverter"}),
		failing(sink("sink-boolean-bad", messages("\x02"), m{"value.converter": numbersC + "BooleanConverter"})),
		plain("sink-route-day", nested, []string{"to", "TimestampRouter", "topic.format", "t-${timestamp}", "timestamp.format", "yyyyMMdd-HHmm"}, []string{"in", "InsertField$Value", "topic.field", "topic"}),
		plain("sink-v2-extract", nested, []string{"e", "ExtractField$Value", "field", "c.d.e", "field.syntax.version", "V2"}),
		plain("sink-v2-extract-none", nested, []string{"e", "ExtractField$Value", "field", "c.x.e", "field.syntax.version", "V2"}),
		plain("sink-v2-stamp", nested, []string{"t", "TimestampConverter$Value", "field", "c.t", "target.type", "string", "format", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "field.syntax.version", "V2"}),
		plain("sink-flat-loose", nested, []string{"f", "Flatten$Value", "delimiter", "/"}),
		plain("sink-replace-loose", nested, []string{"r", "ReplaceField$Value", "exclude", "a", "renames", "c:d"}),
		plain("sink-mask-loose", nested, []string{"m", "MaskField$Value", "fields", "a,c"}),
		failing(plain("sink-cast-map", nested, []string{"c", "Cast$Value", "spec", "c:string,a:int8"}, []string{"d", "Cast$Value", "spec", "c:int32"})),
		less(sink("sink-header-filter", []kgo.Record{message("k", "a", "keep", "1"), message("k", "b"), message("k", "c", "keep", "2")},
			chain([]string{"f", "Filter", "predicate", "has", "negate", "true"}), onlyIf("has", "HasHeaderKey", "name", "keep")), 2),
		less(sink("sink-header-dropped", []kgo.Record{message("k", "a", "drop", "1"), message("k", "b")},
			chain([]string{"no", "DropHeaders", "headers", "drop"}, []string{"f", "Filter", "predicate", "has"}), onlyIf("has", "HasHeaderKey", "name", "drop")), 2),
		failing(sink("sink-key-bad", []kgo.Record{message("{", "a")}, m{"key.converter": jsonC})),
		{name: "sink-dead-key", messages: []kgo.Record{message("1", "a"), message("{", "b"), message("2", "c")}, want: 2, dead: 1, config: with(dead, m{"key.converter": jsonC, "key.converter.schemas.enable": "false"}), stamped: true},
		{name: "sink-dead-header", messages: []kgo.Record{message("k", "a", "h", "1"), message("k", "b", "h", "{"), message("k", "c")}, want: 2, dead: 1, config: with(dead, m{"header.converter": jsonC, "header.converter.schemas.enable": "false"}), stamped: true},
	}
	for i, bad := range []string{
		oneField(`"type":"string","optional":false`, `{"x":12}`), oneField(`"type":"int32","optional":false`, `{"x":null}`),
		oneField(`"type":"varint","optional":false`, `{"x":1}`), `{"schema":{"type":"struct","fields":[{"type":"int32"}]},"payload":{}}`, `{"schema":{"type":"array"},"payload":[]}`,
		`{"schema":{"type":"map","keys":{"type":"string"}},"payload":{}}`, `{"schema":{},"payload":1}`, `{"schema":{"type":"int32"}}`,
		oneField(`"type":"int32","name":"org.apache.kafka.connect.data.Date","optional":false`, `{"x":"2024"}`), `[]`, `12`,
	} {
		all = append(all, failing(sink("sink-refused-"+strconv.Itoa(i), messages(bad), schemas)))
	}
	for i := range all {
		if all[i].config["transforms.set.predicate"] == "never" {
			all[i].config = with(all[i].config, onlyIf("never", "TopicNameMatches", "pattern", "never"))
		}
	}
	return all
}
