// Package registry is what the Schema Registry converters share: the client
// with its caches, subject names, the bytes before a payload, and the keys of
// the configuration.
//
// A [Pool] gives converters with the same addresses and credentials the same
// [Client], so that tasks ask the registry once for all of them. A [Session] is
// one converter's use of a client: it knows which schema to write with
// ([Session.Target]) and what the bytes of a record say ([Session.Read]). Calls
// that reach the registry block up to http.connect.timeout.ms and
// http.read.timeout.ms for each address, times max.retries. No text of an error
// shows a credential. Start at session.go.
package registry

import (
	"github.com/twmb/franz-go/pkg/sr"
)

// Schema is a schema as the registry holds it.
type Schema struct {
	Type       sr.SchemaType
	Text       string
	References []Reference
	// ID is its number; 0 where only the text is known yet.
	ID int
	// GUID is its global name; "" where the registry tells none (before 8.0).
	GUID string

	rules ruleSet
}

// Reference is a schema that another one uses, with its own text.
type Reference struct {
	Name    string
	Subject string
	Version int
	Schema  Schema
}

// Walk calls visit for each schema that s refers to, the innermost first; a name
// that was seen is not visited again.
func (s *Schema) Walk(visit func(r *Reference) error) error {
	return walk(s.References, map[string]bool{}, visit)
}

func walk(refs []Reference, seen map[string]bool, visit func(r *Reference) error) error {
	for i := range refs {
		r := &refs[i]
		if seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		if err := walk(r.Schema.References, seen, visit); err != nil {
			return err
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) wire() sr.Schema {
	out := sr.Schema{Schema: s.Text, Type: s.Type}
	for _, r := range s.References {
		out.References = append(out.References, sr.SchemaReference{Name: r.Name, Subject: r.Subject, Version: r.Version})
	}
	return out
}
