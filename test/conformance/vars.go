package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// vars are the variables of one run of a case.
type vars struct {
	expand, fold *strings.Replacer
	run, tmp     string
}

func newVars(target *url.URL, tmp string) (vars, error) {
	random := make([]byte, 5)
	if _, err := rand.Read(random); err != nil {
		return vars{}, err
	}
	number, err := rand.Int(rand.Reader, big.NewInt(9e8))
	if err != nil {
		return vars{}, err
	}
	v := vars{run: "r" + hex.EncodeToString(random), tmp: tmp}
	address := strings.TrimRight(target.String(), "/")
	// A replacer takes what stands first: the longer ones before their parts.
	pairs := [][2]string{
		{"TMP", tmp},
		{"RUN", v.run},
		{"URL", address},
		{"NETLOC", target.Host},
		{"NUM", strconv.FormatInt(number.Int64()+1e8, 10)},
	}
	var out, in []string
	for _, p := range pairs {
		out = append(out, "${"+p[0]+"}", p[1])
		in = append(in, p[1], "${"+p[0]+"}")
	}
	v.expand, v.fold = strings.NewReplacer(out...), strings.NewReplacer(in...)
	return v, nil
}

var repeated = regexp.MustCompile(`\$\{REPEAT:([^:}]*):(\d+)\}`)

func (v vars) text(s string) string {
	return repeated.ReplaceAllStringFunc(v.expand.Replace(s), func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			return m
		}
		return strings.Repeat(parts[1], n)
	})
}

// value expands the texts and keys of a JSON value.
func (v vars) value(x any) any {
	switch x := x.(type) {
	case string:
		return v.text(x)
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = v.value(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, item := range x {
			out[v.text(key)] = v.value(item)
		}
		return out
	}
	return x
}

// lookup follows a path such as tasks.0.state; x.length is the length of a list.
func lookup(x any, path string) (any, error) {
	for part := range strings.SplitSeq(path, ".") {
		switch y := x.(type) {
		case []any:
			if part == "length" {
				x = jsonInt(len(y))
				continue
			}
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(y) {
				return nil, fmt.Errorf("no element %s", part)
			}
			x = y[i]
		case map[string]any:
			item, found := y[part]
			if !found {
				return nil, fmt.Errorf("no member %s", part)
			}
			x = item
		default:
			return nil, fmt.Errorf("nothing below %s", part)
		}
	}
	return x, nil
}
