package rest

import (
	"bytes"
	"encoding/json"

	"sluice/connect/config"
)

// members reads the part as a JSON object with its members as they were sent.
func members(text []byte, p part) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	return m, p.parse(text, '{', &m)
}

// configBody is the body that is a configuration.
var configBody = part{"", "a configuration of keys and values, as a JSON object,"}

// readConfig reads a configuration: an object of scalars. Numbers and booleans
// keep the text that they were sent as; nulls stay nulls.
func readConfig(text []byte, p part) (config.Raw, error) {
	m, err := members(text, p)
	if err != nil {
		return nil, err
	}
	raw := make(config.Raw, len(m))
	for key, value := range m {
		field := key
		if p.name != "" {
			field = p.name + "." + key
		}
		if raw[key], err = scalar(field, value); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// scalar returns the text of a JSON scalar, nil for null.
func scalar(field string, value json.RawMessage) (*string, error) {
	switch value[0] {
	case 'n':
		return nil, nil //nolint:nilnil // null has no text.
	case '"':
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, part{field, "a JSON string"}.wrong("not a JSON string")
		}
		return &s, nil
	case '{', '[':
		return nil, part{field, "a string, number, boolean or null"}.wrong(kindOf(value))
	}
	return new(string(value)), nil
}

// isNothing reports whether the body is empty or null.
func isNothing(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) == 0 || string(body) == "null"
}
