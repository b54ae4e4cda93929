package transforms

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

const nestedPurpose = "nested field access"

// fieldSyntaxKey defines the key that says how paths of fields are written (KIP-821).
func fieldSyntaxKey() config.Key {
	return config.Key{
		Name: "field.syntax.version", Type: config.String, Default: "V1", Validator: config.OneOfFold{"V1", "V2"}, Importance: config.High,
		Doc: "How a field is named. V1: by its name, at the top level only. V2: by its path, with dots between the steps; " +
			"a step that has dots in it stands between backticks.",
	}
}

// fieldPath is the way to a member of nested structs or maps. It has no steps
// where the path of syntax V2 is empty.
type fieldPath []string

// newFieldPath reads a path in the syntax V1 or V2.
func newFieldPath(text, syntax string) (fieldPath, error) {
	if !strings.EqualFold(syntax, "V2") {
		return fieldPath{text}, nil
	}
	var steps fieldPath
	rest := text
	for rest != "" {
		if rest[0] != '`' {
			step, after, _ := strings.Cut(rest, ".")
			steps, rest = append(steps, step), after
			continue
		}
		step, after, ok := quotedStep(rest[1:])
		if !ok {
			return nil, config.Errorf("Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position %d to escape it",
				text, len([]rune(text[:len(text)-len(rest)])))
		}
		steps, rest = append(steps, step), after
	}
	if strings.HasSuffix(text, ".") {
		steps = append(steps, "")
	}
	return steps, nil
}

// quotedStep reads a step up to the backtick that ends the text or stands
// before a dot. A backslash before such a backtick makes it part of the step.
func quotedStep(text string) (step, rest string, ok bool) {
	from := 0
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '`')
		if i < 0 {
			return "", "", false
		}
		at += i
		escaped := at > 0 && text[at-1] == '\\'
		switch {
		case at == len(text)-1:
			return step + text[from:at], "", !escaped
		case text[at+1] != '.':
		case escaped:
			step += text[from:at-1] + "`"
			from = at + 1
		default:
			return step + text[from:at], text[at+2:], true
		}
	}
}

// errNoSteps is what Java raises when it uses a path without steps.
func (p fieldPath) errNoSteps() error {
	if len(p) > 0 {
		return nil
	}
	return connect.ClassErrorf(illegalArgument, "fromIndex(0) > toIndex(-1)")
}

// in returns the schema at the end of the path; nil where there is no such field.
func (p fieldPath) in(s *schema.Schema) (*schema.Schema, error) {
	if err := p.errNoSteps(); err != nil {
		return nil, err
	}
	for _, step := range p {
		i, err := fieldIndex(s, step)
		if err != nil || i < 0 {
			return nil, err
		}
		s = s.Fields[i].Schema
	}
	return s, nil
}

// ofStruct returns the value at the end of the path, null where a struct or a
// field on the way is missing.
func (p fieldPath) ofStruct(st *schema.Struct, nulls replaceNull) (schema.Value, error) {
	last := len(p) - 1
	for _, step := range p[:last] {
		v, _ := st.Get(step)
		inner, err := requireStructOrNull(v, nestedPurpose)
		if inner == nil {
			return schema.Null(), err
		}
		st = inner
	}
	if i := st.Schema.FieldIndex(p[last]); i >= 0 {
		return nulls.at(st, i), nil
	}
	return schema.Null(), nil
}

// ofMap is ofStruct for maps without schema.
func (p fieldPath) ofMap(entries []schema.Entry) (schema.Value, error) {
	if err := p.errNoSteps(); err != nil {
		return schema.Null(), err
	}
	last := len(p) - 1
	for _, step := range p[:last] {
		v := lookup(entries, step)
		if v.IsNull() {
			return v, nil
		}
		var err error
		if entries, err = requireMap(v, nestedPurpose); err != nil {
			return schema.Null(), err
		}
	}
	return lookup(entries, p[last]), nil
}
