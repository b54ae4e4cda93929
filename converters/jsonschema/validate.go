package jsonschema

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
	draft "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"sluice/converters/internal/registry"
)

// rules check documents against one schema of the registry (json.fail.invalid.schema).
type rules struct {
	compiled *draft.Schema
	name     string // of the schema, in errors
}

// root is the address of a schema without $id, which relative references are of.
const root = "registry:///schema.json"

// newRules compiles the schema with what it refers to. Nothing is fetched: a
// reference that the registry does not hold is an error. As in Java a schema
// that names no dialect is of draft 7, and formats count.
func newRules(s *registry.Schema, name string) (*rules, error) {
	c := draft.NewCompiler()
	c.DefaultDraft(draft.Draft7)
	c.AssertFormat()
	c.UseRegexpEngine(compilePattern)
	others := references{}
	err := s.Walk(func(r *registry.Reference) (err error) {
		others[r.Name], err = draft.UnmarshalJSON(strings.NewReader(r.Schema.Text))
		return err
	})
	if err != nil {
		return nil, err
	}
	c.UseLoader(others)
	doc, err := draft.UnmarshalJSON(strings.NewReader(s.Text))
	if err != nil {
		return nil, err
	}
	if err := c.AddResource(root, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(root)
	if err != nil {
		return nil, err
	}
	return &rules{compiled, name}, nil
}

// check returns a SerializationException that says where the document breaks
// which rule. It shows nothing of the contents.
func (r *rules) check(document []byte) error {
	value, err := draft.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return registry.Serialization(err, "the JSON cannot be checked against the schema with %s", r.name)
	}
	err = r.compiled.Validate(value)
	if err == nil {
		return nil
	}
	var broken []string
	if invalid, ok := errors.AsType[*draft.ValidationError](err); ok {
		broken = violations(nil, invalid)
	}
	return registry.Serialization(nil, "JSON does not match the schema with %s, which json.fail.invalid.schema asks for: %s", r.name, strings.Join(broken, "; "))
}

// mostViolations bounds the text of an error.
const mostViolations = 5

// violations lists the innermost violations: place and rule.
func violations(list []string, err *draft.ValidationError) []string {
	if len(list) >= mostViolations {
		return list
	}
	if len(err.Causes) > 0 {
		for _, cause := range err.Causes {
			list = violations(list, cause)
		}
		return list
	}
	at := "/" + strings.Join(err.InstanceLocation, "/")
	switch k := err.ErrorKind.(type) {
	case *kind.Type:
		return append(list, fmt.Sprintf("%s is %s, not %s", at, k.Got, strings.Join(k.Want, " or ")))
	case *kind.Required:
		return append(list, fmt.Sprintf("%s lacks %s", at, strings.Join(k.Missing, ", ")))
	case *kind.AdditionalProperties:
		return append(list, fmt.Sprintf("%s has the unknown members %s", at, strings.Join(k.Properties, ", ")))
	}
	return append(list, fmt.Sprintf("%s breaks the rule %s", at, strings.Join(err.ErrorKind.KeywordPath(), "/")))
}

// references are the documents that a schema refers to, by the names that the
// registry has for them.
type references map[string]any

// Load implements the library's loader. A name may be whole or the end of an
// address that was made from the base of the schema.
func (r references) Load(address string) (any, error) {
	if doc, ok := r[address]; ok {
		return doc, nil
	}
	for name, doc := range r {
		if strings.HasSuffix(address, "/"+strings.TrimPrefix(name, "/")) {
			return doc, nil
		}
	}
	return nil, fmt.Errorf("the reference %s is not among those that the registry has for the schema", address)
}

// patternTimeout ends a pattern that a document makes run for ever.
const patternTimeout = time.Second

// pattern is an expression of JavaScript, which JSON Schema prescribes.
type pattern struct{ *regexp2.Regexp }

func compilePattern(text string) (draft.Regexp, error) {
	re, err := regexp2.Compile(text, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = patternTimeout
	return pattern{re}, nil
}

// MatchString reports whether the text matches; one that takes too long does not.
func (p pattern) MatchString(text string) bool {
	ok, err := p.Regexp.MatchString(text)
	return ok && err == nil
}
