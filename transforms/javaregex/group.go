package javaregex

import (
	"strings"
)

func (p *parser) group() *node {
	saved := p.flags
	p.at++
	var n *node
	if p.peek() != '?' {
		n = p.capture()
	} else {
		p.at++
		if n = p.special(); n == nil {
			return nil // flags for what follows
		}
	}
	if p.read() != ')' {
		p.fault("Unclosed group")
	}
	p.flags = saved
	return n
}

func (p *parser) capture() *node {
	p.groups++
	n := &node{kind: kindCapture, index: p.groups}
	n.subs = []*node{p.alternatives()}
	return n
}

// special reads a group after its (?.
func (p *parser) special() *node {
	inner := func(n node) *node {
		n.subs = []*node{p.alternatives()}
		return &n
	}
	switch c := p.readRaw(); c {
	case ':':
		return inner(node{kind: kindGroup})
	case '=', '!':
		return inner(node{kind: kindLook, negative: c == '!'})
	case '>':
		return inner(node{kind: kindAtomic})
	case '$', '@':
		p.fault("Unknown group type")
	case '<':
		c := p.read()
		if c != '=' && c != '!' {
			return p.namedCapture(c)
		}
		n := inner(node{kind: kindLook, behind: true, negative: c == '!'})
		if _, bounded := longest(n.subs[0]); !bounded {
			p.fault("Look-behind group does not have an obvious maximum length")
		}
		return n
	default:
		p.at--
		p.setFlags()
		switch p.read() {
		case ')':
			return nil
		case ':':
			return inner(node{kind: kindGroup})
		}
		p.fault("Unknown inline modifier")
	}
	return nil
}

func (p *parser) readRaw() rune {
	c := p.text[p.at]
	p.at++
	return c
}

func (p *parser) namedCapture(first rune) *node {
	name := p.groupName(first)
	if _, known := p.names[name]; known {
		p.fault("Named capturing group <" + name + "> is already defined")
	}
	p.names[name] = p.groups + 1
	return p.capture()
}

func (p *parser) groupName(first rune) string {
	if !isLetter(first) {
		p.fault("capturing group name does not start with a Latin letter")
	}
	var b strings.Builder
	c := first
	for ; isAlnum(c); c = p.read() {
		b.WriteRune(c)
	}
	if c != '>' {
		p.fault("named capturing group is missing trailing '>'")
	}
	return b.String()
}

func (p *parser) setFlags() {
	on := true
	for {
		switch c := p.peek(); c {
		case 'i':
			p.flags.fold = on
		case 'm':
			p.flags.multiline = on
		case 's':
			p.flags.dotAll = on
		case 'd':
			p.flags.unix = on
		case 'u':
			p.flags.unicodeCase = on
		case 'x':
			p.flags.comments = on
		case 'U':
			p.flags.unicodeClass, p.flags.unicodeCase = on, on
		case '-':
			if !on {
				return
			}
			on = false
		default:
			return
		}
		p.at++
	}
}
