//go:build integration

package differential

import "strconv"

// literals are header values whose type is guessed from the text.
var literals = []string{
	"[1,2,3]", `{"a":1}`, "1.5", "true", "2024-02-29T12:34:56.789Z", "12:34:56.789Z", "2024-02-29", `"quoted"`, `[1, 2.5, "x"]`,
	"-128", "32768", "1e3", "9223372036854775808", "null", "  blanks ", `{"a":{"b":[true,false]}}`, "[", "{}", "[]", "-", "0x10", "FALSE", "1.0", "3.4028236E38",
}

func headers() m {
	var steps [][]string
	for i, text := range literals {
		n := strconv.Itoa(i)
		steps = append(steps, []string{"h" + n, "InsertHeader", "header", "h" + n, "value.literal", text})
	}
	return chain(steps...)
}

// onlyIf guards the transformations that name it.
func onlyIf(predicate, class string, keys ...string) m {
	out := m{"predicates": predicate, "predicates." + predicate + ".type": smt + "predicates." + class}
	for i := 0; i < len(keys); i += 2 {
		out["predicates."+predicate+"."+keys[i]] = keys[i+1]
	}
	return out
}

func moreSources() []scenario {
	failing := func(s scenario) scenario { s.fails = true; return s }
	again := []string{"again", "HoistField$Value", "field", "outer"}
	words := []string{"one", "zwei", ""}
	key := []string{"key", "ValueToKey", "fields", "line"}
	who := []string{"in", "InsertField$Value", "static.field", "who", "static.value", "me"}
	iso := []string{"2024-02-29 12:34:56.789", "1969-12-31 23:59:59.999"}
	stamp := func(target string, more ...string) m {
		return chain([]string{"ts", "TimestampConverter$Value", "target.type", "Timestamp", "format", "yyyy-MM-dd HH:mm:ss.SSS"},
			append([]string{"to", "TimestampConverter$Value", "target.type", target}, more...))
	}
	return []scenario{
		source("header-values-simple", words, headers()),
		source("header-values-string", words, headers(), m{"header.converter": stringC}),
		source("header-from-key", words, jsonPlain, chain(hoist, key, []string{"from", "HeaderFrom$Key", "fields", "line", "headers", "h", "operation", "copy"})),
		source("header-twice", words, chain([]string{"a", "InsertHeader", "header", "h", "value.literal", "1"}, []string{"b", "InsertHeader", "header", "h", "value.literal", "2"})),
		source("header-drop-all", words, chain([]string{"a", "InsertHeader", "header", "a", "value.literal", "1"}, []string{"b", "InsertHeader", "header", "b", "value.literal", "2"}, []string{"drop", "DropHeaders", "headers", "a,b"})),
		source("key-nested", words, jsonPlain, keysSchemas, chain(hoist, again, []string{"key", "ValueToKey", "fields", "outer"})),
		source("key-two", words, jsonPlain, keysSchemas, chain(hoist, who, []string{"key", "ValueToKey", "fields", "who,line"})),
		source("key-flat", words, jsonPlain, keysSchemas, chain(hoist, again, []string{"key", "ValueToKey", "fields", "outer"}, []string{"flat", "Flatten$Key"})),
		source("key-hoist-null", words, keysSchemas, chain([]string{"k", "HoistField$Key", "field", "k"})),
		source("key-named", words, keysSchemas, chain(hoist, key, []string{"set", "SetSchemaMetadata$Key", "schema.name", "Key"})),
		failing(source("key-absent", words, chain(hoist, []string{"key", "ValueToKey", "fields", "none"}))),
		failing(source("key-of-text", words, chain([]string{"key", "ValueToKey", "fields", "none"}))),
		source("cast-boolean", []string{"true", "FALSE", "True"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "boolean"})),
		source("cast-boolean-other", []string{"yes", "1"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "boolean"})),
		failing(source("cast-decimals", []string{"1.5"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "int32"}))),
		source("cast-chain", digits[:5], jsonSchemas, chain(hoist, []string{"a", "Cast$Value", "spec", "line:int64"}, []string{"b", "Cast$Value", "spec", "line:boolean"}, []string{"c", "Cast$Value", "spec", "line:string"})),
		source("cast-float32-text", []string{"1", "100000000", "0.001", "1234567.8", "-0"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "float32"}, []string{"back", "Cast$Value", "spec", "string"})),
		source("cast-float64-text", []string{"1", "10000000", "0.001", "123456789.125", "1e300", "4.9e-324"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "float64"}, []string{"back", "Cast$Value", "spec", "string"})),
		source("cast-float-json", []string{"1", "1e10", "0.001", "123456789.125", "1e300"}, jsonSchemas, chain([]string{"cast", "Cast$Value", "spec", "float64"})),
		source("mask-number", digits, jsonSchemas, chain(hoist, []string{"cast", "Cast$Value", "spec", "line:int32"}, []string{"mask", "MaskField$Value", "fields", "line", "replacement", "7"})),
		failing(source("mask-wrong", digits[:1], jsonSchemas, chain(hoist, []string{"cast", "Cast$Value", "spec", "line:int32"}, []string{"mask", "MaskField$Value", "fields", "line", "replacement", "x"}))),
		source("include", words, jsonSchemas, chain(hoist, who, []string{"some", "ReplaceField$Value", "include", "who"})),
		source("exclude-all", words, jsonSchemas, chain(hoist, []string{"some", "ReplaceField$Value", "exclude", "line"})),
		source("insert-optional", words, jsonSchemas, chain(hoist, []string{"in", "InsertField$Value", "static.field", "who?", "static.value", "me", "topic.field", "t?"})),
		source("insert-key-field", words, jsonPlain, keysSchemas, chain(hoist, key, []string{"in", "InsertField$Key", "static.field", "who", "static.value", "me"})),
		failing(source("insert-text", words, chain(who))),
		source("stamp-micros", iso, jsonSchemas, stamp("unix", "unix.precision", "microseconds")),
		source("stamp-nanos", iso, jsonSchemas, stamp("unix", "unix.precision", "nanoseconds")),
		source("stamp-seconds", iso, jsonSchemas, stamp("unix", "unix.precision", "seconds")),
		source("stamp-date", iso, jsonSchemas, stamp("Date")),
		source("stamp-time", iso[:1], jsonSchemas, stamp("Time")),
		source("stamp-words", iso, stamp("string", "format", "EEEE, d. MMMM y G 'at' h:mm a, D w W F u k K S")),
		source("v2-quoted", words, jsonPlain, chain([]string{"hoist", "HoistField$Value", "field", "a.b"}, []string{"take", "ExtractField$Value", "field", "`a.b`", "field.syntax.version", "V2"})),
		source("guarded-not", words, jsonPlain, chain(append(hoist, "predicate", "here", "negate", "true")), onlyIf("here", "TopicNameMatches", "pattern", ".*guarded-.*")),
		source("regex-look", words, chain([]string{"to", "RegexRouter", "regex", "(?<all>(?:[^-]++-)*+(?=java|sluice)(java|sluice))", "replacement", "${all}.x"})),
		source("regex-no-match", words, chain([]string{"to", "RegexRouter", "regex", "nothing", "replacement", "x"})),
		source("key-cast", digits, jsonPlain, keysSchemas, chain(hoist, key, []string{"cast", "Cast$Key", "spec", "line:int32"})),
		source("key-mask", words, jsonPlain, keysSchemas, chain(hoist, key, []string{"mask", "MaskField$Key", "fields", "line", "replacement", "-"})),
		source("key-rename", words, jsonPlain, keysSchemas, chain(hoist, key, []string{"new", "ReplaceField$Key", "renames", "line:text"})),
		source("key-stamp", iso, jsonPlain, keysSchemas, chain(hoist, key, []string{"ts", "TimestampConverter$Key", "field", "line", "target.type", "unix", "format", "yyyy-MM-dd HH:mm:ss.SSS"})),
		source("cast-short", digits, m{"value.converter": numbersC + "ShortConverter"}, chain([]string{"cast", "Cast$Value", "spec", "int16"})),
		source("cast-integer", digits, m{"value.converter": numbersC + "IntegerConverter"}, chain([]string{"cast", "Cast$Value", "spec", "int32"})),
		source("json-keys", words, m{"key.converter": jsonC, "key.converter.schemas.enable": "false"}, chain(hoist, key)),
		source("json-cache", words, jsonSchemas, m{"value.converter.schemas.cache.size": "1", "value.converter.decimal.format": "NUMERIC"}, chain(hoist)),
	}
}
