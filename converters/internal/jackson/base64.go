package jackson

import (
	"bytes"
	"fmt"
)

// base64Values is indexed by character: 1 more than its value, 0 for none.
var base64Values = func() (t [256]byte) {
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i + 1)
	}
	return t
}()

// DecodeBase64 appends the bytes as Jackson's default variant reads them:
// padding is needed, white space is allowed between groups of four, groups may
// follow a padded one, and spare bits are not looked at.
func DecodeBase64(dst, text []byte) ([]byte, error) {
	text = bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	for i := 0; i < len(text); {
		if text[i] <= ' ' {
			i++
			continue
		}
		if len(text)-i < 4 {
			return nil, fmt.Errorf("base64 text ends within a group of four: %q", text[i:])
		}
		g := text[i : i+4]
		i += 4
		size := 3
		switch {
		case g[2] == '=' && g[3] == '=':
			size = 1
		case g[3] == '=':
			size = 2
		}
		var bits uint32
		for j := range 4 {
			v := base64Values[g[j]]
			if v == 0 && j <= size {
				return nil, fmt.Errorf("illegal character %q in base64 text", g[j])
			}
			if j <= size {
				bits |= uint32(v-1) << (18 - 6*j)
			}
		}
		for j := range size {
			dst = append(dst, byte(bits>>(16-8*j)))
		}
	}
	return dst, nil
}
