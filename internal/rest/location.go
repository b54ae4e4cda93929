package rest

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/herder"
)

// created answers 201 with the Location of the connector. Java builds it with a
// template: braces in a name are taken for a variable, and the answer is 500
// although the connector has been created.
func created(r *request, info herder.ConnectorInfo) (answer, error) {
	path, err := location("/connectors/", info.Name)
	if err != nil {
		return answer{}, fail(http.StatusInternalServerError, err.Error())
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return answer{status: http.StatusCreated, body: infoBody(info), header: map[string]string{"Location": scheme + r.Host + path}}, nil
}

// location appends a name to a path as Java's UriBuilder does: sub-delimiters
// and what looks encoded already stay. The error is Java's for a template.
func location(prefix, name string) (string, error) {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(prefix)
	variable, opened := "", false
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '{':
			v, n, err := templateVariable(b.Len(), b.String()+name[i:], name[i+1:])
			if err != nil {
				return "", err
			}
			if !opened {
				variable, opened = v, true
			}
			b.WriteString(name[i : i+n+1])
			i += n
		case c == '}':
			if !opened {
				return "", fmt.Errorf("java.net.URISyntaxException: Illegal character in path at index %d: %s%s", b.Len(), b.String(), name[i:])
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@/", c) >= 0,
			c == '%' && i+2 < len(name) && isHex(name[i+1]) && isHex(name[i+2]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	if opened {
		return "", fmt.Errorf("The template variable '%s' has no value", variable) //nolint:staticcheck // Java's text, which clients see.
	}
	return b.String(), nil
}

// templateVariable reads a template's variable after its brace, which is at
// position at of the template. It returns the name and the length up to and with
// the closing brace.
func templateVariable(at int, template, rest string) (name string, length int, err error) {
	end := strings.IndexByte(rest, '}')
	if end < 0 {
		return "", 0, fmt.Errorf("Invalid syntax in the template \"%s\". Check if a path parameter is terminated with a \"}\".", template) //nolint:staticcheck // Java's text.
	}
	body := rest[:end]
	text := strings.TrimLeft(body, " ")
	start := at + 1 + len(body) - len(text)
	if first, _ := utf8.DecodeRuneInString(text); !unicode.IsLetter(first) && !unicode.IsDigit(first) && first != '_' {
		if text == "" {
			first = '}'
		}
		return "", 0, fmt.Errorf("Illegal character \"%c\" at position %d is not allowed as a start of a name in a path template \"%s\".", first, start, template) //nolint:staticcheck // Java's text.
	}
	for i, c := range text {
		switch {
		case unicode.IsLetter(c), unicode.IsDigit(c), strings.ContainsRune("_-.", c):
		case c == ':', c == ' ' && strings.TrimLeft(text[i:], " ") == "", c == ' ' && strings.HasPrefix(strings.TrimLeft(text[i:], " "), ":"):
			return text[:i], end + 1, nil
		default:
			return "", 0, fmt.Errorf("Illegal character \"%c\" at position %d is not allowed after a name in a path template \"%s\".", c, start+i, template) //nolint:staticcheck // Java's text.
		}
	}
	return text, end + 1, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
