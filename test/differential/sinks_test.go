//go:build integration

package differential

import "github.com/twmb/franz-go/pkg/kgo"

func message(key, value string, headers ...string) kgo.Record {
	r := kgo.Record{Key: []byte(key), Value: []byte(value)}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

func messages(values ...string) []kgo.Record {
	out := make([]kgo.Record, len(values))
	for i, v := range values {
		out[i] = message("k", v)
	}
	return out
}

func sink(name string, in []kgo.Record, cfg ...m) scenario {
	return scenario{name: name, messages: in, want: len(in), config: with(cfg...)}
}

// enveloped is a JSON record with a schema of every type.
const enveloped = `{"schema":{"type":"struct","name":"all","optional":false,"fields":[` +
	`{"field":"b","type":"boolean","optional":false},{"field":"i8","type":"int8","optional":false},{"field":"i16","type":"int16","optional":true},` +
	`{"field":"i32","type":"int32","optional":false,"default":7},{"field":"i64","type":"int64","optional":false},{"field":"f","type":"float","optional":false},` +
	`{"field":"d","type":"double","optional":false},{"field":"s","type":"string","optional":true},{"field":"list","type":"array","items":{"type":"int32","optional":false},"optional":false},` +
	`{"field":"map","type":"map","keys":{"type":"string","optional":false},"values":{"type":"int64","optional":true},"optional":true},` +
	`{"field":"ts","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"optional":false},` +
	`{"field":"inner","type":"struct","optional":true,"fields":[{"field":"x","type":"string","optional":true}]}]},` +
	`"payload":{"b":true,"i8":-8,"i16":null,"i32":32,"i64":9007199254740993,"f":0.1,"d":1.0E-9,"s":"text","list":[1,2,3],"map":{"k":5},"ts":1700000000123,"inner":{"x":"y"}}}`

var loose = messages(`{"name":1,"b":"two","user_id":3,"address":null,"id":{"zeta":1,"price":2,"ts":3}}`, `{"b":null}`, `"text"`, `12`, `1.5`, `true`, `null`, `[1,"x",null]`, `{}`)

func sinks() []scenario {
	json := m{"value.converter": jsonC, "value.converter.schemas.enable": "false"}
	schemas := m{"value.converter": jsonC, "value.converter.schemas.enable": "true"}
	failing := func(s scenario) scenario { s.fails = true; return s }
	bad := messages(`{"a":1}`, `{broken`, `{"a":2}`, "\x00\x00\x00\x00\x2aavro", `{"a":3}`)
	tolerant := m{"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "${name}.dead", "errors.deadletterqueue.topic.replication.factor": "1"}
	objects := messages(`{"a":1,"b":"two","c":{"d":[1,2]}}`, `{"a":2,"b":"three","c":{"d":[]}}`)
	return []scenario{
		sink("sink-string", messages(text...)),
		sink("sink-json", loose, json),
		sink("sink-struct", messages(enveloped, enveloped), schemas),
		failing(sink("sink-no-envelope", messages(`{"a":1}`), schemas)),
		failing(sink("sink-bad-json", messages(`{broken`), json)),
		failing(sink("sink-bad-long", messages("short"), m{"value.converter": numbersC + "LongConverter"})),
		sink("sink-long", messages("\x00\x00\x00\x00\x00\x00\x00\x07"), m{"value.converter": numbersC + "LongConverter"}),
		sink("sink-float", messages("\x3d\xcc\xcc\xcd", "\x7f\xc0\x00\x00"), m{"value.converter": numbersC + "FloatConverter"}),
		sink("sink-extract", messages(enveloped), schemas, chain([]string{"take", "ExtractField$Value", "field", "ts"})),
		sink("sink-flatten", messages(enveloped), schemas, chain([]string{"less", "ReplaceField$Value", "exclude", "list,map"}, []string{"flat", "Flatten$Value"})),
		sink("sink-insert", messages(enveloped), schemas, chain([]string{"in", "InsertField$Value", "offset.field", "o", "partition.field", "p", "timestamp.field", "t"})),
		sink("sink-insert-loose", objects, json, chain([]string{"in", "InsertField$Value", "offset.field", "o", "partition.field", "p", "timestamp.field", "t"})),
		sink("sink-cast", messages(enveloped), schemas, chain([]string{"cast", "Cast$Value", "spec", "i64:string,f:string,d:string,b:int32,ts:string"})),
		sink("sink-cast-loose", objects, json, chain([]string{"cast", "Cast$Value", "spec", "a:string"})),
		sink("sink-mask", messages(enveloped), schemas, chain([]string{"mask", "MaskField$Value", "fields", "b,i8,i64,s,list,map,ts,d"})),
		sink("sink-timestamp", messages(enveloped), schemas, chain([]string{"ts", "TimestampConverter$Value", "field", "ts", "target.type", "string", "format", "EEE, d MMM yyyy HH:mm:ss.SSS Z"})),
		sink("sink-hoist-key", messages(`{"a":1}`), json, chain([]string{"key", "ValueToKey", "fields", "a"}, []string{"h", "HoistField$Value", "field", "v"})),
		sink("sink-header", []kgo.Record{message("k", `{"a":1}`, "h", "1", "x", `{"q":[1]}`)}, json, chain([]string{"from", "HeaderFrom$Value", "fields", "a", "headers", "from.a", "operation", "copy"})),
		{name: "sink-tolerated", messages: bad, want: 3, config: with(json, m{"errors.tolerance": "all"})},
		{name: "sink-dead", messages: bad, want: 3, dead: 2, config: with(json, tolerant), stamped: true},
		{name: "sink-dead-headers", messages: bad, want: 3, dead: 2, config: with(json, tolerant, m{"errors.deadletterqueue.context.headers.enable": "true"})},
		{
			name: "sink-dead-transform", messages: messages(`{"a":"1"}`, `{"a":"x"}`, `{"a":"2"}`), want: 2, dead: 1,
			config: with(json, tolerant, m{"errors.deadletterqueue.context.headers.enable": "true"}, chain([]string{"cast", "Cast$Value", "spec", "a:int32"})),
		},
	}
}
