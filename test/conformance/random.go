package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"sluice/internal/rest/resttest"
)

// Random sends n requests that a seed makes, and returns what is wrong with the
// answers: none at all within 100 s, a 5xx without a reason, an error without its
// body. Files of connectors are in the folder tmp. In the end it deletes what it
// has created.
func (r *Runner) Random(ctx context.Context, seed uint64, n int, tmp string) []string {
	g := generator{rand: rand.New(rand.NewPCG(seed, seed)), tmp: tmp}
	var wrong []string
	for i := range n {
		method, path, headers, body := g.request()
		answer, err := r.target.call(ctx, method, path, headers, body)
		problem := ""
		switch {
		case err != nil:
			problem = "no answer: " + err.Error()
		case answer.kind != "html" && method != http.MethodHead:
			problem = resttest.Unexplained(answer.status, string(answer.raw))
		}
		if problem != "" {
			wrong = append(wrong, fmt.Sprintf("seed %d, request %d: %s %s %v %.300s: %s", seed, i, method, path, headers, body, problem))
		}
	}
	return append(wrong, r.deleteAll(ctx)...)
}

// deleteAll deletes the connectors that can be addressed.
func (r *Runner) deleteAll(ctx context.Context) []string {
	answer, err := r.target.call(ctx, http.MethodGet, "/connectors", nil, nil)
	if err != nil {
		return []string{"the worker does not answer any more: " + err.Error()}
	}
	names, _ := answer.json.([]any)
	for _, name := range names {
		text, _ := name.(string)
		if _, err := r.target.call(ctx, http.MethodDelete, "/connectors/"+escaped(text), nil, nil); err != nil {
			return []string{"DELETE " + text + ": " + err.Error()}
		}
	}
	return nil
}

// generator makes requests: mostly such as clients send, with a few parts wrong.
type generator struct {
	rand *rand.Rand
	tmp  string
}

func pick[T any](g *generator, from ...T) T { return from[g.rand.IntN(len(from))] }

func (g *generator) chance(percent int) bool { return g.rand.IntN(100) < percent }

func (g *generator) name() string {
	return pick(g, "a", "b", "c", "d e", "é", "{x}", "x;y", "a+b", "..", "n"+strconv.Itoa(g.rand.IntN(5)), strings.Repeat("l", 40), "\x01", "%41", "")
}

func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func (g *generator) request() (method, path string, headers [][2]string, body []byte) {
	name := escaped(g.name())
	task := pick(g, "0", "1", "-1", "01", "x", "99999999999")
	class := pick(g, "FileStreamSource", "FileStreamSink", "org.apache.kafka.connect.file.FileStreamSinkConnector", "Datagen", "Nope", "JsonConverter", "InsertField$Value", "java.lang.String")
	routes := [][2]string{
		{"GET", "/"},
		{"GET", "/health"},
		{"GET", "/connectors"},
		{"POST", "/connectors"},
		{"POST", "/connectors"},
		{"POST", "/connectors"},
		{"GET", "/connectors/" + name},
		{"DELETE", "/connectors/" + name},
		{"GET", "/connectors/" + name + "/config"},
		{"PUT", "/connectors/" + name + "/config"},
		{"PATCH", "/connectors/" + name + "/config"},
		{"GET", "/connectors/" + name + "/status"},
		{"GET", "/connectors/" + name + "/tasks"},
		{"GET", "/connectors/" + name + "/tasks/" + task + "/status"},
		{"POST", "/connectors/" + name + "/tasks/" + task + "/restart"},
		{"PUT", "/connectors/" + name + "/pause"},
		{"PUT", "/connectors/" + name + "/resume"},
		{"PUT", "/connectors/" + name + "/stop"},
		{"POST", "/connectors/" + name + "/restart"},
		{"GET", "/connectors/" + name + "/topics"},
		{"PUT", "/connectors/" + name + "/topics/reset"},
		{"GET", "/connectors/" + name + "/offsets"},
		{"PATCH", "/connectors/" + name + "/offsets"},
		{"DELETE", "/connectors/" + name + "/offsets"},
		{"GET", "/connector-plugins"},
		{"GET", "/connector-plugins/" + class + "/config"},
		{"PUT", "/connector-plugins/" + class + "/config/validate"},
		{"GET", "/admin/loggers"},
		{"GET", "/admin/loggers/" + name},
		{"PUT", "/admin/loggers/" + name},
		{"POST", "/connectors/" + name + "/tasks"},
		{"PUT", "/connectors/" + name + "/fence"},
		{"GET", "/openapi.json"},
		{"GET", "/metrics"},
		{"GET", "/nope"},
	}
	route := pick(g, routes...)
	method, path = route[0], route[1]
	if g.chance(5) {
		method = pick(g, "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "get")
	}
	if g.chance(5) {
		path = pick(g, path+"/", "/"+path, path+";v=1", path+"%2f", path+"%", path+"%00", path+"/..", path+"|", path+"%ff")
	}
	if g.chance(25) && !strings.HasSuffix(path, "%") {
		path += "?" + pick(g, "expand=status&expand=info", "expand=", "expand=x", "forward=false", "forward=banana", "includeTasks=true", "includeTasks=true&onlyFailed=TRUE", "onlyFailed=true",
			"connectorsOnly=false", "version=[1,2)", "version=", "version=[[", "scope=cluster", "scope=x", "%zz=%zz", "&&=&")
	}
	// net/http hangs up on a malformed path, and then a body is in the way of its 400.
	if malformed := strings.HasSuffix(path, "%"); !malformed && (method != "GET" || g.chance(3)) {
		body = g.body(path)
	}
	if body != nil || g.chance(10) {
		headers = append(headers, [2]string{"Content-Type", g.sometimes("application/json", "application/json; charset=utf-8", "text/plain", "garbage", "application/*", "")})
	}
	if g.chance(80) {
		headers = append(headers, [2]string{"Accept", g.sometimes("application/json", "*/*", "text/html", "application/json;charset=utf-8", "garbage")})
	}
	if g.chance(3) {
		headers = append(headers, [2]string{"X-Connect-Authorization", "YWJj"}, [2]string{"X-Connect-Request-Signature-Algorithm", pick(g, "HmacSHA256", "x")})
	}
	return method, path, headers, body
}

// sometimes is mostly the first.
func (g *generator) sometimes(usual string, others ...string) string {
	if g.chance(90) {
		return usual
	}
	return pick(g, others...)
}

func (g *generator) body(path string) []byte {
	var value any
	switch {
	case strings.Contains(path, "/offsets"):
		value = map[string]any{"offsets": g.offsets()}
	case strings.Contains(path, "/admin/"):
		value = map[string]any{"level": pick[any](g, "INFO", "debug", "OFF", "", nil, 5, "bogus")}
	case strings.HasSuffix(path, "/tasks"):
		value = []any{g.config()}
	case strings.Contains(path, "config"):
		value = g.config()
	case strings.HasPrefix(path, "/connectors"):
		request := map[string]any{"name": g.name(), "config": g.config()}
		if g.chance(30) {
			request["initial_state"] = pick[any](g, "PAUSED", "stopped", "RUNNING", "x", nil, 1)
		}
		if g.chance(5) {
			request[pick(g, "Name", "tasks", "name")] = g.scalar()
		}
		value = request
	default:
		return nil
	}
	if g.chance(5) {
		value = pick[any](g, nil, "", []any{}, map[string]any{}, 1, value)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	if g.chance(5) && len(b) > 0 { // not quite JSON
		switch at := g.rand.IntN(len(b)); g.rand.IntN(3) {
		case 0:
			b = b[:at]
		case 1:
			b[at] ^= byte(1 + g.rand.IntN(255))
		default:
			b = append(b, pick(g, "x", "}", " {}", "\xff")...)
		}
	}
	return b
}

func (g *generator) scalar() any {
	return pick[any](g, "x", "", nil, true, 1, 1.5, -1, json.Number("12345678901234567890"), json.Number("1.0"), "  ", "a,b", "é\u0000", "${file:/x:y}", []any{1}, map[string]any{"a": 1})
}

func (g *generator) config() map[string]any {
	c := map[string]any{"connector.class": pick(g, "FileStreamSource", "FileStreamSink", "FileStreamSource", "FileStreamSink", "Datagen", "Nope")}
	c["topic"], c["topics"] = "random", "random"
	if c["connector.class"] == "Datagen" {
		c["kafka.topic"], c["quickstart"], c["max.interval"] = "random", "clickstream", "1000"
	}
	// No source reads what a sink writes: together they would fill the disk.
	c["file"] = filepath.Join(g.tmp, pick(g, "out.txt", "missing/out.txt"))
	if c["connector.class"] == "FileStreamSource" {
		c["file"] = filepath.Join(g.tmp, "in.txt")
	}
	keys := []string{
		"tasks.max", "name", "topic", "topics", "topics.regex", "key.converter", "value.converter", "header.converter", "transforms", "transforms.a.type", "predicates",
		"errors.tolerance", "errors.deadletterqueue.topic.name", "errors.retry.timeout", "connector.class", "connector.plugin.version", "producer.override.acks", "consumer.override.max.poll.records",
		"topic.creation.groups", "topic.creation.default.partitions", "config.action.reload", "exactly.once.support", "offsets.storage.topic", "batch.size", "unknown.key",
	}
	for range g.rand.IntN(5) {
		c[pick(g, keys...)] = pick[any](g, g.scalar(), g.scalar(), "1", "all", "org.apache.kafka.connect.json.JsonConverter", "org.apache.kafka.connect.transforms.Cast$Value")
	}
	if g.chance(20) {
		// Never the file: without it the connectors use standard input and output.
		delete(c, pick(g, "connector.class", "topic", "topics"))
	}
	return c
}

func (g *generator) offsets() any {
	if g.chance(10) {
		return g.scalar()
	}
	var all []any
	for range g.rand.IntN(3) {
		all = append(all, map[string]any{
			pick(g, "partition", "partition", "partition", "x"): pick[any](g, map[string]any{"filename": filepath.Join(g.tmp, "in.txt")}, map[string]any{"kafka_topic": "random", "kafka_partition": g.scalar()}, g.scalar()),
			pick(g, "offset", "offset", "offset", "partition"):  pick[any](g, map[string]any{"position": g.scalar()}, map[string]any{"kafka_offset": g.scalar()}, nil, g.scalar()),
		})
	}
	return all
}
