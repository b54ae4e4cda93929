package avro

import (
	"strconv"
	"unicode"

	"sluice/connect"
	"sluice/converters/internal/jsontree"
	"sluice/converters/internal/registry"
)

const parseException = "org.apache.avro.SchemaParseException"

// printer writes schemas as Schema.toString of Avro for Java does.
type printer struct {
	names map[string]*avroType
	space string
}

// text returns the JSON text of the schema.
func (t *avroType) text() (string, error) {
	p := printer{names: map[string]*avroType{}}
	b, err := p.append(nil, t)
	return string(b), err
}

func (p *printer) append(dst []byte, t *avroType) ([]byte, error) {
	switch {
	case t.kind == union:
		return p.list(dst, t.branches)
	case t.kind.named():
		full := t.fullName()
		if known := p.names[full]; known.same(t, nil) {
			return jsontree.AppendString(dst, p.reference(t)), nil
		} else if known != nil {
			return nil, connect.ClassErrorf(parseException, "Can't redefine: %s", full)
		}
		p.names[full] = t
		return p.definition(dst, t)
	case t.kind < record && len(t.props) == 0:
		return jsontree.AppendString(dst, t.kind.String()), nil
	}
	dst = append(dst, `{"type":"`...)
	dst = append(append(dst, t.kind.String()...), '"')
	var err error
	switch t.kind {
	case array:
		dst, err = p.append(append(dst, `,"items":`...), t.elem)
	case mapKind:
		dst, err = p.append(append(dst, `,"values":`...), t.elem)
	}
	return append(appendProps(dst, t.props), '}'), err
}

func (p *printer) list(dst []byte, types []*avroType) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, b := range types {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = p.append(dst, b); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// reference is the name of a type that was defined before.
func (p *printer) reference(t *avroType) string {
	if t.space == p.space && t.space != "" {
		return t.name
	}
	return t.fullName()
}

func (p *printer) definition(dst []byte, t *avroType) ([]byte, error) {
	if err := checkName(t.name); err != nil {
		return nil, err
	}
	dst = append(dst, `{"type":"`...)
	dst = append(append(dst, t.kind.String()...), `","name":`...)
	dst = jsontree.AppendString(dst, t.name)
	if t.space != p.space {
		dst = jsontree.AppendString(append(dst, `,"namespace":`...), t.space)
	}
	if t.doc != nil {
		dst = jsontree.AppendString(append(dst, `,"doc":`...), *t.doc)
	}
	var err error
	switch t.kind {
	case record:
		dst, err = p.fields(dst, t)
	case enum:
		dst = append(dst, `,"symbols":[`...)
		for i, s := range t.symbols {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsontree.AppendString(dst, s)
		}
		dst = append(dst, ']')
		if t.fallback != nil {
			dst = jsontree.AppendString(append(dst, `,"default":`...), *t.fallback)
		}
	case fixed:
		dst = strconv.AppendInt(append(dst, `,"size":`...), int64(t.size), 10)
	}
	if err != nil {
		return nil, err
	}
	return append(appendProps(dst, t.props), '}'), nil
}

func (p *printer) fields(dst []byte, t *avroType) ([]byte, error) {
	outer := p.space
	p.space = t.space
	defer func() { p.space = outer }()
	dst = append(dst, `,"fields":[`...)
	var err error
	for i, f := range t.fields {
		if err := checkName(f.name); err != nil {
			return nil, err
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontree.AppendString(append(dst, `{"name":`...), f.name), `,"type":`...)
		if dst, err = p.append(dst, f.typ); err != nil {
			return nil, err
		}
		if f.doc != nil {
			dst = jsontree.AppendString(append(dst, `,"doc":`...), *f.doc)
		}
		if f.fallback != nil {
			dst = f.fallback.Append(append(dst, `,"default":`...))
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

func appendProps(dst []byte, props []jsontree.Member) []byte {
	for _, p := range props {
		dst = append(jsontree.AppendString(append(dst, ','), p.Name), ':')
		dst = p.Value.Append(dst)
	}
	return dst
}

// checkName accepts what Avro for Java accepts as a name: letters of any script,
// digits and underscores, no digit first.
func checkName(name string) error {
	if name == "" {
		return connect.ClassErrorf(parseException, "Empty name")
	}
	for i, r := range name {
		ok := r == '_' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r)
		switch {
		case ok:
		case i == 0:
			return connect.ClassErrorf(parseException, "Illegal initial character: %s", name)
		default:
			return connect.ClassErrorf(parseException, "Illegal character in: %s", name)
		}
	}
	return nil
}

// scrub makes a valid name of any text, as scrub.invalid.names asks.
func scrub(name string) string {
	out := registry.Escape(name)
	if out != "" && out[0] >= '0' && out[0] <= '9' {
		return "x" + out
	}
	return out
}
