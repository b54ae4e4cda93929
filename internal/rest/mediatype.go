package rest

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// mediaType is the value of a Content-Type, or an element of an Accept header.
type mediaType struct {
	name   string
	params map[string]string // of a name given twice the last value
}

// String returns the type with its parameters in the order of their names. Java's
// server knows two character sets, and writes them in lower case.
func (m mediaType) String() string {
	if set := strings.ToLower(m.params["charset"]); len(m.params) == 1 && (set == "utf-8" || set == "iso-8859-1") {
		return m.name + ";charset=" + set
	}
	parts := []string{m.name}
	for _, key := range slices.Sorted(maps.Keys(m.params)) {
		parts = append(parts, key+"="+quotedValue(m.params[key]))
	}
	return strings.Join(parts, ";")
}

// quotedValue is the value of a parameter as it is written.
func quotedValue(value string) string {
	if h := (headerReader{value}); h.token() != "" && h.rest == "" {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// takes reports whether m is the type or a wildcard of it.
func (m mediaType) takes(name string) bool {
	group, kind, _ := strings.Cut(name, "/")
	return m.name == name || m.name == "*/*" || m.name == group+"/*" || m.name == "*/"+kind
}

var errMediaType = errors.New("not a media type")

// headerReader reads header values by the rules of Java's server, which are not
// those of package mime: a parameter may be given twice and be empty, and no
// white space may stand around = and /.
type headerReader struct{ rest string }

// more skips white space, and reports whether anything follows.
func (h *headerReader) more() bool {
	h.rest = strings.TrimLeft(h.rest, " \t")
	return h.rest != ""
}

// take reads the separator c, if it is the next character.
func (h *headerReader) take(c byte) bool {
	if h.rest == "" || h.rest[0] != c {
		return false
	}
	h.rest = h.rest[1:]
	return true
}

func isTokenChar(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(c))
}

// token reads a token; "" is none.
func (h *headerReader) token() string {
	n := 0
	for n < len(h.rest) && isTokenChar(h.rest[n]) {
		n++
	}
	text := h.rest[:n]
	h.rest = h.rest[n:]
	return text
}

// value reads a token or a quoted text.
func (h *headerReader) value() (string, error) {
	if !h.take('"') {
		if text := h.token(); text != "" {
			return text, nil
		}
		return "", errMediaType
	}
	var text strings.Builder
	for h.rest != "" {
		c := h.rest[0]
		h.rest = h.rest[1:]
		switch {
		case c == '"':
			return text.String(), nil
		case c == '\\' && h.rest != "":
			c, h.rest = h.rest[0], h.rest[1:]
		}
		text.WriteByte(c)
	}
	return "", errMediaType
}

// mediaType reads a type with its parameters. A lone name stands for name/*
// where short is set: Java's own client sends "*".
func (h *headerReader) mediaType(short bool) (mediaType, error) {
	h.more()
	m := mediaType{name: strings.ToLower(h.token())}
	if m.name == "" {
		return m, errMediaType
	}
	kind := "*"
	if h.take('/') {
		if kind = strings.ToLower(h.token()); kind == "" {
			return m, errMediaType
		}
	} else if !short {
		return m, errMediaType
	}
	m.name += "/" + kind
	for h.more() && h.take(';') {
		for h.more() && h.take(';') { // empty parameters are skipped
		}
		if !h.more() || h.rest[0] == ',' {
			break
		}
		key := strings.ToLower(h.token())
		if key == "" || !h.take('=') {
			return m, errMediaType
		}
		value, err := h.value()
		if err != nil {
			return m, err
		}
		if m.params == nil {
			m.params = map[string]string{}
		}
		m.params[key] = value
	}
	return m, nil
}

// parseMediaType reads a whole header value.
func parseMediaType(text string) (mediaType, error) {
	h := headerReader{text}
	m, err := h.mediaType(false)
	if err == nil && h.more() {
		err = errMediaType
	}
	return m, err
}
