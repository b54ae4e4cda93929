// Package properties reads the files that configure Connect: the format of
// java.util.Properties.load.
//
// Bytes are ISO-8859-1, \uXXXX writes any other character, a line that ends in
// a backslash goes on in the next one, and lines that start with # or ! are
// comments. A key that occurs twice has its last value.
package properties

import (
	"fmt"
	"os"
	"unicode/utf16"
	"unicode/utf8"
)

// Load reads the file at the path. It returns the values by key, and warnings
// about lines that are probably mistakes, each with the path and the number of
// the line. An error names the path and, for a malformed file, the line.
func Load(path string) (map[string]string, []string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read properties: %w", err)
	}
	values, warnings, err := Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("read properties %s: %w", path, err)
	}
	for i, w := range warnings {
		warnings[i] = path + ": " + w
	}
	return values, warnings, nil
}

// Parse is Load for the content of a file. Lines are counted from 1.
func Parse(data []byte) (map[string]string, []string, error) {
	text := make([]rune, len(data))
	for i, b := range data {
		text[i] = rune(b)
	}
	return parse(text)
}

// parse takes the text however it was encoded.
func parse(text []rune) (map[string]string, []string, error) {
	p := parser{data: text, line: 1}
	values := map[string]string{}
	var warnings []string
	for p.skipToKey() {
		line := p.line
		key, err := p.text(true)
		if err != nil {
			return nil, nil, err
		}
		p.key = key
		separated := p.skipSeparator()
		value, err := p.text(false)
		if err != nil {
			return nil, nil, err
		}
		if !separated && value == "" {
			warnings = append(warnings, fmt.Sprintf("line %d: key %q has no value; write %s=value", line, key, key))
		}
		values[key] = value
		p.key = ""
	}
	return values, warnings, nil
}

// parser walks over the characters; line is the number of the line that at is in, key
// that of the value at hand, for errors.
type parser struct {
	data []rune
	at   int
	line int
	key  string
}

func blank(c rune) bool { return c == ' ' || c == '\t' || c == '\f' }

func lineEnd(c rune) bool { return c == '\n' || c == '\r' }

// peek returns the character at hand, having gone over continuations: a backslash
// before a line end stands for nothing, and neither do the blanks after it. ok
// is false at the end of the logical line.
func (p *parser) peek() (c rune, ok bool) {
	for p.at < len(p.data) {
		c = p.data[p.at]
		if lineEnd(c) {
			return 0, false
		}
		if c != '\\' {
			return c, true
		}
		if p.at+1 == len(p.data) {
			p.at++ // A backslash at the end of the file stands for nothing.
			return 0, false
		}
		if !lineEnd(p.data[p.at+1]) {
			return c, true
		}
		p.at++
		p.skipLineEnd()
		p.skipBlanks()
	}
	return 0, false
}

// skipLineEnd goes over one \n, \r or \r\n.
func (p *parser) skipLineEnd() {
	if p.data[p.at] == '\r' && p.at+1 < len(p.data) && p.data[p.at+1] == '\n' {
		p.at++
	}
	p.at++
	p.line++
}

func (p *parser) skipBlanks() {
	for p.at < len(p.data) && blank(p.data[p.at]) {
		p.at++
	}
}

// skipToKey goes over blank lines and comments; false at the end of the data.
func (p *parser) skipToKey() bool {
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case lineEnd(c):
			p.skipLineEnd()
		case blank(c):
			p.at++
		case c == '#' || c == '!':
			for p.at < len(p.data) && !lineEnd(p.data[p.at]) {
				p.at++
			}
		default:
			// A line of nothing but continuations is a blank line: what comes
			// after it starts afresh and can be a comment.
			line := p.line
			if _, ok := p.peek(); ok && p.line == line || !ok && p.endsInBackslash() {
				return true
			}
		}
	}
	return false
}

// endsInBackslash reports whether the data ended after a backslash and at most
// one \n or \r. Java takes such a backslash, alone in its line, for an empty key.
func (p *parser) endsInBackslash() bool {
	if p.at < len(p.data) {
		return false
	}
	last := p.data[len(p.data)-1]
	return last == '\\' || lineEnd(last) && p.data[len(p.data)-2] == '\\'
}

// skipSeparator goes over blanks, at most one of = and :, and blanks. It
// reports whether there was a = or a :.
func (p *parser) skipSeparator() bool {
	seen := false
	for {
		c, ok := p.peek()
		switch {
		case ok && blank(c):
		case ok && !seen && (c == '=' || c == ':'):
			seen = true
		default:
			return seen
		}
		p.at++
	}
}

// text reads a key, up to a separator, or a value, up to the end of the line.
func (p *parser) text(key bool) (string, error) {
	var out []byte
	var units []uint16 // consecutive \u escapes, which may be halves of a character
	flush := func() {
		for _, r := range utf16.Decode(units) {
			out = utf8.AppendRune(out, r)
		}
		units = units[:0]
	}
	for {
		c, ok := p.peek()
		if !ok || key && (blank(c) || c == '=' || c == ':') {
			flush()
			return string(out), nil
		}
		p.at++
		if c == '\\' {
			c = p.data[p.at]
			p.at++
			if c == 'u' {
				unit, err := p.unicode()
				if err != nil {
					return "", err
				}
				units = append(units, unit)
				continue
			}
			c = escaped(c)
		}
		flush()
		out = utf8.AppendRune(out, c)
	}
}

// escaped returns what the letter after a backslash stands for; any but these
// four is itself.
func escaped(c rune) rune {
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	}
	return c
}

// unicode reads the four hexadecimal digits after \u.
func (p *parser) unicode() (uint16, error) {
	const digits = 4
	var unit uint16
	for range digits {
		c, ok := p.peek() // digits may go on in the next line
		if !ok {
			return 0, p.malformed()
		}
		var d rune
		switch {
		case c >= '0' && c <= '9':
			d = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = c | 0x20 - 'a' + 10
		default:
			return 0, p.malformed()
		}
		unit = unit<<4 | uint16(d)
		p.at++
	}
	return unit, nil
}

// malformed shows nothing of the value, which can be a secret.
func (p *parser) malformed() error {
	of := ""
	if p.key != "" {
		of = fmt.Sprintf("key %q: ", p.key)
	}
	return fmt.Errorf(`line %d: %smalformed escape: \u takes four hexadecimal digits, and a backslash is written \\`, p.line, of)
}
