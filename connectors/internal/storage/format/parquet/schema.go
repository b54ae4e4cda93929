package parquet

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"sluice/converters/avro"
)

// program writes the values of one Avro schema.
type program struct {
	schema  *parquet.Schema
	root    *node
	columns int
}

// compile makes the program of an Avro type. The error says what Parquet cannot
// hold, in the words of parquet-avro where it has some.
func compile(top *avro.Type) (*program, error) {
	c := compiler{}
	record, nulls := top, false
	if top.Kind == "union" { // an optional struct
		record, nulls = single(top)
	}
	if record == nil || record.Kind != "record" {
		return nil, errors.New("Avro schema must be a record.") //nolint:staticcheck // The text of parquet-avro.
	}
	g, n, err := c.field(record, required, 0, 0)
	if err != nil {
		return nil, err
	}
	if nulls {
		n = &node{op: opNullable, null: nullBranch(top), inner: []*node{n}}
	}
	return &program{schema: parquet.NewSchema(record.Name, g), root: n, columns: c.columns}, nil
}

// repetition is how often a field stands.
type repetition uint8

const (
	required repetition = iota
	optional
	repeated
)

func (r repetition) of(n parquet.Node) parquet.Node {
	switch r {
	case optional:
		return parquet.Optional(n)
	case repeated:
		return parquet.Repeated(n)
	default:
		return parquet.Required(n)
	}
}

// compiler numbers the columns as it meets them.
type compiler struct {
	columns int
	within  []*avro.Type // records around
}

// single returns the one branch of a union that is not null, or nil, and whether
// there is a null.
func single(t *avro.Type) (one *avro.Type, nulls bool) {
	for _, b := range t.Branches {
		switch {
		case b.Kind == "null":
			nulls = true
		case one != nil:
			return nil, nullBranch(t) >= 0
		default:
			one = b
		}
	}
	return one, nulls
}

func nullBranch(t *avro.Type) int {
	return slices.IndexFunc(t.Branches, func(b *avro.Type) bool { return b.Kind == "null" })
}

// field makes the Parquet node of a type and the step that writes it. rep and def
// are the levels of what it stands in.
func (c *compiler) field(t *avro.Type, r repetition, rep, def int) (parquet.Node, *node, error) {
	if t.Kind == "union" {
		return c.union(t, r, rep, def)
	}
	switch r {
	case optional:
		def++
	case repeated:
		rep, def = rep+1, def+1
	case required:
	}
	var g parquet.Node
	var n *node
	var err error
	switch t.Kind {
	case "record":
		g, n, err = c.record(t, rep, def)
	case "array":
		g, n, err = c.list(t, rep, def)
	case "map":
		g, n, err = c.entries(t, rep, def)
	default:
		if g, n, err = leaf(t); err == nil {
			n.column, n.columns = c.columns, [2]int{c.columns, c.columns + 1}
			c.columns++
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return r.of(g), n, nil
}

func (c *compiler) union(t *avro.Type, r repetition, rep, def int) (parquet.Node, *node, error) {
	one, nulls := single(t)
	if one == nil && len(t.Branches) <= 1 {
		return nil, nil, errors.New("Cannot convert Avro union of only nulls") //nolint:staticcheck // The text of parquet-avro.
	}
	if nulls && r == required {
		r = optional
	}
	var g parquet.Node
	var n *node
	var err error
	if one != nil && nulls {
		g, n, err = c.field(one, r, rep, def)
	} else {
		g, n, err = c.members(t, r, rep, def)
	}
	if err != nil || !nulls {
		return g, n, err
	}
	null := nullBranch(t)
	if one == nil { // the member's step reads the branch, and so finds the null
		n.null = null
		return g, n, nil
	}
	return g, &node{op: opNullable, null: null, list: r == repeated, optional: r == optional, inner: []*node{n}, columns: n.columns}, nil
}

// members makes a group of a union, with an optional field for each branch.
func (c *compiler) members(t *avro.Type, r repetition, rep, def int) (parquet.Node, *node, error) {
	n := &node{op: opUnion, null: -1, optional: r == optional, list: r == repeated, columns: [2]int{c.columns, c.columns}}
	switch r {
	case optional:
		def++
	case repeated:
		rep, def = rep+1, def+1
	case required:
	}
	g := newGroup(nil)
	for _, b := range t.Branches {
		if b.Kind == "null" {
			n.inner = append(n.inner, nil)
			continue
		}
		f, step, err := c.field(b, optional, rep, def)
		if err != nil {
			return nil, nil, err
		}
		g.add("member"+strconv.Itoa(len(g.fields)), f)
		n.inner = append(n.inner, step)
	}
	n.columns[1] = c.columns
	return r.of(g), n, nil
}

func (c *compiler) record(t *avro.Type, rep, def int) (parquet.Node, *node, error) {
	if slices.Contains(c.within, t) {
		return nil, nil, fmt.Errorf("Recursive Avro schemas are not supported by parquet-avro: %s", t.Name) //nolint:staticcheck // The text of parquet-avro.
	}
	c.within = append(c.within, t)
	g, n := newGroup(nil), &node{op: opRecord, columns: [2]int{c.columns, c.columns}}
	for _, field := range t.Fields {
		if field.Type.Kind == "null" {
			continue // no bytes in Avro, no column here
		}
		f, step, err := c.field(field.Type, required, rep, def)
		if err != nil {
			return nil, nil, fmt.Errorf("field %s: %w", field.Name, err)
		}
		g.add(field.Name, f)
		n.inner = append(n.inner, step)
	}
	c.within = c.within[:len(c.within)-1]
	if len(g.fields) == 0 {
		return nil, nil, fmt.Errorf("Cannot write a schema with an empty group: %s has no fields", t.Name) //nolint:staticcheck // The text of parquet-column.
	}
	n.columns[1] = c.columns
	return g, n, nil
}

// list makes the two levels that parquet-avro writes unless it is told otherwise
// (parquet.avro.write-old-list-structure).
func (c *compiler) list(t *avro.Type, rep, def int) (parquet.Node, *node, error) {
	item, n, err := c.field(t.Items, repeated, rep, def)
	if err != nil {
		return nil, nil, err
	}
	g := newGroup(parquet.List(parquet.Leaf(parquet.Int32Type)).Type())
	g.add("array", item)
	return g, &node{op: opList, rep: rep + 1, inner: []*node{n}, columns: n.columns}, nil
}

func (c *compiler) entries(t *avro.Type, rep, def int) (parquet.Node, *node, error) {
	text := avro.Type{Kind: "string"}
	rep, def = rep+1, def+1
	pair := newGroup(keyValueType{parquet.Group{}.Type()})
	key, k, err := c.field(&text, required, rep, def)
	if err != nil {
		return nil, nil, err
	}
	value, v, err := c.field(t.Items, required, rep, def)
	if err != nil {
		return nil, nil, err
	}
	pair.add("key", key)
	pair.add("value", value)
	g := newGroup(parquet.Map(parquet.String(), parquet.String()).Type())
	g.add("key_value", parquet.Repeated(pair))
	return g, &node{op: opMap, rep: rep, inner: []*node{k, v}, columns: [2]int{k.columns[0], v.columns[1]}}, nil
}

// leaf makes the column of a type.
func leaf(t *avro.Type) (parquet.Node, *node, error) {
	var g parquet.Node
	n := &node{}
	switch t.Kind {
	case "boolean":
		// Java has no dictionaries of booleans either.
		return parquet.Leaf(numberType{Type: parquet.BooleanType}), &node{op: opBoolean}, nil
	case "int":
		g, n.op = parquet.Leaf(parquet.Int32Type), opInt
		switch t.Logical {
		case "date":
			g = parquet.Date()
		case "time-millis":
			g = parquet.Time(parquet.Millisecond)
		}
	case "long":
		g, n.op = parquet.Leaf(parquet.Int64Type), opLong
		if t.Logical == "timestamp-millis" {
			g = parquet.Timestamp(parquet.Millisecond)
		}
	case "float":
		g, n.op = parquet.Leaf(parquet.FloatType), opFloat
	case "double":
		g, n.op = parquet.Leaf(parquet.DoubleType), opDouble
	case "string":
		g, n.op = parquet.String(), opBytes
	case "bytes":
		g, n.op = parquet.Leaf(parquet.ByteArrayType), opBytes
		if decimal(t, math.MaxInt32) {
			g = parquet.Decimal(t.Scale, t.Precision, parquet.ByteArrayType)
		}
	case "fixed":
		n.op, n.size = opFixed, t.Size
		typ := parquet.FixedLenByteArrayType(t.Size)
		g = parquet.Leaf(typ)
		if decimal(t, int(math.Floor(math.Log10(2)*float64(8*t.Size-1)))) {
			g = parquet.Decimal(t.Scale, t.Precision, typ)
		}
	case "enum":
		g, n.op = parquet.Enum(), opEnum
		for _, s := range t.Symbols {
			n.symbols = append(n.symbols, []byte(s))
		}
	default:
		return nil, nil, fmt.Errorf("Cannot convert Avro type %s", t.Kind) //nolint:staticcheck // The text of parquet-avro.
	}
	if k := g.Type().Kind(); k != parquet.ByteArray && k != parquet.FixedLenByteArray {
		g = parquet.Leaf(numberType{g.Type(), t.Logical != ""})
	}
	return parquet.Encoded(g, &parquet.RLEDictionary), n, nil
}

// decimal reports whether Avro takes the type as a decimal; one that makes no
// sense is passed over.
func decimal(t *avro.Type, most int) bool {
	return t.Logical == "decimal" && t.Precision > 0 && t.Precision <= most && t.Scale >= 0 && t.Scale <= t.Precision
}

// group is a parquet.Group that keeps the order of its fields.
type group struct {
	fields []parquet.Field
	typ    parquet.Type
}

// newGroup returns a group without fields; nil is the type of a plain one.
func newGroup(typ parquet.Type) *group {
	if typ == nil {
		typ = parquet.Group{}.Type()
	}
	return &group{typ: typ}
}

func (g *group) add(name string, n parquet.Node) { g.fields = append(g.fields, field{n, name}) }

func (g *group) ID() int                     { return 0 }
func (g *group) String() string              { return "group" }
func (g *group) Type() parquet.Type          { return g.typ }
func (g *group) Optional() bool              { return false }
func (g *group) Repeated() bool              { return false }
func (g *group) Required() bool              { return true }
func (g *group) Leaf() bool                  { return false }
func (g *group) Fields() []parquet.Field     { return g.fields }
func (g *group) Encoding() encoding.Encoding { return nil }
func (g *group) Compression() compress.Codec { return nil }
func (g *group) GoType() reflect.Type        { return reflect.TypeFor[struct{}]() }

// field is a member of a group. Its Go value is never asked for: values are
// written by columns.
type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                      { return f.name }
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// keyValueType marks the pairs of a map as Java does.
type keyValueType struct{ parquet.Type }

func (keyValueType) ConvertedType() *deprecated.ConvertedType { return new(deprecated.MapKeyValue) }

// numberType is a type of a fixed width as Java describes it: without its width,
// and without a logical type that says nothing more.
type numberType struct {
	parquet.Type
	logical bool
}

func (numberType) Length() int { return 0 }

func (t numberType) LogicalType() *format.LogicalType {
	if !t.logical {
		return nil
	}
	return t.Type.LogicalType()
}

func (t numberType) ConvertedType() *deprecated.ConvertedType {
	if !t.logical {
		return nil
	}
	return t.Type.ConvertedType()
}
