package jdbc

import (
	"slices"
	"strings"
	"unicode/utf16"

	"sluice/connect/config"
	"sluice/transforms/javaregex"
)

// enum accepts the values in upper or lower case, as the enumerations of the
// Java connector.
type enum struct {
	optional bool
	values   []string
}

// Check implements config.Validator.
func (e enum) Check(name string, value any) error {
	s, ok := value.(string)
	if !ok && e.optional || ok && slices.ContainsFunc(e.values, func(v string) bool { return strings.EqualFold(v, s) }) {
		return nil
	}
	return config.InvalidValue(name, value, "Invalid enumerator")
}

// hidden hides a key.
type hidden struct{}

// Values implements config.Recommender.
func (hidden) Values(string, map[string]any) []any { return nil }

// Visible implements config.Recommender.
func (hidden) Visible(string, map[string]any) bool { return false }

// byMode shows the keys that the mode uses. A mode that is none shows all:
// ValidateConfig puts the errors on them.
type byMode struct{}

// Values implements config.Recommender.
func (byMode) Values(string, map[string]any) []any { return nil }

// Visible implements config.Recommender.
func (byMode) Visible(name string, parsed map[string]any) bool {
	mode, _ := parsed["mode"].(string)
	timestamp := name == "timestamp.column.name" || name == "timestamp.columns.mapping" || name == "timestamp.initial.ms"
	incrementing := name == "incrementing.column.name" || name == "incrementing.column.mapping" || name == "incrementing.initial"
	switch mode {
	case modeBulk:
		return false
	case modeTimestamp:
		return timestamp || name == "validate.non.null"
	case modeIncrementing:
		return incrementing || name == "validate.non.null"
	case modeBoth:
		return timestamp || incrementing || name == "validate.non.null"
	}
	return true
}

const topicLength = 249

func checkTopicPrefix(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return config.InvalidValue(name, value, "Topic prefix must not be null.")
	}
	trimmed := config.Trim(s)
	if len(utf16.Encode([]rune(trimmed))) > topicLength {
		return config.InvalidValue(name, value, "Topic prefix length must not exceed max topic name length, 249 chars")
	}
	for _, r := range trimmed {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return config.InvalidValue(name, value, "Topic prefix must not contain any character other than ASCII alphanumerics, '.', '_' and '-'.")
		}
	}
	return nil
}

func checkExpressions(name string, value any) error {
	items, _ := value.([]string)
	for _, item := range items {
		if _, err := javaregex.Compile(strings.TrimSpace(item)); err != nil {
			return config.InvalidValue(name, value, "Must be a valid comma-separated list of regular expression patterns: "+err.Error())
		}
	}
	return nil
}

// checkColumnsMapping accepts items of expression:[column|column].
func checkColumnsMapping(name string, value any) error {
	items, _ := value.([]string)
	for _, item := range items {
		columns, err := checkMapping(name, item, "Invalid format. Expected 'regex:[col1|col2|...]'")
		if err != nil {
			return err
		}
		inner, open := strings.CutPrefix(columns, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		switch {
		case !open || !closed:
			return config.InvalidValue(name, columns, "Columns list must be enclosed in square brackets")
		case strings.TrimSpace(inner) == "":
			return config.InvalidValue(name, columns, "Columns list cannot be empty")
		}
		for c := range strings.SplitSeq(inner, "|") {
			if strings.TrimSpace(c) == "" {
				return config.InvalidValue(name, columns, "Every column name should be non-empty string")
			}
		}
	}
	return nil
}

// checkColumnMapping accepts items of expression:column.
func checkColumnMapping(name string, value any) error {
	items, _ := value.([]string)
	for _, item := range items {
		column, err := checkMapping(name, item, "Invalid format. Expected 'regex:columnName'")
		if err != nil {
			return err
		}
		if column == "" {
			return config.InvalidValue(name, column, "Column name cannot be empty")
		}
	}
	return nil
}

// checkMapping returns what stands behind the expression.
func checkMapping(name, item, expected string) (string, error) {
	item = strings.TrimSpace(item)
	parts := strings.Split(item, ":")
	if len(parts) != 2 {
		return "", config.InvalidValue(name, item, expected)
	}
	expression := strings.TrimSpace(parts[0])
	if _, err := javaregex.Compile(expression); err != nil {
		return "", config.InvalidValue(name, expression, "Invalid regular expression: "+err.Error())
	}
	return strings.TrimSpace(parts[1]), nil
}
