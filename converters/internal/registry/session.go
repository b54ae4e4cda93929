package registry

import (
	"fmt"
	"slices"
	"time"

	"sluice/connect"
)

// Session is the use that one converter makes of the registry. It is for one
// goroutine.
type Session struct {
	*Settings
	Words  *Words
	client *Client
	isKey  bool
	header string // of the schema's name; "" is not looked at
}

// Open returns the session of a converter. It asks nothing of the registry; the
// error is a *config.Error.
func (p *Pool) Open(s *Settings, words *Words, isKey bool) (*Session, error) {
	c, err := p.Client(s)
	if err != nil {
		return nil, err
	}
	session := &Session{Settings: s, Words: words, client: c, isKey: isKey}
	if s.readsHeader(isKey) {
		session.header = pick(isKey, keyHeader, valueHeader)
	}
	return session, nil
}

// Target is the schema to write a record with.
type Target struct {
	// Schema is the one that the registry knows. It is the record's own unless
	// use.latest.version or use.schema.id say otherwise.
	Schema Schema
	// Prefix stands before the payload; in a header where Header is set.
	Prefix []byte
	Header string
}

// Reads checks that data of the schema writer can be read with the schema reader.
type Reads func(reader, writer Schema) error

// Target finds the schema to write records of the topic with, given the one that
// was made from the Connect schema and the name of its record. It blocks while
// the registry is asked, which it is once for each subject and schema.
func (s *Session) Target(topic, record string, own Schema, reads Reads) (Target, error) {
	sub, err := subject(s.strategy(s.isKey), topic, record, s.isKey)
	if err != nil {
		return Target{}, err
	}
	found, err := s.choose(sub, own, reads)
	if err != nil {
		return Target{}, err
	}
	if err := s.rules.check(&found, "WRITE"); err != nil {
		return Target{}, err
	}
	t := Target{Schema: found}
	if !s.inHeader(s.isKey) {
		t.Prefix = prefix(found.ID)
		return t, nil
	}
	if t.Prefix, err = guidPrefix(found.GUID); err != nil {
		return Target{}, Serialization(err, "Schema GUID is null: the registry tells no guid for the subject %s, which the header needs", sub)
	}
	t.Header = pick(s.isKey, keyHeader, valueHeader)
	return t, nil
}

func (s *Session) choose(sub string, own Schema, reads Reads) (Schema, error) {
	f := s.Words.Format
	switch {
	case s.AutoRegister:
		found, err := s.client.Register(sub, own, s.Normalize)
		return found, during(fmt.Sprintf("Error registering %s schema under the subject %s: %s", f, sub, own.Text), err)
	case s.UseID >= 0:
		found, err := s.client.ByID(sub, s.UseID, "")
		if err != nil {
			return found, during(fmt.Sprintf("Error retrieving schema ID %d for the subject %s: %s", s.UseID, sub, own.Text), err)
		}
		return found, s.strict(s.IDStrict, "id.compatibility.strict", found, own, reads)
	case s.UseGUID != "":
		found, err := s.client.ByID(sub, 0, s.UseGUID)
		if err != nil {
			return found, during(fmt.Sprintf("Error retrieving schema GUID %s for the subject %s: %s", s.UseGUID, sub, own.Text), err)
		}
		if err := s.strict(s.IDStrict, "id.compatibility.strict", found, own, reads); err != nil {
			return found, err
		}
		known, err := s.client.Lookup(sub, found, false)
		found.ID = known.ID
		return found, during(fmt.Sprintf("Error retrieving the ID of the schema GUID %s under the subject %s", s.UseGUID, sub), err)
	case s.metadata != nil:
		found, err := s.client.Latest(sub, s.metadata, s.latestTTL())
		if err != nil {
			return found, during(fmt.Sprintf("Error retrieving latest with metadata '%v' of the subject %s: %s", s.metadata, sub, own.Text), err)
		}
		return found, s.strict(false, "", found, own, reads)
	case s.UseLatest:
		found, err := s.client.Latest(sub, nil, s.latestTTL())
		if err != nil {
			return found, during(fmt.Sprintf("Error retrieving latest version of %s schema of the subject %s: %s", f, sub, own.Text), err)
		}
		return found, s.strict(s.LatestStrict, "latest.compatibility.strict", found, own, reads)
	}
	found, err := s.client.Lookup(sub, own, s.Normalize)
	return found, during(fmt.Sprintf("Error retrieving %s schema under the subject %s: %s", f, sub, own.Text), err)
}

func (s *Session) latestTTL() time.Duration { return time.Duration(s.LatestTTL) * time.Second }

// KeepsTargets reports whether a target may be kept: not where a latest version is
// to be asked for again.
func (s *Session) KeepsTargets() bool {
	return s.LatestTTL < 0 || s.AutoRegister || !s.UseLatest && s.metadata == nil
}

func (s *Session) strict(on bool, key string, found, own Schema, reads Reads) error {
	if found.Type != own.Type {
		return Serialization(nil, "the registry's schema with id %d is of the type %s, not %s", found.ID, found.Type, own.Type)
	}
	if !on || reads == nil {
		return nil
	}
	if err := reads(found, own); err != nil {
		return Serialization(err, "Incompatible schema of type '%s'. Set %s=false to disable this check. The schema with id %d cannot read it: %v",
			found.Type, key, found.ID, err)
	}
	return nil
}

// Read takes the bytes of a record apart. An error is a SerializationException.
func (s *Session) Read(raw []byte, headers []connect.RawHeader) (Written, error) {
	w, err := split(raw, headers, s.header)
	if err != nil {
		return w, Serialization(err, "Error deserializing schema ID: %v; the bytes begin with %s", err, begin(raw))
	}
	return w, nil
}

// begin shows how bytes begin, so that a person sees what they are.
func begin(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("% x (%q)", raw[:min(8, len(raw))], raw[:min(8, len(raw))])
}

// WriterSchema returns the schema that a record of the topic was written with. It
// blocks while the registry is asked, which it is once for each id.
func (s *Session) WriterSchema(topic string, w Written) (Schema, error) {
	found, err := s.client.ByID(s.topicSubject(topic), w.ID, w.GUID)
	if err == nil {
		return found, s.rules.check(&found, "READ")
	}
	return found, during(fmt.Sprintf("Error retrieving %s %s schema for %s", s.Words.Format, pick(s.isKey, "key", "value"), w), err)
}

// topicSubject is the subject as far as the topic alone tells it.
func (s *Session) topicSubject(topic string) string {
	strategy := s.strategy(s.isKey)
	if usesRecord(strategy) {
		return ""
	}
	sub, err := subject(strategy, topic, "", s.isKey)
	if err != nil {
		return ""
	}
	return sub
}

// Version returns the version that the writer's schema has in its subject.
func (s *Session) Version(topic, record string, w Written, found Schema) (int, error) {
	sub, err := subject(s.strategy(s.isKey), topic, record, s.isKey)
	if err != nil {
		return 0, err
	}
	v, err := s.client.Version(sub, found)
	if err == nil {
		return v, nil
	}
	return 0, during(fmt.Sprintf("Error retrieving %s %s schema version for %s under the subject %s", s.Words.Format,
		pick(s.isKey, "key", "value"), w, sub), err)
}

// Begin appends the prefix to dst, or sets the header that names the schema
// unless it is there.
func (t *Target) Begin(dst []byte, headers *[]connect.RawHeader) ([]byte, error) {
	if t.Header == "" {
		return append(dst, t.Prefix...), nil
	}
	if headers == nil {
		return dst, Serialization(nil, "Missing headers")
	}
	for _, h := range slices.Backward(*headers) {
		if h.Key == t.Header {
			if string(h.Value) == string(t.Prefix) {
				return dst, nil
			}
			break
		}
	}
	*headers = append(*headers, connect.RawHeader{Key: t.Header, Value: t.Prefix})
	return dst, nil
}
