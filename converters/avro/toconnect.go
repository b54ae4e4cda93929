package avro

import (
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/jsontree"
)

// place says where a type stands, which its Connect schema depends on.
type place struct {
	optional bool
	fallback *jsontree.Node // a field's default
	doc      *string        // a field's documentation
	version  *int32         // of the top type, from the registry
}

// toConnect returns the Connect schema of an Avro type, and what reads its bytes.
// The schema is nil for that of data without one.
func (m *mapping) toConnect(t *avroType, version int32) (*schema.Schema, *node, error) {
	if t.same(m.anything(), nil) {
		return nil, &node{op: opAnything}, nil
	}
	r := reader{mapping: m}
	return r.build(t, place{version: &version})
}

// reader makes Connect schemas and the programs that read values.
type reader struct {
	*mapping
	within []*avroType // the records around
}

func (r *reader) build(t *avroType, at place) (*schema.Schema, *node, error) {
	if t.kind == union {
		if one, nullAt := r.flattened(t); one != nil {
			s, n, err := r.build(one, place{optional: at.optional || nullAt >= 0, doc: at.doc})
			if err != nil {
				return nil, nil, err
			}
			return s, unionOf(t, n), nil
		}
	}
	s, n, err := r.base(t)
	if err != nil {
		return nil, nil, err
	}
	if err := r.annotate(t, s, at); err != nil {
		return nil, nil, err
	}
	s.Optional = s.Optional || at.optional
	n.schema = s
	return s, n, nil
}

// flattened returns the type that a union stands for where it is one type, or
// one and null, and the place of the null.
func (r *reader) flattened(t *avroType) (*avroType, int) {
	switch {
	case len(t.branches) == 1 && r.Flatten:
		return t.branches[0], -1
	case len(t.branches) == 2 && t.branches[0].kind == null && len(t.branches[0].props) == 0:
		return t.branches[1], 0
	case len(t.branches) == 2 && t.branches[1].kind == null && len(t.branches[1].props) == 0:
		return t.branches[0], 1
	}
	return nil, -1
}

// unionOf wraps the program of the one branch that is not null.
func unionOf(t *avroType, inner *node) *node {
	n := &node{op: opUnion, schema: inner.schema}
	for _, b := range t.branches {
		if b.kind == null {
			n.nodes = append(n.nodes, node{op: opNull})
		} else {
			n.nodes = append(n.nodes, *inner)
		}
	}
	return n
}

func (r *reader) base(t *avroType) (*schema.Schema, *node, error) {
	logical := t.textProp("logicalType")
	switch t.kind {
	case boolean:
		return schema.Of(schema.Boolean), &node{op: opBoolean}, nil
	case intKind:
		return r.intType(t, logical)
	case long:
		if strings.EqualFold(logical, "timestamp-millis") {
			return schema.Timestamp(), &node{op: opInstant}, nil
		}
		return schema.Of(schema.Int64), &node{op: opInt64}, nil
	case float:
		return schema.Of(schema.Float32), &node{op: opFloat}, nil
	case double:
		return schema.Of(schema.Float64), &node{op: opDouble}, nil
	case stringKind:
		return schema.Of(schema.String), &node{op: opString}, nil
	case bytesKind, fixed:
		return r.bytesType(t, logical)
	case enum:
		return r.enumType(t), &node{op: opEnum, symbols: t.symbols}, nil
	case array:
		return r.arrayType(t)
	case mapKind:
		s, n, err := r.build(t.elem, place{})
		if err != nil {
			return nil, nil, err
		}
		return schema.MapOf(schema.Of(schema.String), s), &node{op: opMap, nodes: []node{*n}, smallest: n.least()}, nil
	case record:
		return r.recordType(t)
	case union:
		return r.unionType(t)
	}
	return nil, nil, connect.DataErrorf("Standalone null schemas are not supported by this converter")
}

func (r *reader) intType(t *avroType, logical string) (*schema.Schema, *node, error) {
	switch {
	case strings.EqualFold(logical, "date"):
		return schema.Date(), &node{op: opDate}, nil
	case strings.EqualFold(logical, "time-millis"):
		return schema.Time(), &node{op: opInstant}, nil
	case logical != "":
		return schema.Of(schema.Int32), &node{op: opInt32}, nil
	}
	p := t.prop(connectType)
	switch {
	case p == nil:
		return schema.Of(schema.Int32), &node{op: opInt32}, nil
	case p.Text == "int8":
		return schema.Of(schema.Int8), &node{op: opInt8}, nil
	case p.Text == "int16":
		return schema.Of(schema.Int16), &node{op: opInt16}, nil
	}
	return nil, nil, connect.DataErrorf("Connect type annotation for Avro int field is null")
}

func (r *reader) bytesType(t *avroType, logical string) (*schema.Schema, *node, error) {
	s, n := schema.Of(schema.Bytes), &node{op: opBytes}
	if strings.EqualFold(logical, "decimal") {
		scale, _ := t.prop("scale").Int()
		s = schema.DecimalOf(int32(scale))
		n.op, n.scale = opDecimal, int32(scale)
		if p := t.prop("precision"); p != nil {
			precision, ok := p.Int()
			if !ok {
				return nil, nil, connect.DataErrorf("precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal")
			}
			if precision != anyPrecision {
				s.Parameters = append(s.Parameters, schema.Parameter{Name: decimalPrecision, Value: strconv.Itoa(precision)})
			}
		}
	}
	if t.kind == fixed {
		putParameter(s, fixedSize, strconv.Itoa(t.size))
		n.size = t.size
		if n.op == opDecimal {
			n.op = opFixedDecimal
		} else {
			n.op = opFixed
		}
	}
	return s, n, nil
}

func putParameter(s *schema.Schema, name, value string) {
	for i := range s.Parameters {
		if s.Parameters[i].Name == name {
			s.Parameters[i].Value = value
			return
		}
	}
	s.Parameters = append(s.Parameters, schema.Parameter{Name: name, Value: value})
}

func (r *reader) enumType(t *avroType) *schema.Schema {
	s := schema.Of(schema.String)
	if r.Meta {
		switch {
		case t.doc == nil:
		case r.DiscardDoc:
			putParameter(s, connectEnumDoc, *t.doc)
		default:
			putParameter(s, enumDoc+t.name, *t.doc)
		}
		if !r.DiscardDoc && t.fallback != nil {
			putParameter(s, enumDefault+t.name, *t.fallback)
		}
	}
	param := r.enumParam()
	putParameter(s, param, t.fullName())
	for i, symbol := range t.symbols {
		value := symbol
		if r.General {
			value = strconv.Itoa(i)
		}
		putParameter(s, param+"."+symbol, value)
	}
	return s
}

func isMapEntry(t *avroType) bool {
	return t.kind == record && (t.space == namespace && t.name == mapEntryName || t.textProp(connectInternal) == mapEntryName)
}

func (r *reader) arrayType(t *avroType) (*schema.Schema, *node, error) {
	if !isMapEntry(t.elem) {
		s, n, err := r.build(t.elem, place{})
		if err != nil {
			return nil, nil, err
		}
		return schema.ArrayOf(s), &node{op: opArray, nodes: []node{*n}, smallest: n.least()}, nil
	}
	entry := t.elem
	k, v := entry.field("key"), entry.field("value")
	if len(entry.fields) != 2 || k < 0 || v < 0 {
		return nil, nil, connect.DataErrorf("Found map encoded as array of key-value pairs, but array elements do not match the expected format.")
	}
	ks, kn, err := r.build(entry.fields[k].typ, place{})
	if err != nil {
		return nil, nil, err
	}
	vs, vn, err := r.build(entry.fields[v].typ, place{})
	if err != nil {
		return nil, nil, err
	}
	n := &node{op: opPairs, nodes: []node{*kn, *vn}, smallest: kn.least() + vn.least(), swapped: v < k}
	return schema.MapOf(ks, vs), n, nil
}

func (r *reader) recordType(t *avroType) (*schema.Schema, *node, error) {
	if slices.Contains(r.within, t) {
		return nil, nil, connect.DataErrorf("The Avro record %s refers to itself. Sluice cannot read recursive schemas", t.fullName())
	}
	r.within = append(r.within, t)
	defer func() { r.within = r.within[:len(r.within)-1] }()
	s := &schema.Schema{Type: schema.StructType}
	n := &node{op: opRecord, nodes: make([]node, 0, len(t.fields)), names: make([]string, 0, len(t.fields))}
	documented := !r.DiscardDoc && r.Meta
	if documented && t.doc != nil {
		putParameter(s, recordDoc, *t.doc)
	}
	for _, f := range t.fields {
		if documented && f.doc != nil {
			putParameter(s, fieldDoc+f.name, *f.doc)
		}
		fs, fn, err := r.build(f.typ, place{fallback: f.fallback, doc: f.doc})
		if err != nil {
			return nil, nil, err
		}
		s.Fields = append(s.Fields, schema.Field{Name: f.name, Schema: fs})
		n.nodes, n.names = append(n.nodes, *fn), append(n.names, f.name)
	}
	return s, n, nil
}

func (r *reader) unionType(t *avroType) (*schema.Schema, *node, error) {
	s := &schema.Schema{Type: schema.StructType, Name: unionName}
	if r.General {
		s.Name = generalPrefix + strconv.Itoa(r.unions)
		r.unions++
		putParameter(s, generalUnion, s.Name)
	}
	n := &node{op: opUnionStruct, nodes: make([]node, 0, len(t.branches)), places: make([]int, 0, len(t.branches))}
	for i, b := range t.branches {
		if b.kind == null {
			s.Optional = true
			n.nodes, n.places = append(n.nodes, node{op: opNull}), append(n.places, -1)
			continue
		}
		name := r.branchName(b, i)
		if s.FieldIndex(name) >= 0 {
			return nil, nil, connect.DataErrorf("Multiple union schemas map to the Connect union field name")
		}
		fs, fn, err := r.build(b, place{optional: true})
		if err != nil {
			return nil, nil, err
		}
		n.nodes, n.places = append(n.nodes, *fn), append(n.places, len(s.Fields))
		s.Fields = append(s.Fields, schema.Field{Name: name, Schema: fs})
	}
	return s, n, nil
}

// branchName is the name of the field that stands for a branch of a union.
func (m *mapping) branchName(t *avroType, i int) string {
	switch {
	case m.General:
		return generalPrefix + "field_" + strconv.Itoa(i)
	case !t.kind.named():
		return t.kind.String()
	case m.Enhanced:
		return t.fullName()
	}
	return m.scrubbed(t.name)
}

// annotate adds what the properties of the type say.
func (r *reader) annotate(t *avroType, s *schema.Schema, at place) error {
	r.document(t, s, at)
	if err := r.version(t, s, at); err != nil {
		return err
	}
	if p := t.prop(connectParameters); p != nil && r.Meta {
		if p.Kind != jsontree.Object {
			return connect.DataErrorf("Expected JSON object for schema parameters but found: %s", p)
		}
		for _, m := range p.Members {
			if m.Value.Kind != jsontree.String {
				return connect.DataErrorf("Expected schema parameter values to be strings but found: %s", m.Value)
			}
			putParameter(s, m.Name, m.Value.Text)
		}
	}
	for _, p := range t.props {
		if strings.HasPrefix(p.Name, "avro") {
			text := p.Value.Text
			if p.Value.Kind > jsontree.String || p.Value.Kind == jsontree.Null {
				text = p.Value.String()
			}
			putParameter(s, p.Name, text)
		}
	}
	if err := r.name(t, s); err != nil {
		return err
	}
	r.fallback(t, s, at)
	return nil
}

func (r *reader) document(t *avroType, s *schema.Schema, at place) {
	doc := t.textProp(connectDoc)
	if !r.DiscardDoc {
		if r.Meta {
			s.Doc = doc
		}
		return
	}
	if t.doc != nil {
		doc = *t.doc
		if r.Meta {
			putParameter(s, connectRecordDoc, doc)
		}
	}
	if at.doc != nil {
		doc = *at.doc
	}
	s.Doc = doc
}

func (r *reader) version(t *avroType, s *schema.Schema, at place) error {
	v := at.version
	if p := t.prop(connectVersion); p != nil {
		n, ok := p.Int()
		if !ok {
			return connect.DataErrorf("Invalid Connect version found: %s", p)
		}
		v = new(int32(n))
	}
	if v == nil || *v < 0 {
		return nil
	}
	if s.Version != nil && *s.Version != *v {
		return connect.DataErrorf("Mismatched versions: version already added to SchemaBuilder (%d) differs from version in source schema (%d)", *s.Version, *v)
	}
	s.Version = v
	return nil
}

func (r *reader) name(t *avroType, s *schema.Schema) error {
	name := ""
	if p := t.prop(connectName); p != nil {
		if p.Kind != jsontree.String {
			return connect.DataErrorf("Invalid schema name: %s", p)
		}
		name = p.Text
	} else if t.kind == record || t.kind == enum || t.kind == fixed && s.Name != schema.DecimalName {
		name = t.fullName()
	}
	if name == "" || strings.HasPrefix(name, namespace+"."+defaultName) {
		return nil
	}
	if s.Name != "" && s.Name != name {
		return connect.DataErrorf("Mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema (%s)", s.Name, name)
	}
	s.Name = name
	return nil
}

// fallback sets the default; one that does not fit is left out, as in Java.
func (r *reader) fallback(t *avroType, s *schema.Schema, at place) {
	own := t.prop(connectDefault)
	n := at.fallback
	switch {
	case n == nil:
		n = own
	case !r.DiscardDoc && r.Meta && own == nil:
		putParameter(s, fieldFlag, "true")
	}
	if v, err := r.defaultValue(s, t, n); err == nil && !v.IsNull() && schema.Check(s, v) == nil {
		s.Default = &v
	}
}
