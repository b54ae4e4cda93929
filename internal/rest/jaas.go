package rest

import (
	"fmt"
	"strings"
)

// loginModule is an entry of a JAAS section.
type loginModule struct {
	class, control string
	options        map[string]string
}

// parseJAAS reads a file of javax.security.auth.login.Configuration:
//
//	Name {
//	    module.Class required option="value" other=value;
//	};
//
// Comments are those of Java.
func parseJAAS(text string) (map[string][]loginModule, error) {
	tokens, err := jaasTokens(text)
	if err != nil {
		return nil, err
	}
	p := jaasParser{tokens: tokens}
	sections := map[string][]loginModule{}
	for len(p.tokens) > 0 {
		name := strings.TrimPrefix(p.next(), quoted)
		if err := p.expect("{"); err != nil {
			return nil, err
		}
		var modules []loginModule
		for p.peek() != "}" {
			module, err := p.module()
			if err != nil {
				return nil, err
			}
			modules = append(modules, module)
		}
		p.next()
		if err := p.expect(";"); err != nil {
			return nil, err
		}
		sections[name] = modules
	}
	return sections, nil
}

type jaasParser struct{ tokens []string }

func (p *jaasParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *jaasParser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *jaasParser) expect(want string) error {
	if got := p.next(); got != want {
		return fmt.Errorf("JAAS: %q stands where %q should", got, want)
	}
	return nil
}

func (p *jaasParser) module() (loginModule, error) {
	m := loginModule{class: p.next(), control: strings.ToLower(p.next()), options: map[string]string{}}
	switch m.control {
	case "required", "requisite", "sufficient", "optional":
	default:
		return m, fmt.Errorf("JAAS: %q stands where required, requisite, sufficient or optional should, after %s", m.control, m.class)
	}
	for p.peek() != ";" {
		name := p.next()
		if name == "" || name == "}" || name == "{" || name == "=" {
			return m, fmt.Errorf("JAAS: the options of %s do not end with a semicolon", m.class)
		}
		if err := p.expect("="); err != nil {
			return m, err
		}
		m.options[name] = strings.TrimPrefix(p.next(), quoted)
	}
	p.next()
	return m, nil
}

// quoted begins a token that was written in quotes, so that none is taken for
// punctuation.
const quoted = "\x00"

func jaasTokens(text string) ([]string, error) {
	var tokens []string
	for text = strings.TrimLeft(text, " \t\r\n"); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
		switch c := text[0]; {
		case strings.HasPrefix(text, "//") || c == '#':
			_, text, _ = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*"):
			_, after, found := strings.Cut(text[2:], "*/")
			if !found {
				return nil, fmt.Errorf("JAAS: a comment has no end")
			}
			text = after
		case c == '"' || c == '\'':
			token, after, err := jaasString(text[1:], c)
			if err != nil {
				return nil, err
			}
			tokens, text = append(tokens, quoted+token), after
		case strings.IndexByte("{};=", c) >= 0:
			tokens, text = append(tokens, text[:1]), text[1:]
		default:
			end := strings.IndexAny(text, " \t\r\n{};=\"'")
			if end < 0 {
				end = len(text)
			}
			tokens, text = append(tokens, text[:end]), text[end:]
		}
	}
	return tokens, nil
}

func jaasString(text string, end byte) (token, after string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == end:
			return b.String(), text[i+1:], nil
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("JAAS: a text in quotes has no end")
}
