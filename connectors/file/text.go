package file

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// The positions that FileStreamSourceTask writes count UTF-16 units of the
// decoded text. What follows counts them as Java's decoder makes them, without
// decoding text that is well formed. (A Java task that was itself resumed beyond
// non-ASCII text has written positions of mixed units; nothing can tell them apart.)

// asciiPrefix returns the number of bytes before the first one beyond ASCII.
func asciiPrefix(b []byte) int {
	const high = 0x8080808080808080
	i := 0
	for len(b)-i >= 32 {
		w := b[i : i+32 : i+32]
		if (binary.LittleEndian.Uint64(w)|binary.LittleEndian.Uint64(w[8:])|
			binary.LittleEndian.Uint64(w[16:])|binary.LittleEndian.Uint64(w[24:]))&high != 0 {
			break
		}
		i += 32
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// character looks at the character that b starts with: its bytes, its UTF-16
// units, and whether it is well formed. A malformed one is one unit, U+FFFD.
func character(b []byte) (size, units int, wellFormed bool) {
	r, size := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && size == 1:
		return malformed(b), 1, false
	case r > 0xFFFF:
		return size, 2, true
	}
	return size, 1, true
}

// malformed returns how many bytes Java's decoder replaces by one U+FFFD: the
// longest start of a character, and a whole encoded surrogate.
func malformed(b []byte) int {
	continues := func(i int) bool { return i < len(b) && b[i]&0xC0 == 0x80 }
	first := b[0]
	switch {
	case first < 0xE0 || first > 0xF4, !continues(1),
		first == 0xE0 && b[1] < 0xA0,
		first == 0xF0 && b[1] < 0x90,
		first == 0xF4 && b[1] > 0x8F:
		return 1
	case !continues(2):
		return 2
	}
	return 3
}

// measure returns the UTF-16 units of a whole text, and whether it is well formed.
func measure(b []byte) (units int, wellFormed bool) {
	if !utf8.Valid(b) {
		_, n := skip(b, math.MaxInt64, true)
		return int(n), false
	}
	for _, c := range b {
		if c&0xC0 != 0x80 { // The first byte of a character.
			units++
		}
		if c >= 0xF0 { // One of four bytes is two units.
			units++
		}
	}
	return units, true
}

// appendDecoded appends the text with U+FFFD for what is malformed.
func appendDecoded(dst, b []byte) []byte {
	for len(b) > 0 {
		size, _, ok := character(b)
		if ok {
			dst = append(dst, b[:size]...)
		} else {
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		b = b[size:]
	}
	return dst
}

// skip finds the place in b that is a number of units further on, or as far as
// b goes. A character is never cut, so that units may be one more than wanted.
// Unless b is the last of the text, a character that may go on after b is left.
func skip(b []byte, wanted int64, last bool) (bytes int, units int64) {
	for bytes < len(b) && units < wanted {
		rest := b[bytes:]
		if rest[0] < utf8.RuneSelf {
			n := asciiPrefix(rest[:min(int64(len(rest)), wanted-units)])
			bytes, units = bytes+n, units+int64(n)
			continue
		}
		if !last && len(rest) < utf8.UTFMax {
			break
		}
		size, n, _ := character(rest)
		bytes, units = bytes+size, units+int64(n)
	}
	return bytes, units
}
