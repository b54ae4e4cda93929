package login

import (
	"errors"
	"strings"
)

// Entry is one login module of JAAS with its options.
type Entry struct {
	// Module is the Java class.
	Module  string
	Options map[string]string
}

// ParseEntry reads the form that Java's JaasConfig takes for a client: one
// entry "module flag name=value ... ;", values plain or in quotes with
// backslash escapes. Its errors never hold a value.
func ParseEntry(text string) (Entry, error) {
	tokens, err := jaasTokens(text)
	if err != nil {
		return Entry{}, err
	}
	if len(tokens) < 3 {
		return Entry{}, errors.New("a login module, a flag and a semicolon are needed")
	}
	switch strings.ToLower(tokens[1].text) {
	case "required", "requisite", "sufficient", "optional":
	default:
		return Entry{}, errors.New("the flag after the login module must be required, requisite, sufficient or optional")
	}
	entry := Entry{Module: tokens[0].text, Options: make(map[string]string)}
	rest := tokens[2:]
	for len(rest) > 0 && !rest[0].is(';') {
		if len(rest) < 3 || rest[0].mark != 0 || !rest[1].is('=') || rest[2].mark != 0 {
			return Entry{}, errors.New("an option is not of the form name=value")
		}
		entry.Options[rest[0].text] = rest[2].text
		rest = rest[3:]
	}
	switch {
	case len(rest) == 0:
		return Entry{}, errors.New("the semicolon at the end is missing")
	case len(rest) > 1:
		return Entry{}, errors.New("only one login module can be given")
	}
	return entry, nil
}

// jaasToken is a word, or one of the marks = and ;.
type jaasToken struct {
	text string
	mark byte
}

func (t jaasToken) is(mark byte) bool { return t.mark == mark }

func jaasTokens(text string) ([]jaasToken, error) {
	var tokens []jaasToken
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '=' || c == ';':
			tokens = append(tokens, jaasToken{mark: c})
			i++
		case c == '"' || c == '\'':
			word, n, err := quoted(text[i:])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, jaasToken{text: word})
			i += n
		default:
			n := strings.IndexAny(text[i:], " \t\r\n=;\"'")
			if n < 0 {
				n = len(text) - i
			}
			tokens = append(tokens, jaasToken{text: text[i : i+n]})
			i += n
		}
	}
	return tokens, nil
}

// quoted reads a text in quotes and returns it with the bytes it took.
func quoted(s string) (string, int, error) {
	var word strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return word.String(), i + 1, nil
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(unescaped(s[i]))
		case c == '\n':
			return "", 0, errors.New("a quote is not closed on its line")
		default:
			word.WriteByte(c)
		}
	}
	return "", 0, errors.New("a quote is not closed")
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	default:
		return c
	}
}
