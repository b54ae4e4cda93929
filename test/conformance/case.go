// Package conformance replays answers of the REST API that were recorded from
// Kafka Connect 4.3.1, against a worker of ours or, to record and to check the
// recording, against the Java worker. The README has the format of the cases.
//
// [Load] reads the cases, [Runner.Run] runs one; the test of this package does it
// for all of them.
package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Case is a file of steps that share connectors and files.
type Case struct {
	Name         string            `json:"name"`
	Modes        []string          `json:"modes,omitempty"`
	Connectors   []string          `json:"connectors,omitempty"`
	Files        map[string]string `json:"files,omitempty"`
	ResetLoggers []string          `json:"reset_loggers,omitempty"`
	Steps        []Step            `json:"steps"`

	path string
}

// Step is a request with its expected answer, or an action.
type Step struct {
	Modes []string `json:"modes,omitempty"`

	Action  string  `json:"action,omitempty"`
	File    string  `json:"file,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	Equals  string  `json:"equals,omitempty"`
	Within  float64 `json:"within,omitempty"`

	Method      string           `json:"method,omitempty"`
	Path        string           `json:"path,omitempty"`
	Headers     map[string]texts `json:"headers,omitempty"`
	JSON        json.RawMessage  `json:"json,omitempty"`
	Text        *string          `json:"text,omitempty"`
	ContentType *bool            `json:"content_type,omitempty"`
	Accept      *bool            `json:"accept,omitempty"`
	Until       conditions       `json:"until,omitempty"`
	NoRetry     bool             `json:"no_retry,omitempty"`

	Match          string   `json:"match,omitempty"`
	MessageRegex   string   `json:"message_regex,omitempty"`
	Sets           []string `json:"sets,omitempty"`
	Ignore         []string `json:"ignore,omitempty"`
	IgnoreHeaders  []string `json:"ignore_headers,omitempty"`
	CompareHeaders []string `json:"compare_headers,omitempty"`
	Ordered        bool     `json:"ordered,omitempty"`
	OnlyOwn        bool     `json:"only_own,omitempty"`
	Project        string   `json:"project,omitempty"`

	Expect           *Answer `json:"expect,omitempty"`
	ExpectStandalone *Answer `json:"expect@standalone,omitempty"`
	ExpectAlt        *Answer `json:"expect@alt,omitempty"`
}

// Answer is what a worker answered, normalized.
type Answer struct {
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers"`
	JSON      any               `json:"json,omitempty"`
	KeyOrder  any               `json:"key_order,omitempty"`
	ErrorPage bool              `json:"error_page,omitempty"`
	Text      *string           `json:"text,omitempty"`
	Empty     bool              `json:"empty,omitempty"`

	hasJSON bool
}

// UnmarshalJSON implements json.Unmarshaler: a body of null is one, too.
func (a *Answer) UnmarshalJSON(b []byte) error {
	type plain Answer
	if err := decode(b, (*plain)(a)); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	_, a.hasJSON = members["json"]
	return nil
}

// texts is a text or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one *string
	if err := json.Unmarshal(b, &one); err == nil {
		if one != nil {
			*t = texts{*one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// condition is what an answer must be like before it is compared.
type condition struct {
	Status  int             `json:"status,omitempty"`
	Field   string          `json:"field,omitempty"`
	Equals  json.RawMessage `json:"equals,omitempty"`
	Missing *bool           `json:"missing,omitempty"`
	Within  float64         `json:"within,omitempty"`
}

type conditions []condition

// UnmarshalJSON implements json.Unmarshaler.
func (c *conditions) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("{")) {
		*c = make(conditions, 1)
		return json.Unmarshal(b, &(*c)[0])
	}
	return json.Unmarshal(b, (*[]condition)(c))
}

// Load reads the cases of a folder that apply to the mode, by name of their files.
func Load(folder, mode string) ([]*Case, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c := &Case{path: path}
		if err := decode(text, c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if applies(c.Modes, "distributed", mode) {
			cases = append(cases, c)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("no case of mode %s in %s", mode, folder)
	}
	return cases, nil
}

// Save writes a case back, after a recording.
func (c *Case) Save() error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(c); err != nil {
		return err
	}
	return os.WriteFile(c.path, b.Bytes(), 0o644) //nolint:gosec // a file of the repository
}

func applies(modes []string, absent, mode string) bool {
	if len(modes) == 0 {
		return absent == "" || absent == mode
	}
	return slices.Contains(modes, mode)
}

// expected returns the answer for the mode, or nil.
func (s *Step) expected(mode string) *Answer {
	switch {
	case mode == "standalone" && s.ExpectStandalone != nil:
		return s.ExpectStandalone
	case mode == "alt" && s.ExpectAlt != nil:
		return s.ExpectAlt
	}
	return s.Expect
}

// counted reports whether the step is one of the suite's figures.
func (s *Step) counted() bool { return s.Action == "" || s.Action == "wait-file" }

func (s *Step) matching() string {
	if s.Match == "" {
		return "exact"
	}
	return s.Match
}

func (s *Step) hasHeader(name string) bool {
	for given := range s.Headers {
		if strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}

// decode reads one JSON value; numbers keep their text.
func decode(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(to)
}
