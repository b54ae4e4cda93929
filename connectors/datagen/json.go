package datagen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// object is a JSON object whose members keep their order; maps among the
// options of a schema need it.
type object []member

type member struct {
	name  string
	value any
}

// get returns the last member of the name, as Java's parser does.
func (o object) get(name string) (any, bool) {
	for _, v := range slices.Backward(o) {
		if v.name == name {
			return v.value, true
		}
	}
	return nil, false
}

func (o object) has(name string) bool {
	_, ok := o.get(name)
	return ok
}

func (o object) text(name string) string {
	v, _ := o.get(name)
	s, _ := v.(string)
	return s
}

// parseJSON returns all JSON values of the text: object, []any, string,
// json.Number, bool or nil. Comments are allowed, as Avro's own parser allows them.
func parseJSON(text []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(stripComments(text)))
	d.UseNumber()
	var all []any
	for {
		v, err := readValue(d, 0)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

// maxDepth bounds the nesting of a schema, so that a hostile one ends in an error.
const maxDepth = 200

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("JSON nests deeper than %d levels", maxDepth)
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	var v any
	if delim == '{' {
		v, err = readObject(d, depth)
	} else {
		v, err = readArray(d, depth)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

func readObject(d *json.Decoder, depth int) (any, error) {
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		s, _ := name.(string) // The decoder gives nothing else as a member's name.
		o = append(o, member{s, v})
	}
	_, err := d.Token()
	return o, err
}

func readArray(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

// stripComments blanks // and /* */ comments outside of strings.
func stripComments(text []byte) []byte {
	out := bytes.Clone(text)
	inString := false
	for i := 0; i < len(out); i++ {
		switch {
		case inString && out[i] == '\\':
			i++
		case out[i] == '"':
			inString = !inString
		case !inString && out[i] == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			end, skip := "\n", 0
			if out[i+1] == '*' {
				end, skip = "*/", 2
			}
			n := bytes.Index(out[i+2:], []byte(end))
			if n < 0 {
				n = len(out) - i - 2
				skip = 0
			}
			for j := i; j < i+2+n+skip; j++ {
				out[j] = ' '
			}
			i += 1 + n + skip
		}
	}
	return out
}

// isIntegral reports whether Java's parser would take the number for an integer.
func isIntegral(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// javaClass names the Java class that holds such a JSON value; messages show it.
func javaClass(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "java.lang.String"
	case bool:
		return "java.lang.Boolean"
	case object:
		return "java.util.LinkedHashMap"
	case []any:
		return "java.util.ArrayList"
	case json.Number:
		if !isIntegral(v) {
			return "java.lang.Double"
		}
		if n, err := v.Int64(); err == nil && n == int64(int32(n)) {
			return "java.lang.Integer"
		}
		return "java.lang.Long"
	}
	return fmt.Sprintf("%T", v)
}
