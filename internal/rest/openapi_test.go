package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sluice/connect/config"
)

// description serves the API and returns its document as a client gets it.
func description(t *testing.T) (*api, *openapi3.T) {
	t.Helper()
	s, err := Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h, _ := s.Handlers(Config{Version: "4.3.1", Log: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", http.NoBody))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != openapiType {
		t.Fatalf("/openapi.json: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return h.(*api), doc
}

// Every route that serves is described, and nothing else.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	a, doc := description(t)
	var served, described []string
	for _, rt := range a.routes {
		if !rt.doc.internal {
			served = append(served, rt.method+" "+rt.path)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described = append(described, method+" "+path)
			if op.Summary == "" || op.OperationID == "" {
				t.Errorf("%s %s has no summary or id", method, path)
			}
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served are\n%s\ndescribed are\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

// A client that takes nothing but JSON gets the 404 of the Java worker.
func TestOpenAPIIsHiddenFromWhoAsksForJSON(t *testing.T) {
	t.Parallel()
	a, _ := description(t)
	for accept, want := range map[string]int{"application/json": 404, "*/*": 200, "application/json, */*": 200, openapiType: 200, "text/html": 404} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Accept %s: %d, want %d", accept, w.Code, want)
		}
	}
}

type recorded struct {
	Modes []string `json:"modes"`
	Steps []struct {
		Method, Path, Project string
		Expect                *recordedAnswer `json:"expect"`
		Standalone            *recordedAnswer `json:"expect@standalone"`
	} `json:"steps"`
}

type recordedAnswer struct {
	Status int             `json:"status"`
	JSON   json.RawMessage `json:"json"`
}

// Every answer that was recorded from the Java worker has the form that the
// document promises.
func TestRecordedAnswersConform(t *testing.T) {
	t.Parallel()
	a, doc := description(t)
	// Documentation texts are each worker's own, and not recorded.
	key := doc.Components.Schemas["ConfigKey"].Value
	key.Required = slices.DeleteFunc(key.Required, func(name string) bool { return name == "documentation" })
	files, err := filepath.Glob("../../test/conformance/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded answers: %v", err)
	}
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c recorded
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, step := range c.Steps {
			if step.Project != "" {
				continue // not the answer itself
			}
			for _, answer := range []*recordedAnswer{step.Expect, step.Standalone} {
				if answer == nil {
					continue
				}
				checked++
				if problem := conforms(a, doc, step.Method, step.Path, answer); problem != "" {
					t.Errorf("%s, step %d: %s %s: %s", filepath.Base(file), i+1, step.Method, step.Path, problem)
				}
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d answers were looked at", checked)
	}
}

// conforms returns what is wrong with an answer. Paths that Java's server refuses,
// or that no route has, are errors of the container.
func conforms(a *api, doc *openapi3.T, verb, target string, answer *recordedAnswer) string {
	path, _, _ := strings.Cut(target, "?")
	schema := doc.Components.Schemas["Error"]
	segments, fine := split(strings.ReplaceAll(strings.ReplaceAll(path, "${", ""), "}", ""))
	m, found := method(a.match(segments), verb)
	if fine && found && !m.doc.internal && answer.Status < http.StatusBadRequest {
		op := doc.Paths.Find(m.path).GetOperation(m.method)
		response := op.Responses.Value(strconv.Itoa(answer.Status))
		if response == nil {
			return "status " + strconv.Itoa(answer.Status) + " is not described"
		}
		content := response.Value.Content.Get(jsonType)
		if content == nil {
			if answer.JSON != nil {
				return "a body is not described"
			}
			return ""
		}
		schema = content.Schema
	}
	if answer.JSON == nil {
		return ""
	}
	var body any
	// Values that were normalized are texts where the answer has numbers.
	plain := strings.ReplaceAll(string(answer.JSON), `"${TIMESTAMP}"`, "1")
	if err := json.Unmarshal([]byte(plain), &body); err != nil {
		return err.Error()
	}
	if err := schema.Value.VisitJSON(body); err != nil {
		return err.Error()
	}
	return ""
}
