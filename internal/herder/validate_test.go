package herder_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
)

// null is a value that stands for null in the tables below.
const null = "\x00null"

func raw(m config.Map) config.Raw {
	r := m.Raw()
	for k, v := range m {
		if v == null {
			r[k] = nil
		}
	}
	return r
}

// TestValidate holds what a Java worker 4.3.1 answered.
func TestValidate(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	const duplicated = "topics and topics.regex are mutually exclusive options, but both are set."
	const none = "Must configure one of topics or topics.regex"
	sink, src := "org.apache.kafka.connect.file.FileStreamSinkConnector", sourceClass
	for _, c := range []struct {
		name   string
		config config.Map
		count  int
		errors map[string][]string
	}{
		{"nothing but a class", config.Map{"connector.class": "FileStreamSink"}, 3, map[string][]string{
			"name": {`Missing required configuration "name" which has no default value.`}, "topics": {none}, "topics.regex": {none},
		}},
		{"both", config.Map{"connector.class": sink, "name": "n", "topics": "t", "topics.regex": "a"}, 2, map[string][]string{"topics": {duplicated}, "topics.regex": {duplicated}}},
		{"bad regex", config.Map{"connector.class": sink, "name": "n", "topics.regex": "["}, 1, map[string][]string{
			"topics.regex": {"Invalid value [ for configuration topics.regex: Invalid regex: Unclosed character class near index 0\n[\n^"},
		}},
		{"null topics", config.Map{"connector.class": sink, "name": "n", "topics": null}, 4, map[string][]string{
			"topics":       {"Configuration 'topics' values must not be null.", none, "Null value can not be supplied as the configuration value."},
			"topics.regex": {none},
		}},
		{"dead letters come back", config.Map{"connector.class": sink, "name": "n", "topics": "a,dlq", "errors.deadletterqueue.topic.name": "dlq"}, 1, map[string][]string{
			"topics": {"The DLQ topic 'dlq' may not be included in the list of topics ('topics=[a, dlq]') consumed by the connector"},
		}},
		{"dead letters match", config.Map{"connector.class": sink, "name": "n", "topics.regex": "d.*", "errors.deadletterqueue.topic.name": "dlq"}, 1, map[string][]string{
			"topics.regex": {"The DLQ topic 'dlq' may not be matched by the regex for the topics ('topics.regex=d.*') consumed by the connector"},
		}},
		{"bad regex and dead letters", config.Map{"connector.class": sink, "name": "n", "topics.regex": "[", "errors.deadletterqueue.topic.name": "dlq"}, 1, map[string][]string{
			"topics.regex": {"Invalid value [ for configuration topics.regex: Invalid regex: Unclosed character class near index 0\n[\n^"},
		}},
		{"null of the connector's own key", config.Map{"connector.class": sink, "name": "n", "topics": "t", "file": null}, 0, nil},
		{"null of an unknown key", config.Map{"connector.class": src, "name": "n", "topic": "t", "x": null}, 1, map[string][]string{
			"x": {"Null value can not be supplied as the configuration value."},
		}},
		{"unknown converter", config.Map{"connector.class": src, "name": "n", "topic": "t", "key.converter": "no.Such"}, 1, map[string][]string{
			"key.converter": {"Invalid value no.Such for configuration key.converter: Class no.Such could not be found."},
		}},
		{"not a converter", config.Map{"connector.class": src, "name": "n", "topic": "t", "value.converter": "java.lang.String"}, 1, map[string][]string{
			"value.converter": {"Class class java.lang.String does not implement the Converter interface"},
		}},
		{"converter setting", config.Map{"connector.class": src, "name": "n", "topic": "t", "value.converter": "JsonConverter", "value.converter.schemas.enable": "maybe"}, 1, map[string][]string{
			"value.converter.schemas.enable": {"Invalid value maybe for configuration schemas.enable: Expected value to be either true or false"},
		}},
		{"transform without type", config.Map{"connector.class": src, "name": "n", "topic": "t", "transforms": "a"}, 1, map[string][]string{
			"transforms.a.type": {`Missing required configuration "transforms.a.type" which has no default value.`},
		}},
		{"abstract transform", config.Map{"connector.class": src, "name": "n", "topic": "t", "transforms": "a", "transforms.a.type": "org.apache.kafka.connect.transforms.InsertField"}, 1, map[string][]string{
			"transforms.a.type": {"This class is abstract and cannot be created. Did you mean org.apache.kafka.connect.transforms.InsertField$Value?"},
		}},
		{"negate without predicate", config.Map{"connector.class": src, "name": "n", "topic": "t", "transforms": "a", "transforms.a.type": "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.a.negate": "true"}, 1, map[string][]string{
			"transforms.a.type": {"Config 'transforms.a.negate' was provided but there is no config 'transforms.a.predicate' defining a predicate to be negated."},
		}},
		{"embedded keys are named without their prefix", config.Map{"connector.class": src, "name": "n", "topic": "t", "transforms": "a", "transforms.a.type": "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.a.static.field": ""}, 1, map[string][]string{
			"transforms.a.static.field": {"Invalid value  for configuration static.field: String must be non-empty"},
		}},
		{"another version", config.Map{"connector.class": src, "name": "n", "topic": "t", "connector.plugin.version": "9.9"}, 2, map[string][]string{
			"connector.class":          {"Plugin " + src + " not found that matches the version range [9.9,9.9], available versions: [4.3.1]"},
			"connector.plugin.version": {"Plugin " + src + " not found that matches the version range [9.9,9.9], available versions: [4.3.1]"},
		}},
		{"client overrides", config.Map{"connector.class": sink, "name": "n", "topics": "t", "consumer.override.group.id": "g"}, 0, nil},
	} {
		infos, err := h.Validate(t.Context(), raw(c.config))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		errors := map[string][]string{}
		for _, info := range infos.Configs {
			if len(info.Value.Errors) > 0 {
				errors[info.Value.Name] = info.Value.Errors
			}
		}
		if c.errors == nil {
			c.errors = map[string][]string{}
		}
		if diff := cmp.Diff(c.errors, errors); diff != "" || infos.ErrorCount != c.count || infos.Name != c.config["connector.class"] {
			t.Errorf("%s: name %s, %d errors, want %d: %s", c.name, infos.Name, infos.ErrorCount, c.count, diff)
		}
	}
}

func TestNullTopics(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	cfg := config.Map{"connector.class": sinkClass, "topics": "t", "name": "n"}.Raw()
	cfg["errors.deadletterqueue.topic.name"] = nil
	_, err := h.Validate(t.Context(), cfg)
	if code, text := status(t, err); code != 400 || !strings.HasPrefix(text, "errors.deadletterqueue.topic.name is null") {
		t.Errorf("got %d %q", code, text)
	}
}

func TestValidationRefusals(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	for _, c := range []struct {
		config config.Map
		code   int
		text   string
	}{
		{config.Map{"a": "1e400", "name": "a1"}, 400, "Connector config {name=a1, a=1e400} contains no connector type"},
		{config.Map{"topic": "t", "name": "k"}, 400, "Connector config {name=k, topic=t} contains no connector type"},
		{config.Map{"connector.class": "no.Such"}, 400, "Failed to find any class that implements Connector and which name matches no.Such, available connectors are: PluginDesc{klass=class " + sinkClass},
		{config.Map{"connector.class": sourceClass, "connector.plugin.version": "[bad"}, 400, "Unbounded range: [bad"},
		{config.Map{"connector.class": sinkClass, "topics": "t", "consumer.override.max.poll.records": "abc"}, 500, "Invalid value abc for configuration max.poll.records: Not a number of type INT"},
	} {
		_, err := h.Validate(t.Context(), c.config.Raw())
		if code, text := status(t, err); code != c.code || !strings.HasPrefix(text, c.text) {
			t.Errorf("got %d %q, want %d %q", code, text, c.code, c.text)
		}
	}
	_, _, err := h.Put(t.Context(), "v", source("v", config.Map{"tasks.max": "abc"}), nil, false)
	const want = "Connector configuration is invalid and contains the following 2 error(s):\n" +
		"Invalid value abc for configuration tasks.max: Not a number of type INT\n" +
		"Invalid value null for configuration tasks.max: Value must be non-null\n" +
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
	if code, text := status(t, err); code != 400 || text != want {
		t.Errorf("got %d %q", code, text)
	}
	_, _, err = h.Put(t.Context(), "v", raw(config.Map{"name": "v", "connector.class": sourceClass, "topic": "t", "file": null}), nil, false)
	if code, text := status(t, err); code != 500 || text != "Non-string value found in original settings for key file: null" {
		t.Errorf("got %d %q", code, text)
	}
	if len(h.Connectors()) != 0 {
		t.Errorf("refused connectors are there: %v", h.Connectors())
	}
}

func TestValidationShowsTheDefinition(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	infos, err := h.Validate(t.Context(), source("n", nil))
	if err != nil {
		t.Fatal(err)
	}
	groups := []string{"Common", "Transforms", "Predicates", "Error Handling", "Topic Creation", "Exactly Once Support", "offsets.topic"}
	if diff := cmp.Diff(groups, infos.Groups); diff != "" {
		t.Error(diff)
	}
	if len(infos.Configs) != 27 {
		t.Errorf("%d keys, want 27", len(infos.Configs))
	}
	key := infos.Configs[5]
	if d := key.Definition; d.Name != "key.converter" || d.Order != 6 || *d.Group != "Common" || *d.DefaultValue != jsonClass || *key.Value.Value != jsonClass {
		t.Errorf("%+v", d)
	}
	if diff := cmp.Diff([]string{jsonClass}, key.Value.Recommended); diff != "" {
		t.Error(diff)
	}
	last := infos.Configs[26]
	if d := last.Definition; d.Name != "batch.size" || d.Order != -1 || d.Group != nil || d.Width != "NONE" || *last.Value.Value != "2000" {
		t.Errorf("%+v", d)
	}
}
