package values

import "strings"

// tokens cuts a text at the delimiters { } [ ] , : and the quote, which are
// tokens of their own unless a backslash stands before them.
type tokens struct {
	text   string
	at     int
	peeked string
	has    bool // peeked is the next token
}

// trim removes what String.trim removes.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

func blank(s string) bool { return trim(s) == "" }

func (t *tokens) more() bool { return t.has || t.at < len(t.text) }

// mark returns the place to which rewind can go back.
func (t *tokens) mark() int { return t.at - len(t.peeked) }

func (t *tokens) rewind(to int) { t.at, t.peeked, t.has = to, "", false }

func (t *tokens) next() string {
	if t.has {
		token := t.peeked
		t.peeked, t.has = "", false
		return token
	}
	return t.cut()
}

// take returns the text of the next n tokens; "" where there are fewer.
func (t *tokens) take(n int) string {
	start := t.mark()
	for range n {
		if !t.more() {
			t.rewind(start)
			return ""
		}
		t.next()
	}
	return t.text[start:t.at]
}

// consume skips the delimiter or word if it comes next, blanks aside. Blank
// tokens before the next one are gone even if it is another.
func (t *tokens) consume(word string) bool {
	if !t.has {
		if !t.more() {
			return false
		}
		t.peeked, t.has = t.cut(), true
	}
	for blank(t.peeked) && t.at < len(t.text) {
		t.peeked = t.cut()
	}
	if trim(t.peeked) != word {
		return false
	}
	t.peeked, t.has = "", false
	return true
}

func (t *tokens) cut() string {
	start, escaped := t.at, false
	for ; t.at < len(t.text); t.at++ {
		switch t.text[t.at] {
		case '\\':
			escaped = !escaped
			continue
		case ':', ',', '{', '}', '[', ']', '"':
			if escaped {
				break
			}
			if start == t.at {
				t.at++
			}
			return t.text[start:t.at]
		}
		escaped = false
	}
	return t.text[start:]
}
