package dialect

import (
	"fmt"
	"strings"
)

// TableID names a table. Catalog and Schema may be "".
type TableID struct{ Catalog, Schema, Name string }

// String returns the parts that are there, joined by points and not quoted: the
// form of the keys of source offsets.
func (t TableID) String() string {
	var parts []string
	for _, p := range []string{t.Catalog, t.Schema, t.Name} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

// Identifiers is how a database quotes names.
type Identifiers struct {
	Open, Close string
	// Plain leaves names unquoted (quote.sql.identifiers=NEVER).
	Plain bool
	// CatalogFirst says that the first of two parts is a catalog, as in MySQL.
	CatalogFirst bool
}

// Name returns the name quoted; a quote in it is doubled.
func (i Identifiers) Name(name string) string {
	if i.Plain {
		return name
	}
	return i.Open + strings.ReplaceAll(name, i.Close, i.Close+i.Close) + i.Close
}

// Table returns the parts of the table's name quoted and joined by points.
func (i Identifiers) Table(t TableID) string {
	var b strings.Builder
	for _, p := range []string{t.Catalog, t.Schema, t.Name} {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(i.Name(p))
	}
	return b.String()
}

// Column returns the quoted column, behind its table where that has a name.
func (i Identifiers) Column(t TableID, column string) string {
	if t.Name == "" {
		return i.Name(column)
	}
	return i.Table(t) + "." + i.Name(column)
}

// ParseTable reads a name of one to three parts, each quoted or not, whatever
// Plain says.
func (i Identifiers) ParseTable(s string) (TableID, error) {
	parts, err := i.split(s)
	if err != nil {
		return TableID{}, err
	}
	switch len(parts) {
	case 1:
		return TableID{Name: parts[0]}, nil
	case 2:
		if i.CatalogFirst {
			return TableID{Catalog: parts[0], Name: parts[1]}, nil
		}
		return TableID{Schema: parts[0], Name: parts[1]}, nil
	case 3:
		return TableID{Catalog: parts[0], Schema: parts[1], Name: parts[2]}, nil
	}
	return TableID{}, fmt.Errorf("table name %q has %d parts: write catalog.schema.table or less", s, len(parts))
}

func (i Identifiers) split(s string) ([]string, error) {
	rest := s
	var parts []string
	for {
		part, after, err := i.cut(rest)
		if err != nil {
			return nil, fmt.Errorf("table name %q: %w", s, err)
		}
		if part == "" {
			return nil, fmt.Errorf("table name %q has an empty part", s)
		}
		parts = append(parts, part)
		if after == "" {
			return parts, nil
		}
		if after[0] != '.' {
			return nil, fmt.Errorf("table name %q: a point must follow the quoted %q", s, part)
		}
		rest = after[1:]
	}
}

// cut takes one part from the front.
func (i Identifiers) cut(s string) (part, after string, err error) {
	if !strings.HasPrefix(s, i.Open) {
		at := strings.IndexByte(s, '.')
		if at < 0 {
			return s, "", nil
		}
		return s[:at], s[at:], nil
	}
	rest := s[len(i.Open):]
	var b strings.Builder
	for {
		at := strings.Index(rest, i.Close)
		if at < 0 {
			return "", "", fmt.Errorf("the quote %s is not closed", i.Open)
		}
		b.WriteString(rest[:at])
		rest = rest[at+len(i.Close):]
		if !strings.HasPrefix(rest, i.Close) {
			return b.String(), rest, nil
		}
		b.WriteString(i.Close)
		rest = rest[len(i.Close):]
	}
}
