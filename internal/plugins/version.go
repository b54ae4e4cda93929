package plugins

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Range is a set of versions, as Maven and Kafka Connect write it: "[1.0,2.0)",
// "[1.2]", "(,1.0],[1.2,)". The zero Range holds every version.
type Range struct {
	parts []interval
}

type interval struct {
	low, high         string // "" is no bound, unless the interval is one version
	lowOpen, highOpen bool
	single            bool
}

// ParseRange reads a range. A version without brackets means exactly that one,
// "latest" any. The errors are those of Maven's VersionRange.
func ParseRange(spec string) (Range, error) {
	if spec == "latest" {
		return Range{}, nil
	}
	spec = strings.TrimFunc(spec, func(r rune) bool { return r <= ' ' })
	if !strings.HasPrefix(spec, "[") && !strings.HasPrefix(spec, "(") {
		part, err := parseInterval("[" + spec + "]")
		return Range{[]interval{part}}, err
	}
	var out Range
	rest := spec
	for strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "(") {
		end := strings.IndexAny(rest, ")]")
		if end < 0 {
			return Range{}, fmt.Errorf("Unbounded range: %s", spec) //nolint:staticcheck // Maven's text, which clients see
		}
		part, err := parseInterval(rest[:end+1])
		if err != nil {
			return Range{}, err
		}
		if n := len(out.parts); n > 0 && out.parts[n-1].high != "" && (part.low == "" || CompareVersions(part.low, out.parts[n-1].high) < 0) {
			return Range{}, fmt.Errorf("Ranges overlap: %s", spec) //nolint:staticcheck // as above
		}
		out.parts = append(out.parts, part)
		rest = strings.TrimSpace(rest[end+1:])
		if after, ok := strings.CutPrefix(rest, ","); ok {
			rest = strings.TrimSpace(after)
		}
	}
	if rest != "" {
		return Range{}, fmt.Errorf("Only fully-qualified sets allowed in multiple set scenario: %s", spec) //nolint:staticcheck // as above
	}
	return out, nil
}

func parseInterval(spec string) (interval, error) {
	p := interval{lowOpen: spec[0] == '(', highOpen: spec[len(spec)-1] == ')'}
	inner := strings.TrimSpace(spec[1 : len(spec)-1])
	low, high, two := strings.Cut(inner, ",")
	if !two {
		if p.lowOpen || p.highOpen {
			return p, fmt.Errorf("Single version must be surrounded by []: %s", spec) //nolint:staticcheck // Maven's text, which clients see
		}
		p.low, p.high, p.single = inner, inner, true
		return p, nil
	}
	p.low, p.high = strings.TrimSpace(low), strings.TrimSpace(high)
	if p.low != "" && p.high != "" {
		if c := CompareVersions(p.high, p.low); c < 0 || c == 0 && (p.lowOpen || p.highOpen) {
			return p, fmt.Errorf("Range defies version ordering: %s", spec)
		}
	}
	return p, nil
}

// Contains reports whether the version is in the range.
func (r Range) Contains(version string) bool {
	return len(r.parts) == 0 || slices.ContainsFunc(r.parts, func(p interval) bool {
		if p.low != "" || p.single {
			if c := CompareVersions(p.low, version); c > 0 || c == 0 && p.lowOpen {
				return false
			}
		}
		if p.high != "" || p.single {
			if c := CompareVersions(p.high, version); c < 0 || c == 0 && p.highOpen {
				return false
			}
		}
		return true
	})
}

// String returns the range as Maven prints it: "[1.2,1.2]" for "1.2".
func (r Range) String() string {
	texts := make([]string, len(r.parts))
	for i, p := range r.parts {
		from, to := "[", "]"
		if p.lowOpen {
			from = "("
		}
		if p.highOpen {
			to = ")"
		}
		texts[i] = from + p.low + "," + p.high + to
	}
	return strings.Join(texts, ",")
}

// CompareVersions orders versions as Maven does: numbers by value, "alpha" <
// "beta" < "milestone" < "rc" < "snapshot" < "" < "sp" < other words < numbers.
func CompareVersions(a, b string) int {
	x, y := versionItems(a), versionItems(b)
	for i := range max(len(x), len(y)) {
		if c := compareItems(itemAt(x, i), itemAt(y, i)); c != 0 {
			return c
		}
	}
	return 0
}

// versionItem is a number or a word of a version, and what stands before it.
type versionItem struct {
	dash   bool // a hyphen, or a change between digits and letters
	number bool
	text   string // a number without leading zeros; a word in lower case
}

// nothing is what a version has beyond its end.
var nothing = versionItem{number: true, dash: true}

func itemAt(items []versionItem, i int) versionItem {
	if i < len(items) {
		return items[i]
	}
	return nothing
}

func versionItems(version string) []versionItem {
	var items []versionItem
	v := strings.ToLower(version)
	dash := false
	for i := 0; i < len(v); {
		if v[i] == '.' || v[i] == '-' || v[i] == '_' {
			dash = v[i] == '-'
			i++
			continue
		}
		end := i
		digits := isDigit(v[i])
		for end < len(v) && v[end] != '.' && v[end] != '-' && v[end] != '_' && isDigit(v[end]) == digits {
			end++
		}
		item := versionItem{dash: dash, number: digits, text: v[i:end]}
		if digits {
			item.text = strings.TrimLeft(item.text, "0")
		} else {
			item.text = qualifier(item.text, end < len(v) && isDigit(v[end]))
		}
		items = append(items, item)
		i, dash = end, true
	}
	return trimNulls(items)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// qualifier returns the word that Maven compares: release words are nothing, and
// a single letter before a digit is short for a longer word.
func qualifier(word string, beforeDigit bool) string {
	switch {
	case word == "ga" || word == "final" || word == "release":
		return ""
	case word == "cr":
		return "rc"
	case beforeDigit && word == "a":
		return "alpha"
	case beforeDigit && word == "b":
		return "beta"
	case beforeDigit && word == "m":
		return "milestone"
	}
	return word
}

// trimNulls drops zeros and empty words at the end, and before each hyphen.
func trimNulls(items []versionItem) []versionItem {
	var out []versionItem
	for i, item := range items {
		if i > 0 && item.dash {
			out = dropNulls(out)
		}
		out = append(out, item)
	}
	return dropNulls(out)
}

func dropNulls(items []versionItem) []versionItem {
	for len(items) > 0 && items[len(items)-1].text == "" {
		items = items[:len(items)-1]
	}
	return items
}

// compareItems orders ".word" = "-word" < "-number" < ".number".
func compareItems(a, b versionItem) int {
	rank := func(v versionItem) int {
		switch {
		case !v.number:
			return wordRank(v.text)
		case v.text == "":
			return wordRank("")
		case v.dash:
			return 100
		default:
			return 101
		}
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	if a.number {
		return cmp.Or(cmp.Compare(len(a.text), len(b.text)), strings.Compare(a.text, b.text))
	}
	return strings.Compare(a.text, b.text)
}

// wordRank is the place of a qualifier; unknown ones come after those known.
func wordRank(word string) int {
	known := []string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}
	if i := slices.Index(known, word); i >= 0 {
		return i
	}
	return len(known)
}

// NoVersion is Java's message for a class of which there are other versions than
// the wanted ones.
func NoVersion(class string, wanted Range, has ...string) string {
	return fmt.Sprintf("Plugin %s not found that matches the version range %s, available versions: [%s]", class, wanted, strings.Join(has, ", "))
}
