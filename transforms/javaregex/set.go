package javaregex

import (
	"slices"
	"unicode"
)

// runeSet is a set of code points: sorted pairs of first and last.
type runeSet []rune

func setOf(pairs ...rune) runeSet { return normal(pairs) }

func normal(pairs []rune) runeSet {
	type span struct{ from, to rune }
	spans := make([]span, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		spans = append(spans, span{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.from - b.from) })
	var out runeSet
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1]+1 {
			out[n-1] = max(out[n-1], s.to)
			continue
		}
		out = append(out, s.from, s.to)
	}
	return out
}

func (s runeSet) union(o runeSet) runeSet { return normal(slices.Concat(s, o)) }

func (s runeSet) negate() runeSet {
	var out runeSet
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

func (s runeSet) intersect(o runeSet) runeSet {
	return s.negate().union(o.negate()).negate()
}

func (s runeSet) contains(r rune) bool {
	for i := 0; i < len(s); i += 2 {
		if r >= s[i] && r <= s[i+1] {
			return true
		}
	}
	return false
}

// fold adds the other cases of the letters; all says beyond ASCII too.
func (s runeSet) fold(all bool) runeSet {
	out := slices.Clone(s)
	if all {
		const letters = 0x1E944 // no letter with a case is beyond
		for i := 0; i < len(s); i += 2 {
			for r := s[i]; r <= min(s[i+1], letters); r++ {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					out = append(out, f, f)
				}
			}
		}
		return normal(out)
	}
	for r := 'a'; r <= 'z'; r++ {
		if upper := r - 'a' + 'A'; s.contains(r) {
			out = append(out, upper, upper)
		} else if s.contains(upper) {
			out = append(out, r, r)
		}
	}
	return normal(out)
}

func fromTables(tables ...*unicode.RangeTable) runeSet {
	var pairs []rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			pairs = append(pairs, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			pairs = append(pairs, r, r)
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return normal(pairs)
}

func allRunes() runeSet { return runeSet{0, unicode.MaxRune} }

// lineEnds are what . does not match.
func lineEnds() runeSet { return runeSet{'\n', '\n', '\r', '\r', 0x85, 0x85, 0x2028, 0x2029} }

func horizontalSpace() runeSet {
	return setOf('\t', '\t', ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x180E, 0x180E, 0x2000, 0x200A, 0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000)
}

func verticalSpace() runeSet { return setOf('\n', '\r', 0x85, 0x85, 0x2028, 0x2029) }

func asciiWord() runeSet { return setOf('0', '9', 'A', 'Z', '_', '_', 'a', 'z') }

func asciiSpace() runeSet { return setOf('\t', '\r', ' ', ' ') }

func unicodeWord() runeSet {
	return fromTables(unicode.Letter, unicode.Mark, unicode.Nd, unicode.Pc, unicode.Nl, unicode.Other_Alphabetic, unicode.Join_Control)
}

// boundWord is what \b looks for.
func boundWord() runeSet { return fromTables(unicode.Letter, unicode.Nd).union(setOf('_', '_')) }

// property returns the set of \p{name}; ok is false where Java knows none.
func property(name string, folded bool) (runeSet, bool) {
	if folded {
		switch name {
		case "Lower", "Upper", "javaLowerCase", "javaUpperCase", "javaTitleCase", "Lu", "Ll", "Lt":
			s, ok := property(name, false)
			return s.fold(true), ok
		}
	}
	if s, ok := asciiProperty(name); ok {
		return s, true
	}
	if s, ok := javaProperty(name); ok {
		return s, true
	}
	switch name {
	case "LC":
		return fromTables(unicode.Lu, unicode.Ll, unicode.Lt), true
	case "LD":
		return fromTables(unicode.Letter, unicode.Nd), true
	case "L1":
		return setOf(0, 0xFF), true
	case "all":
		return allRunes(), true
	case "Cn":
		return assigned().negate(), true
	}
	if t, ok := unicode.Categories[name]; ok {
		return fromTables(t), true
	}
	return nil, false
}

func assigned() runeSet {
	return fromTables(unicode.C, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z)
}

func asciiProperty(name string) (runeSet, bool) {
	switch name {
	case "ASCII":
		return setOf(0, 0x7F), true
	case "Lower":
		return setOf('a', 'z'), true
	case "Upper":
		return setOf('A', 'Z'), true
	case "Alpha":
		return setOf('A', 'Z', 'a', 'z'), true
	case "Digit":
		return setOf('0', '9'), true
	case "Alnum":
		return setOf('0', '9', 'A', 'Z', 'a', 'z'), true
	case "Punct":
		return setOf('!', '/', ':', '@', '[', '`', '{', '~'), true
	case "Graph":
		return setOf('!', '~'), true
	case "Print":
		return setOf(' ', '~'), true
	case "Blank":
		return setOf('\t', '\t', ' ', ' '), true
	case "Cntrl":
		return setOf(0, 0x1F, 0x7F, 0x7F), true
	case "XDigit":
		return setOf('0', '9', 'A', 'F', 'a', 'f'), true
	case "Space":
		return asciiSpace(), true
	}
	return nil, false
}

func javaProperty(name string) (runeSet, bool) {
	switch name {
	case "javaLowerCase":
		return fromTables(unicode.Ll, unicode.Other_Lowercase), true
	case "javaUpperCase":
		return fromTables(unicode.Lu, unicode.Other_Uppercase), true
	case "javaTitleCase":
		return fromTables(unicode.Lt), true
	case "javaAlphabetic":
		return fromTables(unicode.Letter, unicode.Nl, unicode.Other_Alphabetic), true
	case "javaDigit":
		return fromTables(unicode.Nd), true
	case "javaLetter":
		return fromTables(unicode.Letter), true
	case "javaLetterOrDigit":
		return fromTables(unicode.Letter, unicode.Nd), true
	case "javaWhitespace":
		noBreak := setOf(0xA0, 0xA0, 0x2007, 0x2007, 0x202F, 0x202F)
		return fromTables(unicode.Z).intersect(noBreak.negate()).union(setOf('\t', '\r', 0x1C, 0x1F)), true
	case "javaSpaceChar":
		return fromTables(unicode.Z), true
	case "javaISOControl":
		return setOf(0, 0x1F, 0x7F, 0x9F), true
	}
	return nil, false
}

// binaryProperty returns the set of \p{IsName} for properties of Unicode.
func binaryProperty(name string) (runeSet, bool) {
	switch name {
	case "ALPHABETIC":
		return javaProperty("javaAlphabetic")
	case "LETTER":
		return fromTables(unicode.Letter), true
	case "IDEOGRAPHIC":
		return fromTables(unicode.Ideographic), true
	case "LOWERCASE":
		return javaProperty("javaLowerCase")
	case "UPPERCASE":
		return javaProperty("javaUpperCase")
	case "TITLECASE":
		return javaProperty("javaTitleCase")
	case "WHITE_SPACE", "WHITESPACE":
		return fromTables(unicode.White_Space), true
	case "CONTROL":
		return fromTables(unicode.Cc), true
	case "PUNCTUATION":
		return fromTables(unicode.P), true
	case "HEX_DIGIT", "HEXDIGIT":
		return fromTables(unicode.Hex_Digit, unicode.Nd), true
	case "ASSIGNED":
		return assigned(), true
	case "DIGIT":
		return fromTables(unicode.Nd), true
	case "JOIN_CONTROL", "JOINCONTROL":
		return fromTables(unicode.Join_Control), true
	case "ALNUM":
		return fromTables(unicode.Letter, unicode.Nl, unicode.Other_Alphabetic, unicode.Nd), true
	case "WORD":
		return unicodeWord(), true
	}
	return nil, false
}
