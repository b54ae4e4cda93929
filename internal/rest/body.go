package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"sluice/connect/config"
)

// members reads the body as a JSON object with its members as they were sent.
func members(body []byte, what string) (map[string]json.RawMessage, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if isNothing(body) {
		return nil, fail(http.StatusBadRequest, "the request has no body: "+what+" is expected as a JSON object")
	}
	if !utf8.Valid(body) {
		return nil, fail(http.StatusBadRequest, "the request body is not UTF-8 text")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	var m map[string]json.RawMessage
	if err := d.Decode(&m); err != nil {
		return nil, fail(http.StatusBadRequest, fmt.Sprintf("the request body is not %s as a JSON object: %v", what, err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fail(http.StatusBadRequest, "the request body goes on after its JSON object")
	}
	return m, nil
}

// readConfig reads a configuration: an object of scalars. Numbers and booleans
// keep the text that they were sent as; nulls stay nulls.
func readConfig(body []byte, what string) (config.Raw, error) {
	m, err := members(body, what)
	if err != nil {
		return nil, err
	}
	raw := make(config.Raw, len(m))
	for key, value := range m {
		if raw[key], err = scalar(key, value); err != nil {
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
			return nil, fail(http.StatusBadRequest, fmt.Sprintf("the value of %q is not a JSON string: %v", field, err))
		}
		return &s, nil
	case '{', '[':
		return nil, fail(http.StatusBadRequest, fmt.Sprintf("the value of %q is a JSON %s: a string, number, boolean or null is expected",
			field, map[byte]string{'{': "object", '[': "array"}[value[0]]))
	}
	return new(string(value)), nil
}

// isNothing reports whether the body is empty or null.
func isNothing(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) == 0 || string(body) == "null"
}
