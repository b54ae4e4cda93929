package rest

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	jsonType = "application/json"
	// maxBody bounds a request body. Java has no bound; no configuration comes near.
	maxBody = 64 << 20
	// deadline bounds requests that wait, as the 90 s of Java.
	deadline = 90 * time.Second
)

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Sluice-Version", s.OwnVersion)
	if r.URL.Path == "/metrics" && s.Metrics != nil {
		s.Metrics.ServeHTTP(w, r)
		return
	}
	segments, fine := split(r.URL)
	if !fine {
		writeAmbiguous(w, r.Method)
		return
	}
	matches := s.match(segments)
	if len(matches) == 0 {
		writeContainerError(w, http.StatusNotFound)
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	i := slices.IndexFunc(matches, func(m match) bool { return m.method == method })
	if i < 0 {
		if r.Method == http.MethodOptions {
			writeOptions(w, r, matches)
			return
		}
		writeContainerError(w, http.StatusMethodNotAllowed)
		return
	}
	s.serve(w, r, matches[i])
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, m match) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, jsonType, fail(http.StatusRequestEntityTooLarge, "the request body could not be read: "+err.Error()))
		return
	}
	if status := checkContentType(r.Header.Get("Content-Type"), len(body) > 0); status != 0 {
		writeUnsupported(w, r.Header.Get("Content-Type"), status)
		return
	}
	accept, acceptable := negotiate(r.Header.Values("Accept"))
	if !acceptable {
		writeContainerError(w, http.StatusNotAcceptable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	a, err := m.handle(&request{Request: r.WithContext(ctx), names: m.names, body: body, accept: accept})
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fail(http.StatusInternalServerError, "Request timed out. "+err.Error())
		}
		writeError(w, accept, err)
		return
	}
	s.write(w, accept, a)
}

func (s *server) write(w http.ResponseWriter, accept string, a answer) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	b, err := encode(a.body)
	if err != nil {
		writeError(w, accept, err)
		return
	}
	w.Header().Set("Content-Type", accept)
	w.WriteHeader(a.status)
	if _, err := w.Write(b); err != nil {
		s.Log.Debug("the client went away", "error", err)
	}
}

type match struct {
	route
	names []string
}

// match returns the routes of the path, whatever their method.
func (s *server) match(segments []string) []match {
	var found []match
	for _, rt := range s.routes {
		if len(rt.pattern) != len(segments) {
			continue
		}
		names, fits := []string(nil), true
		for i, p := range rt.pattern {
			if strings.HasPrefix(p, "{") {
				name, err := url.PathUnescape(segments[i])
				fits = fits && err == nil && segments[i] != ""
				names = append(names, name)
			} else {
				fits = fits && p == segments[i]
			}
		}
		if fits {
			found = append(found, match{rt, names})
		}
	}
	return found
}

// split cuts the path as it was sent into segments, without matrix parameters
// and without a slash at the end. It is not fine where Java's server finds the
// path ambiguous.
func split(u *url.URL) ([]string, bool) {
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	lower := strings.ToLower(path)
	for _, bad := range []string{"//", "%2f", "%5c", "%25", "%00", "%2e"} {
		if strings.Contains(lower, bad) {
			return nil, false
		}
	}
	if strings.HasPrefix(path, "/") {
		return nil, false
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, seg := range segments {
		segments[i], _, _ = strings.Cut(seg, ";")
	}
	return segments, true
}

// checkContentType returns the status to refuse the body with, or 0.
func checkContentType(given string, hasBody bool) int {
	if given == "" {
		if hasBody {
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

// negotiate returns the content type of the answer for the Accept headers.
func negotiate(accept []string) (string, bool) {
	list := strings.Join(accept, ",")
	if strings.TrimSpace(list) == "" {
		return jsonType, true
	}
	for item := range strings.SplitSeq(list, ",") {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil {
			continue
		}
		switch t {
		case jsonType:
			if c := params["charset"]; c != "" {
				return jsonType + ";charset=" + c, true
			}
			return jsonType, true
		case "*/*", "application/*":
			return jsonType, true
		}
	}
	return "", false
}
