package dialect

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	goora "github.com/sijms/go-ora/v2"

	"sluice/connect/schema"
)

type oracle struct{}

func (oracle) Name() string             { return "OracleDatabaseDialect" }
func (oracle) Identifiers() Identifiers { return Identifiers{Open: `"`, Close: `"`} }
func (oracle) Placeholder(n int) string { return ":" + strconv.Itoa(n) }
func (oracle) NowQuery() string         { return "SELECT CURRENT_TIMESTAMP FROM DUAL" }

func (oracle) Current(ctx context.Context, q Querier) (catalog, schemaName string, err error) {
	return current(ctx, q, "SELECT NULL, SYS_CONTEXT('USERENV','CURRENT_SCHEMA') FROM DUAL")
}

func (oracle) Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error) {
	var wanted []string
	for _, t := range f.Types {
		switch t {
		case "TABLE", "VIEW", "SYNONYM":
			wanted = append(wanted, "'"+t+"'")
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	var a args
	query := "SELECT '', o.OWNER, o.OBJECT_NAME FROM ALL_OBJECTS o WHERE o.OBJECT_TYPE IN (" + strings.Join(wanted, ",") + ")" +
		" AND o.OWNER NOT IN (SELECT USERNAME FROM ALL_USERS WHERE ORACLE_MAINTAINED = 'Y')" + a.like("o.OWNER", f.Schema, oracle{})
	list, err := tables(ctx, q, strings.Replace(query, "''", "' '", 1)+" ORDER BY o.OWNER, o.OBJECT_NAME", a)
	for i := range list {
		list[i].Catalog = "" // Oracle takes '' for null.
	}
	return list, err
}

func (oracle) Columns(ctx context.Context, q Querier, t TableID) ([]Column, error) {
	const query = `SELECT c.COLUMN_NAME, LOWER(c.DATA_TYPE), COALESCE(c.DATA_PRECISION, 0), COALESCE(c.DATA_SCALE, CASE WHEN c.DATA_PRECISION IS NULL THEN -127 ELSE 0 END),
 CASE WHEN c.NULLABLE = 'Y' THEN 1 ELSE 0 END, CASE WHEN c.IDENTITY_COLUMN = 'YES' THEN 1 ELSE 0 END,
 CASE WHEN EXISTS (SELECT 1 FROM ALL_CONSTRAINTS k JOIN ALL_CONS_COLUMNS kc ON kc.OWNER = k.OWNER AND kc.CONSTRAINT_NAME = k.CONSTRAINT_NAME
 WHERE k.CONSTRAINT_TYPE = 'P' AND k.OWNER = c.OWNER AND k.TABLE_NAME = c.TABLE_NAME AND kc.COLUMN_NAME = c.COLUMN_NAME) THEN 1 ELSE 0 END,
 CASE WHEN c.DATA_DEFAULT IS NOT NULL THEN 1 ELSE 0 END
 FROM ALL_TAB_COLUMNS c WHERE c.TABLE_NAME = :1 AND c.OWNER = COALESCE(:2, SYS_CONTEXT('USERENV','CURRENT_SCHEMA')) ORDER BY c.COLUMN_ID`
	// DATA_DEFAULT is a LONG, which only IS NULL can look at.
	return columns(ctx, q, query, args{t.Name, t.Schema})
}

func (oracle) SQLType(s *schema.Schema, _ bool) (string, error) {
	return sqlType(s, map[schema.Type]string{
		schema.Int8: "NUMBER(3,0)", schema.Int16: "NUMBER(5,0)", schema.Int32: "NUMBER(10,0)", schema.Int64: "NUMBER(19,0)",
		schema.Float32: "BINARY_FLOAT", schema.Float64: "BINARY_DOUBLE", schema.Boolean: "NUMBER(1,0)",
		schema.String: "VARCHAR2(4000)", schema.Bytes: "BLOB",
	}, "NUMBER(*,{scale})", "DATE", "DATE", "TIMESTAMP")
}

// parseOracle reads user/password@host:port:SID, @//host:port/service,
// @host:port/service and @(DESCRIPTION=...).
func parseOracle(rest string, given credentials) (Target, error) {
	login, where, ok := strings.Cut(rest, "@")
	if !ok {
		return Target{}, errors.New("a URL of Oracle is jdbc:oracle:thin:@//host:port/service or jdbc:oracle:thin:@host:port:SID")
	}
	user, password, _ := strings.Cut(login, "/")
	user, password = orElse(given.user, user), orElse(given.password, password)
	if strings.HasPrefix(where, "(") {
		return Target{Dialect: oracle{}, open: func() (*sql.DB, error) {
			return sql.OpenDB(goora.NewConnector(goora.BuildJDBC(user, password, where, nil))), nil
		}}, nil
	}
	where = strings.TrimPrefix(where, "//")
	address, service, named := strings.Cut(where, "/")
	options := map[string]string{}
	if parts := strings.Split(address, ":"); !named && len(parts) == 3 {
		address, options["SID"] = parts[0]+":"+parts[1], parts[2]
	}
	host, port, err := splitHost(address, "localhost", "1521")
	if err != nil {
		return Target{}, err
	}
	if service == "" && options["SID"] == "" {
		return Target{}, errors.New("a URL of Oracle names a service or a SID behind the host")
	}
	number, err := strconv.Atoi(port)
	if err != nil || number > 65535 {
		return Target{}, errors.New("the port of the URL must be a number up to 65535")
	}
	return Target{Dialect: oracle{}, address: host + ":" + port, open: func() (*sql.DB, error) {
		return sql.OpenDB(goora.NewConnector(goora.BuildUrl(host, number, service, user, password, options))), nil
	}}, nil
}
