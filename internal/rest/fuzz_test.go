package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/rest/resttest"
)

// FuzzRequests sends anything: no panic, no 5xx without a reason, and every error
// in its form.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][5]string{
		{"GET", "/connectors?expand=status", "", "", ""},
		{"POST", "/connectors", "application/json", "application/json", fileExample},
		{"POST", "/connectors?forward=false", "*/*", "application/json", `{"name":"{x}","config":{"connector.class":"FileStreamSink","topics":"t","tasks.max":2}}`},
		{"PUT", "/connectors/FileStreamSinkConnectorConnector_0/config", "", "application/json", `{"connector.class":"FileStreamSink","topics":"a,,b"}`},
		{"PATCH", "/connectors/c/offsets", "", "application/json", `{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1e9}}]}`},
		{"PUT", "/connector-plugins/FileStreamSink/config/validate", "", "application/json", `{"connector.class":"FileStreamSink","transforms":"a,b","key.converter":null}`},
		{"PUT", "/admin/loggers/root?scope=cluster", "", "application/json", `{"level":"info"}`},
		{"POST", "/connectors/c/tasks", "", "", `[{}]`},
		{"OPTIONS", "/connectors/%2e%2e/x;y=1//", "text/html", "garbage", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	h, _, end := page(f, "worker")
	f.Cleanup(end)
	call(f, h, "POST", "/connectors", fileExample)
	f.Fuzz(func(t *testing.T, method, target, accept, contentType, body string) {
		if !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n#") {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://h/", strings.NewReader(body))
		r.Method, r.RequestURI = method, target
		_, r.URL.RawQuery, _ = strings.Cut(target, "?")
		r.Header["Accept"], r.Header["Content-Type"] = []string{accept}, []string{contentType}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if problem := resttest.Unexplained(w.Code, w.Body.String()); problem != "" {
			t.Errorf("%s %s %s: %s", method, target, body, problem)
		}
		if w.Code >= 400 && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: an error that is not JSON: %q", method, target, w.Body)
		}
	})
}
