//go:build integration

// Package differential runs one scenario on the Java worker and on Sluice, and
// compares what they leave behind. It needs the real Kafka; see test/kafka.
package differential

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// scenario is one connector: a file source where it has lines, else a file sink.
type scenario struct {
	name     string
	config   map[string]string // beside class, name, topic and file; ${name} is the connector's
	lines    []string          // of the source's file
	messages []kgo.Record      // of the sink's topic
	want     int               // records of a source, lines of a sink
	dead     int               // records in the dead letter queue ${name}
	fails    bool              // the task fails, and the first lines of the traces are compared
	stamped  bool              // the timestamps are the connector's, and compared
	clock    bool              // times of day in the records are the clock's
}

const (
	stringC  = "org.apache.kafka.connect.storage.StringConverter"
	jsonC    = "org.apache.kafka.connect.json.JsonConverter"
	bytesC   = "org.apache.kafka.connect.converters.ByteArrayConverter"
	numbersC = "org.apache.kafka.connect.converters."
	smt      = "org.apache.kafka.connect.transforms."
)

// text is what people have in files: no end of surprises.
var text = []string{
	"plain", "", "  blanks  ", "tab\there", `quote " and \ backslash`, "<html>&amp;</html>", "ünïcödé ✓ 日本", "🜁 beyond the plane",
	"12345", "-7", "true", "null", "2024-02-29T12:34:56Z", `{"a":1}`, "control \x01\x1f", "\u2028 line separator",
}

var digits = []string{"0", "1", "-1", "127", "-128", "12345"}

type m = map[string]string

// with joins maps; later ones win.
func with(all ...m) m {
	out := m{}
	for _, one := range all {
		maps.Copy(out, one)
	}
	return out
}

// chain names transformations and their keys: alias, class, then key and value pairs.
func chain(steps ...[]string) m {
	out := m{}
	for i, s := range steps {
		if i > 0 {
			out["transforms"] += ","
		}
		out["transforms"] += s[0]
		out["transforms."+s[0]+".type"] = smt + s[1]
		for j := 2; j < len(s); j += 2 {
			out["transforms."+s[0]+"."+s[j]] = s[j+1]
		}
	}
	return out
}

var (
	jsonPlain   = m{"value.converter": jsonC, "value.converter.schemas.enable": "false"}
	jsonSchemas = m{"value.converter": jsonC, "value.converter.schemas.enable": "true"}
	keysSchemas = m{"key.converter": jsonC, "key.converter.schemas.enable": "true"}
)

var hoist = []string{"hoist", "HoistField$Value", "field", "line"}

func scenarios() []scenario {
	return slices.Concat(sources(), moreSources(), sinks(), moreSinks())
}

func source(name string, lines []string, cfg ...m) scenario {
	return scenario{name: name, lines: lines, want: len(lines), config: with(cfg...)}
}

func sources() []scenario {
	failing := func(s scenario) scenario { s.fails = true; return s }
	less := func(s scenario, want int) scenario { s.want = want; return s }
	clocked := func(s scenario) scenario { s.clock = true; return s }
	return []scenario{
		source("string", text),
		source("latin1", text, m{"value.converter": stringC, "value.converter.converter.encoding": "ISO-8859-1"}),
		source("json-plain", text, jsonPlain),
		source("json-schemas", text, jsonSchemas),
		failing(source("bytes-of-text", text, m{"value.converter": bytesC})),
		failing(source("long-of-text", text, m{"value.converter": numbersC + "LongConverter"})),
		source("hoist", text, jsonSchemas, chain(hoist)),
		source("nested", text, jsonSchemas, chain(hoist, []string{"again", "HoistField$Value", "field", "outer"})),
		source("flatten", text, jsonSchemas, chain(hoist, []string{"again", "HoistField$Value", "field", "outer"}, []string{"flat", "Flatten$Value", "delimiter", "_"})),
		source("struct-as-string", text, chain(hoist)),
		source("key", text, jsonPlain, keysSchemas, chain(hoist, []string{"key", "ValueToKey", "fields", "line"})),
		source("key-text", text, jsonPlain, chain(hoist, []string{"key", "ValueToKey", "fields", "line"}, []string{"take", "ExtractField$Key", "field", "line"})),
		source("cast-int8", digits[:5], jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "int8"})),
		failing(source("cast-int8-overflow", digits, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "int8"}))),
		source("cast-field", digits, jsonSchemas, chain(hoist, []string{"cast", "Cast$Value", "spec", "line:float64"})),
		source("cast-long", digits, m{"value.converter": numbersC + "LongConverter"}, chain([]string{"cast", "Cast$Value", "spec", "int64"})),
		source("cast-double", digits, m{"value.converter": numbersC + "DoubleConverter"}, chain([]string{"cast", "Cast$Value", "spec", "float64"})),
		source("cast-float-text", []string{"0.1", "1e10", "16777216", "1e-7", "NaN"}, chain([]string{"cast", "Cast$Value", "spec", "float32"}, []string{"back", "Cast$Value", "spec", "string"})),
		source("mask", text, jsonSchemas, chain(hoist, []string{"mask", "MaskField$Value", "fields", "line"})),
		source("mask-replacement", text, jsonSchemas, chain(hoist, []string{"mask", "MaskField$Value", "fields", "line", "replacement", "***"})),
		source("rename", text, jsonPlain, chain(hoist, []string{"new", "ReplaceField$Value", "renames", "line:text"})),
		source("insert-static", text, jsonSchemas, chain(hoist, []string{"in", "InsertField$Value", "static.field", "who", "static.value", "me", "topic.field", "topic!"})),
		source("schema-name", text, jsonSchemas, chain(hoist, []string{"set", "SetSchemaMetadata$Value", "schema.name", "com.example.Line", "schema.version", "7"})),
		source("timestamp", []string{"2024-02-29 12:34:56.789", "1970-01-01 00:00:00.000", "1969-12-31 23:59:59.999"}, jsonSchemas,
			chain([]string{"ts", "TimestampConverter$Value", "target.type", "Timestamp", "format", "yyyy-MM-dd HH:mm:ss.SSS"})),
		source("timestamp-field", []string{"29.02.24", "01.01.70"}, jsonSchemas,
			chain(hoist, []string{"ts", "TimestampConverter$Value", "field", "line", "target.type", "unix", "format", "dd.MM.yy"})),
		failing(source("timestamp-bad", []string{"yesterday"}, jsonSchemas, chain([]string{"ts", "TimestampConverter$Value", "target.type", "Date", "format", "yyyy-MM-dd"}))),
		source("regex-router", text, chain([]string{"to", "RegexRouter", "regex", "(.*)-(java|sluice)", "replacement", "$1-$2.routed"})),
		source("headers", text, chain([]string{"one", "InsertHeader", "header", "one", "value.literal", "1"}, []string{"two", "InsertHeader", "header", "two", "value.literal", "2024-01-01"}, []string{"drop", "DropHeaders", "headers", "one"})),
		source("header-from", text, jsonPlain, chain(hoist, []string{"in", "InsertField$Value", "static.field", "who", "static.value", "me"}, []string{"from", "HeaderFrom$Value", "fields", "line", "headers", "h", "operation", "move"})),
		source("header-json", text, m{"header.converter": jsonC}, chain([]string{"one", "InsertHeader", "header", "one", "value.literal", "1"})),
		source("header-string", text, m{"header.converter": stringC}, chain([]string{"one", "InsertHeader", "header", "one", "value.literal", "true"})),
		less(source("filter-none", text[:2], chain([]string{"drop", "Filter", "predicate", "dead"}), m{"predicates": "dead", "predicates.dead.type": smt + "predicates.RecordIsTombstone"}), 2),
		less(source("filter-header", text, chain([]string{"one", "InsertHeader", "header", "one", "value.literal", "1"}, []string{"drop", "Filter", "predicate", "has", "negate", "true"}),
			m{"predicates": "has", "predicates.has.type": smt + "predicates.HasHeaderKey", "predicates.has.name": "one"}), len(text)),
		source("guarded", text, jsonSchemas, chain(append(hoist, "predicate", "here")), m{"predicates": "here", "predicates.here.type": smt + "predicates.TopicNameMatches", "predicates.here.pattern": ".*guarded-.*"}),
		less(source("tolerated", append([]string{"12"}, text...), m{"value.converter": numbersC + "LongConverter", "errors.tolerance": "all"}, chain([]string{"cast", "Cast$Value", "spec", "int64"})), 3),
		clocked(source("insert-timestamp", text[:3], jsonSchemas, chain(hoist, []string{"in", "InsertField$Value", "timestamp.field", "at"}))),
		source("v2-path", text, jsonPlain, chain(hoist, []string{"again", "HoistField$Value", "field", "outer"}, []string{"take", "ExtractField$Value", "field", "outer.line", "field.syntax.version", "V2"})),
		failing(source("missing-field", text, jsonPlain, chain(hoist, []string{"take", "ExtractField$Value", "field", "absent"}))),
	}
}
