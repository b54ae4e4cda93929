// Package javaregex matches by the regular expressions of java.util.regex.Pattern:
// look-around, back references, possessive quantifiers, class intersections,
// Java's words for what is wrong with a pattern, and Java's replacements.
//
// A pattern is parsed into a tree (parse.go) and written again (write.go): in
// the syntax of Go's regexp where that has all it needs, else in that of
// regexp2, which backtracks as Java does. A Pattern does not change after
// Compile; any goroutine may use it. Matching takes time exponential in the text
// for patterns that invite it, as in Java. Start reading at [Compile].
package javaregex

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// SyntaxError says what is wrong with a pattern, as PatternSyntaxException.
type SyntaxError struct {
	Description string
	Pattern     string
	Index       int // in code points; -1 is unknown
}

// Error returns Java's message: the place, the pattern, and a mark below it.
func (e *SyntaxError) Error() string {
	text := e.Description
	if e.Index >= 0 {
		text += fmt.Sprintf(" near index %d", e.Index)
	}
	text += "\n" + e.Pattern
	if e.Index >= 0 && e.Index < utf16Len(e.Pattern) {
		text += "\n" + strings.Repeat(" ", e.Index) + "^"
	}
	return text
}

func utf16Len(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Pattern is a compiled regular expression.
type Pattern struct {
	text   string
	tree   *node
	groups int            // capturing ones
	names  map[string]int // of groups

	fast *regexp.Regexp // matches a whole text; nil where Go's syntax does not do
	// lines and words say that the fast form is only right for texts without line
	// ends, and for ASCII.
	lines, words bool
	slow         *regexp2.Regexp        // matches a whole text
	find         func() *regexp2.Regexp // matches anywhere
}

// Compile parses a pattern. The error is a *SyntaxError.
func Compile(pattern string) (*Pattern, error) {
	t, err := parse(pattern)
	if err != nil {
		return nil, err
	}
	p := &Pattern{text: pattern, tree: t.root, groups: t.groups, names: t.names}
	w := goWriter{groups: t.groups}
	if w.node(t.root); !w.cannot {
		if re, err := regexp.Compile(`\A(?:` + w.out.String() + `)\z`); err == nil {
			p.fast, p.lines, p.words = re, w.lines, w.words
		}
	}
	b := backtrackWriter{groups: t.groups}
	b.node(t.root)
	body := b.out.String()
	whole, err := regexp2.Compile(`\A(?:`+body+`)\z`, regexp2.None)
	if err != nil {
		return nil, &SyntaxError{"This pattern is not supported (" + err.Error() + ")", pattern, -1}
	}
	p.slow = whole
	p.find = sync.OnceValue(func() *regexp2.Regexp {
		return regexp2.MustCompile(body, regexp2.None) // it compiled above
	})
	return p, nil
}

// String returns the pattern's text.
func (p *Pattern) String() string { return p.text }

// Matches reports whether the pattern matches the whole text (Matcher.matches).
func (p *Pattern) Matches(text string) bool {
	if p.fastFor(text) {
		return p.fast.MatchString(text)
	}
	ok, err := p.slow.MatchString(text)
	return ok && err == nil
}

func (p *Pattern) fastFor(text string) bool {
	if p.fast == nil {
		return false
	}
	if !p.lines && !p.words {
		return true
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= utf8.RuneSelf, p.lines && (c == '\n' || c == '\r'):
			return false
		}
	}
	return true
}

// Groups matches the whole text and returns what its groups hold, the whole
// text first; ok is false where it does not match. A group that took no part is
// nil.
func (p *Pattern) Groups(text string) (groups []*string, ok bool) {
	m, err := p.slow.FindStringMatch(text)
	if m == nil || err != nil {
		return nil, false
	}
	return groupsOf(m), true
}

func groupsOf(m *regexp2.Match) []*string {
	all := m.Groups()
	groups := make([]*string, len(all))
	for i := range all {
		if g := &all[i]; len(g.Captures) > 0 {
			groups[i] = new(g.String())
		}
	}
	return groups
}

// ReplaceFirst replaces the first match in the text (Matcher.replaceFirst). In
// the replacement $1 and ${name} stand for groups, a backslash quotes. The error
// is a *ReplaceError.
func (p *Pattern) ReplaceFirst(text, replacement string) (string, error) {
	m, err := p.find().FindStringMatch(text)
	if m == nil || err != nil {
		return text, nil //nolint:nilerr // No match; the only error is a time limit, and none is set.
	}
	from, length := m.ByteRange()
	var b strings.Builder
	b.WriteString(text[:from])
	if err := p.expand(&b, replacement, groupsOf(m)); err != nil {
		return "", err
	}
	b.WriteString(text[from+length:])
	return b.String(), nil
}

// ReplaceError is a replacement that names what is not there.
type ReplaceError struct {
	// Class is the Java class of the exception.
	Class   string
	Message string
}

func (e *ReplaceError) Error() string { return e.Message }

func illegal(format string, args ...any) error {
	return &ReplaceError{"java.lang.IllegalArgumentException", fmt.Sprintf(format, args...)}
}

// expand appends the replacement with its references filled in.
func (p *Pattern) expand(b *strings.Builder, replacement string, groups []*string) error {
	for rest := replacement; rest != ""; {
		c := rest[0]
		rest = rest[1:]
		switch c {
		case '\\':
			if rest == "" {
				return illegal("character to be escaped is missing")
			}
			b.WriteByte(rest[0])
			rest = rest[1:]
		case '$':
			group, after, err := p.reference(rest)
			if err != nil {
				return err
			}
			if group > p.groups {
				return &ReplaceError{"java.lang.IndexOutOfBoundsException", fmt.Sprintf("No group %d", group)}
			}
			if g := groups[group]; g != nil {
				b.WriteString(*g)
			}
			rest = after
		default:
			b.WriteByte(c)
		}
	}
	return nil
}

// reference reads what stands after a $.
func (p *Pattern) reference(text string) (group int, rest string, err error) {
	switch {
	case text == "":
		return 0, "", illegal("Illegal group reference: group index is missing")
	case text[0] == '{':
		return p.namedReference(text[1:])
	case !isDigit(rune(text[0])):
		return 0, "", illegal("Illegal group reference")
	}
	group, rest = int(text[0]-'0'), text[1:]
	for rest != "" && isDigit(rune(rest[0])) {
		longer := group*10 + int(rest[0]-'0')
		if longer > p.groups {
			break
		}
		group, rest = longer, rest[1:]
	}
	return group, rest, nil
}

func (p *Pattern) namedReference(text string) (group int, rest string, err error) {
	n := 0
	for n < len(text) && isAlnum(rune(text[n])) {
		n++
	}
	name := text[:n]
	switch {
	case n == 0:
		return 0, "", illegal("named capturing group has 0 length name")
	case n == len(text) || text[n] != '}':
		return 0, "", illegal("named capturing group is missing trailing '}'")
	case isDigit(rune(name[0])):
		return 0, "", illegal("capturing group name {%s} starts with digit character", name)
	}
	group, ok := p.names[name]
	if !ok {
		return 0, "", illegal("No group with name {%s}", name)
	}
	return group, text[n+1:], nil
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isAlnum(r rune) bool  { return isDigit(r) || isLetter(r) }
