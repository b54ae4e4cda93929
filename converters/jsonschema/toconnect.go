package jsonschema

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/converters/internal/javahash"
	"sluice/converters/internal/jsontree"
)

// reader makes Connect schemas of JSON Schemas.
type reader struct {
	*mapping
	root   *jsontree.Node
	others map[string]*jsontree.Node // the referenced schemas, by the name of the reference
	unions int
	within []*jsontree.Node
	// built are the objects that were read already, and again the schemas made of
	// them by later references.
	built map[*jsontree.Node]bool
	again map[*jsontree.Node][]*schema.Schema
	ids   int
}

// kinds of JSON Schemas, as the original's library tells them apart.
const (
	kindBoolean = "boolean"
	kindInteger = "integer"
	kindNumber  = "number"
	kindString  = "string"
	kindNull    = "null"
	kindArray   = "array"
	kindObject  = "object"
)

// place says where a schema stands.
type place struct {
	optional bool
	version  *int32
}

func illegal(format string, args ...any) error {
	return connect.ClassErrorf("java.lang.IllegalArgumentException", format, args...)
}

func (r *reader) build(n *jsontree.Node, at place) (*schema.Schema, error) {
	if n == nil || n.Kind != jsontree.Object {
		return nil, connect.DataErrorf("Sluice does not support a JSON Schema that takes every value: %s", n)
	}
	if slices.Contains(r.within, n) {
		return nil, connect.DataErrorf("The JSON Schema refers to itself. Sluice cannot read recursive schemas")
	}
	r.within = append(r.within, n)
	defer func() { r.within = r.within[:len(r.within)-1] }()
	if ref, ok := n.GetText("$ref"); ok {
		target, err := r.find(ref)
		if err != nil {
			return nil, err
		}
		return r.referred(target, at)
	}
	if parts := r.parts(n); len(parts) > 1 {
		return r.allOf(parts, at)
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		if list := n.Get(key); list != nil && list.Kind == jsontree.Array {
			if key == "allOf" && (len(list.Items) != 1 || !r.Flatten) {
				return r.allOf(list.Items, at)
			}
			return r.alternatives(n, list.Items, at)
		}
	}
	s, err := r.single(n)
	if err != nil {
		return nil, err
	}
	if s.Type == 0 {
		// "type": ["null", "string"]
		return r.alternatives(n, spread(n), at)
	}
	return s, r.annotate(n, s, at)
}

// referred reads what a reference names. All references to an object but the first
// carry a parameter with a number, which is that of the last one.
func (r *reader) referred(target *jsontree.Node, at place) (*schema.Schema, error) {
	known := r.built[target]
	s, err := r.build(target, at)
	if err != nil || !known {
		return s, err
	}
	r.ids++
	r.again[target] = append(r.again[target], s)
	for _, earlier := range r.again[target] {
		putParameter(earlier, idName, "#id"+strconv.Itoa(r.ids))
	}
	return s, nil
}

// parts are what a schema with several kinds of keywords is taken apart into:
// it must be all of them at once.
func (r *reader) parts(n *jsontree.Node) []*jsontree.Node {
	var parts []*jsontree.Node
	take := func(keys ...string) {
		part := jsontree.NewObject()
		for _, k := range keys {
			if v := n.Get(k); v != nil {
				part.Put(k, v)
			}
		}
		if len(part.Members) > 0 {
			parts = append(parts, part)
		}
	}
	for _, k := range []string{"oneOf", "anyOf", "allOf", "enum", "const"} {
		take(k)
	}
	if len(parts) == 0 {
		return nil
	}
	if n.Get("type") != nil || n.Get("properties") != nil {
		rest := jsontree.NewObject()
		for _, m := range n.Members {
			switch m.Name {
			case "oneOf", "anyOf", "allOf", "enum", "const":
			default:
				rest.Put(m.Name, m.Value)
			}
		}
		parts = append(parts, rest)
	}
	return parts
}

// spread makes one schema for each of the types that one names.
func spread(n *jsontree.Node) []*jsontree.Node {
	var out []*jsontree.Node
	for _, t := range n.Get("type").Items {
		one := jsontree.NewObject()
		for _, m := range n.Members {
			switch m.Name {
			case "title", "description", "default", connectIndex, connectVersion, connectParameters:
			default:
				one.Put(m.Name, m.Value)
			}
		}
		one.Put("type", t)
		out = append(out, one)
	}
	return out
}

func (r *reader) find(ref string) (*jsontree.Node, error) {
	base, pointer, _ := strings.Cut(ref, "#")
	n := r.root
	if base != "" {
		if n = r.others[base]; n == nil {
			return nil, connect.DataErrorf("The JSON Schema refers to %s, which is none of its references", ref)
		}
	}
	if pointer == "" || pointer == "/" {
		return n, nil
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		next := n.Get(step)
		if i, err := strconv.Atoi(step); next == nil && err == nil && n.Kind == jsontree.Array && i >= 0 && i < len(n.Items) {
			next = n.Items[i]
		}
		if next == nil {
			return nil, connect.DataErrorf("The JSON Schema refers to %s, which it does not have", ref)
		}
		n = next
	}
	return n, nil
}

// kindOfNode is the type that the keywords of a schema tell.
func kindOfNode(n *jsontree.Node) string {
	if t, ok := n.GetText("type"); ok {
		return t
	}
	switch {
	case n.Get("properties") != nil || n.Get("additionalProperties") != nil || n.Get("required") != nil || n.Get("patternProperties") != nil:
		return kindObject
	case n.Get("items") != nil || n.Get("minItems") != nil || n.Get("maxItems") != nil || n.Get("uniqueItems") != nil:
		return kindArray
	case n.Get("minimum") != nil || n.Get("maximum") != nil || n.Get("multipleOf") != nil:
		return kindNumber
	case n.Get("minLength") != nil || n.Get("maxLength") != nil || n.Get("pattern") != nil || n.Get("format") != nil:
		return kindString
	}
	return ""
}

// single reads a schema of one type; the zero schema stands for several types.
func (r *reader) single(n *jsontree.Node) (*schema.Schema, error) {
	own, _ := n.GetText(connectType)
	if list := n.Get("enum"); list != nil {
		return r.enum(list.Items), nil
	}
	if one := n.Get("const"); one != nil {
		return r.enum([]*jsontree.Node{one}), nil
	}
	if t := n.Get("type"); t != nil && t.Kind == jsontree.Array {
		return &schema.Schema{}, nil
	}
	switch kind := kindOfNode(n); kind {
	case kindBoolean:
		return schema.Of(schema.Boolean), nil
	case kindInteger, kindNumber:
		return number(kind, own)
	case kindString:
		if own == "bytes" {
			return schema.Of(schema.Bytes), nil
		}
		return schema.Of(schema.String), nil
	case kindArray:
		return r.array(n, own)
	case kindObject:
		return r.object(n, own)
	case "":
		return nil, connect.DataErrorf("Sluice does not support a JSON Schema that takes every value: %s", n)
	default:
		return nil, connect.DataErrorf("Unsupported schema type %s", kind)
	}
}

func number(kind, own string) (*schema.Schema, error) {
	switch own {
	case "":
		if kind == kindInteger {
			return schema.Of(schema.Int64), nil
		}
		return schema.Of(schema.Float64), nil
	case "bytes":
		return schema.Of(schema.Bytes), nil
	}
	for t, names := range scalars {
		if names[1] == own {
			return schema.Of(t), nil
		}
	}
	return nil, illegal("Unsupported type %s", own)
}

func (r *reader) enum(values []*jsontree.Node) *schema.Schema {
	param := enumName
	if r.General {
		param = generalEnum
	}
	s := schema.Of(schema.String)
	putParameter(s, param, "")
	for i, v := range values {
		symbol := v.Text
		switch v.Kind {
		case jsontree.Null:
			symbol = nullEntry
		case jsontree.Array, jsontree.Object:
			symbol = v.String()
		}
		value := symbol
		if r.General {
			value = strconv.Itoa(i)
		}
		putParameter(s, param+"."+symbol, value)
	}
	return s
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

func (r *reader) array(n *jsontree.Node, own string) (*schema.Schema, error) {
	items := n.Get("items")
	if items == nil || items.Kind != jsontree.Object {
		return nil, connect.DataErrorf("Array schema did not specify the items type")
	}
	if own == "map" && kindOfNode(items) == kindObject {
		k, err := r.build(items.Get("properties").Get("key"), place{})
		if err != nil {
			return nil, err
		}
		v, err := r.build(items.Get("properties").Get("value"), place{})
		return schema.MapOf(k, v), err
	}
	s, err := r.build(items, place{})
	return schema.ArrayOf(s), err
}

func (r *reader) object(n *jsontree.Node, own string) (*schema.Schema, error) {
	if own == "map" {
		v, err := r.build(n.Get("additionalProperties"), place{})
		return schema.MapOf(schema.Of(schema.String), v), err
	}
	s := &schema.Schema{Type: schema.StructType}
	r.built[n] = true
	properties := n.Get("properties")
	if properties == nil {
		return s, nil
	}
	for _, m := range ordered(properties) {
		f, err := r.build(m.Value, place{optional: r.NotRequired && !required(n, m.Name)})
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, schema.Field{Name: m.Name, Schema: f})
	}
	return s, nil
}

// ordered are the properties in the order of their connect.index; those without
// one follow as a HashMap has them.
func ordered(properties *jsontree.Node) []jsontree.Member {
	byIndex := map[int]jsontree.Member{}
	for _, slot := range javahash.Append(nil, len(properties.Members), func(i int) string { return properties.Members[i].Name }) {
		m := properties.Members[slot.At]
		index, ok := m.Value.GetInt(connectIndex)
		if !ok {
			index = len(byIndex)
		}
		byIndex[index] = m
	}
	keys := make([]int, 0, len(byIndex))
	for k := range byIndex {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]jsontree.Member, len(keys))
	for i, k := range keys {
		out[i] = byIndex[k]
	}
	return out
}

func required(n *jsontree.Node, name string) bool {
	list := n.Get("required")
	return list != nil && slices.ContainsFunc(list.Items, func(i *jsontree.Node) bool { return i.Text == name })
}

// annotate adds what a schema says beside its type.
func (r *reader) annotate(n *jsontree.Node, s *schema.Schema, at place) error {
	if title, ok := n.GetText("title"); ok && s.Name == "" {
		s.Name = title
	}
	if v, ok := n.GetInt(connectVersion); ok {
		s.Version = new(int32(v))
	} else if at.version != nil {
		s.Version = at.version
	}
	if doc, ok := n.GetText("description"); ok {
		s.Doc = doc
	}
	if params := n.Get(connectParameters); params != nil {
		for _, p := range params.Members {
			putParameter(s, p.Name, p.Value.Text)
		}
	}
	if fallback := n.Get("default"); fallback != nil {
		d := decoder{mapping: r.mapping}
		v, err := d.value(s, fallback)
		if err != nil {
			return err
		}
		err = schema.Check(s, v)
		if err == nil && v.Kind() == schema.KindStruct {
			// Java compares the struct's schema with one that is not built yet.
			err = errors.New("Struct schemas do not match.") //nolint:staticcheck // Java's text.
		}
		if err != nil && !v.IsNull() {
			return &connect.Error{Class: connect.SchemaBuilderFailure, Message: "Invalid default value", Cause: err}
		}
		if !v.IsNull() {
			s.Default = &v
		}
	}
	s.Optional = s.Optional || at.optional
	return nil
}
