// Package jackson writes and reads texts and bytes within JSON as Jackson does for
// Java's converters.
package jackson

import "unicode/utf8"

const hexDigits = "0123456789ABCDEF"

// escapes holds for each byte what follows the backslash, 'u' for a code in
// hexadecimal; 0 is written as it is.
var escapes = [utf8.RuneSelf]byte{
	0: 'u', 1: 'u', 2: 'u', 3: 'u', 4: 'u', 5: 'u', 6: 'u', 7: 'u', '\b': 'b', '\t': 't', '\n': 'n', 11: 'u',
	'\f': 'f', '\r': 'r', 14: 'u', 15: 'u', 16: 'u', 17: 'u', 18: 'u', 19: 'u', 20: 'u', 21: 'u', 22: 'u', 23: 'u',
	24: 'u', 25: 'u', 26: 'u', 27: 'u', 28: 'u', 29: 'u', 30: 'u', 31: 'u', '"': '"', '\\': '\\',
}

// AppendText appends the text in quotes, as Jackson's UTF8JsonGenerator does:
// characters beyond the basic plane as two escapes, others raw. Bytes that are
// no UTF-8 become U+FFFD, as in a Java String.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := skip(s, 0); i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if escapes[c] == 0 {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[start:i]...), c)
			start = i + 1
			i = skip(s, start)
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
		case r > 0xFFFF:
			dst = append(dst, s[start:i]...)
			r -= 0x10000
			dst = appendCode(dst, 0xD800+r>>10)
			dst = appendCode(dst, 0xDC00+r&0x3FF)
		default:
			i += size
			continue
		}
		start = i + size
		i = skip(s, start)
	}
	return append(append(dst, s[start:]...), '"')
}

// skip returns where to look on at i: it passes by plain bytes, eight at a time.
func skip(s string, i int) int {
	for i+8 <= len(s) && plain(s[i:i+8]) {
		i += 8
	}
	return i
}

// plain reports whether eight bytes stand for themselves: each is ASCII, and none
// a control, a quote or a backslash. They are looked at as one number; what a
// byte borrows from the one above it changes only answers that are false already.
func plain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, slash := w^ones*'"', w^ones*'\\'
	return (w|(w-ones*' ')|(quote-ones)|(slash-ones))&tops == 0
}

func appendEscape(dst []byte, c byte) []byte {
	if e := escapes[c]; e != 'u' {
		return append(dst, '\\', e)
	}
	return appendCode(dst, rune(c))
}

func appendCode(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
