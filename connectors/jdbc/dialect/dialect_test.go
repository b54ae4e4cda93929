package dialect

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/schema"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url, dialect, address, ignored, err string
	}{
		{url: "jdbc:postgresql://db:5433,two/conn?currentSchema=a&ssl=true&prepareThreshold=0&stringtype=unspecified", dialect: "PostgreSqlDatabaseDialect", address: "db:5433", ignored: "stringtype"},
		{url: "jdbc:postgresql:conn", dialect: "PostgreSqlDatabaseDialect", address: "localhost:5432"},
		{url: "jdbc:postgresql://[::1]:5432/conn?targetServerType=primary", dialect: "PostgreSqlDatabaseDialect", address: "[::1]:5432"},
		{url: "jdbc:postgresql://h/d?sslfactory=org.postgresql.ssl.NonValidatingFactory", err: "connection.url: parameter sslfactory is not supported: give certificates by sslrootcert, sslcert and sslkey"},
		{url: "jdbc:postgresql://h/d?targetServerType=x", err: "connection.url: parameter targetServerType must be any, primary, secondary or preferSecondary"},
		{url: "jdbc:mysql://h/d?useSSL=false&serverTimezone=UTC&zeroDateTimeBehavior=convertToNull", dialect: "MySqlDatabaseDialect", address: "h:3306", ignored: "serverTimezone"},
		{url: "jdbc:mariadb://h:1/d?sslMode=verify-ca", dialect: "MySqlDatabaseDialect", address: "h:1"},
		{url: "jdbc:mysql://h/d?sslMode=x", err: "connection.url: parameter sslMode must be DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"},
		{url: "jdbc:mysql://u:secret@h/d", err: `connection.url: host "h": write host:port, and give the user by connection.user`},
		{url: "jdbc:sqlite:/tmp/a.db", dialect: "SqliteDatabaseDialect"},
		{url: "jdbc:sqlite::memory:", dialect: "SqliteDatabaseDialect"},
		{url: "jdbc:sqlserver://h\\inst:1433;databaseName=x;encrypt=true;user=a;password={p;}}w}", dialect: "SqlServerDatabaseDialect", address: "h:1433"},
		{url: "jdbc:sqlserver://h;integratedSecurity=true", err: "connection.url: parameter integratedsecurity is not supported: give connection.user and connection.password"},
		{url: "jdbc:oracle:thin:@h:1521:SID", dialect: "OracleDatabaseDialect", address: "h:1521"},
		{url: "jdbc:oracle:thin:a/b@//h/service", dialect: "OracleDatabaseDialect", address: "h:1521"},
		{url: "jdbc:oracle:thin:@h:1521", err: "connection.url: a URL of Oracle names a service or a SID behind the host"},
		{url: "jdbc:nosuch://x", err: "No suitable driver found for jdbc:nosuch://x"},
		{url: "jdbc:derby:x;password=secret", err: "No suitable driver found for jdbc:derby:x"},
		{url: "", err: "No suitable driver found for "},
	} {
		got, err := ParseURL(tt.url, "", config.NewSecret(""))
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: error %v, want %q", tt.url, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if got.Dialect.Name() != tt.dialect || got.address != tt.address || strings.Join(got.Ignored, ",") != tt.ignored {
			t.Errorf("%s gives %s at %q, ignoring %v", tt.url, got.Dialect.Name(), got.address, got.Ignored)
		}
		db, err := got.open()
		if err != nil {
			t.Errorf("%s: open: %v", tt.url, err)
			continue
		}
		_ = db.Close()
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"jdbc:postgresql://h:5432,h2/db?user=u&ssl=true", "jdbc:mysql://h/db?sslMode=DISABLED", "jdbc:sqlite:/a?cache=shared",
		"jdbc:sqlserver://h\\i:1;a={b}};c}", "jdbc:oracle:thin:u/p@//h:1/s", "jdbc:oracle:thin:@(DESCRIPTION=(x))",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const secret = "very-secret-word"
		target, err := ParseURL(s, "u", config.NewSecret(secret))
		if err != nil {
			if strings.Contains(err.Error(), secret) && !strings.Contains(s, secret) {
				t.Fatalf("the error shows the password: %v", err)
			}
			return
		}
		db, err := target.open()
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Fatalf("the error shows the password: %v", err)
			}
			return
		}
		_ = db.Close()
	})
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d          Dialect
		in, quoted string
		want       TableID
	}{
		{postgres{}, "t", `"t"`, TableID{Name: "t"}},
		{postgres{}, `"s.x".t`, `"s.x"."t"`, TableID{Schema: "s.x", Name: "t"}},
		{postgres{}, `c.s."a""b"`, `"c"."s"."a""b"`, TableID{"c", "s", `a"b`}},
		{mySQL{}, "db.t", "`db`.`t`", TableID{Catalog: "db", Name: "t"}},
		{sqlServer{}, "[dbo].[a]]b]", "[dbo].[a]]b]", TableID{Schema: "dbo", Name: "a]b"}},
	} {
		ids := tt.d.Identifiers()
		got, err := ids.ParseTable(tt.in)
		if err != nil {
			t.Fatalf("%s: %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.in, diff)
		}
		if q := ids.Table(got); q != tt.quoted {
			t.Errorf("%s is quoted as %s, want %s", tt.in, q, tt.quoted)
		}
	}
	for _, bad := range []string{"", "a..b", `"a`, `"a"b`, "a.b.c.d", "a."} {
		if got, err := (postgres{}).Identifiers().ParseTable(bad); err == nil {
			t.Errorf("%q gives %+v, want an error", bad, got)
		}
	}
	plain := postgres{}.Identifiers()
	plain.Plain = true
	if got := plain.Column(TableID{Schema: "public", Name: "t"}, "id"); got != "public.t.id" {
		t.Errorf("unquoted: %s", got)
	}
}

func FuzzParseTable(f *testing.F) {
	for _, s := range []string{"a", "a.b", `"a""".b`, "a.b.c", `"`} {
		f.Add(s)
	}
	ids := postgres{}.Identifiers()
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ids.ParseTable(s)
		if err != nil {
			return
		}
		back, err := ids.ParseTable(ids.Table(id))
		if err != nil || back != id {
			t.Fatalf("%q gives %+v, and quoted and read again %+v, %v", s, id, back, err)
		}
	})
}

func TestSQLType(t *testing.T) {
	t.Parallel()
	schemas := []*schema.Schema{
		schema.Of(schema.Int8), schema.Of(schema.Int64), schema.Of(schema.Float32), schema.Of(schema.Boolean), schema.Of(schema.String),
		schema.Of(schema.Bytes), schema.DecimalOf(2), schema.Date(), schema.Time(), schema.Timestamp(),
	}
	for d, want := range map[Dialect]string{
		postgres{}:  "SMALLINT BIGINT REAL BOOLEAN TEXT BYTEA DECIMAL DATE TIME TIMESTAMP",
		mySQL{}:     "TINYINT BIGINT FLOAT TINYINT TEXT VARBINARY(1024) DECIMAL(65,2) DATE TIME(3) DATETIME(3)",
		sqlite{}:    "INTEGER INTEGER REAL INTEGER TEXT BLOB NUMERIC NUMERIC NUMERIC NUMERIC",
		sqlServer{}: "tinyint bigint real bit varchar(max) varbinary(max) decimal(38,2) date time datetime2",
		oracle{}:    "NUMBER(3,0) NUMBER(19,0) BINARY_FLOAT NUMBER(1,0) VARCHAR2(4000) BLOB NUMBER(*,2) DATE DATE TIMESTAMP",
	} {
		var got []string
		for _, s := range schemas {
			name, err := d.SQLType(s, false)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, name)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", d.Name(), diff)
		}
		if _, err := d.SQLType(schema.StructOf("x"), false); err == nil || err.Error() != "x (STRUCT) type doesn't have a mapping to the SQL database column type" {
			t.Errorf("%s: a struct gives the error %v", d.Name(), err)
		}
	}
	if got, err := (postgres{}).SQLType(schema.ArrayOf(schema.Of(schema.Int32)), false); err != nil || got != "INT[]" {
		t.Errorf("an array is %q, %v", got, err)
	}
	if got, _ := (sqlServer{}).SQLType(schema.Of(schema.String), true); got != "varchar(900)" {
		t.Errorf("a text in a key is %q", got)
	}
}

// TestSQLite opens a database and reads its metadata.
func TestSQLite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Open(ctx, slog.New(slog.DiscardHandler), Config{URL: "jdbc:sqlite:" + filepath.Join(t.TempDir(), "a b?.db"), Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range []string{
		"CREATE TABLE t (id integer primary key, n varchar(20) not null default 'x', d decimal(10,2), r)",
		"CREATE TABLE two (a int, b int, primary key (a, b))", "CREATE VIEW v AS SELECT id FROM t",
	} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.Dialect.Tables(ctx, db, TableFilter{Types: []string{"TABLE", "VIEW"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]TableID{{Name: "t"}, {Name: "two"}, {Name: "v"}}, got); diff != "" {
		t.Error(diff)
	}
	cols, err := db.Dialect.Columns(ctx, db, TableID{Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Column{
		{Name: "id", Type: "integer", Nullable: true, AutoIncrement: true, PrimaryKey: true},
		{Name: "n", Type: "varchar", Precision: 20, HasDefault: true},
		{Name: "d", Type: "decimal", Precision: 10, Scale: 2, Nullable: true},
		{Name: "r", Nullable: true},
	}, cols); diff != "" {
		t.Error(diff)
	}
	if cols, err := db.Dialect.Columns(ctx, db, TableID{Name: "no"}); err != nil || len(cols) > 0 {
		t.Errorf("a table that is not there has %v, %v", cols, err)
	}
	at, err := ReadNow(ctx, db.Dialect, db, time.UTC)
	if err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("the time of the database is %v, %v", at, err)
	}
}

func TestOpenRefused(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), slog.New(slog.DiscardHandler), Config{URL: "jdbc:postgresql://127.0.0.1:1/conn", Attempts: 2, Backoff: time.Millisecond})
	const want = "Connection to 127.0.0.1:1 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections."
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTimeOf(t *testing.T) {
	t.Parallel()
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"2024-02-29 13:14:15.123456":    "2024-02-29T18:14:15.123456Z",
		"2024-02-29 13:14:15+02":        "2024-02-29T11:14:15Z",
		"2024-02-29 13:14:15.5Z":        "2024-02-29T13:14:15.5Z",
		"2024-02-29T13:14:15.000+01:30": "2024-02-29T11:44:15Z",
	} {
		got, err := TimeOf(in, york)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v, %v, want %s", in, got, err, want)
		}
	}
	if got, err := TimeOf("x", york); err == nil {
		t.Errorf("x is %v, want an error", got)
	}
}
