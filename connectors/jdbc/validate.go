package jdbc

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// validateLimit bounds what a validation waits for the database.
const validateLimit = 10 * time.Second

// ValidateConfig implements connect.ConfigValidator: rules over several keys,
// one after the other as in Java, and then a connection to the database.
func (c *connector) ValidateConfig(ctx context.Context, cfg config.Map, values config.Values) {
	v := validation{ctx: ctx, values: values}
	if c.variant.isAiven {
		v.aiven(cfg) //nolint:contextcheck // the validation carries it
		return
	}
	v.mode()
	if values.ErrorCount() > 0 {
		return
	}
	var err error
	if v.settings, err = c.variant.decode(cfg); err != nil {
		return // The values hold the errors of single keys already.
	}
	for _, rule := range []func() bool{v.isolation, v.legacyOrNew, v.queryRules, v.queryIncrementing, v.connects, v.queryWorks, v.newRules} {
		if !rule() {
			break
		}
	}
	if v.db != nil {
		_ = v.db.Close()
	}
}

type validation struct {
	ctx      context.Context //nolint:containedctx // It lives as long as one call of ValidateConfig.
	values   config.Values
	settings settings
	db       *dialect.DB
}

// fail adds the message to the keys and reports false.
func (v *validation) fail(message string, keys ...string) bool {
	for _, k := range keys {
		v.values.AddError(k, message)
	}
	return false
}

// mode puts the error of a missing or unknown mode on the keys that depend on it.
func (v *validation) mode() {
	mode, _ := v.values.Find("mode").Value.(string)
	message := "Invalid mode: " + mode
	switch mode {
	case modeBulk, modeTimestamp, modeIncrementing, modeBoth:
		return
	case "":
		message = "Query mode must be specified"
	}
	v.fail(message, "incrementing.column.name", "timestamp.column.name", "timestamp.columns.mapping", "incrementing.column.mapping", "timestamp.initial", "validate.non.null")
}

func (v *validation) isolation() bool {
	if v.settings.isolation != "sql_server_snapshot" {
		return true
	}
	target, err := dialect.ParseURL(v.settings.URL, "", config.NewSecret(""))
	if err == nil && target.Dialect.Name() == "SqlServerDatabaseDialect" {
		return true
	}
	return v.fail("Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect", "transaction.isolation.mode")
}

// legacyOrNew wants one of the two ways to choose tables and columns.
func (v *validation) legacyOrNew() bool {
	s := v.settings
	if s.Query != "" {
		return true
	}
	legacy := map[string]bool{
		"table.whitelist": len(s.Whitelist) > 0, "table.blacklist": len(s.Blacklist) > 0,
		"timestamp.column.name": len(s.TimestampNames) > 0 && s.TimestampNames[0] != "", "incrementing.column.name": config.Trim(s.IncrementingName) != "",
	}
	newer := map[string]bool{
		"table.include.list": len(s.Include) > 0, "table.exclude.list": len(s.Exclude) > 0,
		"timestamp.columns.mapping": len(s.timestampColumns) > 0, "incrementing.column.mapping": len(s.incrementing) > 0,
	}
	var usesLegacy, usesNew bool
	var keys []string
	for name, set := range legacy {
		usesLegacy = usesLegacy || set
		if set {
			keys = append(keys, name)
		}
	}
	for name, set := range newer {
		usesNew = usesNew || set
		if set {
			keys = append(keys, name)
		}
	}
	switch {
	case usesLegacy && usesNew:
		return v.fail("Cannot mix legacy and new configuration approaches. Legacy configurations (table.whitelist, table.blacklist, timestamp.column.name, incrementing.column.name) "+
			"cannot be used together with new configurations (table.include.list, table.exclude.list, timestamp.columns.mapping, incrementing.column.mapping). "+
			"Please choose one approach: either use all legacy configurations or all new configurations.", keys...)
	case !usesLegacy && !usesNew:
		return v.fail("At least one table filtering configuration is required. Provide one of: table.whitelist, table.blacklist, table.include.list, or table.exclude.list.",
			"table.whitelist", "table.blacklist", "table.include.list", "table.exclude.list")
	}
	return true
}

// queryRules are those of query and query.masked.
func (v *validation) queryRules() bool {
	s := v.settings
	masked, _ := v.values.Find("query.masked").Value.(config.Secret)
	query, _ := v.values.Find("query").Value.(string)
	if query != "" && masked.Reveal() != "" {
		return v.fail("Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them.", "query", "query.masked")
	}
	if s.Query == "" {
		return true
	}
	if s.filtered() {
		keys := []string{"query", "query.masked"}
		for name, list := range map[string][]string{"table.whitelist": s.Whitelist, "table.blacklist": s.Blacklist, "table.include.list": s.Include, "table.exclude.list": s.Exclude} {
			if len(list) > 0 {
				keys = append(keys, name)
			}
		}
		return v.fail("Do not specify table filtering configs with 'query'. Remove table.whitelist / table.blacklist / table.include.list / table.exclude.list when using query mode or 'query' when using table filtering mode.", keys...)
	}
	if !regexp.MustCompile(`(?is)^SELECT\b`).MatchString(config.Trim(s.Query)) {
		key := v.queryKey()
		return v.fail("Only SELECT statements are supported for '"+key+"'. Please provide a statement that starts with SELECT.", key)
	}
	return true
}

func (v *validation) queryKey() string {
	if v.settings.masked {
		return "query.masked"
	}
	return "query"
}

func (v *validation) queryIncrementing() bool {
	s := v.settings
	if s.Query == "" || !s.usesIncrementing() || config.Trim(s.IncrementingName) != "" {
		return true
	}
	return v.fail("'incrementing.column.name' must be provided when using mode 'incrementing' or 'timestamp+incrementing' with a custom query. "+
		"The incrementing column cannot be auto-discovered in query mode because there is no table to inspect. "+
		"Note that 'incrementing.column.mapping' is not applied in query mode (it maps columns by table-name regex, and a custom query has no underlying table to match), "+
		"so 'incrementing.column.name' must be set explicitly.", "incrementing.column.name")
}

// connects tries the database once, for a bounded time.
func (v *validation) connects() bool {
	ctx, cancel := context.WithTimeout(v.ctx, validateLimit)
	defer cancel()
	c := v.settings.connection()
	c.Attempts = 1
	db, err := dialect.Open(ctx, slog.New(slog.DiscardHandler), c)
	if err != nil {
		return v.fail("Could not connect to database. "+err.Error(), "connection.url")
	}
	v.db = db
	return true
}

// queryWorks prepares the query, which finds bad syntax, missing tables and
// missing rights without reading rows.
func (v *validation) queryWorks() bool {
	if v.settings.Query == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(v.ctx, validateLimit)
	defer cancel()
	stmt, err := v.db.PrepareContext(ctx, v.settings.Query)
	if err == nil {
		_ = stmt.Close()
		return true
	}
	message := "The configured query is not valid and has database/connection errors. Please provide the correct query by validating the query syntax and the existing table/column names with the database being connected"
	if state := sqlState(err); state != "" {
		message += " (" + state + ")"
	}
	return v.fail(message, v.queryKey())
}

// sqlState returns the codes of a database's error as the Java connector shows them.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "SQLState: " + e.Code
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return "SQLState: " + string(e.SQLState[:]) + ", errorCode: " + config.Show(int64(e.Number))
	}
	return ""
}

// newRules are those of the keys with expressions.
func (v *validation) newRules() bool {
	s := v.settings
	if len(s.Include)+len(s.Exclude)+len(s.timestampColumns)+len(s.incrementing) == 0 {
		return true
	}
	if len(s.Exclude) > 0 && len(s.Include) == 0 {
		return v.fail("table.exclude.list cannot be used without table.include.list. Exclude list only applies to tables that match the include list.", "table.exclude.list")
	}
	for _, r := range []struct {
		wanted, given bool
		kind, modes   string
		key           string
	}{
		{s.usesTimestamp(), len(s.timestampColumns) > 0, "Timestamp", "'timestamp' or 'timestamp+incrementing'", "timestamp.columns.mapping"},
		{s.usesIncrementing(), len(s.incrementing) > 0, "Incrementing", "'incrementing' or 'timestamp+incrementing'", "incrementing.column.mapping"},
	} {
		if r.wanted && !r.given {
			return v.fail(r.kind+" column configuration must be provided when using mode "+r.modes+". Provide '"+r.key+"'.", "mode")
		}
		if !r.wanted && r.given {
			return v.fail(r.kind+" column configurations should not be provided if mode is not "+r.modes+". Remove '"+r.key+"'.", "mode")
		}
	}
	return true
}

// aiven lists the tables for the filters, which needs a connection.
func (v *validation) aiven(cfg config.Map) {
	if _, ok := cfg["connection.url"]; !ok {
		v.fail("Can't get recommended tables: connection.url cannot be null.", "table.whitelist", "table.blacklist")
		return
	}
	s, err := variant{isAiven: true}.decode(cfg)
	if err != nil {
		v.fail("Can't get recommended tables: "+err.Error(), "table.whitelist", "table.blacklist")
		return
	}
	v.settings = s
	if !v.connects() {
		return
	}
	defer func() { _ = v.db.Close() }() // it was only asked
	ctx, cancel := context.WithTimeout(v.ctx, validateLimit)
	defer cancel()
	tables, err := listTables(ctx, v.db, s, filter{})
	if err != nil {
		v.fail("Could not connect to database. "+err.Error(), "connection.url")
		return
	}
	for _, key := range []string{"table.whitelist", "table.blacklist"} {
		value := v.values.Find(key)
		for _, t := range tables {
			value.Recommended = append(value.Recommended, t.Name)
		}
	}
}
