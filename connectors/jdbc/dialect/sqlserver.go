package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"sluice/connect/schema"
)

type sqlServer struct{}

func (sqlServer) Name() string             { return "SqlServerDatabaseDialect" }
func (sqlServer) Identifiers() Identifiers { return Identifiers{Open: "[", Close: "]"} }
func (sqlServer) Placeholder(n int) string { return "@p" + strconv.Itoa(n) }

// NowQuery asks for text: the time has no zone, and the driver would give it one.
func (sqlServer) NowQuery() string { return "SELECT CONVERT(varchar(27), CURRENT_TIMESTAMP, 121)" }

func (sqlServer) Current(ctx context.Context, q Querier) (catalog, schemaName string, err error) {
	return current(ctx, q, "SELECT DB_NAME(), SCHEMA_NAME()")
}

func (sqlServer) Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error) {
	kinds := map[string]string{"TABLE": "'BASE TABLE'", "VIEW": "'VIEW'"}
	var wanted []string
	for _, t := range f.Types {
		if k, ok := kinds[t]; ok {
			wanted = append(wanted, k)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	var a args
	query := "SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE IN (" + strings.Join(wanted, ",") + ")"
	query += a.like("TABLE_CATALOG", f.Catalog, sqlServer{}) + a.like("TABLE_SCHEMA", f.Schema, sqlServer{})
	return tables(ctx, q, query+" ORDER BY TABLE_SCHEMA, TABLE_NAME", a)
}

func (sqlServer) Columns(ctx context.Context, q Querier, t TableID) ([]Column, error) {
	const query = `SELECT c.name, LOWER(ty.name), CASE WHEN ty.name IN ('decimal','numeric') THEN c.precision ELSE 0 END,
 CASE WHEN ty.name IN ('decimal','numeric') THEN c.scale ELSE 0 END, c.is_nullable, c.is_identity,
 CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.index_columns ic JOIN sys.indexes i ON i.object_id = ic.object_id AND i.index_id = ic.index_id
 WHERE i.is_primary_key = 1 AND ic.object_id = c.object_id AND ic.column_id = c.column_id) THEN 1 ELSE 0 END AS bit),
 CAST(CASE WHEN c.default_object_id <> 0 OR c.is_identity = 1 THEN 1 ELSE 0 END AS bit)
 FROM sys.columns c JOIN sys.types ty ON ty.user_type_id = c.user_type_id JOIN sys.objects o ON o.object_id = c.object_id
 WHERE o.name = @p1 AND o.type IN ('U','V') AND SCHEMA_NAME(o.schema_id) = COALESCE(NULLIF(@p2, ''), SCHEMA_NAME()) ORDER BY c.column_id`
	return columns(ctx, q, query, args{t.Name, t.Schema})
}

func (sqlServer) SQLType(s *schema.Schema, key bool) (string, error) {
	text := "varchar(max)"
	if key {
		text = "varchar(900)" // As long as an index takes.
	}
	return sqlType(s, map[schema.Type]string{
		schema.Int8: "tinyint", schema.Int16: "smallint", schema.Int32: "int", schema.Int64: "bigint",
		schema.Float32: "real", schema.Float64: "float", schema.Boolean: "bit",
		schema.String: text, schema.Bytes: "varbinary(max)",
	}, "decimal(38,{scale})", "date", "time", "datetime2")
}

func parseSQLServer(rest string, given credentials) (Target, error) {
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return Target{}, errors.New("a URL of SQL Server begins with jdbc:sqlserver://")
	}
	server, properties, _ := strings.Cut(rest, ";")
	params, err := semicolons(properties)
	if err != nil {
		return Target{}, err
	}
	server, instance, _ := strings.Cut(server, `\`)
	if instance != "" {
		if name, port, ok := strings.Cut(instance, ":"); ok {
			instance, server = name, server+":"+port
		}
	}
	host, port, err := splitHost(server, "localhost", "")
	if err != nil {
		return Target{}, err
	}
	user, password, database := "", "", ""
	out := url.Values{}
	out.Set("encrypt", "true")
	to := func(name string) func(string) error {
		return func(s string) error { out.Set(name, s); return nil }
	}
	ignored, err := rules{
		set: map[string]func(string) error{
			"user": into(&user), "username": into(&user), "password": into(&password),
			"database": into(&database), "databasename": into(&database),
			"servername": into(&host), "server": into(&host), "portnumber": into(&port), "port": into(&port), "instancename": into(&instance),
			"encrypt": to("encrypt"), "trustservercertificate": to("trustservercertificate"), "hostnameincertificate": to("hostnameincertificate"),
			"applicationname": to("app name"), "logintimeout": to("dial timeout"), "applicationintent": to("applicationintent"),
			"multisubnetfailover": to("multisubnetfailover"), "packetsize": to("packet size"), "failoverpartner": to("failoverpartner"),
		},
		refused: map[string]string{
			"integratedsecurity": "give connection.user and connection.password", "authentication": "give connection.user and connection.password",
			"authenticationscheme": "give connection.user and connection.password", "truststore": "set hostNameInCertificate or trustServerCertificate",
			"socketfactoryclass": "remove it", "trustmanagerclass": "remove it", "columnencryptionsetting": "remove it",
		},
	}.apply(params)
	if err != nil {
		return Target{}, err
	}
	out.Set("database", database)
	address := host
	if port != "" {
		address += ":" + port
	}
	u := url.URL{
		Scheme: "sqlserver", Host: address, Path: instance, RawQuery: out.Encode(),
		User: url.UserPassword(orElse(given.user, user), orElse(given.password, password)),
	}
	return Target{Dialect: sqlServer{}, Ignored: ignored, address: address, open: func() (*sql.DB, error) {
		c, err := mssql.NewConnector(u.String())
		if err != nil {
			// The error of the driver may show the URL.
			return nil, errors.New("connection.url: the host or a parameter is not one that SQL Server takes")
		}
		return sql.OpenDB(c), nil
	}}, nil
}

// semicolons reads "a=b;c={d;e}". Names come in lower case; braces quote a value.
func semicolons(s string) (map[string]string, error) {
	params := map[string]string{}
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || strings.Contains(name, ";") {
			return nil, fmt.Errorf("the properties of the URL must be name=value;... after %v", slices.Sorted(maps.Keys(params)))
		}
		var value string
		if quoted, is := strings.CutPrefix(rest, "{"); is {
			var b strings.Builder
			for {
				at := strings.IndexByte(quoted, '}')
				if at < 0 {
					return nil, fmt.Errorf("the brace of property %s is not closed", name)
				}
				b.WriteString(quoted[:at])
				quoted = quoted[at+1:]
				if !strings.HasPrefix(quoted, "}") {
					break
				}
				b.WriteByte('}')
				quoted = quoted[1:]
			}
			value, s = b.String(), strings.TrimPrefix(quoted, ";")
		} else {
			value, s, _ = strings.Cut(rest, ";")
		}
		params[name] = value
	}
	return params, nil
}
