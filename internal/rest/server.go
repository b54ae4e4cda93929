package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/internal/herder"
)

// deadline bounds requests that wait, as the 90 s of Java.
const deadline = 90 * time.Second

// bodyTime bounds how long a client may take to send its body.
const bodyTime = 60 * time.Second

// ServeHTTP implements http.Handler. The order of the checks is that of Java's
// server: path, method, content type, Accept, credentials, body.
func (s *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Sluice-Version", s.OwnVersion)
	if status, reason := tooLong(r); status != 0 {
		writePage(w, status, reason)
		return
	}
	if r.URL.Path == "/metrics" && s.Metrics != nil {
		s.writeMetrics(w, r)
		return
	}
	path := rawPath(r)
	segments, fine := split(path)
	if !fine {
		writeRefusedPath(w, r.Method, path)
		return
	}
	s.crossOrigin(w, r)
	for _, rule := range s.headers {
		rule.apply(w.Header(), time.Now())
	}
	given, err := requestType(r.Header.Values("Content-Type"))
	if err != nil {
		writeMalformed(w, r)
		return
	}
	if s.openapi != nil && s.describes(r, segments) {
		s.writeDescription(w, r)
		return
	}
	matches := s.match(segments)
	if len(matches) == 0 {
		writeContainerError(w, http.StatusNotFound)
		return
	}
	m, found := method(matches, r.Method)
	switch {
	case found:
		s.serve(w, r, m, given)
	case r.Method == http.MethodOptions:
		s.writeOptions(w, r, matches)
	default:
		writeContainerError(w, http.StatusMethodNotAllowed)
	}
}

// tooLong returns the status of Java's server for a request whose first line or
// headers it does not read; 0 is none.
func tooLong(r *http.Request) (status int, reason string) {
	size := len(r.Method + " " + r.RequestURI)
	if size > maxHeaders {
		return http.StatusRequestURITooLong, "The URI is too long."
	}
	size += len(" " + r.Proto + "\r\nHost: " + r.Host + "\r\n\r\n")
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name + ": " + value + "\r\n")
		}
	}
	if size > maxHeaders {
		return http.StatusRequestHeaderFieldsTooLarge, "The headers are too large."
	}
	return 0, ""
}

// writeMetrics answers GET /metrics, which Java does not have. Whoever has
// credentials may see the figures.
func (s *api) writeMetrics(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(r) {
		writeUnauthorized(w, textType)
		return
	}
	s.Metrics.ServeHTTP(w, r)
}

// method finds the route of a method; HEAD is that of GET.
func method(matches []match, name string) (match, bool) {
	if name == http.MethodHead {
		name = http.MethodGet
	}
	for _, m := range matches {
		if m.method == name {
			return m, true
		}
	}
	return match{}, false
}

// serve answers by the route of a request whose Content-Type is given.
func (s *api) serve(w http.ResponseWriter, r *http.Request, m match, given mediaType) {
	if given.name != "" && !given.takes(jsonType) && !m.anyType {
		writeContainerError(w, http.StatusUnsupportedMediaType)
		return
	}
	accept, refused := negotiate(r.Header.Values("Accept"))
	switch {
	case refused == http.StatusBadRequest:
		writeMalformed(w, r)
		return
	case refused != 0:
		writeContainerError(w, refused)
		return
	case !strings.HasSuffix(given.name, "/json") && !m.anyType && m.doc.body != "" && r.ContentLength != 0:
		writeMessage(w, jsonType, message{http.StatusUnsupportedMediaType, containerText(http.StatusUnsupportedMediaType)})
		return
	}
	if !m.doc.internal && !s.admitted(r) {
		writeUnauthorized(w, accept)
		return
	}
	body, err := readBody(w, r, s.maxBody)
	if err != nil {
		writeError(w, accept, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	s.answer(ctx, w, &request{Request: r.WithContext(ctx), names: m.names, body: body, accept: accept}, m.route)
}

func (s *api) answer(ctx context.Context, w http.ResponseWriter, r *request, rt route) {
	a, err := rt.handle(r)
	if elsewhere, is := errors.AsType[*herder.ForwardError](err); is {
		a, err = s.forwardTo(ctx, r, elsewhere)
	}
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fail(http.StatusInternalServerError, "Request timed out")
		}
		writeError(w, r.accept, err)
		return
	}
	if s.page && rt.page != 0 && a.status == http.StatusNoContent {
		a.status = rt.page
	}
	s.write(w, r.accept, a)
}

// readBody reads the body within its time and size. Java has no such bounds.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	control := http.NewResponseController(w)
	// Not every writer of tests has deadlines; without them nothing is lost.
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = control.SetReadDeadline(time.Time{})
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fail(http.StatusRequestEntityTooLarge, "the request body is larger than rest.max.request.bytes")
	}
	if err != nil {
		return nil, fail(http.StatusBadRequest, "the request body could not be read to its end: "+err.Error())
	}
	return body, nil
}

func (s *api) write(w http.ResponseWriter, accept string, a answer) {
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
func (s *api) match(segments []string) []match {
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
