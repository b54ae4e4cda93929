package rest

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	jsonType = "application/json"
	textType = "text/plain"
	// openapiType is that of the description, which Java does not have: who asks
	// for JSON only gets Java's 404.
	openapiType = "application/openapi+json"
)

// requestType reads the header Content-Type; without one the type has no name.
func requestType(headers []string) (mediaType, error) {
	if len(headers) == 0 {
		return mediaType{}, nil
	}
	return parseMediaType(headers[0])
}

// quality is what Java's server takes for q.
var quality = regexp.MustCompile(`^(0(\.[0-9]{0,3})?|1(\.0{0,3})?|\.[0-9]{1,4})$`)

// accepted reads Accept headers; none stands for all types. Those of the highest
// q come first, among them types before wildcards, else in the client's order.
// fine is false where an element is no media type or its q no quality, which is a
// bad request.
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
	slices.SortStableFunc(types, func(a, b mediaType) int {
		return cmp.Or(cmp.Compare(b.quality(), a.quality()), cmp.Compare(a.wildcards(), b.wildcards()))
	})
	return types, true
}

// quality is the value of q; 1 without one.
func (m mediaType) quality() float64 {
	if q, err := strconv.ParseFloat(m.params["q"], 64); err == nil {
		return q
	}
	return 1
}

// wildcards is 0 for a type, 1 for a group of types, 2 for all groups.
func (m mediaType) wildcards() int {
	switch {
	case strings.HasPrefix(m.name, "*/"):
		return 2
	case strings.HasSuffix(m.name, "/*"):
		return 1
	}
	return 0
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
