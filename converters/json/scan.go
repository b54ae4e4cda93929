package json

import (
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"sluice/connect"
)

// Limits of Jackson's StreamReadConstraints.
const (
	maxDepth  = 1000
	maxNumber = 1000 // characters
)

// syntaxError says that the bytes are no JSON, and where.
type syntaxError struct {
	what string
	at   int
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.at) }

// notJSON is the error of a record that is no JSON.
func notJSON(err error) error {
	return &connect.Error{
		Class:   connect.DataException,
		Message: "Converting byte[] to Kafka Connect data failed due to serialization error: ",
		Cause:   &connect.Error{Class: connect.SerializationFailure, Message: err.Error(), Cause: err},
	}
}

// kind is what a JSON value is; the zero kind is no value at all.
type kind uint8

const (
	jsonMissing kind = iota
	jsonNull
	jsonTrue
	jsonFalse
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// nodeTypes are the names of Jackson's JsonNodeType, which errors show.
var nodeTypes = [...]string{"MISSING", "NULL", "BOOLEAN", "BOOLEAN", "NUMBER", "STRING", "ARRAY", "OBJECT"}

func (k kind) String() string { return nodeTypes[k] }

func (d *decoder) fail(format string, args ...any) error {
	return &syntaxError{fmt.Sprintf(format, args...), d.pos}
}

func (d *decoder) unexpected(want string) error {
	if d.pos >= len(d.raw) {
		return d.fail("unexpected end, want %s", want)
	}
	return d.fail("unexpected byte %q, want %s", d.raw[d.pos], want)
}

func (d *decoder) space() {
	for d.pos < len(d.raw) {
		switch d.raw[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// missing reports whether there is no value at all.
func (d *decoder) missing() bool {
	d.space()
	return d.pos == len(d.raw)
}

// peek skips white space and tells the kind of the value that follows.
func (d *decoder) peek() (kind, error) {
	d.space()
	if d.pos < len(d.raw) {
		switch c := d.raw[d.pos]; c {
		case '"':
			return jsonString, nil
		case '{':
			return jsonObject, nil
		case '[':
			return jsonArray, nil
		case 't':
			return jsonTrue, nil
		case 'f':
			return jsonFalse, nil
		case 'n':
			return jsonNull, nil
		default:
			if c == '-' || c >= '0' && c <= '9' {
				return jsonNumber, nil
			}
		}
	}
	return 0, d.unexpected("a value")
}

// after moves past one byte that must be there, with white space before it.
func (d *decoder) after(c byte) error {
	d.space()
	if d.pos < len(d.raw) && d.raw[d.pos] == c {
		d.pos++
		return nil
	}
	return d.unexpected(string(rune(c)))
}

// open enters an array or an object. more is false where it is empty, and is
// then left again.
func (d *decoder) open(end byte) (more bool, err error) {
	d.pos++
	if d.depth++; d.depth > maxDepth {
		return false, d.fail("nested deeper than %d", maxDepth)
	}
	d.space()
	if d.pos < len(d.raw) && d.raw[d.pos] == end {
		d.pos++
		d.depth--
		return false, nil
	}
	return true, nil
}

// next moves past a comma, or leaves the array or object at its end.
func (d *decoder) next(end byte) (more bool, err error) {
	d.space()
	if d.pos < len(d.raw) {
		switch d.raw[d.pos] {
		case ',':
			d.pos++
			return true, nil
		case end:
			d.pos++
			d.depth--
			return false, nil
		}
	}
	return false, d.unexpected("a comma or " + string(rune(end)))
}

// name reads a member's name and the colon.
func (d *decoder) name() ([]byte, error) {
	d.space()
	if d.pos >= len(d.raw) || d.raw[d.pos] != '"' {
		return nil, d.unexpected("a name in double quotes")
	}
	b, err := d.text()
	if err != nil {
		return nil, err
	}
	return b, d.after(':')
}

// literal reads true, false or null, whose first byte was seen.
func (d *decoder) literal(word string) error {
	end := d.pos + len(word)
	if end > len(d.raw) || string(d.raw[d.pos:end]) != word {
		return d.fail("unknown word, want %s", word)
	}
	d.pos = end
	if end == len(d.raw) {
		return nil
	}
	r, _ := utf8.DecodeRune(d.raw[end:])
	if r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return d.fail("unknown word after %s", word)
	}
	return nil
}

// number reads a number and returns its text.
func (d *decoder) number() ([]byte, error) {
	start := d.pos
	if d.raw[d.pos] == '-' {
		d.pos++
	}
	if !d.digits() {
		return nil, d.unexpected("a digit")
	}
	if d.pos < len(d.raw) && d.raw[d.pos] == '.' {
		d.pos++
		if !d.digits() {
			return nil, d.unexpected("a digit after the point")
		}
	}
	if d.pos < len(d.raw) && d.raw[d.pos]|0x20 == 'e' {
		d.pos++
		if d.pos < len(d.raw) && (d.raw[d.pos] == '+' || d.raw[d.pos] == '-') {
			d.pos++
		}
		if !d.digits() {
			return nil, d.unexpected("a digit of the exponent")
		}
	}
	text := d.raw[start:d.pos]
	switch {
	case len(text) > maxNumber:
		return nil, d.fail("a number of more than %d characters", maxNumber)
	case !scaleFits(text):
		return nil, d.fail("a number with an exponent out of range")
	case d.depth == 0 && d.pos < len(d.raw):
		if c := d.raw[d.pos]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return nil, d.unexpected("white space after the number")
		}
	}
	return text, nil
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.raw) && d.raw[d.pos]-'0' <= 9 {
		d.pos++
	}
	return d.pos > start
}

// text reads a text in quotes. The result is part of raw, or of the arena's
// memory where the text has escapes.
func (d *decoder) text() ([]byte, error) {
	d.pos++
	start := d.pos
	var high byte
	for d.pos < len(d.raw) {
		c := d.raw[d.pos]
		switch {
		case c == '"':
			b := d.raw[start:d.pos:d.pos]
			if high >= utf8.RuneSelf && !utf8.Valid(b) {
				return nil, d.fail("a text that is not UTF-8")
			}
			d.pos++
			return b, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return nil, d.fail("the control character %#x in a text", c)
		}
		high |= c
		d.pos++
	}
	return nil, d.unexpected("the end of a text")
}

// escaped reads the rest of a text from its first escape on.
func (d *decoder) escaped(start int) ([]byte, error) {
	d.scratch = append(d.scratch[:0], d.raw[start:d.pos]...)
	for d.pos < len(d.raw) {
		c := d.raw[d.pos]
		switch {
		case c == '"':
			if !utf8.Valid(d.scratch) {
				return nil, d.fail("a text that is not UTF-8")
			}
			d.pos++
			out := d.arena.Bytes(len(d.scratch))
			copy(out, d.scratch)
			return out, nil
		case c == '\\':
			if err := d.escape(); err != nil {
				return nil, err
			}
			continue
		case c < ' ':
			return nil, d.fail("the control character %#x in a text", c)
		}
		d.scratch = append(d.scratch, c)
		d.pos++
	}
	return nil, d.unexpected("the end of a text")
}

// plainEscapes maps the byte after a backslash to what it stands for.
var plainEscapes = [utf8.RuneSelf]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func (d *decoder) escape() error {
	d.pos++
	if d.pos >= len(d.raw) {
		return d.unexpected("an escape")
	}
	c := d.raw[d.pos]
	if c == 'u' {
		r, err := d.code()
		if err != nil {
			return err
		}
		// Half of a pair alone has no UTF-8 form: it becomes U+FFFD.
		if utf16.IsSurrogate(r) && d.pos+1 < len(d.raw) && d.raw[d.pos] == '\\' && d.raw[d.pos+1] == 'u' {
			before := d.pos
			d.pos++
			second, err := d.code()
			if err != nil {
				return err
			}
			if both := utf16.DecodeRune(r, second); both != utf8.RuneError {
				r = both
			} else {
				d.pos = before
			}
		}
		d.scratch = utf8.AppendRune(d.scratch, r)
		return nil
	}
	if c >= utf8.RuneSelf || plainEscapes[c] == 0 {
		return d.unexpected("an escape")
	}
	d.scratch = append(d.scratch, plainEscapes[c])
	d.pos++
	return nil
}

// code reads the four digits after \u, being at the u.
func (d *decoder) code() (rune, error) {
	var r rune
	for range 4 {
		d.pos++
		if d.pos >= len(d.raw) {
			return 0, d.unexpected("a hexadecimal digit")
		}
		switch c := d.raw[d.pos]; {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, d.unexpected("a hexadecimal digit")
		}
	}
	d.pos++
	return r, nil
}

// skip moves past one value, checking that it is JSON.
func (d *decoder) skip() error {
	k, err := d.peek()
	if err != nil {
		return err
	}
	switch k {
	case jsonString:
		_, err = d.text()
		return err
	case jsonNumber:
		_, err = d.number()
		return err
	case jsonArray, jsonObject:
		return d.skipNested(k)
	default:
		return d.literal(words[k])
	}
}

var words = [...]string{jsonNull: "null", jsonTrue: "true", jsonFalse: "false"}

func (d *decoder) skipNested(k kind) error {
	end := byte(']')
	if k == jsonObject {
		end = '}'
	}
	more, err := d.open(end)
	for more && err == nil {
		if k == jsonObject {
			if _, err = d.name(); err != nil {
				return err
			}
		}
		if err = d.skip(); err != nil {
			return err
		}
		more, err = d.next(end)
	}
	return err
}
