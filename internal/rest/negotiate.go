package rest

import (
	"maps"
	"mime"
	"net/http"
	"regexp"
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
	case t != jsonType && (read || t != "*/*" && t != "application/*"):
		return http.StatusUnsupportedMediaType
	}
	return 0
}

// mediaType is an element of an Accept header.
type mediaType struct {
	name   string
	params map[string]string // without q
}

// quality is what Java's server takes for q.
var quality = regexp.MustCompile(`^(0(\.[0-9]{0,3})?|1(\.0{0,3})?|\.[0-9]{1,4})$`)

// accepted reads Accept headers; none stands for all types. The order of the
// client is kept: with Java's server it counts before the q values. fine is false
// where an element is no media type or its q no quality, which is a bad request.
func accepted(headers []string) (types []mediaType, fine bool) {
	list := strings.Join(headers, ",")
	if strings.TrimSpace(list) == "" {
		return []mediaType{{name: "*/*"}}, true
	}
	for item := range strings.SplitSeq(strings.TrimSuffix(list, ","), ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil {
			return types, false
		}
		if q, given := params["q"]; given && !quality.MatchString(q) {
			return types, false
		}
		delete(params, "q")
		if !strings.Contains(name, "/") {
			name += "/*" // "*" is in what Java's own HTTP client sends
		}
		types = append(types, mediaType{name, params})
	}
	return types, true
}

// String returns the type with its parameters in the order of their names. Java's
// server knows two character sets, and writes them in lower case.
func (m mediaType) String() string {
	if set := strings.ToLower(m.params["charset"]); len(m.params) == 1 && (set == "utf-8" || set == "iso-8859-1") {
		return m.name + ";charset=" + set
	}
	parts := []string{m.name}
	for _, key := range slices.Sorted(maps.Keys(m.params)) {
		parts = append(parts, key+"="+m.params[key])
	}
	return strings.Join(parts, ";")
}

// takes reports whether m is the type or a wildcard of it.
func (m mediaType) takes(name string) bool {
	group, kind, _ := strings.Cut(name, "/")
	return m.name == name || m.name == "*/*" || m.name == group+"/*" || m.name == "*/"+kind
}

// negotiate returns the content type of a JSON answer for the Accept headers, or
// the status to refuse the request with. The parameters of application/json are
// echoed, as Java's server does.
func negotiate(headers []string) (contentType string, refused int) {
	types, fine := accepted(headers)
	if !fine {
		return "", http.StatusBadRequest
	}
	for _, m := range types {
		if m.takes(jsonType) {
			if m.name == jsonType {
				return m.String(), 0
			}
			return jsonType, 0
		}
	}
	return "", http.StatusNotAcceptable
}
