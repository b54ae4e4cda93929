package protobuf

import (
	"slices"
	"strconv"
	"strings"

	"sluice/converters/internal/javahash"
)

func (f *file) text(space string, root *message) string {
	var b strings.Builder
	b.WriteString("syntax = \"proto3\";\n")
	if space != "" {
		b.WriteString("package " + space + ";\n")
	}
	b.WriteByte('\n')
	for _, i := range f.imports {
		b.WriteString("import \"" + i + "\";\n")
	}
	if len(f.imports) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(root.text())
	return b.String()
}

// text returns the definition; each of its sections begins with an empty line but
// the first, as the original's library writes it.
func (m *message) text() string {
	var sections []string
	var s strings.Builder
	flush := func() {
		if s.Len() > 0 {
			sections = append(sections, s.String())
			s.Reset()
		}
	}
	for i := range m.fields {
		s.WriteString(indent(m.fields[i].text()))
	}
	flush()
	for _, o := range m.oneofs {
		lines := make([]string, len(o.fields))
		for i := range o.fields {
			lines[i] = o.fields[i].text()
		}
		s.WriteString(indent(block("oneof "+o.name, lines)))
	}
	flush()
	for _, inner := range m.messages {
		s.WriteString(indent(inner.text()))
	}
	for _, e := range m.enums {
		lines := make([]string, len(e.values))
		for i, v := range e.values {
			lines[i] = v[0] + " = " + v[1] + ";\n"
		}
		s.WriteString(indent(block("enum "+e.name, lines)))
	}
	flush()
	if len(sections) == 0 {
		return "message " + m.name + " {}\n"
	}
	return "message " + m.name + " {\n" + strings.Join(sections, "\n") + "}\n"
}

func block(head string, lines []string) string {
	if len(lines) == 0 {
		return head + " {}\n"
	}
	return head + " {\n" + indent(strings.Join(lines, "")) + "}\n"
}

func indent(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	return "  " + strings.Join(lines, "  ") + "\n"
}

func (f *field) text() string {
	out := f.typ + " " + f.name + " = " + strconv.Itoa(f.number)
	if f.label != "" {
		out = f.label + " " + out
	}
	if len(f.params) == 0 {
		return out + ";\n"
	}
	names := make([]string, len(f.params))
	for i, p := range f.params {
		names[i] = p[0]
	}
	var entries []string
	for _, name := range javahash.Order(names) {
		i := slices.Index(names, name)
		parts := []string{"key: " + strconv.Quote(name), "value: " + strconv.Quote(f.params[i][1])}
		if name != connectType {
			slices.Reverse(parts)
		}
		entries = append(entries, "    {\n      "+strings.Join(parts, ",\n      ")+"\n    }")
	}
	return out + " [(confluent.field_meta) = {\n  params: [\n" + strings.Join(entries, ",\n") + "\n  ]\n}];\n"
}
