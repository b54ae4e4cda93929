package registry

import "strings"

// Escape makes a name of letters, digits and underscores, as scrub.invalid.names
// asks: what does not belong there becomes an underscore and its code in
// hexadecimal. The originals go by URLEncoder, which leaves . - * and makes + of a
// blank; these become an underscore alone. How a name may begin is the format's.
func Escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case alphanumeric(c) || c == '_':
			b.WriteByte(c)
		case c == '.' || c == '-' || c == '*' || c == ' ':
			b.WriteByte('_')
		default:
			const digits = "0123456789ABCDEF"
			b.WriteString("_" + digits[c>>4:c>>4+1] + digits[c&15:c&15+1])
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
