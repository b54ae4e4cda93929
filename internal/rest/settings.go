package rest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sluice/connect/config"
)

// settings are what the worker's properties say about the API.
type settings struct {
	page        bool // rest.answers
	mask        bool // rest.mask.secrets
	maxBody     int64
	trackTopics bool // topic.tracking.enable
	allowReset  bool // topic.tracking.allow.reset
	origins     *origins
	headers     []headerRule
	credentials *credentials // nil lets everybody in
}

// maxBodyDefault is that of rest.max.request.bytes. Java has no bound; no
// configuration comes near.
const maxBodyDefault = 16 << 20

// readSettings reads all but the listeners. The error names the key, its value
// and what would be right.
func readSettings(values config.Map) (settings, error) {
	s := settings{maxBody: maxBodyDefault}
	var err error
	switch answers := config.Trim(values["rest.answers"]); answers {
	case "", "worker":
	case "page":
		s.page = true
	default:
		return s, fmt.Errorf("rest.answers=%s is not known: worker (as the Java worker answers) or page (as the published reference page says) is possible", answers)
	}
	for key, b := range map[string]struct {
		to     *bool
		absent bool
	}{
		"rest.mask.secrets":          {&s.mask, false},
		"topic.tracking.enable":      {&s.trackTopics, true},
		"topic.tracking.allow.reset": {&s.allowReset, true},
	} {
		if *b.to, err = boolean(values, key, b.absent); err != nil {
			return s, err
		}
	}
	if text := config.Trim(values["rest.max.request.bytes"]); text != "" {
		if s.maxBody, err = strconv.ParseInt(text, 10, 64); err != nil || s.maxBody < 1024 {
			return s, fmt.Errorf("rest.max.request.bytes=%s is not a number of bytes from 1024", text)
		}
	}
	if s.origins, err = readOrigins(values); err != nil {
		return s, err
	}
	if s.headers, err = readHeaderRules(values[headersKey]); err != nil {
		return s, err
	}
	s.credentials, err = readCredentials(values)
	return s, err
}

func boolean(values config.Map, key string, absent bool) (bool, error) {
	switch text := config.Trim(values[key]); strings.ToLower(text) {
	case "":
		return absent, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("%s=%s is not a boolean: true or false is possible", key, text)
	}
}

// list cuts a value at its commas, without blank elements.
func list(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = config.Trim(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// isPreflight reports whether a browser asks what it may send (CORS).
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header.Values("Access-Control-Request-Method")) > 0
}
