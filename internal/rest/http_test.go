package rest_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/rest"
)

// call sends a request and returns its answer. headers are pairs.
func call(t testing.TB, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://h:1/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	r.RequestURI, r.URL.RawQuery = target, query
	if u, err := url.ParseRequestURI(path); err == nil {
		r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "-" { // none at all
			r.Header.Del(headers[i])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func contentType(w *httptest.ResponseRecorder) string {
	return strings.Join(w.Header().Values("Content-Type"), ",")
}

// The rows were read off the Java worker 4.3.1.
func TestPaths(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	for path, want := range map[string]string{
		"/connectors/a%20b":                     `404 Connector a b not found`,
		"/connectors/x%3fy":                     `404 Connector x?y not found`,
		"/connectors/a+b":                       `404 Connector a+b not found`,
		"/connectors/a;v=1":                     `404 Connector a not found`,
		"/connectors/a;/":                       `404 Connector a not found`,
		"/connectors/%C3%A9":                    `404 Connector é not found`,
		"/connectors/..":                        `404 Connector .. not found`,
		"/connectors/../x":                      `404 HTTP 404 Not Found`,
		"/connectors/./x":                       `404 HTTP 404 Not Found`,
		"/Connectors":                           `404 HTTP 404 Not Found`,
		"/connectors/x/tasks/%31/status":        `404 No status found for task x-1`,
		"/connectors/x/tasks/+1/status":         `404 No status found for task x-1`,
		"/connectors/x/tasks/-1/status":         `404 No status found for task x--1`,
		"/connectors/x/tasks/1;a=b/status":      `404 No status found for task x-1`,
		"/connectors/x/tasks/9999999999/status": `404 HTTP 404 Not Found`,
		"/connectors/a%2Eb":                     `404 Connector a.b not found`,
		"/connectors/%2ea/status":               `404 No status found for connector .a`,
		"/connectors/a;b=%2f%00%ff|":            `404 Connector a not found`,
		"/connectors/.%2E/status":               `400`,
		"/connectors/..;b":                      `400`,
		"/connectors/a;b={c}":                   `400`,
		"/connectors/x//":                       `400`,
		"/connectors/a/;v=1":                    `404 Connector a not found`,
		"/connectors/../..":                     `400`,
		"/..":                                   `400`,
		"/../connectors":                        `400`,
		"/connectors/é":                         `400`,
		"/connectors//status":                   `400`,
		"/connectors/;x/status":                 `400`,
		"/;/connectors":                         `400`,
		"/connectors/..;/x":                     `400`,
		"/connectors/%":                         `400`,
		"/connectors/%zz":                       `400`,
		"/connectors/%2e":                       `400`,
		"/connectors/a%2Fb":                     `400`,
		"/connectors/a%5cb":                     `400`,
		"/connectors/a%25b":                     `400`,
		"/connectors/a%00":                      `400`,
		"/connectors/a%0a":                      `400`,
		"/connectors/a%7f":                      `400`,
		"/connectors/%ff":                       `400`,
		"/connectors/%c0%af":                    `400`,
		"/connectors/a|b":                       `400`,
		"/connectors/a{b}":                      `400`,
		`/connectors/"x"`:                       `400`,
	} {
		w := call(t, h, http.MethodGet, path, "")
		got := strings.TrimSpace(w.Body.String())
		status, message, _ := strings.Cut(want, " ")
		if wanted := `{"error_code":` + status + `,"message":"` + message + `"}`; message != "" && got != wanted {
			t.Errorf("GET %s: %s, want %s", path, got, wanted)
		}
		if message == "" && (w.Code != http.StatusBadRequest || !strings.HasPrefix(contentType(w), "text/html")) {
			t.Errorf("GET %s: %d %s, want the page of a 400", path, w.Code, contentType(w))
		}
	}
	for query, want := range map[string]string{"expand": "{}", "expand=": "{}", "expand=%zz": "{}", "x=1": "[]", "": "[]"} {
		if got := call(t, h, http.MethodGet, "/connectors?"+query, "").Body.String(); got != want {
			t.Errorf("GET /connectors?%s: %s, want %s", query, got, want)
		}
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	for _, tt := range []struct {
		method, path, accept, given, body string
		status                            int
		contentType                       string
	}{
		{"GET", "/", "text/html;q=0.9,*/*;q=0.8", "", "", 200, "application/json"},
		{"GET", "/", "application/json;q=0", "", "", 200, "application/json"},
		{"GET", "/", "application/json;charset=iso-8859-1", "", "", 200, "application/json;charset=iso-8859-1"},
		{"GET", "/", `application/json; v=2; charset="utf-8"`, "", "", 200, "application/json;charset=utf-8;v=2"},
		{"GET", "/", "APPLICATION/JSON", "", "", 200, "application/json"},
		{"GET", "/", "*/*;charset=utf-8", "", "", 200, "application/json"},
		{"GET", "/", "garbage", "", "", 406, ""},
		{"GET", "/", "text/html, image/gif, *; q=.2", "", "", 200, "application/json"}, // Java's own client
		{"GET", "/", "*/json", "", "", 200, "application/json"},
		{"GET", "/", "application/json;charset=UTF-8", "", "", 200, "application/json;charset=utf-8"},
		{"GET", "/", "application/json,", "", "", 200, "application/json"},
		{"GET", "/", "application/json;q=2", "", "", 400, "application/json"},
		{"GET", "/", "application/json;q=0.1234", "", "", 400, "application/json"},
		{"GET", "/", "application/json;x", "", "", 400, ""},
		{"GET", "/", "text/plain;q=.5, application/json;x=y z", "", "", 400, "text/plain;charset=iso-8859-1"},
		{"GET", "/", "application/json;q=0.5;a=b;a=c;;d=\"e f\"", "", "", 200, `application/json;a=c;d="e f"`},
		{"GET", "/", ", application/json", "", "", 400, "application/json"},
		{"GET", "/nope", "application/json;q=2", "", "", 404, ""},
		{"GET", "/", "application/json;charset=utf-8;q=0.3, */*", "", "", 200, "application/json"},
		{"GET", "/", "*/*, application/json;charset=utf-8", "", "", 200, "application/json;charset=utf-8"},
		{"GET", "/", "application/*;q=.3, application/json;charset=utf-8;q=0.3", "", "", 200, "application/json;charset=utf-8"},
		{"GET", "/", "", "garbage", "", 400, "text/html;charset=iso-8859-1"},
		{"GET", "/nope", "application/json", "application/json; charset", "", 400, "application/json"},
		{"PUT", "/health", "application/json", "garbage", "", 400, ""},
		{"OPTIONS", "/", "garbage", "", "", 200, "garbage/*"},
		{"OPTIONS", "/", "application/json;q=0.5, text/plain", "", "", 200, "text/plain"},
		{"OPTIONS", "/", "text/plain;q=0.5, application/json", "", "", 200, "application/json"},
		{"OPTIONS", "/", "image/*, text/plain", "", "", 200, "text/plain"},
		{"OPTIONS", "/", "*/json, text/*", "", "", 200, "text/plain"},
		{"OPTIONS", "/", "*/*;q=0, application/xml", "", "", 200, "application/xml"},
		{"OPTIONS", "/", "", "garbage", "", 400, ""},
		{"OPTIONS", "/", "/json", "", "", 400, ""},
		{"PUT", "/connectors/x/config", "", "application/*", "{}", 415, "application/json"},
		{"PUT", "/connectors/x/config", "", "*/*", "{}", 415, "application/json"},
		{"PUT", "/connectors/x/config", "text/html", "*/*", "{}", 406, ""},
		{"PUT", "/connectors/x/config", "text/html", "-", "{}", 406, ""},
		{"PUT", "/connectors/x/config", "", "text/*", "{}", 415, ""},
		{"PUT", "/connectors/x/config", "", "*/json", "{}", 201, "application/json"},
		{"PUT", "/connectors/x/config", "", "application/json;a=b;a=c", "{}", 200, "application/json"},
		{"PUT", "/connectors/x/config", "", "application/json; a = b", "{}", 400, ""},
		{"POST", "/connectors/x/restart", "", "garbage", "", 400, "text/html;charset=iso-8859-1"},
		{"PUT", "/connectors/x/pause", "", "garbage", "", 400, ""},
		{"GET", "/connectors//x", "application/json", "", "", 400, "text/html;charset=iso-8859-1"},
		{"PUT", "/connectors//x", "application/json", "", "", 400, ""},
		{"PUT", "/connectors/%00", "application/json", "", "", 400, "text/html;charset=iso-8859-1"},
		{"DELETE", "/../x", "application/json", "", "", 400, "text/html;charset=iso-8859-1"},
		{"GET", "/", "application/vnd.x+json", "", "", 406, ""},
		{"GET", "/", "", "text/plain", "", 200, "application/json"}, // the root takes every type
		{"GET", "/connectors", "", "text/plain", "", 415, ""},
		{"GET", "/connectors", "", "application/*", "", 200, "application/json"},
		{"GET", "/connectors", "", "application/json, text/plain", "", 400, "text/html;charset=iso-8859-1"},
		{"GET", "/connectors", "", "application/json; charset", "", 400, "text/html;charset=iso-8859-1"},
		{"PUT", "/connectors/x/pause", "text/html", "application/xml", "", 415, ""},
		{"DELETE", "/connectors", "text/html", "text/plain", "", 405, ""},
		{"DELETE", "/connectors/x", "", "-", "x", 204, ""}, // no body is read, so its type is not missed
		{"POST", "/connectors", "", "-", "{}", 415, "application/json"},
		{"POST", "/connectors/x/tasks", "", "text/plain", "[]", 500, "application/json"},
		{"POST", "/connectors/x/tasks", "text/html", "", "[]", 406, ""},
		{"OPTIONS", "/", "text/html", "", "", 200, "text/html"},
		{"OPTIONS", "/", "application/*", "", "", 200, "application/*"},
		{"OPTIONS", "/", "", "text/plain", "x", 200, "text/plain"},
		{"OPTIONS", "/", "application/json, text/plain", "", "", 200, "application/json"},
	} {
		headers := []string{"Accept", tt.accept}
		if tt.given == "-" {
			headers = append(headers, "Content-Type", "-")
		} else if tt.given != "" {
			headers = append(headers, "Content-Type", tt.given)
		}
		w := call(t, h, tt.method, tt.path, tt.body, headers...)
		if w.Code != tt.status || contentType(w) != tt.contentType {
			t.Errorf("%s %s, Accept %q, Content-Type %q: %d %q, want %d %q", tt.method, tt.path, tt.accept, tt.given, w.Code, contentType(w), tt.status, tt.contentType)
		}
	}
	if got := call(t, h, "OPTIONS", "/connectors/x/offsets", "", "Accept", "text/plain").Body.String(); got != "HEAD, DELETE, GET, OPTIONS, PATCH" {
		t.Errorf("OPTIONS lists %q", got)
	}
}

// Java's server reads 8 KiB of first line and headers.
func TestTooLongRequests(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	for _, tt := range []struct {
		path, header string
		status       int
	}{
		{"/connectors/" + strings.Repeat("x", 8000), "", 404},
		{"/connectors/" + strings.Repeat("x", 8150), strings.Repeat("y", 100), 431},
		{"/connectors/" + strings.Repeat("x", 8200), "", 414},
		{"/connectors?expand=" + strings.Repeat("x", 8200), "", 414},
		{"/connectors", strings.Repeat("y", 8000), 200},
		{"/connectors", strings.Repeat("y", 8200), 431},
	} {
		w := call(t, h, http.MethodGet, tt.path, "", "X-Long", tt.header)
		page := strings.HasPrefix(contentType(w), "text/html") && w.Header().Get("Cache-Control") != ""
		if w.Code != tt.status || page != (tt.status > 404) {
			t.Errorf("a path of %d and a header of %d bytes: %d %s, want %d", len(tt.path), len(tt.header), w.Code, contentType(w), tt.status)
		}
	}
}

// Java takes braces in a name for a template, creates the connector and answers
// 500; clients see these texts.
func TestLocationOfOddNames(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, nil)
	for name, want := range map[string]string{
		"a b":      "/connectors/a%20b",
		"a[b]":     "/connectors/a%5Bb%5D",
		"a|b^c":    "/connectors/a%7Cb%5Ec",
		"p%zz":     "/connectors/p%25zz",
		"p%41":     "/connectors/p%41",
		"q'!()*+~": "/connectors/q'!()*+~",
		"e€":       "/connectors/e%E2%82%AC",
		"a{b}c":    "The template variable 'b' has no value",
		"{x}{y}":   "The template variable 'x' has no value",
		"a{x:1}b":  "The template variable 'x' has no value",
		"{ x }":    "The template variable 'x' has no value",
		"a{b":      `Invalid syntax in the template "/connectors/a{b". Check if a path parameter is terminated with a "}".`,
		"a}b":      "java.net.URISyntaxException: Illegal character in path at index 13: /connectors/a}b",
		"a{}b":     `Illegal character "}" at position 14 is not allowed as a start of a name in a path template "/connectors/a{}b".`,
		"{a/b}":    `Illegal character "/" at position 14 is not allowed after a name in a path template "/connectors/{a/b}".`,
	} {
		w := call(t, h, "POST", "/connectors", `{"name":"`+name+`","config":{"connector.class":"X"}}`)
		got := w.Header().Get("Location")
		if strings.HasPrefix(want, "/") {
			want = "http://h:1" + want
		} else {
			got = strings.ReplaceAll(w.Body.String(), `\"`, `"`)
			want = `{"error_code":500,"message":"` + want + `"}`
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if call(t, h, "GET", "/connectors", "").Body.String() == "[]" {
			t.Errorf("%s was not created", name)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	h := serve(t, &fakeHerder{configs: map[string]config.Raw{}}, config.Map{"rest.max.request.bytes": "2048"})
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "/connectors", `{"name":"a","config":{"n":1.0,"b":false,"n":1e5},"initial_state":"paUSED"}`, `201 "n":"1e5"`},
		{"POST", "/connectors", "\ufeff" + `{"name":"b","config":{"name":null}}`, `201 "name":"b"`},
		{"POST", "/connectors", `{"name":"c","config":null}`, `422 config may not be empty`},
		{"POST", "/connectors", `{"name":"c"}`, `422 config may not be empty`},
		{"POST", "/connectors", `null`, `400 the request has no body`},
		{"POST", "/connectors", `"x"`, `400 the request body is a JSON string: a connector with name and config, as a JSON object, is expected`},
		{"POST", "/connectors", `{"name":"c","config":"x"}`, `400 config is a JSON string: a JSON object of keys and values is expected`},
		{"POST", "/connectors", `{"name":["c"],"config":{}}`, `400 name is a JSON array: a string, number, boolean or null is expected`},
		{"POST", "/connectors", `{"name":"c","config":{"topics":["x"]}}`, `400 config.topics is a JSON array: a string,`},
		{"POST", "/connectors", `{"name":"c","config":{},"initial_state":"AWAKE"}`, `400 \"AWAKE\" is not one of RUNNING, PAUSED, STOPPED`},
		{"POST", "/connectors", `{"name":"c","config":{},"initialState":"PAUSED"}`, `400 unknown field \"initialState\"`},
		{"POST", "/connectors", `{"name":"c","config":{}} x`, `400 line 1, column 26: unexpected 'x', nothing more is expected after`},
		{"POST", "/connectors", "{\"config\": {\n \"a\": \"1\" \"b\"", `400 is not valid JSON at line 2, column 11, in config: unexpected '\"', a comma or } is expected`},
		{"POST", "/connectors", `{"config": {"a": "1"`, `400 is not valid JSON: it ends too early, in config`},
		{"PUT", "/connectors/d/config", `{a:1}`, `400 the name of a field in double quotes is expected`},
		{"PUT", "/connectors/d/config", `["a"]`, `400 the request body is a JSON array: a configuration of keys and values, as a JSON object, is expected`},
		{"POST", "/connectors", "{\"name\":\"\xff\",\"config\":{}}", `400 is not UTF-8`},
		{"POST", "/connectors", `{"name":"c","config":{"x":"` + strings.Repeat("y", 3000) + `"}}`, `413 rest.max.request.bytes`},
		{"PUT", "/connectors/d/config", `{"name":"e"}`, `400 Connector name configuration (e) doesn't match connector name in the URL (d)`},
		{"PATCH", "/connectors/none/config", `null`, `404 Connector none not found`},
		{"PATCH", "/connectors/a/config", ``, `400 the request has no body`},
		{"PUT", "/admin/loggers/x", `{"level":""}`, `400 TRACE, DEBUG`},
		{"PUT", "/admin/loggers/x", `{"level":5}`, `404 invalid log level '5'.`},
		{"PUT", "/admin/loggers/x", `{"lvl":"INFO"}`, `400 Desired 'level' parameter was not specified in request.`},
		{"PUT", "/admin/loggers/x?scope=galaxy", `{"level":" debug "}`, `200 ["x"]`},
		{"GET", "/admin/loggers/nope", ``, `404 Logger nope not found.`},
		{"POST", "/connectors/x/tasks", `{`, `400 is not valid JSON: it ends too early`},
		{"POST", "/connectors/x/tasks", `{}`, `400 the request body is a JSON object: a JSON array of task configurations is expected`},
		{"POST", "/connectors/x/tasks", `[{"a":{}}]`, `400 the configuration of task 0.a is a JSON object`},
	} {
		w := call(t, h, tt.method, tt.path, tt.body, "Content-Type", "application/json")
		status, part, _ := strings.Cut(tt.want, " ")
		if got := w.Body.String(); status != strings.TrimSpace(w.Result().Status[:3]) || !strings.Contains(got, part) {
			t.Errorf("%s %s %s: %d %s, want %s", tt.method, tt.path, tt.body, w.Code, got, tt.want)
		}
	}
}

// signed is a herder that keeps what internal requests bring.
type signed struct {
	fakeHerder
	sig     *herder.Signature
	configs []config.Map
}

func (s *signed) PutTaskConfigs(_ context.Context, _ string, configs []config.Map, sig *herder.Signature) error {
	s.configs, s.sig = configs, sig
	return nil
}

func (s *signed) FenceZombies(_ context.Context, _ string, sig *herder.Signature) error {
	s.sig = sig
	return nil
}

func TestInternalRequestsAreHandedOn(t *testing.T) {
	t.Parallel()
	s := &signed{}
	h := serve(t, s, nil)
	mac := base64.StdEncoding.EncodeToString([]byte("mac"))
	w := call(t, h, "POST", "/connectors/c/tasks", `[{"task.class":"X"}]`, "X-Connect-Authorization", mac, "X-Connect-Request-Signature-Algorithm", "hmacsha256")
	if w.Code != http.StatusNoContent || len(s.configs) != 1 || s.configs[0]["task.class"] != "X" || s.sig == nil ||
		s.sig.Algorithm != "HmacSHA256" || string(s.sig.MAC) != "mac" || string(s.sig.Body) != `[{"task.class":"X"}]` {
		t.Errorf("%d %s, configurations %v, signature %+v", w.Code, w.Body, s.configs, s.sig)
	}
	if w := call(t, h, "PUT", "/connectors/c/fence", ""); w.Code != http.StatusNoContent || s.sig != nil {
		t.Errorf("%d, signature %+v", w.Code, s.sig)
	}
	for algorithm, want := range map[string]string{"nope": "Algorithm nope not available", "HmacSHA256": "Illegal base64 character 21"} {
		w := call(t, h, "PUT", "/connectors/c/fence", "", "X-Connect-Authorization", "!!", "X-Connect-Request-Signature-Algorithm", algorithm)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", algorithm, w.Code, w.Body)
		}
	}
}

func TestCrossOriginAndHeaderRules(t *testing.T) {
	t.Parallel()
	h, admin := serveBoth(t, &fakeHerder{configs: map[string]config.Raw{}}, config.Map{
		"access.control.allow.origin": "http://ok.example", "access.control.allow.methods": "GET,POST", "admin.listeners": "",
		"response.http.headers.config": `set X-Frame-Options: DENY, "add X-Suite: one, two", add X-Suite: three, setDate Expires: 1000`,
		"topic.tracking.allow.reset":   "false",
	})
	for _, origin := range []string{"http://ok.example", "HTTP://OK.example"} {
		w := call(t, h, "GET", "/nope", "", "Origin", origin)
		if w.Header().Get("Access-Control-Allow-Origin") != origin || w.Header().Get("Vary") != "Origin" || w.Header().Get("X-Frame-Options") != "DENY" ||
			strings.Join(w.Header().Values("X-Suite"), "|") != "one, two|three" || w.Header().Get("Expires") == "" {
			t.Errorf("headers for %s are %v", origin, w.Header())
		}
	}
	if w := call(t, h, "GET", "/", "", "Origin", "http://evil.example"); w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Vary") != "Origin" || w.Code != 200 {
		t.Errorf("headers for a foreign origin are %v", w.Header())
	}
	w := call(t, h, "OPTIONS", "/connectors", "", "Origin", "http://ok.example", "Access-Control-Request-Method", "DELETE")
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Methods") != "GET,POST" || w.Header().Get("Access-Control-Allow-Headers") != "Content-Type" ||
		w.Header().Get("Access-Control-Max-Age") != "60" || w.Header().Get("Allow") == "" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	if w := call(t, h, "OPTIONS", "/connectors", "", "Origin", "http://ok.example", "Access-Control-Request-Method", ""); w.Header().Get("Access-Control-Max-Age") != "60" {
		t.Errorf("preflight for no method: %v", w.Header())
	}
	if w := call(t, h, "GET", "/admin/loggers", ""); w.Code != 404 || contentType(w) != "" {
		t.Errorf("loggers without admin listeners: %d %q", w.Code, contentType(w))
	}
	if w := call(t, h, "PUT", "/connectors/x/topics/reset", ""); w.Code != 403 || !strings.Contains(w.Body.String(), "Topic tracking reset is disabled.") {
		t.Errorf("reset of topics: %d %s", w.Code, w.Body)
	}
	if w := call(t, admin, "GET", "/admin/loggers/root", "", "Origin", "http://ok.example"); w.Code != 200 || w.Header().Get("Vary") != "" || w.Header().Get("X-Frame-Options") != "" {
		t.Errorf("admin: %d %v", w.Code, w.Header())
	}
	if w := call(t, admin, "GET", "/connectors", ""); w.Code != 404 {
		t.Errorf("connectors on an admin listener: %d", w.Code)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]string{
		"rest.answers": "java", "rest.mask.secrets": "yes", "rest.max.request.bytes": "12", "access.control.allow.origin": "[", "rest.advertised.listener": "ftp",
		"response.http.headers.config": "put X: y", "rest.extension.classes": "com.example.Filter", "admin.listeners": "nope", "rest.advertised.port": "0",
	} {
		_, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0", key: value})
		if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}

func TestBasicAuthentication(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	users := write("users.properties", "bob=secret\nal=p\\:w d\n")
	jaas := write("jaas.conf", "/* users */ KafkaConnect {\n org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required\n file=\""+users+"\"; // there\n};\n")
	settings := config.Map{"rest.extension.classes": "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension", "rest.auth.jaas.config.file": jaas, "admin.listeners": "http://127.0.0.1:0"}
	h, admin := serveBoth(t, &fakeHerder{configs: map[string]config.Raw{}}, settings)
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, tt := range []struct {
		method, path, credentials string
		status                    int
	}{
		{"GET", "/", "", 401},
		{"GET", "/", basic("bob:secret"), 200},
		{"GET", "/", strings.Replace(basic("bob:secret"), "B", "b", 1), 200},
		{"GET", "/", basic("al:p:w d"), 200},
		{"GET", "/", basic("bob:no"), 401},
		{"GET", "/", basic("eve:secret"), 401},
		{"GET", "/", basic(":"), 401},
		{"GET", "/", "Basic !!", 401},
		{"GET", "/", "Bearer x", 401},
		{"GET", "/", "Basic", 401},
		{"GET", "/health", "", 401},
		{"GET", "/openapi.json", "", 401},
		{"OPTIONS", "/connectors", "", 401},
		{"GET", "/nope", "", 404},
		{"DELETE", "/connectors", "", 405}, // as in Java, the path comes first
		{"GET", "/connectors/x/tasks", "", 401},
		{"POST", "/connectors/x;v=1/tasks", "", 500},
		{"PUT", "/connectors/x/fence/", "", 500}, // signed instead
	} {
		body := ""
		if tt.method == "POST" {
			body = "[]"
		}
		w := call(t, h, tt.method, tt.path, body, "Authorization", tt.credentials)
		if w.Code != tt.status || tt.status == 401 && w.Body.String() != "User cannot access the resource." {
			t.Errorf("%s %s with %q: %d %s, want %d", tt.method, tt.path, tt.credentials, w.Code, w.Body, tt.status)
		}
	}
	if w := call(t, admin, "GET", "/admin/loggers/root", ""); w.Code != 200 {
		t.Errorf("an admin listener has no authentication in Java: %d", w.Code)
	}
	for name, text := range map[string]string{
		"none":    "Other { a.B required; };",
		"module":  "KafkaConnect { com.example.Ldap required url=\"x\"; };",
		"two":     "KafkaConnect { PropertyFileLoginModule required file=x; PropertyFileLoginModule required file=y; };",
		"file":    "KafkaConnect { PropertyFileLoginModule required; };",
		"open":    "KafkaConnect { PropertyFileLoginModule required file=\"x",
		"missing": "KafkaConnect { PropertyFileLoginModule required file=\"" + dir + "/nobody\"; };",
	} {
		settings["rest.auth.jaas.config.file"] = write(name, text)
		all := config.Map{"listeners": "http://127.0.0.1:0"}
		maps.Copy(all, settings)
		if _, err := rest.Listen(t.Context(), all); err == nil || !strings.Contains(err.Error(), "rest.auth.jaas.config.file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServesAndShutsDown(t *testing.T) {
	t.Parallel()
	s, err := rest.Listen(t.Context(), config.Map{"listeners": "http://127.0.0.1:0,http://127.0.0.1:0", "admin.listeners": "http://127.0.0.1:0", "rest.advertised.host.name": "me", "rest.advertised.port": "99"})
	if err != nil {
		t.Fatal(err)
	}
	if s.WorkerID != "me:99" || s.URL != "http://me:99/" {
		t.Errorf("advertised as %s, %s", s.WorkerID, s.URL)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- s.Serve(rest.Config{Herder: &fakeHerder{configs: map[string]config.Raw{}}, Log: slog.New(slog.DiscardHandler)})
	}()
	for i, address := range s.Addresses() {
		path := "/connectors"
		if i == 2 {
			path = "/admin/loggers"
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s%s: %d %v", address, path, res.StatusCode, err)
		}
		_ = res.Body.Close()
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
