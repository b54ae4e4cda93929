package rest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"sluice/connect/config"
)

// origins says which pages of other origins may use the API in a browser (CORS):
// access.control.allow.origin and .methods.
type origins struct {
	any     bool
	allowed []*regexp.Regexp
	methods string
}

// readOrigins returns nil where nothing is allowed. As in Java an origin is a
// regular expression for the whole of the header, in any case.
func readOrigins(values config.Map) (*origins, error) {
	given := values["access.control.allow.origin"]
	if config.Trim(given) == "" {
		return nil, nil //nolint:nilnil // no origins is not an error
	}
	o := &origins{methods: "GET,POST,HEAD"}
	for item := range strings.SplitSeq(given, ",") {
		item = config.Trim(item)
		if item == "*" {
			o.any = true
			continue
		}
		pattern, err := regexp.Compile("(?i)^(?:" + item + ")$")
		if err != nil {
			return nil, fmt.Errorf("access.control.allow.origin=%s is not * or a list of origins such as https://ui.example.com: %w", given, err)
		}
		o.allowed = append(o.allowed, pattern)
	}
	if methods := list(values["access.control.allow.methods"]); len(methods) > 0 {
		o.methods = strings.Join(methods, ",")
	}
	return o, nil
}

func (o *origins) allow(origins string) bool {
	if o.any {
		return true
	}
	for origin := range strings.FieldsSeq(origins) {
		for _, pattern := range o.allowed {
			if pattern.MatchString(origin) {
				return true
			}
		}
	}
	return false
}

// crossOrigin sets the headers that a browser asks for. The request goes on to
// its resource, allowed or not, as with Java's server.
func (s *api) crossOrigin(w http.ResponseWriter, r *http.Request) {
	if s.origins == nil {
		return
	}
	w.Header().Add("Vary", "Origin")
	given := r.Header.Get("Origin")
	if given == "" || !s.origins.allow(given) {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", given)
	if isPreflight(r) {
		w.Header().Set("Access-Control-Allow-Methods", s.origins.methods)
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "60")
	}
}
