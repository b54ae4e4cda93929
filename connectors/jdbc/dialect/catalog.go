package dialect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sluice/connect/schema"
)

// args are the parameters of a statement that is being built.
type args []any

// like narrows by a LIKE pattern; nil does not narrow.
func (a *args) like(column string, pattern *string, d Dialect) string {
	if pattern == nil {
		return ""
	}
	*a = append(*a, *pattern)
	return " AND " + column + " LIKE " + d.Placeholder(len(*a))
}

// tables reads rows of catalog, schema and name.
func tables(ctx context.Context, q Querier, query string, a args) ([]TableID, error) {
	rows, err := q.QueryContext(ctx, query, a...)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	var list []TableID
	for rows.Next() {
		var t TableID
		if err := rows.Scan(&t.Catalog, &t.Schema, &t.Name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return list, nil
}

// columns reads rows of name, type, precision, scale, nullable, auto-increment,
// primary key and default.
func columns(ctx context.Context, q Querier, query string, a args) ([]Column, error) {
	rows, err := q.QueryContext(ctx, query, a...)
	if err != nil {
		return nil, fmt.Errorf("describe table %v: %w", a[0], err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	var list []Column
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type, &c.Precision, &c.Scale, &c.Nullable, &c.AutoIncrement, &c.PrimaryKey, &c.HasDefault); err != nil {
			return nil, fmt.Errorf("describe table %v: %w", a[0], err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("describe table %v: %w", a[0], err)
	}
	return list, nil
}

func current(ctx context.Context, q Querier, query string) (catalog, schemaName string, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = rows.Close() }() // it was only read
	if !rows.Next() {
		return "", "", errors.Join(errors.New("the database does not say its catalog and schema"), rows.Err())
	}
	var c, s *string
	if err := rows.Scan(&c, &s); err != nil {
		return "", "", err
	}
	if c != nil {
		catalog = *c
	}
	if s != nil {
		schemaName = *s
	}
	return catalog, schemaName, rows.Err()
}

// sqlType looks the type up: by name for the logical types, else by base type.
func sqlType(s *schema.Schema, base map[schema.Type]string, decimal, date, clock, timestamp string) (string, error) {
	switch s.Name {
	case schema.DecimalName:
		scale, ok := s.Param(schema.ScaleParameter)
		if !ok {
			return "", fmt.Errorf("schema %s has no parameter %s", s.Name, schema.ScaleParameter)
		}
		return strings.ReplaceAll(decimal, "{scale}", scale), nil
	case schema.DateName:
		return date, nil
	case schema.TimeName:
		return clock, nil
	case schema.TimestampName:
		return timestamp, nil
	}
	if t, ok := base[s.Type]; ok {
		return t, nil
	}
	return "", fmt.Errorf("%s (%s) type doesn't have a mapping to the SQL database column type", orElse(s.Name, "null"), strings.ToUpper(s.Type.String()))
}
