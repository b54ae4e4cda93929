package dialect

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"sluice/connect/schema"
)

type postgres struct{}

func (postgres) Name() string             { return "PostgreSqlDatabaseDialect" }
func (postgres) Identifiers() Identifiers { return Identifiers{Open: `"`, Close: `"`} }
func (postgres) Placeholder(n int) string { return "$" + strconv.Itoa(n) }
func (postgres) NowQuery() string         { return "SELECT CURRENT_TIMESTAMP" }

func (postgres) Current(ctx context.Context, q Querier) (catalog, schemaName string, err error) {
	return current(ctx, q, "SELECT current_database(), current_schema()")
}

func (postgres) Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error) {
	kinds := map[string]string{
		"TABLE": "r", "PARTITIONED TABLE": "p", "VIEW": "v", "MATERIALIZED VIEW": "m", "FOREIGN TABLE": "f",
	}
	var wanted []string
	system := false
	for _, t := range f.Types {
		if k, ok := kinds[t]; ok {
			wanted = append(wanted, "'"+k+"'")
		}
		system = system || t == "SYSTEM TABLE"
	}
	if len(wanted) == 0 && !system {
		return nil, nil
	}
	where := "false"
	if len(wanted) > 0 {
		where = "c.relkind IN (" + strings.Join(wanted, ",") + ") AND n.nspname NOT IN ('pg_catalog','information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'"
	}
	if system {
		where = "(" + where + " OR c.relkind = 'r' AND n.nspname IN ('pg_catalog','information_schema'))"
	}
	var a args
	query := "SELECT '', n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " + where
	query += a.like("current_database()", f.Catalog, postgres{}) + a.like("n.nspname", f.Schema, postgres{})
	return tables(ctx, q, query+" ORDER BY n.nspname, c.relname", a)
}

func (postgres) Columns(ctx context.Context, q Querier, t TableID) ([]Column, error) {
	// The first schema of the search path that has the table counts.
	const query = `SELECT a.attname, t.typname,
 CASE WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN ((a.atttypmod - 4) >> 16) & 65535 WHEN t.typname IN ('bit','varbit') THEN a.atttypmod ELSE 0 END,
 CASE WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 65535 ELSE 0 END,
 NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
 a.attidentity <> '' OR COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%', false),
 EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)),
 a.atthasdef OR a.attidentity <> ''
 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = (
 SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r','p','v','m','f') AND c.relname = $1 AND ($2 = '' OR n.nspname = $2)
 ORDER BY CASE WHEN $2 <> '' THEN 0 ELSE COALESCE(array_position(current_schemas(true), n.nspname), 1000) END LIMIT 1)
 ORDER BY a.attnum`
	return columns(ctx, q, query, args{t.Name, t.Schema})
}

func (postgres) SQLType(s *schema.Schema, key bool) (string, error) {
	if s.Type == schema.Array && s.Name == "" {
		elem, err := postgres{}.SQLType(s.Elem, key)
		return elem + "[]", err
	}
	return sqlType(s, map[schema.Type]string{
		schema.Int8: "SMALLINT", schema.Int16: "SMALLINT", schema.Int32: "INT", schema.Int64: "BIGINT",
		schema.Float32: "REAL", schema.Float64: "DOUBLE PRECISION", schema.Boolean: "BOOLEAN",
		schema.String: "TEXT", schema.Bytes: "BYTEA",
	}, "DECIMAL", "DATE", "TIME", "TIMESTAMP")
}

func parsePostgres(rest string, given credentials) (Target, error) {
	list, database, params, err := hosts(rest, "localhost", "5432")
	if err != nil {
		return Target{}, err
	}
	user, password := params["user"], params["password"]
	out := url.Values{}
	to := func(name string) func(string) error {
		return func(s string) error { out.Set(name, s); return nil }
	}
	ignored, err := rules{
		set: map[string]func(string) error{
			"user": into(&user), "password": into(&password), "currentSchema": to("search_path"), "sslmode": to("sslmode"),
			"ssl": func(s string) error {
				if s == "" || strings.EqualFold(s, "true") {
					if out.Get("sslmode") == "" {
						out.Set("sslmode", "verify-full")
					}
				}
				return nil
			},
			"sslrootcert": to("sslrootcert"), "sslcert": to("sslcert"), "sslkey": to("sslkey"), "sslpassword": to("sslpassword"),
			"ApplicationName": to("application_name"), "options": to("options"),
			"connectTimeout": to("connect_timeout"), "loginTimeout": to("connect_timeout"),
			// Without statements kept on the server a pool such as PgBouncer may change
			// the connection behind a session.
			"prepareThreshold": func(s string) error {
				if s == "0" {
					out.Set("default_query_exec_mode", "exec")
				}
				return nil
			},
			"targetServerType": func(s string) error { return targetServer(out, s) },
		},
		refused: map[string]string{
			"sslfactory": "give certificates by sslrootcert, sslcert and sslkey", "sslhostnameverifier": "set sslmode=verify-full or verify-ca",
			"socketFactory": "remove it", "authenticationPluginClassName": "give connection.user and connection.password",
			"sslpasswordcallback": "give sslpassword", "kerberosServerName": "log in by password or certificate",
			"service": "write host and database into the URL",
		},
	}.apply(params)
	if err != nil {
		return Target{}, err
	}
	if given.user != "" {
		user = given.user
	}
	if given.password != "" {
		password = given.password
	}
	if out.Get("sslmode") == "" {
		out.Set("sslmode", "prefer")
	}
	out.Set("timezone", "UTC")
	u := url.URL{Scheme: "postgresql", Host: strings.Join(list, ","), Path: "/" + orElse(database, user), RawQuery: strings.ReplaceAll(out.Encode(), "+", "%20")} // pgx takes + as it is.
	if user != "" {
		u.User = url.UserPassword(user, password)
	}
	return Target{Dialect: postgres{}, Ignored: ignored, address: list[0], open: func() (*sql.DB, error) {
		cfg, err := pgx.ParseConfig(u.String())
		if err != nil {
			// The error of the driver shows the URL.
			return nil, errors.New("connection.url: the host, the database or a parameter of SSL is not one that PostgreSQL takes")
		}
		return stdlib.OpenDB(*cfg), nil
	}}, nil
}

func targetServer(out url.Values, s string) error {
	names := map[string]string{
		"any": "any", "primary": "read-write", "master": "read-write", "secondary": "standby", "slave": "standby",
		"preferSecondary": "prefer-standby", "preferSlave": "prefer-standby",
	}
	name, ok := names[s]
	if !ok {
		return errors.New("must be any, primary, secondary or preferSecondary")
	}
	out.Set("target_session_attrs", name)
	return nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
