package jodatime

import (
	_ "embed"
	"strings"
)

//go:embed locales.txt
var locales string

// unknown is the language whose names all have that are not in the table.
const unknown = "zz"

// names are the texts of one language.
type names struct {
	months, shortMonths, days, shortDays, halves, eras []string
}

// namesOf returns the names of a language, as new Locale(language) of Java has
// them.
func namesOf(language string) *names {
	line, ok := find(strings.ToLower(language))
	if !ok {
		line, _ = find(unknown)
	}
	all := strings.Split(line, "|")
	n := &names{}
	for _, of := range []struct {
		to    *[]string
		count int
	}{{&n.months, 12}, {&n.shortMonths, 12}, {&n.days, 7}, {&n.shortDays, 7}, {&n.halves, 2}, {&n.eras, 2}} {
		*of.to, all = all[:of.count], all[of.count:]
	}
	return n
}

// find returns what the table has for a language.
func find(language string) (string, bool) {
	for line := range strings.SplitSeq(locales, "\n") {
		if code, rest, ok := strings.Cut(line, "|"); ok && code == language {
			return rest, true
		}
	}
	return "", false
}
