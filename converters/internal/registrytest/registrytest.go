// Package registrytest runs a Schema Registry in the process, with the refusals
// of a real one: schemas that cannot read what the one before wrote are refused,
// and so are requests without the right credentials. Only tests import it.
package registrytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"sluice/connect"
)

// Compatible reports why a schema of a subject cannot follow the one before.
type Compatible func(next, before string) error

// Registry is a running registry.
type Registry struct {
	*srfake.Registry
	url string

	mu       sync.Mutex
	requests []string
	// Refuse answers a request with a status and an error code where it returns
	// one; set it before the first request.
	refuse func(r *http.Request) (status, code int, message string)
	watch  func(request string)
}

// New starts a registry; it ends with the test. compatible may be nil.
func New(t testing.TB, compatible Compatible) *Registry {
	t.Helper()
	r := &Registry{Registry: srfake.NewRegistry()}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, compatible) }))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

// URL returns the address.
func (r *Registry) URL() string { return r.url }

// Refuse makes the registry answer with what the function returns, where it
// returns a status.
func (r *Registry) Refuse(f func(r *http.Request) (status, code int, message string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = f
}

// Watch calls the function with the method, path and query of each request.
func (r *Registry) Watch(f func(request string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch = f
}

// Answer makes the registry answer a request, given as method and path, with the
// JSON text.
func (r *Registry) Answer(t testing.TB, request, text string) {
	t.Helper()
	r.Intercept(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method+" "+req.URL.Path != request {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		if _, err := io.WriteString(w, text); err != nil {
			t.Error(err)
		}
		return true
	})
}

// Requests returns the method and path of each request so far.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request, compatible Compatible) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	refuse, watch := r.refuse, r.watch
	r.mu.Unlock()
	if watch != nil {
		watch(req.Method + " " + req.URL.RequestURI())
	}
	if refuse != nil {
		if status, code, message := refuse(req); status != 0 {
			answer(w, status, code, message)
			return
		}
	}
	if strings.HasPrefix(req.URL.Path, "/schemas/ids/") {
		// A real registry takes the subject as a hint of the context, and finds the
		// id wherever it is.
		req.URL.RawQuery = ""
	}
	subject, posted := strings.CutPrefix(req.URL.Path, "/subjects/")
	subject, posted2 := strings.CutSuffix(subject, "/versions")
	if compatible != nil && posted && posted2 && req.Method == http.MethodPost {
		req = r.checked(w, req, subject, compatible)
		if req == nil {
			return
		}
	}
	r.Handler().ServeHTTP(w, req)
}

// checked refuses a schema that does not fit the latest one of the subject.
func (r *Registry) checked(w http.ResponseWriter, req *http.Request, subject string, compatible Compatible) *http.Request {
	var body sr.Schema
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		answer(w, http.StatusUnprocessableEntity, 42201, err.Error())
		return nil
	}
	before := ""
	for v := 1; ; v++ {
		known, ok := r.GetSchema(subject, v)
		if !ok {
			break
		}
		before = known.Schema.Schema
	}
	if before != "" && before != body.Schema {
		if err := compatible(body.Schema, before); err != nil {
			answer(w, http.StatusConflict, 409, fmt.Sprintf("Schema being registered is incompatible with an earlier schema for subject \"%s\", details: [%v]", subject, err))
			return nil
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		answer(w, http.StatusInternalServerError, 50001, err.Error())
		return nil
	}
	again := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), strings.NewReader(string(text)))
	again.Header = req.Header
	return again
}

func answer(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	body := struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}{code, message}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		return // the client is gone
	}
}

// Text returns the schema that the subject has as its only version.
func (r *Registry) Text(t testing.TB, subject string) string {
	t.Helper()
	s, ok := r.GetSchema(subject, 1)
	if !ok {
		t.Fatalf("no schema under the subject %s", subject)
	}
	if _, more := r.GetSchema(subject, 2); more {
		t.Fatalf("more than one schema under the subject %s", subject)
	}
	return s.Schema.Schema
}

// CheckError fails the test unless the error is of the class and its chain says
// each of the texts, and none of the secrets.
func CheckError(t testing.TB, err error, class string, texts, secrets []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", class)
	}
	if got := connect.ClassOf(err); got != class {
		t.Errorf("got the class %s (%v), want %s", got, err, class)
	}
	chain := Chain(err)
	for _, text := range texts {
		if !strings.Contains(chain, text) {
			t.Errorf("the error does not say %q:\n%s", text, chain)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(chain, secret) {
			t.Errorf("the error shows %q:\n%s", secret, chain)
		}
	}
}

// Chain returns the texts of an error and of all that it wraps, one a line.
func Chain(err error) string {
	var b strings.Builder
	for err != nil {
		fmt.Fprintf(&b, "%s: %v\n", connect.ClassOf(err), err)
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		err = u.Unwrap()
	}
	return b.String()
}
