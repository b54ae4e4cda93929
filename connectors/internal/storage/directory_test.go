package storage

import (
	"strings"
	"testing"

	"sluice/transforms/javaregex"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, regex, topic, want string }{
		{"topics", "", "orders", "topics"},
		{"/data/${topic}/x", "", "orders", "/data/orders/x"},
		{"${1}/${2}", "([a-z]*)_([a-z]*)", "example_name", "example/name"},
		{"${0}/${2}${1}", "([a-z]*)_([a-z]*)", "a_b", "a_b/ba"},
		{"x${1}", "(a)?b", "b", "x"},
		{"t", "([a-z]*)_([a-z]*)", "one", "error Invalid value ([a-z]*)_([a-z]*) for configuration topic.capture.groups.regex: Topic one does not fully match the specified regex."},
		{"${3}", "([a-z]*)_([a-z]*)", "a_b", "error Topic a_b must have at least 3 capture groups using regex pattern ([a-z]*)_([a-z]*), but actually had 2 capture groups."},
		{"${99999999999999999999}", "(a)", "a", "error Topic a must have at least 9223372036854775807 capture groups using regex pattern (a), but actually had 1 capture groups."},
		{"${1}", "", "t", "error topics.dir cannot contain ${} without a valid topic.capture.groups.regex being configured."},
		{"a/${date}/b", "", "t", "error topics.dir: a/${date}/b contains an invalid ${} substitution ${date}. Valid substitutions are ${topic} and ${n} where n >= 0."},
		{"${a}${b}", "", "t", "error topics.dir: ${a}${b} contains an invalid ${} substitution ${a}${b}. Valid substitutions are ${topic} and ${n} where n >= 0."},
		{"${open", "", "t", "${open"},
		{"t", "(", "t", "error topic.capture.groups.regex is an invalid regex pattern: Unclosed group near index 1\n("},
	} {
		if got := directory(tt.value, tt.regex, tt.topic); got != tt.want {
			t.Errorf("%s with %s for %s: %q, want %q", tt.value, tt.regex, tt.topic, got, tt.want)
		}
	}
}

func directory(value, regex, topic string) string {
	var groups *javaregex.Pattern
	var err error
	if regex != "" {
		if groups, err = CompileGroups(regex); err != nil {
			return "error " + err.Error()
		}
	}
	d, err := NewDirectory(TopicsDirKey, value, groups)
	if err != nil {
		return "error " + err.Error()
	}
	text, err := d.For(topic)
	if err != nil {
		return "error " + err.Error()
	}
	return text
}

func FuzzDirectory(f *testing.F) {
	f.Add("topics/${topic}/${0}", "orders_eu")
	f.Add("${1}/${2}${", "a_b")
	f.Add("${${topic}}", "1")
	f.Fuzz(func(t *testing.T, value, topic string) {
		got := directory(value, "", topic)
		if !strings.Contains(value, "${") && got != value {
			t.Errorf("%q became %q", value, got)
		}
		directory(value, "(?s)(.*?)_?(.*)", topic)
	})
}
