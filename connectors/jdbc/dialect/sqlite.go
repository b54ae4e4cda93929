package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // The driver "sqlite".

	"sluice/connect/schema"
)

type sqlite struct{}

func (sqlite) Name() string             { return "SqliteDatabaseDialect" }
func (sqlite) Identifiers() Identifiers { return Identifiers{Open: "`", Close: "`"} }
func (sqlite) Placeholder(int) string   { return "?" }
func (sqlite) NowQuery() string         { return "SELECT strftime('%Y-%m-%d %H:%M:%f','now') || 'Z'" }

func (sqlite) Current(context.Context, Querier) (catalog, schemaName string, err error) {
	return "", "", nil
}

func (sqlite) Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error) {
	var wanted []string
	for _, t := range f.Types {
		switch t {
		case "TABLE", "VIEW":
			wanted = append(wanted, "'"+strings.ToLower(t)+"'")
		}
	}
	if len(wanted) == 0 || named(f.Catalog) || named(f.Schema) {
		return nil, nil
	}
	return tables(ctx, q, "SELECT '', '', name FROM sqlite_master WHERE type IN ("+strings.Join(wanted, ",")+
		") AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", nil)
}

// named reports whether a pattern asks for a name, which SQLite does not have.
func named(pattern *string) bool { return pattern != nil && *pattern != "" && *pattern != "%" }

func (sqlite) Columns(ctx context.Context, q Querier, t TableID) ([]Column, error) {
	const query = `SELECT name, type, 0, 0, "notnull" = 0,
 lower(type) = 'integer' AND pk = 1 AND (SELECT count(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1,
 pk > 0, dflt_value IS NOT NULL FROM pragma_table_info(?1) ORDER BY cid`
	list, err := columns(ctx, q, query, args{t.Name})
	for i := range list {
		c := &list[i]
		c.Type, c.Precision, c.Scale = SplitType(c.Type)
	}
	return list, err
}

// SplitType takes a declared type such as "DECIMAL(10,2)" apart; the name comes
// in lower case.
func SplitType(declared string) (name string, precision, scale int) {
	name, rest, ok := strings.Cut(declared, "(")
	name = strings.ToLower(strings.TrimSpace(name))
	if ok {
		if _, err := fmt.Sscanf(strings.ReplaceAll(rest, " ", ""), "%d,%d", &precision, &scale); err != nil {
			scale = 0
		}
	}
	return name, max(precision, 0), max(scale, 0)
}

func (sqlite) SQLType(s *schema.Schema, _ bool) (string, error) {
	return sqlType(s, map[schema.Type]string{
		schema.Int8: "INTEGER", schema.Int16: "INTEGER", schema.Int32: "INTEGER", schema.Int64: "INTEGER",
		schema.Float32: "REAL", schema.Float64: "REAL", schema.Boolean: "INTEGER",
		schema.String: "TEXT", schema.Bytes: "BLOB",
	}, "NUMERIC", "NUMERIC", "NUMERIC", "NUMERIC")
}

func parseSQLite(rest string, _ credentials) (Target, error) {
	path, query, _ := strings.Cut(rest, "?")
	if strings.HasPrefix(path, ":resource:") {
		return Target{}, errors.New(":resource: is not supported: write the path of the file")
	}
	path = strings.TrimPrefix(path, "file:")
	memory := path == "" || path == ":memory:"
	out := url.Values{}
	pragmas := map[string]string{"busy_timeout": "3000"}
	set := map[string]func(string) error{
		"cache":            func(s string) error { out.Set("cache", s); return nil },
		"mode":             func(s string) error { out.Set("mode", s); return nil },
		"transaction_mode": func(s string) error { out.Set("_txlock", strings.ToLower(s)); return nil },
	}
	for _, name := range []string{"busy_timeout", "journal_mode", "synchronous", "foreign_keys", "cache_size", "temp_store", "locking_mode", "mmap_size"} {
		set[name] = func(s string) error {
			if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
				return errors.New("must be a word or a number")
			}
			pragmas[name] = s
			return nil
		}
	}
	params, err := url.ParseQuery(query)
	if err != nil {
		return Target{}, errors.New("the parameters are not escaped as a URL is")
	}
	given := map[string]string{}
	for name := range params {
		given[name] = params.Get(name)
	}
	ignored, err := rules{set: set}.apply(given)
	if err != nil {
		return Target{}, err
	}
	for name, value := range pragmas {
		out.Add("_pragma", name+"("+value+")")
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + out.Encode()
	if memory {
		name = "file::memory:?" + out.Encode()
	}
	return Target{Dialect: sqlite{}, Ignored: ignored, open: func() (*sql.DB, error) {
		db, err := sql.Open("sqlite", name)
		if err == nil && memory {
			db.SetMaxOpenConns(1) // Each connection would have a database of its own.
		}
		return db, err
	}}, nil
}
