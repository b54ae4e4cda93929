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

// writeUnsupported answers 415, which has a content type where the request had
// none or a wildcard. A Content-Type that is none at all is 400 of the container.
func writeUnsupported(w http.ResponseWriter, given string, status int) {
	switch {
	case status == http.StatusBadRequest:
		writePage(w, status)
	case given == "", strings.Contains(given, "*"):
		writeMessage(w, jsonType, message{status, containerText(status)})
	default:
		writeContainerError(w, status)
	}
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

// writeAmbiguous refuses a path that the servlet container would not route.
func writeAmbiguous(w http.ResponseWriter, method string) {
	if method == http.MethodDelete {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	writePage(w, http.StatusBadRequest)
}

func writePage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html;charset=iso-8859-1")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html><head><title>Error " + strconv.Itoa(status) + "</title></head><body><h2>HTTP ERROR " +
		strconv.Itoa(status) + "</h2><p>The path or a header of the request is ambiguous or malformed.</p></body></html>\n"))
}

// writeOptions answers OPTIONS with the methods of a path: in Allow, and as text
// for those who take text first. Others get their own type and no body.
func (s *api) writeOptions(w http.ResponseWriter, r *http.Request, matches []match) {
	contentType, text := textType, true
	types, fine := accepted(r.Header.Values("Accept"))
	if !fine {
		writeAmbiguous(w, r.Method)
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
	slices.Sort(allow)
	allow = slices.Compact(allow)
	w.Header().Set("Allow", strings.Join(allow, ","))
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	if text {
		_, _ = w.Write([]byte(strings.Join(allow, ", "))) // as in writeMessage
	}
}
