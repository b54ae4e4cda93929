package values

import (
	"errors"
	"strings"
	"unicode/utf8"

	"sluice/connect/schema"
)

// maxDepth bounds the nesting of lists and maps, which Java leaves to the stack.
const maxDepth = 2000

// errNoList says that a text is neither a list nor a map; it is then a string.
var errNoList = errors.New("neither a list nor a map")

// typed is a value with its schema; the zero typed is null.
type typed struct {
	schema *schema.Schema
	value  schema.Value
}

// plains are the schemas of scalars, indexed by Type. All values share them.
var plains = func() (all [schema.Bytes + 1]*schema.Schema) {
	for t := schema.Int8; t <= schema.Bytes; t++ {
		all[t] = schema.Of(t)
	}
	return all
}()

var (
	dateSchema      = schema.Date()
	timeSchema      = schema.Time()
	timestampSchema = schema.Timestamp()
)

func plain(t schema.Type) *schema.Schema { return plains[t] }

// Parse returns the value that a text stands for, by the rules of
// Values.parseString: null, a boolean, a number of the smallest type, a date,
// time or timestamp, a list, a map, or else the text itself as a string. The
// schema is nil for null; the schemas of items, keys and map values are nil where
// they have no common type. A text nested more than 2000 levels deep is a string.
func Parse(text string) (*schema.Schema, schema.Value) {
	if text == "" {
		return plain(schema.String), schema.StringValue(text)
	}
	p := parser{tokens: tokens{text: text}}
	t, err := p.parse(false)
	if err != nil { // cannot be: only what is inside of a list can fail
		t = typedString(text)
	}
	return t.schema, t.value
}

func typedString(s string) typed { return typed{plain(schema.String), schema.StringValue(s)} }

type parser struct {
	tokens
	depth int
}

func (p *parser) parse(inside bool) (typed, error) {
	switch {
	case !p.more():
		return typed{}, nil
	case inside && p.consume(`"`):
		return p.quoted(), nil
	case p.word("null", inside):
		return typed{}, nil
	case p.word("true", inside):
		return typed{plain(schema.Boolean), schema.BooleanValue(true)}, nil
	case p.word("false", inside):
		return typed{plain(schema.Boolean), schema.BooleanValue(false)}, nil
	}
	if t, ok := p.nested(); ok {
		return t, nil
	}
	token := p.next()
	if blank(token) {
		return typedString(token), nil
	}
	if t, ok := p.simple(trim(token)); ok {
		return t, nil
	}
	if inside {
		return typed{}, errNoList
	}
	return typedString(p.text), nil
}

// word consumes a word that stands alone, or anywhere inside of a list.
func (p *parser) word(word string, inside bool) bool {
	start := p.mark()
	if p.consume(word) && (inside || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

// nested reads a list or a map. It goes back only if it found the start of one:
// blanks before another token are skipped for good.
func (p *parser) nested() (t typed, ok bool) {
	if p.depth >= maxDepth {
		return typed{}, false
	}
	p.depth++
	defer func() { p.depth-- }()
	start := p.mark()
	var err error
	switch {
	case p.consume("["):
		t, err = p.list()
	case p.consume("{"):
		t, err = p.mapping()
	default:
		return typed{}, false
	}
	if err != nil {
		p.rewind(start)
	}
	return t, err == nil
}

// simple reads a temporal value or a number that starts with the token.
func (p *parser) simple(token string) (typed, bool) {
	if first, size := utf8.DecodeRuneInString(token); size > 0 {
		_, isDigit := digit(first)
		if isDigit {
			if t, ok := p.temporal(token); ok {
				return t, true
			}
		}
		if !isDigit && first != '+' && first != '-' {
			return typed{}, false
		}
	}
	n, err := parseNumber(token)
	if err != nil {
		return typed{}, false
	}
	return n.typed(), true
}

// temporal looks at this token and the next four too: colons cut a time.
func (p *parser) temporal(token string) (typed, bool) {
	start := p.mark()
	if rest := p.take(4); rest != "" {
		if t, ok := parseTemporal(token + rest); ok {
			return t, true
		}
	}
	p.rewind(start)
	return parseTemporal(token)
}

func (n number) typed() typed {
	if i, ok := n.whole(); ok {
		switch {
		case i == int64(int8(i)):
			return typed{plain(schema.Int8), schema.Int8Value(int8(i))}
		case i == int64(int16(i)):
			return typed{plain(schema.Int16), schema.Int16Value(int16(i))}
		case i == int64(int32(i)):
			return typed{plain(schema.Int32), schema.Int32Value(int32(i))}
		}
		return typed{plain(schema.Int64), schema.Int64Value(i)}
	}
	if n.scale != 0 {
		if f := n.float(32); finite(f) {
			return typed{plain(schema.Float32), schema.Float32Value(float32(f))}
		}
		if f := n.float(64); finite(f) {
			return typed{plain(schema.Float64), schema.Float64Value(f)}
		}
	}
	return typed{schema.DecimalOf(n.scale), schema.DecimalValue(n.decimal())}
}

func finite(f float64) bool { return f-f == 0 }

// quoted reads up to the next quote; backslashes stay.
func (p *parser) quoted() typed {
	var content strings.Builder
	for p.more() && !p.consume(`"`) {
		content.WriteString(p.next())
	}
	if t, ok := parseTemporal(content.String()); ok {
		return t
	}
	return typedString(content.String())
}

func (p *parser) list() (typed, error) {
	items := []schema.Value{}
	var common merger
	for p.more() {
		if p.consume("]") {
			if err := alignAll(common.schema, items); err != nil {
				return typed{}, err
			}
			return typed{schema.ArrayOf(common.schema), schema.ListValue(items)}, nil
		}
		if p.consume(",") {
			return typed{}, errNoList
		}
		item, err := p.parse(true)
		if err != nil {
			return typed{}, err
		}
		common.add(item.schema)
		items = append(items, item.value)
		mark := p.mark()
		if p.consume("]") {
			p.rewind(mark)
		} else if !p.consume(",") {
			return typed{}, errNoList
		}
	}
	return typed{}, errNoList
}

func (p *parser) mapping() (typed, error) {
	var entries, aligned entrySet
	var keys, items merger
	for p.more() {
		if p.consume("}") {
			for _, e := range entries.list {
				k, v, err := alignEntry(keys.schema, items.schema, e)
				if err != nil {
					return typed{}, err
				}
				aligned.put(k, v)
			}
			if keys.schema == nil {
				items.schema = nil
			}
			return typed{schema.MapOf(keys.schema, items.schema), schema.MapValue(aligned.list)}, nil
		}
		if p.consume(",") {
			return typed{}, errNoList
		}
		key, err := p.parse(true)
		if err != nil {
			return typed{}, err
		}
		if key.value.IsNull() || !p.consume(":") {
			return typed{}, errNoList
		}
		item, err := p.parse(true)
		if err != nil {
			return typed{}, err
		}
		entries.put(key.value, item.value)
		p.consume(",")
		keys.add(key.schema)
		items.add(item.schema)
	}
	return typed{}, errNoList
}
