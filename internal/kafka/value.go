package kafka

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// hidden stands for a secret in errors and logs.
const hidden = "[hidden]"

// kind is how the text of a value is read.
type kind uint8

const (
	text     kind = iota // string, trimmed as Java does
	password             // string, never shown
	boolT                // bool
	int16T               // int64 in the range of Java's short
	int32T               // int64 in the range of Java's int
	int64T               // int64
	decimal              // float64
	list                 // []string, separated by commas
)

// key is a row of the table: one configuration key of the Java clients and
// what becomes of it here. With neither none nor refuse it is mapped.
type key struct {
	name     string
	roles    Role
	kind     kind
	least    *int64   // lower bound of a number
	most     *int64   // upper bound of a number
	oneOf    []string // the values there are; nil for any
	anyCase  bool     // oneOf in upper or lower case
	notEmpty bool
	none     string             // why the key has no effect
	refuse   func(v any) string // what would be right instead of v; "" takes v
}

// parse reads the text; an error says what would be right.
func (k *key) parse(s string) (any, error) {
	s = strings.TrimSpace(s)
	if k.notEmpty && s == "" {
		return nil, errors.New("give a text that is not empty")
	}
	switch k.kind {
	case text, password:
		return k.oneOfThem(s)
	case boolT:
		switch strings.ToLower(s) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("give true or false")
	case int16T:
		return k.integer(s, math.MinInt16, math.MaxInt16)
	case int32T:
		return k.integer(s, math.MinInt32, math.MaxInt32)
	case int64T:
		return k.integer(s, math.MinInt64, math.MaxInt64)
	case decimal:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, errors.New("give a number")
		}
		return f, nil
	case list:
		return splitList(s), nil
	default:
		return nil, fmt.Errorf("kind %d of the key table is not known", k.kind)
	}
}

func (k *key) oneOfThem(s string) (any, error) {
	if k.oneOf == nil {
		return s, nil
	}
	for _, v := range k.oneOf {
		if s == v || k.anyCase && strings.EqualFold(s, v) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("give one of %s", strings.Join(k.oneOf, ", "))
}

func (k *key) integer(s string, least, most int64) (any, error) {
	if k.least != nil {
		least = *k.least
	}
	if k.most != nil {
		most = *k.most
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n >= least && n <= most {
		return n, nil
	}
	switch {
	case k.least != nil && k.most == nil:
		return nil, fmt.Errorf("give a whole number of %d or more, at most %d", least, most)
	default:
		return nil, fmt.Errorf("give a whole number from %d to %d", least, most)
	}
}

// splitList cuts at commas and drops empty parts.
func splitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" })
}
