package javaregex

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// goWriter writes a tree in the syntax of package regexp. What that cannot say
// sets cannot.
type goWriter struct {
	out    strings.Builder
	groups int
	cannot bool
	lines  bool // right for texts without line ends only
	words  bool // right for ASCII only
}

func (w *goWriter) node(n *node) {
	switch n.kind {
	case kindEmpty:
		w.out.WriteString("(?:)")
	case kindSet:
		writeSet(&w.out, n.set)
	case kindConcat:
		w.all(n, "")
	case kindOr:
		w.out.WriteString("(?:")
		w.all(n, "|")
		w.out.WriteString(")")
	case kindCapture, kindGroup:
		open := "(?:"
		if n.kind == kindCapture {
			open = "("
		}
		w.out.WriteString(open)
		w.all(n, "")
		w.out.WriteString(")")
	case kindRepeat:
		// Engines differ in what they do with a repeated nothing.
		if n.mode == possessive || nullable(n.subs[0]) {
			w.cannot = true
			return
		}
		w.out.WriteString("(?:")
		w.node(n.subs[0])
		w.out.WriteString(")")
		writeCount(&w.out, n)
	case kindBegin:
		w.out.WriteString(`\A`)
	case kindEnd:
		w.out.WriteString(`\z`)
	case kindLineEnd:
		w.lines = true
		w.out.WriteString(`\z`)
	case kindBound:
		w.words = true
		w.out.WriteString(map[bool]string{false: `\b`, true: `\B`}[n.negative])
	default:
		w.cannot = true
	}
}

func (w *goWriter) all(n *node, between string) {
	for i, sub := range n.subs {
		if i > 0 {
			w.out.WriteString(between)
		}
		w.node(sub)
	}
}

// nullable reports whether the node may match nothing.
func nullable(n *node) bool {
	switch n.kind {
	case kindSet, kindBreak:
		return false
	case kindRepeat:
		return n.min == 0 || nullable(n.subs[0])
	case kindConcat, kindCapture, kindGroup, kindAtomic:
		return !slices.ContainsFunc(n.subs, func(sub *node) bool { return !nullable(sub) })
	case kindOr:
		return slices.ContainsFunc(n.subs, nullable)
	default:
		return true
	}
}

// backtrackWriter writes a tree in the syntax of regexp2. Groups have numbers
// only, since names would change their order there.
type backtrackWriter struct {
	out    strings.Builder
	groups int
}

const (
	lineEnd  = `\r\u0085\u2028\u2029` // beside \n
	neverOut = `(?!)`
)

func (w *backtrackWriter) node(n *node) {
	switch n.kind {
	case kindEmpty:
		w.out.WriteString("(?:)")
	case kindSet:
		writeSet(&w.out, n.set)
	case kindConcat:
		w.all(n, "")
	case kindOr:
		w.wrap("(?:", n, "|")
	case kindCapture:
		w.wrap("(", n, "")
	case kindGroup:
		w.wrap("(?:", n, "")
	case kindAtomic:
		w.wrap("(?>", n, "")
	case kindLook:
		w.wrap("(?"+map[bool]string{true: "<"}[n.behind]+map[bool]string{false: "=", true: "!"}[n.negative], n, "")
	case kindRepeat:
		w.repeat(n)
	case kindBegin:
		w.out.WriteString(`\A`)
	case kindEnd:
		w.out.WriteString(`\z`)
	case kindLast:
		w.out.WriteString(`\G`)
	case kindBreak:
		w.out.WriteString(`(?:\r\n|[\n\u000b\f` + lineEnd + `])`)
	case kindBack:
		w.back(n)
	default:
		w.out.WriteString(place(n))
	}
}

func (w *backtrackWriter) all(n *node, between string) {
	for i, sub := range n.subs {
		if i > 0 {
			w.out.WriteString(between)
		}
		w.node(sub)
	}
}

func (w *backtrackWriter) wrap(open string, n *node, between string) {
	w.out.WriteString(open)
	w.all(n, between)
	w.out.WriteByte(')')
}

func (w *backtrackWriter) repeat(n *node) {
	if n.mode == possessive {
		w.out.WriteString("(?>")
		defer w.out.WriteByte(')')
	}
	w.out.WriteString("(?:")
	w.node(n.subs[0])
	w.out.WriteByte(')')
	writeCount(&w.out, n)
}

func (w *backtrackWriter) back(n *node) {
	ref := `(?:\` + strconv.Itoa(n.index) + ")"
	switch {
	case n.index > w.groups:
		ref = neverOut // a group that is not there never matches
	case n.folded:
		ref = "(?i:" + ref + ")"
	}
	w.out.WriteString(ref)
}

// place writes assertions about lines and words in terms of look-around.
func place(n *node) string {
	switch {
	case n.kind == kindLineStart && n.unix:
		return `(?:(?!\z)(?:\A|(?<=\n)))`
	case n.kind == kindLineStart:
		return `(?:(?!\z)(?:\A|(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n)))`
	case n.kind == kindLineEnd && n.unix && n.multiline:
		return `(?=\n|\z)`
	case n.kind == kindLineEnd && n.unix:
		return `(?=\n?\z)`
	case n.kind == kindLineEnd && n.multiline:
		return `(?:(?=[` + lineEnd + `]|\z)|(?<!\r)(?=\n))`
	case n.kind == kindLineEnd:
		return `(?:(?=\r\n\z)|(?=[` + lineEnd + `]?\z)|(?<!\r)(?=\n\z))`
	}
	word := boundWord()
	if n.unicode {
		word = unicodeWord()
	}
	var b strings.Builder
	writeSet(&b, word)
	set := b.String()
	if n.negative {
		return "(?:(?<=" + set + ")(?=" + set + ")|(?<!" + set + ")(?!" + set + "))"
	}
	return "(?:(?<=" + set + ")(?!" + set + ")|(?<!" + set + ")(?=" + set + "))"
}

func writeCount(b *strings.Builder, n *node) {
	switch {
	case n.max != unlimited:
		fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
	case n.min == 0:
		b.WriteByte('*')
	case n.min == 1:
		b.WriteByte('+')
	default:
		fmt.Fprintf(b, "{%d,}", n.min)
	}
	if n.mode == lazy {
		b.WriteByte('?')
	}
}

// writeSet writes a class that both engines read alike.
func writeSet(b *strings.Builder, s runeSet) {
	if len(s) == 0 {
		// Nothing is in it; Go has no (?!), and regexp2 no [^\x00-\x{10FFFF}].
		b.WriteString(`(?:\z[a])`)
		return
	}
	if len(s) == 2 && s[0] == s[1] {
		writeRune(b, s[0])
		return
	}
	b.WriteByte('[')
	for i := 0; i < len(s); i += 2 {
		writeRune(b, s[i])
		if s[i+1] != s[i] {
			b.WriteByte('-')
			writeRune(b, s[i+1])
		}
	}
	b.WriteByte(']')
}

func writeRune(b *strings.Builder, r rune) {
	switch {
	case isAlnum(r), r == '_':
		b.WriteRune(r)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r >= 0xD800 && r <= 0xDFFF:
		b.WriteRune(0xFFFD) // half of a character: no text that is UTF-8 has it
	default:
		b.WriteRune(r)
	}
}
