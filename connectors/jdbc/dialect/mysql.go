package dialect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"sluice/connect/schema"
)

type mySQL struct{}

func (mySQL) Name() string { return "MySqlDatabaseDialect" }
func (mySQL) Identifiers() Identifiers {
	return Identifiers{Open: "`", Close: "`", CatalogFirst: true}
}
func (mySQL) Placeholder(int) string { return "?" }
func (mySQL) NowQuery() string       { return "SELECT CURRENT_TIMESTAMP(3)" }

func (mySQL) Current(ctx context.Context, q Querier) (catalog, schemaName string, err error) {
	return current(ctx, q, "SELECT DATABASE(), NULL")
}

func (mySQL) Tables(ctx context.Context, q Querier, f TableFilter) ([]TableID, error) {
	kinds := map[string]string{"TABLE": "'BASE TABLE'", "VIEW": "'VIEW'", "SYSTEM VIEW": "'SYSTEM VIEW'"}
	var wanted []string
	for _, t := range f.Types {
		if k, ok := kinds[t]; ok {
			wanted = append(wanted, k)
		}
	}
	if len(wanted) == 0 || f.Schema != nil && *f.Schema != "" && *f.Schema != "%" {
		return nil, nil
	}
	var a args
	query := "SELECT table_schema, '', table_name FROM information_schema.tables WHERE table_type IN (" + strings.Join(wanted, ",") + ")"
	if f.Catalog == nil {
		query += " AND table_schema = COALESCE(DATABASE(), table_schema)"
	}
	query += a.like("table_schema", f.Catalog, mySQL{})
	return tables(ctx, q, query+" ORDER BY table_schema, table_name", a)
}

func (mySQL) Columns(ctx context.Context, q Querier, t TableID) ([]Column, error) {
	const query = `SELECT column_name,
 CONCAT(data_type, CASE WHEN column_type LIKE '%unsigned%' THEN ' unsigned' ELSE '' END),
 COALESCE(numeric_precision, 0), COALESCE(numeric_scale, 0), is_nullable = 'YES', extra LIKE '%auto_increment%', column_key = 'PRI',
 column_default IS NOT NULL OR extra LIKE '%auto_increment%'
 FROM information_schema.columns WHERE table_name = ? AND table_schema = COALESCE(NULLIF(?, ''), DATABASE()) ORDER BY ordinal_position`
	return columns(ctx, q, query, args{t.Name, orElse(t.Catalog, t.Schema)})
}

func (mySQL) SQLType(s *schema.Schema, _ bool) (string, error) {
	return sqlType(s, map[schema.Type]string{
		schema.Int8: "TINYINT", schema.Int16: "SMALLINT", schema.Int32: "INT", schema.Int64: "BIGINT",
		schema.Float32: "FLOAT", schema.Float64: "DOUBLE", schema.Boolean: "TINYINT",
		schema.String: "TEXT", schema.Bytes: "VARBINARY(1024)",
	}, "DECIMAL(65,{scale})", "DATE", "TIME(3)", "DATETIME(3)")
}

func parseMySQL(rest string, given credentials) (Target, error) {
	list, database, params, err := hosts(rest, "localhost", "3306")
	if err != nil {
		return Target{}, err
	}
	if len(list) > 1 {
		return Target{}, errors.New("several hosts are not supported for MySQL: write one")
	}
	t := Target{Dialect: mySQL{}, address: list[0]}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", list[0], database
	cfg.InterpolateParams, cfg.ClientFoundRows, cfg.Loc = true, true, time.UTC
	cfg.Logger = &mysql.NopLogger{}
	mode := ""
	t.Ignored, err = rules{
		set: map[string]func(string) error{
			"user": into(&cfg.User), "password": into(&cfg.Passwd), "sslMode": into(&mode),
			"useSSL":                 func(s string) error { return useSSL(&mode, s) },
			"useSsl":                 func(s string) error { return useSSL(&mode, s) },
			"requireSSL":             func(s string) error { return useSSL(&mode, s) },
			"trustServerCertificate": func(s string) error { return trustServer(&mode, s) },
			"connectTimeout":         milliseconds(&cfg.Timeout),
			"socketTimeout":          milliseconds(&cfg.ReadTimeout),
			"zeroDateTimeBehavior": func(s string) error {
				t.zeroDatesAreNull = strings.EqualFold(strings.ReplaceAll(s, "_", ""), "convertToNull")
				return nil
			},
			"sessionVariables": func(s string) error {
				cfg.Params = map[string]string{}
				for v := range strings.SplitSeq(s, ",") {
					name, value, ok := strings.Cut(v, "=")
					if !ok {
						return errors.New("must be a list of name=value")
					}
					cfg.Params[strings.TrimSpace(name)] = strings.TrimSpace(value)
				}
				return nil
			},
		},
		refused: map[string]string{ //nolint:gosec // advice, no credentials
			"serverSslCert": "use a certificate that the system's authorities have signed", "trustCertificateKeyStoreUrl": "use a certificate that the system's authorities have signed",
			"clientCertificateKeyStoreUrl": "log in by password", "keyStore": "log in by password", "trustStore": "use a certificate that the system's authorities have signed",
			"socketFactory": "remove it", "authenticationPlugins": "remove it", "credentialType": "log in by password",
		},
	}.apply(params)
	if err != nil {
		return Target{}, err
	}
	if given.user != "" {
		cfg.User = given.user
	}
	if given.password != "" {
		cfg.Passwd = given.password
	}
	if err := setTLS(cfg, mode); err != nil {
		return Target{}, err
	}
	t.open = func() (*sql.DB, error) {
		c, err := mysql.NewConnector(cfg)
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(c), nil
	}
	return t, nil
}

// useSSL lets sslMode go first: parameters come sorted, and it is before useSSL.
func useSSL(mode *string, s string) error {
	switch {
	case *mode != "":
	case strings.EqualFold(s, "true"):
		*mode = "REQUIRED"
	case strings.EqualFold(s, "false"):
		*mode = "DISABLED"
	default:
		return errors.New("must be true or false")
	}
	return nil
}

func trustServer(mode *string, s string) error {
	if strings.EqualFold(s, "true") {
		*mode = "TRUST"
	}
	return nil
}

func milliseconds(to *time.Duration) func(string) error {
	return func(s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 0 {
			return errors.New("must be a number of milliseconds")
		}
		*to = time.Duration(n) * time.Millisecond
		return nil
	}
}

func setTLS(cfg *mysql.Config, mode string) error {
	switch strings.ToUpper(strings.ReplaceAll(mode, "-", "_")) {
	case "", "PREFERRED":
		cfg.TLSConfig = "preferred"
	case "DISABLED", "DISABLE":
	case "REQUIRED", "TRUST":
		cfg.TLSConfig = "skip-verify"
	case "VERIFY_IDENTITY", "VERIFY_FULL":
		cfg.TLSConfig = "true"
	case "VERIFY_CA":
		// The chain is checked, the name is not.
		cfg.TLS = &tls.Config{InsecureSkipVerify: true, VerifyConnection: verifyChain, MinVersion: tls.VersionTLS12} //nolint:gosec // VerifyConnection checks the chain.
	default:
		return errors.New("parameter sslMode must be DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY")
	}
	return nil
}

func verifyChain(c tls.ConnectionState) error {
	between := x509.NewCertPool()
	for _, cert := range c.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := c.PeerCertificates[0].Verify(x509.VerifyOptions{Intermediates: between})
	return err
}
