// Package jsontree holds JSON texts as trees that keep the order of members and
// the text of numbers, for schemas, which are read once and written once. It is
// not for records. Start at [Parse].
package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Kind says what a Node is.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Boolean
	Number
	String
	Array
	Object
)

// String names the kind as Jackson does.
func (k Kind) String() string {
	return [...]string{"NULL", "BOOLEAN", "NUMBER", "STRING", "ARRAY", "OBJECT"}[k]
}

// Node is a JSON value.
type Node struct {
	Kind Kind
	// Text is that of a string, the literal of a number, "true" or "false".
	Text    string
	Members []Member
	Items   []*Node
}

// Member is a named value of an object.
type Member struct {
	Name  string
	Value *Node
}

// Parse reads one JSON value, after which only white space may follow. Of two
// members with one name the later counts, in the place of the first.
func Parse(text []byte) (*Node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more text follows the JSON value")
	}
	return n, nil
}

const deepest = 1000

func value(d *json.Decoder, depth int) (*Node, error) {
	if depth > deepest {
		return nil, errors.New("the JSON text is nested more than 1000 deep")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case nil:
		return &Node{}, nil
	case bool:
		return NewBoolean(t), nil
	case json.Number:
		return &Node{Kind: Number, Text: string(t)}, nil
	case string:
		return NewString(t), nil
	case json.Delim:
		return compound(d, t, depth)
	}
	return nil, fmt.Errorf("unexpected JSON token %v", t)
}

func compound(d *json.Decoder, open json.Delim, depth int) (*Node, error) {
	n := &Node{Kind: Array}
	if open == '{' {
		n.Kind = Object
	}
	for d.More() {
		name := ""
		if n.Kind == Object {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ = t.(string)
		}
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		if n.Kind == Object {
			n.Put(name, v)
		} else {
			n.Items = append(n.Items, v)
		}
	}
	_, err := d.Token()
	return n, err
}

// NewString returns a text.
func NewString(s string) *Node { return &Node{Kind: String, Text: s} }

// NewBoolean returns a boolean.
func NewBoolean(b bool) *Node { return &Node{Kind: Boolean, Text: strconv.FormatBool(b)} }

// NewInt returns an integer.
func NewInt(n int64) *Node { return &Node{Kind: Number, Text: strconv.FormatInt(n, 10)} }

// NewObject returns an object of the members.
func NewObject(members ...Member) *Node { return &Node{Kind: Object, Members: members} }

// Get returns the named member, or nil.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for _, m := range n.Members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// GetText returns the named member where it is a text.
func (n *Node) GetText(name string) (string, bool) {
	if m := n.Get(name); m != nil && m.Kind == String {
		return m.Text, true
	}
	return "", false
}

// GetInt returns the named member where it is an integer.
func (n *Node) GetInt(name string) (int, bool) { return n.Get(name).Int() }

// Int returns an integer.
func (n *Node) Int() (int, bool) {
	if n == nil || n.Kind != Number {
		return 0, false
	}
	i, err := strconv.Atoi(n.Text)
	return i, err == nil
}

// Put sets the named member.
func (n *Node) Put(name string, v *Node) {
	for i := range n.Members {
		if n.Members[i].Name == name {
			n.Members[i].Value = v
			return
		}
	}
	n.Members = append(n.Members, Member{name, v})
}

// Equal reports whether both are the same value; the order of members does not
// count, the text of numbers does.
func (n *Node) Equal(o *Node) bool {
	if n == nil || o == nil {
		return n == o
	}
	if n.Kind != o.Kind || n.Text != o.Text || len(n.Members) != len(o.Members) || len(n.Items) != len(o.Items) {
		return false
	}
	for i := range n.Items {
		if !n.Items[i].Equal(o.Items[i]) {
			return false
		}
	}
	for _, m := range n.Members {
		if v := o.Get(m.Name); v == nil || !m.Value.Equal(v) {
			return false
		}
	}
	return true
}

// String returns the JSON text without white space.
func (n *Node) String() string { return string(n.Append(nil)) }

// Append appends the JSON text without white space, as Jackson writes it.
func (n *Node) Append(dst []byte) []byte {
	switch n.Kind {
	case Boolean, Number:
		return append(dst, n.Text...)
	case String:
		return AppendString(dst, n.Text)
	case Array:
		dst = append(dst, '[')
		for i, item := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.Append(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i, m := range n.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, m.Name), ':')
			dst = m.Value.Append(dst)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

const (
	hexDigits = "0123456789ABCDEF"
	short     = "........btn.fr" // indexed by the character
)

// AppendString appends the text in quotes: of ASCII only what must be escaped is,
// the rest stands as it is.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= '\b' && c <= '\r' && c != '\v':
			dst = append(dst, '\\', short[c])
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size - 1
		}
	}
	return append(dst, '"')
}
