package protobuf

import (
	"strings"
	"unicode"

	"sluice/converters/internal/registry"
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

// scrubbed makes a valid name, where scrub.invalid.names asks for it. The first
// character of the text before its other ones became underscores counts.
func (m *mapping) scrubbed(name string) string {
	if !m.Scrub || name == "" {
		return name
	}
	out := registry.Escape(name)
	if c := name[0]; c >= '0' && c <= '9' || c == '_' {
		return "x" + out
	}
	return out
}
