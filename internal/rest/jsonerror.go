package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// part is a piece of a request's body, in the words of errors.
type part struct {
	name     string // of the field; "" is the whole body
	expected string // such as "a connector with name and config, as a JSON object"
}

func (p part) subject() string {
	if p.name == "" {
		return "the request body"
	}
	return p.name
}

// wrong is the error of a part that is there, but something else.
func (p part) wrong(is string) error {
	return fail(http.StatusBadRequest, p.subject()+" is "+is+": "+p.expected+" is expected")
}

// kinds are the words for JSON by its first character; the others are numbers.
var kinds = map[byte]string{
	'{': "a JSON object", '[': "a JSON array", '"': "a JSON string", 't': "a JSON boolean", 'f': "a JSON boolean", 'n': "null",
}

func kindOf(text []byte) string {
	if kind, known := kinds[text[0]]; known {
		return kind
	}
	return "a JSON number"
}

// parse decodes the part, which begins with open, into to.
func (p part) parse(text []byte, open byte, to any) error {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	switch {
	case p.name == "" && (len(text) == 0 || string(text) == "null"):
		return fail(http.StatusBadRequest, "the request has no body: "+p.expected+" is expected")
	case !utf8.Valid(text):
		return fail(http.StatusBadRequest, "the request body is not UTF-8 text")
	case !json.Valid(text):
		return syntaxError(text)
	case text[0] != open:
		return p.wrong(kindOf(text))
	}
	if err := json.Unmarshal(text, to); err != nil {
		return p.wrong("not that") // texts of valid JSON all decode into raw parts
	}
	return nil
}

// expectations are what Go's parser looks for where it stops, by parts of its
// message.
var expectations = []struct{ reason, expected string }{
	{"after top-level value", "nothing more is expected after the end of the JSON text"},
	{"beginning of object key", "the name of a field in double quotes is expected"},
	{"after object key:value", "a comma or } is expected"},
	{"after object key", "a colon is expected"},
	{"after array element", "a comma or ] is expected"},
	{"in string escape", `an escape such as \n or \\ is expected`},
	{`in \u`, `four hexadecimal digits are expected after \u`},
	{"in string literal", `control characters in texts are written as escapes such as \n`},
	{"in literal", "true, false or null is expected"},
	{"numeric literal", "a digit is expected"},
	{"beginning of value", "a value is expected: a text in double quotes, a number, true, false, null, an object or an array"},
}

// syntaxError says where a text stops being JSON, in which field, and what would
// be right there.
func syntaxError(text []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	syntax, is := errors.AsType[*json.SyntaxError](err)
	if !is {
		return fail(http.StatusBadRequest, "the request body is not valid JSON")
	}
	field := ""
	if path := openField(text); path != "" {
		field = ", in " + path
	}
	if strings.Contains(syntax.Error(), "unexpected end") {
		return fail(http.StatusBadRequest, "the request body is not valid JSON: it ends too early"+field)
	}
	at := max(0, min(int(syntax.Offset), len(text))-1)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	line := bytes.Count(text[:at], []byte("\n")) + 1
	column := utf8.RuneCount(text[bytes.LastIndexByte(text[:at], '\n')+1:at]) + 1
	found, _ := utf8.DecodeRune(text[at:])
	message := fmt.Sprintf("the request body is not valid JSON at line %d, column %d%s: unexpected %q", line, column, field, found)
	for _, e := range expectations {
		if strings.Contains(syntax.Error(), e.reason) {
			return fail(http.StatusBadRequest, message+", "+e.expected)
		}
	}
	return fail(http.StatusBadRequest, message)
}

// openField is the path of the field in which the text stops being JSON, such as
// config.topics or offsets[1]; "" is none.
func openField(text []byte) string {
	type level struct {
		key   string // of an object
		index int    // of an array
		array bool
		value bool // the next text of an object is the value of key
	}
	var levels []level
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			break
		}
		top := len(levels) - 1
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				levels = append(levels, level{array: t == '['})
				continue
			}
			levels = levels[:top]
			top--
		case string:
			if top >= 0 && !levels[top].array && !levels[top].value {
				levels[top].key, levels[top].value = t, true
				continue
			}
		}
		if top >= 0 {
			levels[top].index++
			levels[top].value = false
		}
	}
	var path strings.Builder
	for i, l := range levels {
		switch {
		case l.array:
			path.WriteString("[" + strconv.Itoa(l.index) + "]")
		case l.key != "" && (l.value || i < len(levels)-1):
			if path.Len() > 0 {
				path.WriteByte('.')
			}
			path.WriteString(l.key)
		}
	}
	return path.String()
}
