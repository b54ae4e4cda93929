package config

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Validator checks the parsed value of one key; value is nil where the text did
// not parse, or is null.
type Validator interface {
	// Check returns an *Error for a value that is not valid.
	Check(name string, value any) error
}

// Recommender offers values for a key. parsed holds the values of all keys.
type Recommender interface {
	Values(name string, parsed map[string]any) []any
	Visible(name string, parsed map[string]any) bool
}

// Choices is a recommender of fixed texts for a key that is always visible.
type Choices []string

// Values returns the texts; nil where there are none.
func (c Choices) Values(string, map[string]any) []any {
	var values []any
	for _, s := range c {
		values = append(values, s)
	}
	return values
}

// Visible returns true.
func (Choices) Visible(string, map[string]any) bool { return true }

// CheckFunc is a validator made of a function.
type CheckFunc func(name string, value any) error

// Check calls the function.
func (f CheckFunc) Check(name string, value any) error { return f(name, value) }

// All checks with each validator, the first error ending it.
type All []Validator

// Check calls the validators in order.
func (a All) Check(name string, value any) error {
	for _, v := range a {
		if err := v.Check(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Range accepts numbers within bounds, both included; nil is no bound. Null is
// not accepted.
type Range struct{ Min, Max *float64 }

// AtLeast accepts numbers from the bound upward.
func AtLeast(lowest float64) Range { return Range{Min: &lowest} }

// Between accepts numbers from lowest to highest.
func Between(lowest, highest float64) Range { return Range{Min: &lowest, Max: &highest} }

// Check implements Validator.
func (r Range) Check(name string, value any) error {
	var n float64
	switch v := value.(type) {
	case nil:
		return InvalidValue(name, nil, "Value must be non-null")
	case int16:
		n = float64(v)
	case int32:
		n = float64(v)
	case int64:
		n = float64(v)
	case float64:
		n = v
	}
	if r.Min != nil && n < *r.Min {
		return InvalidValue(name, value, "Value must be at least "+number(*r.Min))
	}
	if r.Max != nil && n > *r.Max {
		return InvalidValue(name, value, "Value must be no more than "+number(*r.Max))
	}
	return nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// OneOf accepts the listed texts (ValidString of Java).
type OneOf []string

// Check implements Validator.
func (o OneOf) Check(name string, value any) error {
	if s, ok := value.(string); ok && slices.Contains(o, s) {
		return nil
	}
	return InvalidValue(name, value, "String must be one of: "+strings.Join(o, ", "))
}

// OneOfFold accepts the listed texts in upper or lower case.
type OneOfFold []string

// Check implements Validator.
func (o OneOfFold) Check(name string, value any) error {
	s, ok := value.(string)
	if ok && slices.ContainsFunc(o, func(valid string) bool { return strings.EqualFold(valid, s) }) {
		return nil
	}
	upper := make([]string, len(o))
	for i, s := range o {
		upper[i] = strings.ToUpper(s)
	}
	return InvalidValue(name, value, "String must be one of (case insensitive): "+strings.Join(upper, ", "))
}

// NonNull refuses null.
type NonNull struct{}

// Check implements Validator.
func (NonNull) Check(name string, value any) error {
	if value == nil {
		return InvalidValue(name, nil, "entry must be non null")
	}
	return nil
}

// NonEmpty refuses the empty text; null passes.
type NonEmpty struct{}

// Check implements Validator.
func (NonEmpty) Check(name string, value any) error {
	if value == "" {
		return InvalidValue(name, value, "String must be non-empty")
	}
	return nil
}

// NonEmptyPrintable refuses the empty text and control characters; null passes.
type NonEmptyPrintable struct{}

// Check implements Validator.
func (NonEmptyPrintable) Check(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return nil
	}
	if s == "" {
		return InvalidValue(name, value, "String may not be empty")
	}
	var bad []string
	for _, u := range utf16.Encode([]rune(s)) {
		if u < 0x20 || u >= 0x7f && u < 0xa0 {
			bad = append(bad, strconv.Itoa(int(u)))
		}
	}
	if len(bad) > 0 {
		return InvalidValue(name, value, "String may not contain control sequences but had the following ASCII chars: "+strings.Join(bad, ", "))
	}
	return nil
}

// UniqueList accepts lists without empty or repeated items (ValidList of Java).
// Parse and Decode drop repeated items before they ask it, as Java does.
type UniqueList struct{ NullAllowed, EmptyAllowed, RepeatsAllowed bool }

// Check implements Validator.
func (u UniqueList) Check(name string, value any) error {
	items, ok := value.([]string)
	switch {
	case !ok && u.NullAllowed:
		return nil
	case !ok:
		return Errorf("Configuration '%s' values must not be null.", name)
	case len(items) == 0 && !u.EmptyAllowed:
		return Errorf("Configuration '%s' must not be empty. Valid values include: any non-empty value", name)
	}
	seen := make(map[string]bool, len(items))
	for _, s := range items {
		if seen[s] && !u.RepeatsAllowed {
			return Errorf("Configuration '%s' values must not be duplicated.", name)
		}
		seen[s] = true
	}
	if seen[""] {
		return Errorf("Configuration '%s' values must not be empty.", name)
	}
	return nil
}

// distinct returns the items of a list that is to have each once, in their order.
func (k Key) distinct(value any) any {
	items, list := value.([]string)
	if _, unique := k.Validator.(UniqueList); !unique || !list {
		return value
	}
	once := make([]string, 0, len(items))
	for _, s := range items {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// embedded gives the recommender of an embedded key the names that it knows.
type embedded struct {
	prefix string
	inner  Recommender
}

func (e embedded) unprefixed(parsed map[string]any) map[string]any {
	own := map[string]any{}
	for name, v := range parsed {
		if rest, ok := strings.CutPrefix(name, e.prefix); ok {
			own[rest] = v
		}
	}
	return own
}

func (e embedded) Values(name string, parsed map[string]any) []any {
	return e.inner.Values(strings.TrimPrefix(name, e.prefix), e.unprefixed(parsed))
}

func (e embedded) Visible(name string, parsed map[string]any) bool {
	return e.inner.Visible(strings.TrimPrefix(name, e.prefix), e.unprefixed(parsed))
}
