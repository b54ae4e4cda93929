package conformance

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func jsonInt(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// unstable are texts that differ between workers and runs.
var unstable = []struct {
	pattern *regexp.Regexp
	with    func(groups []string) string
}{
	// Java repeats the exception's class when it answers a second time from its cache.
	{regexp.MustCompile(`(?:org\.apache\.kafka\.connect\.errors\.ConnectException: )+(Failed to find any class)`), func(g []string) string { return g[1] }},
	// What follows describes the installation.
	{regexp.MustCompile(`(?s)(available connectors are: ).*`), func(g []string) string { return g[1] + "${LIST}" }},
	{regexp.MustCompile(`(available versions: )\[[^\]]*\]`), func(g []string) string { return g[1] + "[${LIST}]" }},
	// Texts of the Java runtime.
	{regexp.MustCompile(`(Invalid value null for configuration [\w.]+: Invalid regex: )[^\n]*`), func(g []string) string { return g[1] + "${ANY}" }},
	// A hash map's order says nothing.
	{regexp.MustCompile(`(?s)(Connector config )\{(.*)\}( contains no connector type)`), func(g []string) string {
		items := strings.Split(g[2], ", ")
		slices.Sort(items)
		return g[1] + "{" + strings.Join(items, ", ") + "}" + g[3]
	}},
}

var blanks = regexp.MustCompile(`\s*;\s*`)

var workerID = regexp.MustCompile(`^\[?[^\s/]+:\d+`)

// normalizer replaces values that differ rightly between workers and runs.
type normalizer struct {
	vars
	version string // of the worker
}

func (n normalizer) value(x any, key string) any {
	switch x := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, item := range x {
			out[n.fold.Replace(k)] = n.value(item, k)
		}
		_, hasWorker := out["worker_id"]
		_, hasVersion := out["version"]
		state, _ := out["state"].(string)
		if hasWorker && hasVersion && slices.Contains([]string{"FAILED", "RESTARTING", "UNASSIGNED"}, state) {
			out["version"] = "${VERSION}" // null or not is a matter of timing in Java
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = n.value(item, "")
		}
		return out
	case string:
		return n.textOf(x, key)
	case json.Number:
		if key == "last_modified" {
			return "${TIMESTAMP}"
		}
	}
	return x
}

func (n normalizer) textOf(x, key string) string {
	switch {
	case (key == "commit" || key == "kafka_cluster_id") && x != "":
		return "${ANY}"
	case key == "version" && x != "", n.version != "" && x == n.version:
		return "${VERSION}"
	case key == "worker_id" && workerID.MatchString(x):
		return "${WORKER}"
	case key == "trace":
		x, _, _ = strings.Cut(x, "\n")
		x = strings.TrimRight(x, "\r")
	}
	for _, u := range unstable {
		x = u.pattern.ReplaceAllStringFunc(x, func(m string) string { return u.with(u.pattern.FindStringSubmatch(m)) })
	}
	return n.fold.Replace(x)
}

// header normalizes a header's value: lists are sorted, a content type is parsed.
func (n normalizer) header(name, value string) string {
	switch strings.ToLower(name) {
	case "allow", "access-control-allow-methods", "access-control-allow-headers", "vary":
		var items []string
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		slices.Sort(items)
		return strings.Join(items, ", ")
	case "content-type":
		return strings.ToLower(blanks.ReplaceAllString(strings.TrimSpace(value), ";"))
	}
	return n.fold.Replace(value)
}

// errorProjection is the part of a validation answer that tells what is wrong.
func errorProjection(x any) any {
	answer, _ := x.(map[string]any)
	configs, is := answer["configs"].([]any)
	if !is {
		return x
	}
	names, undefined := []any{}, []any{}
	errors, values := map[string]any{}, map[string]any{}
	for _, c := range configs {
		entry, _ := c.(map[string]any)
		value, _ := entry["value"].(map[string]any)
		name, is := value["name"].(string)
		if !is {
			return x
		}
		names = append(names, name)
		definition, defined := entry["definition"].(map[string]any)
		if !defined {
			undefined = append(undefined, name)
		}
		if list, _ := value["errors"].([]any); len(list) > 0 {
			errors[name] = list
		}
		if !defined || !equal(value["value"], definition["default_value"]) {
			values[name] = value["value"]
		}
	}
	return map[string]any{
		"name": answer["name"], "error_count": answer["error_count"], "groups": answer["groups"],
		"names": names, "undefined": undefined, "errors": errors, "values": values,
	}
}

// own reduces a body to the entries of this run.
func own(body any, run string) any {
	switch body := body.(type) {
	case []any:
		out := []any{}
		for _, item := range body {
			if strings.Contains(text(item), run) {
				out = append(out, item)
			}
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, item := range body {
			if strings.Contains(key, run) {
				out[key] = item
			}
		}
		return out
	}
	return body
}

// withoutDocumentation leaves out the texts that each worker writes for itself.
func withoutDocumentation(x any) any {
	switch x := x.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range x {
			if key != "documentation" {
				out[key] = withoutDocumentation(item)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = withoutDocumentation(item)
		}
		return out
	}
	return x
}

// keyOrder returns the keys of the object, or of the objects in the list, in order.
func keyOrder(raw []byte) any {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return keysOf(raw)
	}
	orders := []any{}
	for _, item := range list {
		if keys := keysOf(item); keys != nil {
			orders = append(orders, keys)
		}
	}
	return orders
}

func keysOf(raw []byte) any {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	keys := []any{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		keys = append(keys, key)
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return nil
		}
	}
	return keys
}

// text is the compact JSON of a value, keys sorted.
func text(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func equal(a, b any) bool { return text(a) == text(b) }
