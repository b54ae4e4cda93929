package rest

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/herder"
)

// message is the body of every error.
type message struct {
	ErrorCode int    `json:"error_code"`
	Message   string `json:"message"`
}

func fail(status int, text string) error { return &herder.Error{Status: status, Message: text} }

// writeError answers with the error of a handler.
func writeError(w http.ResponseWriter, contentType string, err error) {
	m := message{http.StatusInternalServerError, err.Error()}
	if e, ok := errors.AsType[*herder.Error](err); ok {
		m = message{e.Status, e.Message}
	}
	writeMessage(w, contentType, m)
}

// writeContainerError answers as Java does for what no resource has seen:
// without a content type, and without Allow on 405.
func writeContainerError(w http.ResponseWriter, status int) {
	writeMessage(w, "", message{status, containerText(status)})
}

func containerText(status int) string {
	return "HTTP " + strconv.Itoa(status) + " " + http.StatusText(status)
}

func writeMessage(w http.ResponseWriter, contentType string, m message) {
	setContentType(w, contentType)
	b, err := encode(m)
	if err != nil {
		b = []byte(`{"error_code":500,"message":"the error could not be written"}`)
	}
	w.WriteHeader(m.ErrorCode)
	_, _ = w.Write(b) // A client that went away is no event here.
}

func setContentType(w http.ResponseWriter, contentType string) {
	if contentType == "" {
		w.Header()["Content-Type"] = nil // keeps net/http from guessing one
	} else {
		w.Header().Set("Content-Type", contentType)
	}
}

// neverKept is the Cache-Control of answers that Java's server gives before
// Connect sees a request.
const neverKept = "must-revalidate,no-cache,no-store"

// writeRefusedPath refuses a path that Java's server routes nowhere. Paths that
// it cannot even parse have a page whatever the method.
func writeRefusedPath(w http.ResponseWriter, method, path string) {
	if malformed(path) || hasErrorPage(method) {
		writePage(w, http.StatusBadRequest, malformedRequest)
		return
	}
	w.Header().Set("Cache-Control", neverKept)
	w.WriteHeader(http.StatusBadRequest)
}

// writeMalformed refuses a header that is no media type: with a page of a type
// that the client accepts, or an empty body.
func writeMalformed(w http.ResponseWriter, r *http.Request) {
	kind := ""
	if hasErrorPage(r.Method) {
		kind = pageType(r.Header.Values("Accept"))
	}
	switch kind {
	case "text/html":
		writePage(w, http.StatusBadRequest, malformedRequest)
		return
	case jsonType:
		w.Header().Set("Content-Type", kind)
	case textType:
		w.Header().Set("Content-Type", kind+";charset=iso-8859-1")
	}
	w.Header().Set("Cache-Control", neverKept)
	w.WriteHeader(http.StatusBadRequest)
	page := map[string]string{"message": "Bad Request", "url": "http://" + r.Host + r.RequestURI, "status": "400"}
	if b, err := encode(page); err == nil && kind != "" {
		_, _ = w.Write(b) // as in writeMessage
	}
}

// pageType is the type of an error page for the Accept headers; "" is none. It
// passes over what it cannot read, for that may be what is wrong.
func pageType(headers []string) string {
	list := strings.Join(headers, ",")
	if list == "" {
		return "text/html"
	}
	for item := range strings.SplitSeq(list, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(item), ";")
		if q, is := strings.CutPrefix(parameters, "q="); parameters != "" && (!strings.HasPrefix(parameters, "charset=") || strings.Contains(parameters, ";")) {
			if value, err := strconv.ParseFloat(q, 64); !is || err != nil || value == 0 {
				continue
			}
		}
		switch name {
		case "*/*", "text/*", "text/html":
			return "text/html"
		case jsonType, textType:
			return name
		}
	}
	return ""
}

// hasErrorPage reports whether Java's server says in a body what was wrong with a
// request of the method.
func hasErrorPage(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodPost
}

// malformedRequest is the reason on the pages of 400.
const malformedRequest = "The path or a header of the request is ambiguous or malformed."

// writePage answers with an error page for browsers.
func writePage(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "text/html;charset=iso-8859-1")
	w.Header().Set("Cache-Control", neverKept)
	w.WriteHeader(status)
	name := strconv.Itoa(status) + " " + http.StatusText(status)
	_, _ = w.Write([]byte("<html><head><title>Error " + name + "</title></head><body><h2>HTTP ERROR " + name + "</h2>" +
		"<p>" + reason + "</p></body></html>\n")) // as in writeMessage
}

// allowOrder is the order in which Java's server lists the methods of a path.
const allowOrder = "HEAD DELETE POST GET OPTIONS PUT PATCH"

// writeOptions answers OPTIONS with the methods of a path: in Allow, and as text
// for those who take text first. Others get their own type and no body.
func (s *api) writeOptions(w http.ResponseWriter, r *http.Request, matches []match) {
	contentType, text := textType, true
	types, fine := accepted(r.Header.Values("Accept"))
	if !fine {
		writeMalformed(w, r)
		return
	}
	if !types[0].takes(textType) {
		contentType, text = types[0].String(), false
	}
	if !s.admitted(r) {
		writeUnauthorized(w, contentType)
		return
	}
	allow := []string{http.MethodOptions}
	for _, m := range matches {
		allow = append(allow, m.method)
		if m.method == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.SortFunc(allow, func(a, b string) int { return strings.Index(allowOrder, a) - strings.Index(allowOrder, b) })
	allow = slices.Compact(allow)
	w.Header().Set("Allow", strings.Join(allow, ","))
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	if text {
		_, _ = w.Write([]byte(strings.Join(allow, ", "))) // as in writeMessage
	}
}
