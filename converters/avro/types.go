package avro

import (
	"slices"
	"strings"

	"sluice/converters/internal/jsontree"
)

// kind is the type of an Avro schema.
type kind uint8

const (
	null kind = iota
	boolean
	intKind
	long
	float
	double
	bytesKind
	stringKind
	record
	enum
	fixed
	array
	mapKind
	union
)

// kindNames is indexed by kind.
var kindNames = [...]string{
	"null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "fixed", "array", "map", "union",
}

func (k kind) String() string { return kindNames[k] }

func (k kind) named() bool { return k == record || k == enum || k == fixed }

// avroType is an Avro schema. The same *avroType stands wherever a name refers to it.
type avroType struct {
	kind kind
	// name and space are those of a named type; space "" is none.
	name, space string
	doc         *string
	fields      []avroField
	symbols     []string
	fallback    *string // an enum's default symbol
	size        int     // of a fixed
	elem        *avroType
	branches    []*avroType
	props       []jsontree.Member
}

type avroField struct {
	name     string
	typ      *avroType
	doc      *string
	fallback *jsontree.Node // the default; nil is none
}

func (t *avroType) fullName() string {
	switch {
	case !t.kind.named():
		return t.kind.String()
	case t.space == "":
		return t.name
	}
	return t.space + "." + t.name
}

func (t *avroType) prop(name string) *jsontree.Node {
	for _, p := range t.props {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

func (t *avroType) textProp(name string) string {
	if p := t.prop(name); p != nil && p.Kind == jsontree.String {
		return p.Text
	}
	return ""
}

// setProp adds a property unless it is there.
func (t *avroType) setProp(name string, v *jsontree.Node) {
	if t.prop(name) == nil {
		t.props = append(t.props, jsontree.Member{Name: name, Value: v})
	}
}

func (t *avroType) field(name string) int {
	for i := range t.fields {
		if t.fields[i].name == name {
			return i
		}
	}
	return -1
}

// splitName cuts a full name into its space and its last part.
func splitName(full string) (space, name string) {
	i := strings.LastIndexByte(full, '.')
	if i < 0 {
		return "", full
	}
	return full[:i], full[i+1:]
}

// same reports whether both are the same schema in all but their documentation.
func (t *avroType) same(o *avroType, under [][2]*avroType) bool {
	switch {
	case t == o:
		return true
	case t == nil || o == nil || t.kind != o.kind || t.name != o.name || t.space != o.space || t.size != o.size,
		len(t.fields) != len(o.fields) || len(t.branches) != len(o.branches) || len(t.props) != len(o.props),
		!slices.Equal(t.symbols, o.symbols):
		return false
	}
	pair := [2]*avroType{t, o}
	if slices.Contains(under, pair) {
		return true
	}
	under = append(under, pair)
	for _, p := range t.props {
		if !p.Value.Equal(o.prop(p.Name)) {
			return false
		}
	}
	for i := range t.branches {
		if !t.branches[i].same(o.branches[i], under) {
			return false
		}
	}
	for i := range t.fields {
		a, b := &t.fields[i], &o.fields[i]
		if a.name != b.name || !a.fallback.Equal(b.fallback) || !a.typ.same(b.typ, under) {
			return false
		}
	}
	return t.elem.same(o.elem, under)
}
