// Package charset reads and writes text in the character sets of a JVM, with
// Java's replacements: U+FFFD for bytes that are no text, "?" for characters that
// the set does not have. Start at [Named].
package charset

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Set is a character set. The zero Set is UTF-8.
type Set int

// The character sets.
const (
	UTF8 Set = iota
	Latin1
	ASCII
	UTF16 // big-endian with a byte order mark; reads both orders
	UTF16BE
	UTF16LE
)

const (
	replacement = '\uFFFD'
	byteOrder   = 0xFEFF // the byte order mark
	reversed    = 0xFFFE
)

// Named returns the set of a Java charset name or alias, in any case. ok is
// false for a set that is not among those of this package.
func Named(name string) (s Set, ok bool) {
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "unicode-1-1-utf-8":
		return UTF8, true
	case "iso-8859-1", "iso8859_1", "iso8859-1", "iso_8859-1", "iso_8859_1", "iso_8859-1:1987", "iso-ir-100",
		"latin1", "l1", "8859_1", "ibm819", "ibm-819", "cp819", "819", "csisolatin1":
		return Latin1, true
	case "us-ascii", "ascii", "ascii7", "iso646-us", "iso_646.irv:1991", "iso_646.irv:1983", "iso-ir-6",
		"ansi_x3.4-1968", "ansi_x3.4-1986", "cp367", "ibm367", "us", "646", "default", "csascii":
		return ASCII, true
	case "utf-16", "utf16", "utf_16", "unicode", "unicodebig":
		return UTF16, true
	case "utf-16be", "utf_16be", "x-utf-16be", "iso-10646-ucs-2", "unicodebigunmarked":
		return UTF16BE, true
	case "utf-16le", "utf_16le", "x-utf-16le", "unicodelittleunmarked":
		return UTF16LE, true
	}
	return UTF8, false
}

// Append appends the text in the set.
func (s Set) Append(dst []byte, text string) []byte {
	limit := rune(0xFF)
	switch s {
	case UTF8:
		return append(dst, text...)
	case UTF16, UTF16BE, UTF16LE:
		return s.append16(dst, text)
	case ASCII:
		limit = 0x7F
	case Latin1:
	}
	for _, r := range text {
		if r > limit {
			r = '?'
		}
		dst = append(dst, byte(r))
	}
	return dst
}

func (s Set) append16(dst []byte, text string) []byte {
	put := func(u rune) {
		if s == UTF16LE {
			dst = append(dst, byte(u), byte(u>>8))
		} else {
			dst = append(dst, byte(u>>8), byte(u))
		}
	}
	if s == UTF16 && text != "" {
		put(byteOrder)
	}
	for _, r := range text {
		if r <= 0xFFFF {
			put(r)
			continue
		}
		high, low := utf16.EncodeRune(r)
		put(high)
		put(low)
	}
	return dst
}

// Valid reports whether the bytes are UTF-8 text in the set as they stand.
func (s Set) Valid(raw []byte) bool { return s == UTF8 && utf8.Valid(raw) }

// AppendDecoded appends the text of the bytes in UTF-8.
func (s Set) AppendDecoded(dst, raw []byte) []byte {
	switch s {
	case UTF8:
		return appendUTF8(dst, raw)
	case UTF16, UTF16BE, UTF16LE:
		return s.decode16(dst, raw)
	case Latin1, ASCII:
	}
	for _, b := range raw {
		r := rune(b)
		if s == ASCII && b >= 0x80 {
			r = replacement
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func (s Set) decode16(dst, raw []byte) []byte {
	little := s == UTF16LE
	at := func(i int) rune {
		if little {
			return rune(raw[i]) | rune(raw[i+1])<<8
		}
		return rune(raw[i])<<8 | rune(raw[i+1])
	}
	if s == UTF16 && len(raw) >= 2 {
		switch at(0) {
		case byteOrder:
			raw = raw[2:]
		case reversed:
			raw, little = raw[2:], true
		}
	}
	for len(raw) >= 2 {
		u, size := at(0), 2
		switch {
		case u >= 0xD800 && u < 0xDC00:
			// What follows a first half is gone with it if it is no second half.
			size = min(4, len(raw))
			r := rune(replacement)
			if size == 4 {
				r = utf16.DecodeRune(u, at(2))
			}
			u = r
		case u >= 0xDC00 && u < 0xE000:
			u = replacement
		}
		dst = utf8.AppendRune(dst, u)
		raw = raw[size:]
	}
	if len(raw) > 0 {
		dst = utf8.AppendRune(dst, replacement)
	}
	return dst
}

// appendUTF8 replaces as java.lang.String does: one mark for what can begin no
// character, for an encoded surrogate, and for a character cut off at the end.
func appendUTF8(dst, raw []byte) []byte {
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == replacement && size == 1 {
			size = malformed(raw)
		}
		dst = utf8.AppendRune(dst, r)
		raw = raw[size:]
	}
	return dst
}

// malformed returns how many bytes one mark stands for.
func malformed(b []byte) int {
	lead := b[0]
	want := 1
	switch {
	case lead >= 0xC2 && lead < 0xE0:
		want = 2
	case lead >= 0xE0 && lead < 0xF0:
		want = 3
	case lead >= 0xF0 && lead <= 0xF4:
		want = 4
	}
	n := 1
	for n < want && n < len(b) && b[n]&0xC0 == 0x80 {
		if n == 1 && !second(lead, b[1]) {
			return 1
		}
		n++
	}
	return n
}

// second reports whether Java takes the byte after the lead; it takes those of
// surrogates and rejects them as a whole.
func second(lead, b byte) bool {
	switch lead {
	case 0xE0:
		return b >= 0xA0
	case 0xF0:
		return b >= 0x90
	case 0xF4:
		return b < 0x90
	}
	return true
}
