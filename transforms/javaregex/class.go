package javaregex

// class reads a class after its opening bracket. consume says that it has a
// closing bracket of its own; the right side of && has none.
func (p *parser) class(consume bool) runeSet {
	var all runeSet
	some, negated := false, false
	add := func(s runeSet) {
		all, some = all.union(s), true
	}
	if consume && p.peek() == '^' {
		p.at++
		negated = true
	}
	for {
		switch c := p.peek(); {
		case c == '[':
			p.at++
			add(p.class(true))
			continue
		case c == '&' && p.text[p.at+1] == '&':
			p.at += 2
			right, given := p.intersected()
			switch {
			case !some && !given:
				p.fault("Bad class syntax")
			case !some:
				add(right)
			case given:
				all = all.intersect(right)
			}
			continue
		case p.atEnd():
			p.fault("Unclosed character class")
		case c == ']' && some:
			if consume {
				p.at++
			}
			if negated {
				return all.negate()
			}
			return all
		}
		add(p.classItem())
	}
}

// intersected reads the right side of &&: up to a bracket or the next &&.
func (p *parser) intersected() (s runeSet, given bool) {
	for c := p.peek(); c != ']' && c != '&'; c = p.peek() {
		if p.atEnd() {
			p.fault("Unclosed character class")
		}
		if c == '[' {
			p.at++
			s = s.union(p.class(true))
		} else {
			s = s.union(p.class(false))
		}
		given = true
	}
	return s, given
}

// classItem reads a character, a range, or an escape.
func (p *parser) classItem() runeSet {
	from := p.peek()
	p.at++
	if from == '\\' {
		if p.atEnd() {
			p.at++
			p.fault("Illegal/unsupported escape sequence")
		}
		ranged := p.text[p.at+1] == '-'
		if !ranged || p.text[p.at] != 'v' {
			if s, ok := p.classEscape(); ok {
				return s
			}
		}
		from = p.charEscape(ranged)
	}
	if p.peek() != '-' || p.text[p.at+1] == '[' || p.text[p.at+1] == ']' {
		return p.folded(setOf(from, from))
	}
	p.at++
	to := p.peek()
	p.at++
	if to == '\\' {
		switch p.text[p.at] {
		case 'd', 'D', 's', 'S', 'w', 'W', 'h', 'H', 'V':
			p.at++
			p.fault("Illegal character range")
		}
		to = p.charEscape(true)
	}
	if to < from {
		p.fault("Illegal character range")
	}
	return p.folded(setOf(from, to))
}
