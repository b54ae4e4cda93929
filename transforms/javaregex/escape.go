package javaregex

import (
	"strings"
	"unicode"
)

// escapeItem reads what stands after a backslash outside of a class.
func (p *parser) escapeItem() *node {
	c := p.text[p.at]
	switch c {
	case 0:
		if p.at >= p.end {
			p.at++
			p.fault("Unexpected internal error")
		}
	case 'A':
		p.at++
		return &node{kind: kindBegin}
	case 'z':
		p.at++
		return &node{kind: kindEnd}
	case 'Z':
		p.at++
		return &node{kind: kindLineEnd, unix: p.flags.unix}
	case 'b', 'B':
		p.at++
		return &node{kind: kindBound, negative: c == 'B', unicode: p.flags.unicodeClass}
	case 'G':
		p.at++
		return &node{kind: kindLast}
	case 'R':
		p.at++
		return &node{kind: kindBreak}
	case 'k':
		return p.namedBack()
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.numberedBack()
	}
	if s, ok := p.classEscape(); ok {
		return &node{kind: kindSet, set: s}
	}
	return p.literal(p.charEscape(false))
}

func (p *parser) back(group int) *node {
	return &node{kind: kindBack, index: group, folded: p.flags.fold, unicode: p.flags.unicodeCase}
}

func (p *parser) namedBack() *node {
	p.at++
	if p.read() != '<' {
		p.fault(`\k is not followed by '<' for named capturing group`)
	}
	name := p.groupName(p.read())
	group, ok := p.names[name]
	if !ok {
		p.fault("named capturing group <" + name + "> does not exist")
	}
	return p.back(group)
}

// numberedBack takes as many digits as there are groups up to here.
func (p *parser) numberedBack() *node {
	n := int(p.readRaw() - '0')
	for c := p.peek(); isDigit(c); c = p.peek() {
		longer := n*10 + int(c-'0')
		if longer > p.groups {
			break
		}
		n = longer
		p.at++
	}
	return p.back(n)
}

// classEscape reads an escape that stands for a set of characters.
func (p *parser) classEscape() (runeSet, bool) {
	var s runeSet
	c := p.text[p.at]
	switch c {
	case 'd', 'D':
		s = setOf('0', '9')
		if p.flags.unicodeClass {
			s = fromTables(unicode.Nd)
		}
	case 's', 'S':
		s = asciiSpace()
		if p.flags.unicodeClass {
			s = fromTables(unicode.White_Space)
		}
	case 'w', 'W':
		s = asciiWord()
		if p.flags.unicodeClass {
			s = unicodeWord()
		}
	case 'h', 'H':
		s = horizontalSpace()
	case 'v', 'V':
		s = verticalSpace()
	case 'p', 'P':
		p.at++
		s = p.family()
		if c == 'P' {
			s = s.negate()
		}
		return s, true
	default:
		return nil, false
	}
	p.at++
	if c < 'a' {
		s = s.negate()
	}
	return s, true
}

// family reads the name of a property: a letter, or {name}.
func (p *parser) family() runeSet {
	if p.text[p.at] != '{' {
		name := string(p.text[p.at])
		p.at++
		return p.familyNamed(name)
	}
	p.at++
	from := p.at
	for p.at < p.end && p.text[p.at] != '}' {
		p.at++
	}
	p.at++
	switch {
	case p.at > p.end:
		p.fault("Unclosed character family")
	case p.at == from+1:
		p.fault("Empty character family")
	}
	return p.familyNamed(string(p.text[from : p.at-1]))
}

func (p *parser) familyNamed(name string) runeSet {
	if key, value, ok := strings.Cut(name, "="); ok {
		key = strings.ToLower(key)
		var s runeSet
		ok = false
		switch key {
		case "sc", "script":
			s, ok = script(value)
		case "gc", "general_category":
			s, ok = property(value, p.flags.fold)
		case "blk", "block":
			p.fault("Unicode blocks are not supported, but scripts are: {" + name + "}")
		}
		if !ok {
			p.fault("Unknown Unicode property {name=<" + key + ">, value=<" + value + ">}")
		}
		return s
	}
	var s runeSet
	var ok bool
	if short, is := strings.CutPrefix(name, "Is"); is {
		if s, ok = binaryProperty(strings.ToUpper(short)); !ok {
			if s, ok = property(short, p.flags.fold); !ok {
				s, ok = script(short)
			}
		}
	} else {
		if p.flags.unicodeClass {
			s, ok = posixProperty(name)
		}
		if !ok {
			s, ok = property(name, p.flags.fold)
		}
	}
	if !ok {
		p.fault("Unknown character property name {" + name + "}")
	}
	return s
}

func script(name string) (runeSet, bool) {
	for known, table := range unicode.Scripts {
		if strings.EqualFold(known, name) {
			return fromTables(table), true
		}
	}
	return nil, false
}

// posixProperty is what the names of ASCII properties mean with the flag U.
func posixProperty(name string) (runeSet, bool) {
	switch strings.ToUpper(name) {
	case "ALPHA":
		return binaryProperty("ALPHABETIC")
	case "LOWER":
		return binaryProperty("LOWERCASE")
	case "UPPER":
		return binaryProperty("UPPERCASE")
	case "SPACE":
		return binaryProperty("WHITE_SPACE")
	case "PUNCT":
		return binaryProperty("PUNCTUATION")
	case "XDIGIT":
		return binaryProperty("HEX_DIGIT")
	case "ALNUM", "DIGIT":
		return binaryProperty(strings.ToUpper(name))
	case "CNTRL":
		return binaryProperty("CONTROL")
	case "BLANK":
		return fromTables(unicode.Zs).union(setOf('\t', '\t')), true
	case "GRAPH":
		return assigned().intersect(fromTables(unicode.White_Space, unicode.Cc, unicode.Cs).negate()), true
	}
	return nil, false
}

// charEscape reads an escape that stands for one character; ranged says that it
// starts or ends a range of a class.
func (p *parser) charEscape(ranged bool) rune {
	c := p.readRaw()
	switch c {
	case '0':
		return p.octal()
	case 'x':
		return p.hexadecimal()
	case 'u':
		return p.utf16()
	case 'c':
		if p.at < p.end {
			return p.readRaw() ^ 64
		}
		p.fault("Illegal control escape sequence")
	case 'a':
		return 7
	case 'e':
		return 27
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		if ranged {
			return '\v'
		}
	case 'N':
		p.characterName()
	case 'X':
		p.fault(`Grapheme clusters (\X) are not supported`)
	}
	if isAlnum(c) {
		p.fault("Illegal/unsupported escape sequence")
	}
	return c
}

func (p *parser) characterName() {
	if p.readRaw() != '{' {
		p.fault("Illegal character name escape sequence")
	}
	from := p.at
	for p.at < p.end && p.text[p.at] != '}' {
		p.at++
	}
	name := string(p.text[from:p.at])
	p.at++
	p.fault("Unknown character name [" + name + "]")
}

func isOctal(c rune) bool { return c >= '0' && c <= '7' }

func (p *parser) octal() rune {
	first := p.readRaw()
	if !isOctal(first) {
		p.fault("Illegal octal escape sequence")
	}
	n := first - '0'
	for i := 0; i < 2 && isOctal(p.text[p.at]) && (i == 0 || first <= '3'); i++ {
		n = n*8 + p.readRaw() - '0'
	}
	return n
}

func hexDigit(c rune) (rune, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func (p *parser) hexadecimal() rune {
	c := p.readRaw()
	if high, ok := hexDigit(c); ok {
		if low, ok := hexDigit(p.readRaw()); ok {
			return high*16 + low
		}
	} else if _, ok := hexDigit(p.text[p.at]); c == '{' && ok {
		n := rune(0)
		d, c := rune(0), rune(0)
		for {
			c = p.readRaw()
			if d, ok = hexDigit(c); !ok {
				break
			}
			if n = n<<4 + d; n > unicode.MaxRune {
				p.fault("Hexadecimal codepoint is too big")
			}
		}
		if c != '}' {
			p.fault("Unclosed hexadecimal escape sequence")
		}
		return n
	}
	p.fault("Illegal hexadecimal escape sequence")
	return 0
}

// utf16 reads the four digits of \u, or two such escapes of one code point.
func (p *parser) utf16() rune {
	n := p.fourDigits()
	const high, low, last = 0xD800, 0xDC00, 0xDFFF
	if n < high || n >= low {
		return n
	}
	saved := p.at
	if p.at+1 < p.end && p.text[p.at] == '\\' && p.text[p.at+1] == 'u' {
		p.at += 2
		if second := p.fourDigits(); second >= low && second <= last {
			return 0x10000 + (n-high)<<10 + (second - low)
		}
	}
	p.at = saved
	return n
}

func (p *parser) fourDigits() rune {
	n := rune(0)
	for range 4 {
		d, ok := hexDigit(p.readRaw())
		if !ok {
			p.fault("Illegal Unicode escape sequence")
		}
		n = n*16 + d
	}
	return n
}
