package javaregex

import (
	"math"
	"slices"
)

type kind uint8

const (
	kindEmpty     kind = iota
	kindSet            // one code point of the set
	kindConcat         // all of subs, one after the other
	kindOr             // one of subs
	kindCapture        // a group with a number
	kindGroup          // one without
	kindAtomic         // (?>...)
	kindLook           // (?=...) and its kin
	kindRepeat         // subs[0], from min to max times
	kindBegin          // start of the text
	kindEnd            // end of the text
	kindLineStart      // ^ with the flag m
	kindLineEnd        // $
	kindBound          // \b and \B
	kindLast           // \G
	kindBack           // back reference
	kindBreak          // \R
)

type mode uint8

const (
	greedy mode = iota
	lazy
	possessive
)

const unlimited = math.MaxInt32

type node struct {
	kind      kind
	subs      []*node
	set       runeSet
	min, max  int
	mode      mode
	index     int  // of a group or reference
	negative  bool // of a look-around or \B
	behind    bool // of a look-around
	unix      bool // \n is the only line end
	multiline bool // $ at each line end
	folded    bool // a reference in any case
	unicode   bool // with the flag u or U
}

type flags struct{ fold, multiline, dotAll, unix, unicodeCase, comments, unicodeClass bool }

// tree is a parsed pattern.
type tree struct {
	root   *node
	groups int
	names  map[string]int
}

// parser reads a pattern. Its position runs over the text as Java's does, which
// counts in the index of errors; two zeros follow the text.
type parser struct {
	source string
	text   []rune
	end    int
	at     int
	flags  flags
	tree
}

// fault ends parsing with an error at the place before the position.
func (p *parser) fault(description string) {
	panic(&SyntaxError{description, p.source, p.at - 1}) //nolint:forbidigo // parse recovers it: the parser is recursive.
}

func parse(source string) (t *tree, err error) {
	text := unquote([]rune(source))
	p := &parser{source: source, text: append(text, 0, 0), end: len(text), tree: tree{names: map[string]int{}}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *SyntaxError:
			err = e
		default:
			panic(e) //nolint:forbidigo // Not ours.
		}
	}()
	p.root = p.alternatives()
	if p.at != p.end {
		if p.peek() == ')' {
			p.fault("Unmatched closing ')'")
		}
		p.fault("Unexpected internal error")
	}
	return &p.tree, nil
}

// unquote writes what stands between \Q and \E as escapes.
func unquote(text []rune) []rune {
	from := indexOf(text, `\Q`)
	if from < 0 {
		return text
	}
	out := slices.Clone(text[:from])
	quoting := true
	for i := from + 2; i < len(text); i++ {
		c := text[i]
		next := rune(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case quoting && c == '\\' && next == 'E':
			quoting = false
			i++
		case !quoting && c == '\\' && next == 'Q':
			quoting = true
			i++
		case !quoting && c == '\\':
			out = append(out, c, next)
			i++
		case quoting && c < 0x80 && !isAlnum(c):
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return out
}

// indexOf finds \Q where no other backslash quotes its own.
func indexOf(text []rune, what string) int {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if text[i+1] == rune(what[1]) {
			return i
		}
		i++
	}
	return -1
}

// skipComments passes blanks and comments where the flag x allows them.
func (p *parser) skipComments() {
	if !p.flags.comments {
		return
	}
	for p.at < p.end {
		switch c := p.text[p.at]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			p.at++
		case c == '#':
			for p.at < p.end && !lineEnds().contains(p.text[p.at]) {
				p.at++
			}
		default:
			return
		}
	}
}

func (p *parser) peek() rune {
	p.skipComments()
	return p.text[p.at]
}

// read takes a character; at the end it takes a zero.
func (p *parser) read() rune {
	p.skipComments()
	c := p.text[p.at]
	if p.at <= p.end {
		p.at++
	}
	return c
}

func (p *parser) atEnd() bool { return p.peek() == 0 && p.at >= p.end }

func (p *parser) alternatives() *node {
	or := &node{kind: kindOr}
	for {
		or.subs = append(or.subs, p.sequence())
		if p.peek() != '|' {
			break
		}
		p.at++
	}
	if len(or.subs) == 1 {
		return or.subs[0]
	}
	return or
}

func (p *parser) sequence() *node {
	all := &node{kind: kindConcat}
	for {
		c := p.peek()
		if c == '|' || c == ')' || p.atEnd() {
			return all
		}
		if n := p.item(c); n != nil {
			all.subs = append(all.subs, n)
		}
	}
}

// item reads one thing with its quantifier; nil where it only sets flags.
func (p *parser) item(c rune) *node {
	switch c {
	case '(':
		n := p.group()
		if n == nil {
			return nil
		}
		return p.quantified(n)
	case '[':
		p.at++
		return p.quantified(&node{kind: kindSet, set: p.class(true)})
	case '\\':
		p.at++
		return p.quantified(p.escapeItem())
	case '^':
		p.at++
		if p.flags.multiline {
			return p.quantified(&node{kind: kindLineStart, unix: p.flags.unix})
		}
		return p.quantified(&node{kind: kindBegin})
	case '$':
		p.at++
		return p.quantified(&node{kind: kindLineEnd, unix: p.flags.unix, multiline: p.flags.multiline})
	case '.':
		p.at++
		return p.quantified(&node{kind: kindSet, set: p.dot()})
	case '?', '*', '+':
		p.at++
		p.fault("Dangling meta character '" + string(c) + "'")
	case '{':
		return p.quantified(&node{kind: kindEmpty})
	}
	p.at++
	return p.quantified(p.literal(c))
}

func (p *parser) dot() runeSet {
	switch {
	case p.flags.dotAll:
		return allRunes()
	case p.flags.unix:
		return setOf('\n', '\n').negate()
	}
	return lineEnds().negate()
}

func (p *parser) literal(c rune) *node { return &node{kind: kindSet, set: p.folded(setOf(c, c))} }

// folded adds other cases where the flag i asks for it.
func (p *parser) folded(s runeSet) runeSet {
	if !p.flags.fold {
		return s
	}
	return s.fold(p.flags.unicodeCase)
}

func (p *parser) quantified(n *node) *node {
	r := &node{kind: kindRepeat, subs: []*node{n}, max: unlimited}
	switch p.peek() {
	case '?':
		r.max = 1
	case '*':
	case '+':
		r.min = 1
	case '{':
		p.count(r)
	default:
		return n
	}
	p.at++
	switch p.peek() {
	case '?':
		p.at++
		r.mode = lazy
	case '+':
		p.at++
		r.mode = possessive
	}
	return r
}

// count reads {1,2} up to its closing brace.
func (p *parser) count(r *node) {
	p.at++
	if c := p.read(); !isDigit(c) {
		p.fault("Illegal repetition")
	}
	p.at--
	var c rune
	r.min, c = p.repetition()
	r.max = r.min
	if c == ',' {
		if p.peek() == '}' {
			r.max = unlimited
			return
		}
		r.max, c = p.repetition()
	}
	if c != '}' {
		p.fault("Unclosed counted closure")
	}
	if r.max < r.min {
		p.fault("Illegal repetition range")
	}
	p.at--
}

// repetition reads digits and the character after them.
func (p *parser) repetition() (int, rune) {
	n := 0
	c := p.read()
	for ; isDigit(c); c = p.read() {
		if n = n*10 + int(c-'0'); n > math.MaxInt32 {
			p.fault("Illegal repetition range")
		}
	}
	return n, c
}

// longest returns the greatest length of what the node matches, if it has one.
func longest(n *node) (length int, bounded bool) {
	switch n.kind {
	case kindSet:
		return 1, true
	case kindBreak:
		return 2, true
	case kindBack:
		return 0, false
	case kindLook:
		return 0, true
	case kindRepeat:
		inner, ok := longest(n.subs[0])
		if n.max == unlimited {
			// Java counts a repeated character as bounded, whatever its number.
			return 0, n.mode == greedy && n.subs[0].kind == kindSet
		}
		return inner * n.max, ok
	default:
	}
	bounded = true
	for _, sub := range n.subs {
		inner, ok := longest(sub)
		bounded = bounded && ok
		if n.kind == kindOr {
			length = max(length, inner)
		} else {
			length += inner
		}
	}
	return length, bounded
}
