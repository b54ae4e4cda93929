package rest

import (
	"net/http"
	"regexp"
	"strings"
)

const (
	jsonType = "application/json"
	textType = "text/plain"
	// openapiType is that of the description, which Java does not have: who asks
	// for JSON only gets Java's 404.
	openapiType = "application/openapi+json"
)

// requestType reads the header Content-Type. refused is the status where no route
// takes it; readable is false where a body of it, or one without a type, is not
// read as JSON.
func requestType(headers []string) (readable bool, refused int) {
	if len(headers) == 0 {
		return false, 0
	}
	m, err := parseMediaType(headers[0])
	switch {
	case err != nil:
		return false, http.StatusBadRequest
	case !m.takes(jsonType):
		return false, http.StatusUnsupportedMediaType
	}
	return strings.HasSuffix(m.name, "/json"), 0
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
	for h := (headerReader{list}); h.more(); {
		m, err := h.mediaType(true)
		if err != nil || h.more() && !h.take(',') {
			return types, false
		}
		if q, given := m.params["q"]; given && !quality.MatchString(q) {
			return types, false
		}
		types = append(types, m)
	}
	return types, true
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
				delete(m.params, "q")
				return m.String(), 0
			}
			return jsonType, 0
		}
	}
	return "", http.StatusNotAcceptable
}
