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
// none or one of application, but for a form's, which Java's server takes apart.
func writeUnsupported(w http.ResponseWriter, given string, status int) {
	if status == http.StatusBadRequest {
		writePage(w, status)
		return
	}
	contentType := ""
	lower := strings.ToLower(given)
	if given == "" || strings.HasPrefix(lower, "application/") && !strings.HasPrefix(lower, "application/x-www-form-urlencoded") {
		contentType = jsonType
	}
	writeMessage(w, contentType, message{status, containerText(status)})
}

func writeMessage(w http.ResponseWriter, contentType string, m message) {
	if contentType == "" {
		w.Header()["Content-Type"] = nil // keeps net/http from guessing one
	} else {
		w.Header().Set("Content-Type", contentType)
	}
	b, err := encode(m)
	if err != nil {
		b = []byte(`{"error_code":500,"message":"the error could not be written"}`)
	}
	w.WriteHeader(m.ErrorCode)
	_, _ = w.Write(b) // A client that went away is no event here.
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

func writeOptions(w http.ResponseWriter, r *http.Request, matches []match) {
	allow := []string{http.MethodOptions}
	for _, m := range matches {
		allow = append(allow, m.method)
		if m.method == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	list := strings.Join(slices.Compact(allow), ",")
	w.Header().Set("Allow", list)
	if strings.Contains(r.Header.Get("Accept"), "json") {
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(list))
}
