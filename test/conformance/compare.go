package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// jvmText are messages that the JVM makes; clients cannot rely on them.
var jvmText = regexp.MustCompile(`Cannot invoke "|NullPointerException`)

// fellOver are messages of answers in which Java fell over itself: text of its
// JSON parser, of a null reference, or of a wrapped exception. A worker may say
// better what is wrong, with 400, 404 or 422.
var fellOver = regexp.MustCompile(`^(Cannot (invoke|deserialize|construct|coerce)|Unexpected (character|end-of-input)|Unrecognized (token|field)` +
	`|No content to map|Non-standard token|Input mismatch|Illegal null or empty Level|Instantiation error` +
	`|org\.apache\.kafka\.\S*(BadRequest|Config)Exception: )`)

func javaFellOver(want *Answer) bool {
	body, _ := want.JSON.(map[string]any)
	message, _ := body["message"].(string)
	return want.Status == 500 && fellOver.MatchString(message)
}

func saysWhatIsWrong(got *Answer) bool {
	body, _ := got.JSON.(map[string]any)
	message, _ := body["message"].(string)
	return slices.Contains([]int{400, 404, 422}, got.Status) && equal(body["error_code"], got.Status) && len([]rune(message)) >= 10
}

// compare returns what is wrong with an answer, nothing if it is as expected.
func compare(s *Step, want, got *Answer) []string {
	if javaFellOver(want) && saysWhatIsWrong(got) {
		return nil
	}
	var wrong []string
	if want.Status != got.Status {
		wrong = append(wrong, fmt.Sprintf("status: got %d, want %d (body %s)", got.Status, want.Status, short(got.body())))
	}
	// An error page is made by the servlet container: any error body will do.
	if s.matching() == "status-only" || want.ErrorPage {
		return wrong
	}
	wrong = append(wrong, compareHeaders(s, want.Headers, got.Headers)...)
	if want.KeyOrder != nil && !equal(want.KeyOrder, got.KeyOrder) {
		wrong = append(wrong, fmt.Sprintf("key order: got %s, want %s", short(got.KeyOrder), short(want.KeyOrder)))
	}
	switch {
	case want.hasJSON && !got.hasJSON:
		wrong = append(wrong, fmt.Sprintf("body: got %s, want JSON %s", short(got.body()), short(want.JSON)))
	case want.hasJSON:
		wrong = append(wrong, compareJSON(s, want.JSON, got.JSON)...)
	case want.Text != nil && (got.Text == nil || *want.Text != *got.Text):
		wrong = append(wrong, fmt.Sprintf("body: got %s, want %s", short(got.body()), short(*want.Text)))
	case want.Empty && !got.Empty && want.Status < 400:
		wrong = append(wrong, "body: got "+short(got.body())+", want none")
	}
	return wrong
}

func (a *Answer) body() any {
	switch {
	case a.hasJSON:
		return a.JSON
	case a.Text != nil:
		return *a.Text
	}
	return nil
}

func compareHeaders(s *Step, want, got map[string]string) []string {
	var wrong []string
	names := map[string]bool{}
	for name := range want {
		names[name] = true
	}
	for name := range got {
		names[name] = true
	}
	for name := range names {
		ignored := slices.ContainsFunc(s.IgnoreHeaders, func(h string) bool { return strings.EqualFold(h, name) })
		w, wanted := want[name]
		g, given := got[name]
		if (w != g || wanted != given) && !ignored {
			wrong = append(wrong, fmt.Sprintf("header %s: got %q, want %q", name, g, w))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func compareJSON(s *Step, want, got any) []string {
	want, got = withoutDocumentation(want), withoutDocumentation(got)
	for _, path := range s.Ignore {
		drop(want, strings.Split(path, "."))
		drop(got, strings.Split(path, "."))
	}
	match := s.matching()
	expected, isObject := want.(map[string]any)
	if code, has := expected["error_code"]; match == "exact" && isObject && has && code != nil {
		if message, isText := expected["message"].(string); !isText || jvmText.MatchString(message) {
			match = "error"
		}
	}
	given, _ := got.(map[string]any)
	switch match {
	case "error": // the message is the text of Java's JSON or HTTP library
		return compareError(expected, given, got)
	case "regex":
		pattern, err := regexp.Compile("(?s)" + s.MessageRegex)
		if err != nil {
			return []string{err.Error()}
		}
		d := differ{}
		if message := fmt.Sprint(messageOf(got)); !pattern.MatchString(message) {
			d.add("message %s does not match %s", short(message), s.MessageRegex)
		}
		if isObject && given != nil {
			d.diff(without(expected, "message"), without(given, "message"), "$")
		}
		return d.wrong
	default:
		d := differ{subset: match == "subset"}
		d.diff(asSets(want, s.Sets, "$"), asSets(got, s.Sets, "$"), "$")
		return d.wrong
	}
}

func messageOf(got any) any {
	if m, is := got.(map[string]any); is {
		return m["message"]
	}
	return got
}

func compareError(want, got map[string]any, body any) []string {
	d := differ{}
	if _, has := got["message"]; !has {
		d.add("body: want an error body with error_code and message, got %s", short(body))
		return d.wrong
	}
	d.diff(want["error_code"], got["error_code"], "$.error_code")
	for key := range want {
		if _, has := got[key]; !has {
			d.add("$.%s: missing", key)
		}
	}
	for key := range got {
		if _, has := want[key]; !has {
			d.add("$.%s: unexpected", key)
		}
	}
	return d.wrong
}

func without(m map[string]any, key string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// drop removes what is at a path; * stands for every member.
func drop(x any, path []string) {
	switch x := x.(type) {
	case []any:
		for _, item := range x {
			drop(item, path)
		}
	case map[string]any:
		switch {
		case path[0] == "*" && len(path) > 1:
			for _, item := range x {
				drop(item, path[1:])
			}
		case len(path) == 1:
			delete(x, path[0])
		default:
			drop(x[path[0]], path[1:])
		}
	}
}

// asSets sorts the lists that are compared without order, by their JSON.
func asSets(x any, sets []string, at string) any {
	switch x := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, item := range x {
			out[key] = asSets(item, sets, key)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = asSets(item, sets, "[]")
		}
		if slices.Contains(sets, at) {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		}
		return out
	}
	return x
}

// most bounds the differences that are told of one answer.
const most = 40

// differ collects the differences of two JSON values.
type differ struct {
	subset bool
	wrong  []string
}

func (d *differ) add(format string, args ...any) {
	if len(d.wrong) < most {
		d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
	}
}

func (d *differ) diff(want, got any, at string) {
	wantMap, isMap := want.(map[string]any)
	gotMap, gotIsMap := got.(map[string]any)
	wantList, isList := want.([]any)
	gotList, gotIsList := got.([]any)
	switch {
	case isMap && gotIsMap:
		d.members(wantMap, gotMap, at)
	case isList && gotIsList && (d.subset || strings.HasSuffix(at, ".recommended_values")):
		// A worker may have more plugins than the one that was recorded.
		for _, w := range wantList {
			if !slices.ContainsFunc(gotList, func(g any) bool {
				sub := differ{subset: true}
				sub.diff(w, g, at)
				return len(sub.wrong) == 0
			}) {
				d.add("%s: no element like %s", at, short(w))
			}
		}
	case isList && gotIsList:
		if len(wantList) != len(gotList) {
			d.add("%s: %d elements, want %d", at, len(gotList), len(wantList))
		}
		for i := range min(len(wantList), len(gotList)) {
			d.diff(wantList[i], gotList[i], fmt.Sprintf("%s[%d]", at, i))
		}
	case !equal(want, got):
		d.add("%s: got %s, want %s", at, short(got), short(want))
	}
}

func (d *differ) members(want, got map[string]any, at string) {
	for _, key := range sortedKeys(want) {
		if _, has := got[key]; !has {
			d.add("%s.%s: missing (want %s)", at, key, short(want[key]))
			continue
		}
		d.diff(want[key], got[key], at+"."+key)
	}
	if d.subset {
		return
	}
	for _, key := range sortedKeys(got) {
		if _, has := want[key]; !has {
			d.add("%s.%s: unexpected %s", at, key, short(got[key]))
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func short(x any) string {
	s := text(x)
	if len(s) > 240 {
		return s[:240] + "..."
	}
	return s
}
