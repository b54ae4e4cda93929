package protobuf

import (
	"strings"
	"unicode"
)

// toMapEntry is the name of the message for the entries of a map.
func toMapEntry(name string) string {
	if !strings.Contains(name, "_") {
		return name + mapSuffix
	}
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	return b.String() + mapSuffix
}

// toMapField is the name of the map for the name of its entries' message.
func toMapField(full string) string {
	at := strings.LastIndexByte(full, '.') + 1
	name, ok := strings.CutSuffix(full[at:], mapSuffix)
	if !ok {
		return full
	}
	var b strings.Builder
	b.WriteString(full[:at])
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// scrubbed makes a valid name, where scrub.invalid.names asks for it.
func (m *mapping) scrubbed(name string) string {
	if !m.Scrub || name == "" || plain(name) {
		return name
	}
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
	out := b.String()
	// The first character of the text before its other ones became underscores.
	if c := name[0]; c >= '0' && c <= '9' || c == '_' {
		out = "x" + out
	}
	return out
}

func plain(name string) bool {
	if name[0] >= '0' && name[0] <= '9' || name[0] == '_' {
		return false
	}
	for i := range len(name) {
		if !alphanumeric(name[i]) && name[i] != '_' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
