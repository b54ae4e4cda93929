package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// requestTime bounds one exchange: a worker may take 90 s.
const requestTime = 100 * time.Second

// reply is the answer of a worker as it came.
type reply struct {
	status int
	header http.Header
	raw    []byte
	json   any
	kind   string // empty, json, html or text
}

// target is the worker under test. It is spoken to in plain text, so that paths,
// methods and headers arrive as they stand in the case.
type target struct {
	url     *url.URL
	version string
}

func newTarget(ctx context.Context, address string) (*target, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	t := &target{url: u}
	root, err := t.call(ctx, http.MethodGet, "/", nil, nil)
	if err != nil {
		return nil, fmt.Errorf("no worker at %s: %w", address, err)
	}
	if m, is := root.json.(map[string]any); is {
		t.version, _ = m["version"].(string)
	}
	return t, nil
}

func (t *target) call(ctx context.Context, method, path string, headers [][2]string, body []byte) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.url.Host)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err := conn.Write(request(t.url, method, path, headers, body)); err != nil {
		return nil, err
	}
	// A server may answer before it has read the whole body; then the write fails.
	_, _ = conn.Write(body)
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{status: res.StatusCode, header: res.Header, raw: raw}
	r.read()
	return r, nil
}

func request(u *url.URL, method, path string, headers [][2]string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", method, strings.TrimRight(u.Path, "/"), path, u.Host)
	sized := false
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		sized = sized || strings.EqualFold(h[0], "content-length")
	}
	if !sized && (body != nil || slices.Contains([]string{"POST", "PUT", "PATCH"}, method)) {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func (r *reply) read() {
	switch {
	case len(r.raw) == 0:
		r.kind = "empty"
	case strings.HasPrefix(strings.ToLower(r.header.Get("Content-Type")), "text/html"):
		r.kind = "html"
	case !json.Valid(r.raw) || decode(r.raw, &r.json) != nil:
		r.kind = "text"
	default:
		r.kind = "json"
		if m, is := r.json.(map[string]any); is && r.status >= 400 && m["url"] != nil && m["status"] != nil && m["message"] != nil {
			r.kind = "html" // the servlet container's error page, as JSON
		}
	}
}

// holds reports whether a condition is true of the answer.
func (c condition) holds(r *reply, v vars) bool {
	if c.Status != 0 && r.status != c.Status {
		return false
	}
	if c.Field == "" {
		return true
	}
	if r.kind != "json" {
		return false
	}
	got, err := lookup(r.json, v.text(c.Field))
	if err != nil {
		return c.Missing != nil
	}
	if c.Missing != nil {
		return false
	}
	var want any
	if c.Equals == nil {
		return true
	}
	if err := decode(c.Equals, &want); err != nil {
		return false
	}
	return equal(got, v.value(want))
}
