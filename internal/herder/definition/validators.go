package definition

import (
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/internal/plugins"
	"sluice/transforms/javaregex"
)

// uniqueAliases accepts lists without repeated items.
type uniqueAliases struct{}

// Check implements config.Validator.
func (uniqueAliases) Check(name string, value any) error {
	items, ok := value.([]string)
	if !ok {
		return config.NonNull{}.Check(name, nil)
	}
	seen := make(map[string]bool, len(items))
	for _, s := range items {
		if seen[s] {
			return config.InvalidValue(name, value, "Duplicate alias provided.")
		}
		seen[s] = true
	}
	return nil
}

// nullOr accepts null and what the validator accepts.
type nullOr struct{ config.Validator }

// Check implements config.Validator.
func (n nullOr) Check(name string, value any) error {
	if value == nil {
		return nil
	}
	return n.Validator.Check(name, value)
}

// checkVersion accepts a version or a range of versions.
func checkVersion(_ string, value any) error {
	if text, ok := value.(string); ok {
		if _, err := plugins.ParseRange(text); err != nil {
			return config.Errorf("%s", err)
		}
	}
	return nil
}

// regex accepts regular expressions.
type regex struct{}

// Check implements config.Validator.
func (regex) Check(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return config.InvalidValue(name, nil, `Invalid regex: Cannot invoke "String.isEmpty()" because "this.pattern" is null`)
	}
	if _, err := javaregex.Compile(s); err != nil {
		return config.InvalidValue(name, value, "Invalid regex: "+err.Error())
	}
	return nil
}

// blank reports whether Java's Utils.isBlank holds.
func blank(s *string) bool { return s == nil || config.Trim(*s) == "" }

// CheckSink adds the errors of a sink that concern several keys
// (SinkConnectorConfig.validate) to the values.
func CheckSink(raw config.Raw, values *config.Values) {
	topics, pattern := raw[Topics], raw[TopicsRegex]
	both := func(message string) {
		values.AddError(Topics, message)
		values.AddError(TopicsRegex, message)
	}
	switch {
	case !blank(topics) && !blank(pattern):
		both("topics and topics.regex are mutually exclusive options, but both are set.")
	case blank(topics) && blank(pattern):
		both("Must configure one of topics or topics.regex")
	}
	if blank(raw[DLQTopic]) {
		return
	}
	dlq := config.Trim(*raw[DLQTopic])
	if !blank(topics) {
		if list := topicsOf(*topics); contains(list, dlq) {
			values.AddError(Topics, "The DLQ topic '"+dlq+"' may not be included in the list of topics ('topics=["+
				strings.Join(list, ", ")+"]') consumed by the connector")
		}
	}
	if !blank(pattern) {
		if re, err := javaregex.Compile(*pattern); err == nil && re.Matches(dlq) {
			values.AddError(TopicsRegex, "The DLQ topic '"+dlq+"' may not be matched by the regex for the topics ('topics.regex="+
				*pattern+"') consumed by the connector")
		}
	}
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

// topicsOf returns the topics of the list without empty and repeated ones.
func topicsOf(text string) []string {
	parsed, err := config.Parse(Topics, text, config.List)
	list, ok := parsed.([]string)
	if err != nil || !ok {
		return nil
	}
	var out []string
	for _, s := range list {
		if s != "" && !contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
