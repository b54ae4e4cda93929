package rest

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

const (
	jsonType = "application/json"
	textType = "text/plain"
	// openapiType is that of the description, which Java does not have: who asks
	// for JSON only gets Java's 404.
	openapiType = "application/openapi+json"
)

// checkContentType returns the status to refuse a request with, or 0. A body
// without a type is refused where a body is read.
func checkContentType(given string, read bool) int {
	if given == "" {
		if read {
			return http.StatusUnsupportedMediaType
		}
		return 0
	}
	t, _, err := mime.ParseMediaType(given)
	switch {
	case err != nil || !strings.Contains(t, "/"):
		return http.StatusBadRequest
	case t != jsonType && t != "*/*" && t != "application/*":
		return http.StatusUnsupportedMediaType
	}
	return 0
}

// mediaType is an element of an Accept header.
type mediaType struct {
	name   string
	params map[string]string // without q
}

// accepted reads Accept headers; none stands for all types. The order of the
// client is kept: with Java's server it counts before the q values.
func accepted(headers []string) []mediaType {
	list := strings.Join(headers, ",")
	if strings.TrimSpace(list) == "" {
		return []mediaType{{name: "*/*"}}
	}
	var types []mediaType
	for item := range strings.SplitSeq(list, ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil || !strings.Contains(name, "/") {
			continue
		}
		delete(params, "q")
		types = append(types, mediaType{name, params})
	}
	return types
}

// String returns the type with its parameters in the order of their names.
func (m mediaType) String() string {
	parts := []string{m.name}
	for _, key := range slices.Sorted(maps.Keys(m.params)) {
		parts = append(parts, key+"="+m.params[key])
	}
	return strings.Join(parts, ";")
}

// takes reports whether m is the type or a wildcard of it.
func (m mediaType) takes(name string) bool {
	group, _, _ := strings.Cut(name, "/")
	return m.name == name || m.name == "*/*" || m.name == group+"/*"
}

// negotiate returns the content type of a JSON answer for the Accept headers. The
// parameters of application/json are echoed, as Java's server does.
func negotiate(headers []string) (string, bool) {
	for _, m := range accepted(headers) {
		if m.takes(jsonType) {
			if m.name == jsonType {
				return m.String(), true
			}
			return jsonType, true
		}
	}
	return "", false
}
